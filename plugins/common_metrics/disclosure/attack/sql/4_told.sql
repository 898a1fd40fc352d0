-- The rate of every cell, exact or as far as its row tells; the target tables speak of
-- the share that does not meet the metric.
create or replace temp table shares as
with rated as (
    select
        named.* exclude (is_preferred),
        coalesce(named.is_preferred, true) as is_preferred,
        coalesce(direction, 'higher') = 'higher' as is_higher_better,
        coalesce(prints.low, 100.0 * named.numerator / nullif(named.denominator, 0), 0) as low,
        coalesce(prints.high, 100.0 * named.numerator / nullif(named.denominator, 0), 100)
            as high,
        coalesce(print_low, 0) as own_low,
        coalesce(print_high, 100) as own_high,
    from named
    left join (
        select
            origin, provider, level, state, place, school_year, metric_id, student_group,
            print_low, print_high, low, high,
        from prints
    ) as prints
        using (
            origin, provider, level, state, place, school_year, metric_id, student_group
        )
    left join dim_metric using (metric_id)
)

select
    *,
    if(is_higher_better, 100 - high, low) as unmet_low,
    if(is_higher_better, 100 - low, high) as unmet_high,
from rated;

-- The share of a baseline that a target leaves: as other schools' rows show it, or by
-- the decreases.
create or replace temp table factors as
with seen as (
    select
        rule_version,
        metric_id,
        target_model,
        baseline_year,
        school_year,
        median(target_not_meeting_pct / baseline_not_meeting_pct)
            filter (where baseline_not_meeting_pct > 0 and not is_override) as factor,
    from school_targets
    group by all
)

select
    seen.* exclude (factor),
    coalesce(
        any_value(factor),
        if(
            any_value(target_model) = 'linear',
            1 - sum(decrease_pct) / 100,
            product(1 - decrease_pct / 100)
        )
    ) as factor,
from seen
left join target_decreases as decreases
    on
        seen.rule_version = decreases.rule_version
        and decreases.school_year > seen.baseline_year
        and decreases.school_year <= seen.school_year
group by all;

-- What other tables tell of the share that does not meet the metric, or of the rate.
create or replace temp table told as
with targets as (
    select
        *,
        baseline_year as year,
        baseline_provider as by_provider,
    from all_school_targets
    union all by name
    select
        *,
        baseline_year as year,
        baseline_provider as by_provider,
        'no' as target_year_means,
    from all_school_target_status
),

turned as (
    select
        targets.*,
        factor,
        coalesce(direction, 'higher') = 'higher' as is_higher_better,
    from targets
    left join factors
        using (rule_version, metric_id, target_model, baseline_year, school_year)
    left join dim_metric using (metric_id)
),

unmet as (
    select
        *,
        coalesce(baseline_not_meeting_low_pct, baseline_not_meeting_pct, case
            when not is_override and target_pct is distinct from goal_pct
                then coalesce(
                    target_not_meeting_pct,
                    if(is_higher_better, 100 - target_high_pct, target_low_pct)
                ) / factor
        end) as unmet_low,
        coalesce(baseline_not_meeting_high_pct, baseline_not_meeting_pct, case
            when not is_override and target_pct is distinct from goal_pct
                then coalesce(
                    target_not_meeting_pct,
                    if(is_higher_better, 100 - target_low_pct, target_high_pct)
                ) / factor
        end) as unmet_high,
    from turned
),

baselines as (
    select
        origin,
        'target' as kind,
        by_provider as provider,
        school_key as place,
        year as school_year,
        metric_id,
        student_group,
        if(is_higher_better, 100 - unmet_high, unmet_low) as low,
        if(is_higher_better, 100 - unmet_low, unmet_high) as high,
    from unmet
),

verdicts as (
    select
        origin,
        'verdict' as kind,
        provider,
        school_key as place,
        school_year,
        metric_id,
        student_group,
        coalesce(value_low_pct, value_pct, interval_low_pct, case
            when verdict = 'at_goal' and is_higher then goal_pct
            when verdict = 'on_track' and is_higher then target_high_pct
            when verdict = 'off_track' and not is_higher then target_high_pct
            when reached = 'goal' and is_higher then goal_pct
            when reached = 'target' and is_higher then target_high_pct
            when reached = 'missed' and not is_higher then target_high_pct
        end) as low,
        coalesce(value_high_pct, value_pct, interval_high_pct, case
            when verdict = 'at_goal' and not is_higher then goal_pct
            when verdict = 'on_track' and not is_higher then target_low_pct
            when verdict = 'off_track' and is_higher then target_low_pct
            when reached = 'goal' and not is_higher then goal_pct
            when reached = 'target' and not is_higher then target_low_pct
            when reached = 'missed' and is_higher then target_low_pct
        end) as high,
    from (
        select
            verdicts.*,
            coalesce(direction, 'higher') = 'higher' as is_higher,
        from all_school_target_status as verdicts
        left join dim_metric using (metric_id)
        union all by name
        -- Releases before these columns say the same by their verdict alone.
        select null as reached where false
    )
),

-- A gap and one side give the other.
gaps as (
    select
        gaps.*,
        one.low as one_low,
        one.high as one_high,
        other.low as other_low,
        other.high as other_high,
        coalesce(gap_low_points, interval_low_points, if(gap = 'higher', 0, -100))
            as gap_low,
        coalesce(gap_high_points, interval_high_points, if(gap = 'lower', 0, 100))
            as gap_high,
    from all_group_gaps as gaps
    inner join shares as one
        on
            gaps.origin = one.origin
            and gaps.provider = one.provider
            and gaps.school_key = one.place
            and gaps.school_year = one.school_year
            and gaps.metric_id = one.metric_id
            and gaps.student_group = one.student_group
    inner join shares as other
        on
            gaps.origin = other.origin
            and gaps.provider = other.provider
            and gaps.school_key = other.place
            and gaps.school_year = other.school_year
            and gaps.metric_id = other.metric_id
            and gaps.complement_group = other.student_group
),

sides as (
    select
        origin,
        'gap' as kind,
        provider,
        school_key as place,
        school_year,
        metric_id,
        unnest([student_group, complement_group]) as student_group,
        unnest([other_low + gap_low, one_low - gap_high]) as low,
        unnest([other_high + gap_high, one_high - gap_low]) as high,
    from gaps
),

-- The pace, or what is still asked, and the share at one end give the other end.
outlooks as (
    select
        outlooks.*,
        past.provider as past_provider,
        present.provider as present_provider,
        past.is_higher_better,
        past.unmet_low as past_low,
        past.unmet_high as past_high,
        present.unmet_low as present_low,
        present.unmet_high as present_high,
        if(past.is_higher_better, 100 - outlooks.goal_pct, outlooks.goal_pct) as goal,
        pow(1 - achieved_high_pct / 100, outlooks.school_year - baseline_year) as fall_low,
        pow(1 - achieved_low_pct / 100, outlooks.school_year - baseline_year)
            as fall_high,
        last_target_year - outlooks.school_year as left_years,
    from all_school_outlook as outlooks
    inner join shares as past
        on
            outlooks.origin = past.origin
            and outlooks.school_key = past.place
            and outlooks.baseline_year = past.school_year
            and outlooks.metric_id = past.metric_id
            and outlooks.student_group = past.student_group
            and past.is_preferred
    inner join shares as present
        on
            outlooks.origin = present.origin
            and outlooks.school_key = present.place
            and outlooks.school_year = present.school_year
            and outlooks.metric_id = present.metric_id
            and outlooks.student_group = present.student_group
            and present.is_preferred
),

paces as (
    select
        origin,
        'outlook' as kind,
        school_key as place,
        metric_id,
        student_group,
        is_higher_better,
        unnest([past_provider, present_provider, present_provider, present_provider])
            as provider,
        unnest([baseline_year, school_year, school_year, school_year]) as school_year,
        unnest([
            present_low / nullif(fall_high, 0), past_low * fall_low,
            if(required_low_pct > 0, goal / pow(1 - required_low_pct / 100, left_years), null),
            null,
        ]) as unmet_low,
        unnest([
            present_high / nullif(fall_low, 0), past_high * fall_high,
            if(required_high_pct >= 0 and required_high_pct < 100,
                goal / pow(1 - required_high_pct / 100, left_years), null),
            if(outlook = 'at_goal', goal, null),
        ]) as unmet_high,
    from outlooks
),

foreseen as (
    select
        * exclude (is_higher_better, unmet_low, unmet_high),
        if(is_higher_better, 100 - unmet_high, unmet_low) as low,
        if(is_higher_better, 100 - unmet_low, unmet_high) as high,
    from paces
),

compared as (
    select
        origin,
        'reconciliation' as kind,
        provider,
        state,
        coalesce(school_key, '') as place,
        school_year,
        metric_id,
        student_group,
        coalesce(value_low_pct, value_pct) as low,
        coalesce(value_high_pct, value_pct) as high,
    from all_reconciliation
    union all
    select
        origin,
        'reconciliation' as kind,
        other_provider as provider,
        state,
        coalesce(school_key, '') as place,
        school_year,
        metric_id,
        student_group,
        coalesce(other_value_low_pct, other_value_pct) as low,
        coalesce(other_value_high_pct, other_value_pct) as high,
    from all_reconciliation
),

statements as (
    from baselines
    union all by name
    from verdicts
    union all by name
    from sides
    union all by name
    from foreseen
    union all by name
    from compared
)

select
    shares.table_name,
    shares.provider,
    shares.level,
    shares.state,
    shares.place,
    shares.school_year,
    shares.metric_id,
    shares.student_group,
    statements.origin,
    if(statements.origin = 'candidate', statements.kind, statements.origin) as kind,
    greatest(statements.low, 0) as low,
    least(statements.high, 100) as high,
from statements
inner join shares
    on
        statements.provider = shares.provider
        and statements.place = shares.place
        -- Only what is told of a whole state needs its name: it has no place.
        and coalesce(statements.state, shares.state) = shares.state
        and statements.school_year = shares.school_year
        and statements.metric_id = shares.metric_id
        and statements.student_group = shares.student_group
where
    shares.is_hidden
    and not (getvariable('alone') and statements.origin = 'candidate')
    and (statements.low > own_low + 1e-6 or statements.high < own_high - 1e-6);
