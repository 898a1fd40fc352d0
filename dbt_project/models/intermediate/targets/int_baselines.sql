-- Where a school starts from: the share of its students who do not meet the metric,
-- unrounded where both counts are printed. A printed range gives a range; a marker
-- gives no baseline. Where the rule's year has no usable value, the nearest year within
-- baseline_fallback_years stands in, the earlier first. Behind a break the first usable
-- year begins anew. Of fewer students than minimum_baseline_denominator a value is not
-- usable; a rate printed without its denominator is not held against it. A path ends
-- before a break, and before the year from which the school is closed.
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where level = 'school' and is_preferred and value_status in ('reported', 'range')
),

metrics as (
    select * from {{ ref('metrics') }}
    where has_targets
),

rules as (
    select * from {{ ref('target_rules') }}
    where is_active
),

segments as (
    select * from {{ ref('int_metric_segments') }}
),

closings as (
    {{ closings() }}
),

wanted as (
    select
        outcomes.*,
        rules.rule_version,
        segments.first_year as segment_first_year,
        least(segments.last_year, coalesce(closings.closed_year - 1, 9999))
            as segment_last_year,
        segments.first_year > rules.baseline_year as is_behind_break,
        segments.break_description,
        greatest(rules.baseline_year, segments.first_year) as wanted_year,
        rules.baseline_fallback_years
    from outcomes
    inner join segments
        on
            outcomes.state = segments.state
            and outcomes.metric_id = segments.metric_id
            and outcomes.provider = segments.provider
            and outcomes.school_year between segments.first_year and segments.last_year
    left join closings
        on outcomes.school_key = closings.school_key
    cross join rules
    -- A stretch that ended before the rule's year starts no path.
    where
        segments.last_year >= rules.baseline_year
        and coalesce(outcomes.denominator >= rules.minimum_baseline_denominator, true)
),

nearest as (
    select *
    from wanted
    where abs(school_year - wanted_year) <= baseline_fallback_years
    qualify row_number() over (
        partition by
            rule_version, school_key, metric_id, student_group, segment_first_year
        order by {{ nearest_year('school_year', 'wanted_year') }}
    ) = 1
),

-- A break may be one provider's alone, so that stretches overlap where a school's
-- preferred numbers come from two: the first year counted otherwise ends the path.
starts as (
    select
        rule_version,
        school_key,
        metric_id,
        student_group,
        segment_first_year,
        lead(segment_first_year) over (
            partition by rule_version, school_key, metric_id, student_group
            order by segment_first_year
        ) as next_first_year
    from wanted
    group by rule_version, school_key, metric_id, student_group, segment_first_year
),

ended as (
    select
        nearest.* exclude (segment_last_year),
        least(
            nearest.segment_last_year,
            coalesce(starts.next_first_year - 1, nearest.segment_last_year)
        ) as segment_last_year
    from nearest
    inner join starts
        on
            nearest.rule_version = starts.rule_version
            and nearest.school_key = starts.school_key
            and nearest.metric_id = starts.metric_id
            and nearest.student_group = starts.student_group
            and nearest.segment_first_year = starts.segment_first_year
),

baselines as (
    select
        outcomes.school_key,
        outcomes.school_id_nces,
        outcomes.state,
        outcomes.metric_id,
        outcomes.student_group,
        outcomes.school_year as baseline_year,
        outcomes.value_status as baseline_status,
        outcomes.provider as baseline_provider,
        outcomes.definition_id as baseline_definition_id,
        outcomes.visibility as baseline_visibility,
        outcomes.source_file as baseline_source_file,
        outcomes.source_sheet as baseline_source_sheet,
        outcomes.source_row as baseline_source_row,
        outcomes.numerator is not null
        and outcomes.denominator is not null as has_counts,
        case metrics.direction
            when 'higher'
                then 100 - coalesce(outcomes.value_high_pct, outcomes.value_pct)
            else coalesce(outcomes.value_low_pct, outcomes.value_pct)
        end as printed_low_pct,
        case metrics.direction
            when 'higher'
                then 100 - coalesce(outcomes.value_low_pct, outcomes.value_pct)
            else coalesce(outcomes.value_high_pct, outcomes.value_pct)
        end as printed_high_pct,
        case metrics.direction
            when 'higher' then 100 - outcomes.highest_pct else outcomes.lowest_pct
        end as unrounded_low_pct,
        case metrics.direction
            when 'higher' then 100 - outcomes.lowest_pct else outcomes.highest_pct
        end as unrounded_high_pct,
        metrics.direction,
        outcomes.rule_version,
        outcomes.segment_last_year,
        case when outcomes.is_behind_break then outcomes.break_description end
            as break_description,
        case
            when outcomes.is_behind_break then 'new_start_after_break'
            when outcomes.school_year <> outcomes.wanted_year then 'nearest_usable_year'
            else 'year_of_the_rule'
        end as baseline_reason
    from ended as outcomes
    inner join metrics
        on outcomes.metric_id = metrics.metric_id
),

unrounded as (
    select
        school_key,
        school_id_nces,
        state,
        metric_id,
        student_group,
        baseline_year,
        baseline_status,
        baseline_provider,
        baseline_definition_id,
        baseline_visibility,
        baseline_source_file,
        baseline_source_sheet,
        baseline_source_row,
        direction,
        rule_version,
        segment_last_year,
        baseline_reason,
        break_description,
        cast(
            case when has_counts then unrounded_low_pct else printed_low_pct end
            as decimal(18, 12)
        ) as not_meeting_low_pct,
        cast(
            case when has_counts then unrounded_high_pct else printed_high_pct end
            as decimal(18, 12)
        ) as not_meeting_high_pct
    from baselines
)

select * from unrounded
