-- The network, its states and coalitions along the path that the rule asks of each
-- from its own baseline, and how far each came compared with the network. The path is
-- that of the schools (int_school_targets). Nobody can tell where the states that
-- report are not all of them, or are others than in the baseline, or where a metric is
-- counted in another way since. A coalition is known by its members: as many of them as
-- target_rules asks for must report in the year and in the baseline's. Beside it stands
-- the rate of those members alone, in both years, since a rate also moves when members
-- join or leave. Intervals of differences by Newcombe's method: two bounds apart, which
-- is wide where one is a part of the other.
with rates as (
    select * from {{ ref('network_rates') }}
),

rules as (
    select * from {{ ref('target_rules') }}
    where is_active
),

factors as (
    select * from {{ ref('int_target_factors') }}
),

target_models as (
    select * from {{ ref('target_models') }}
),

lags as (
    select * from {{ ref('metric_lags') }}
),

goals as (
    select * from {{ ref('metric_goals') }}
    where is_current
),

breaks as (
    select * from {{ ref('metric_breaks') }}
),

states as (
    select * from {{ ref('states') }}
    where is_nessc
),

outcomes as (
    select * from {{ ref('fct_school_outcomes') }}
    where is_preferred
),

members as (
    select * from {{ ref('bridge_coalition_school') }}
),

members_outcomes as (
    {{ members_outcomes() }}
),

baselines as (
    select
        rates.*,
        rules.rule_version,
        rules.minimum_same_members_pct,
        rates.school_year + case rules.target_year_means
            when 'known_year' then coalesce(lags.known_after_years, 0) else 0
        end as known_year
    from rates
    cross join rules
    left join lags
        on rates.metric_id = lags.metric_id
    where
        rates.met_low_pct is not null
        and abs(rates.school_year - rules.baseline_year)
        <= rules.baseline_fallback_years
    qualify row_number() over (
        partition by
            rates.audience,
            rates.level,
            rates.entity_id,
            rates.metric_id,
            rates.student_group
        order by {{ nearest_year('rates.school_year', 'rules.baseline_year') }}
    ) = 1
),

-- What each member reports in a year, and in the year of its coalition's baseline.
before_and_now as (
    select
        baselines.entity_id,
        now.*,
        before.numerator as before_numerator,
        before.denominator as before_denominator,
        before.lowest_pct as before_lowest_pct,
        before.highest_pct as before_highest_pct
    from baselines
    inner join members_outcomes as before
        on
            baselines.audience = before.audience
            and baselines.entity_id = before.coalition_id
            and baselines.metric_id = before.metric_id
            and baselines.student_group = before.student_group
            and baselines.school_year = before.school_year
    inner join members_outcomes as now
        on
            before.audience = now.audience
            and before.coalition_id = now.coalition_id
            and before.school_key = now.school_key
            and before.metric_id = now.metric_id
            and before.student_group = now.student_group
    where baselines.level = 'coalition' and before.is_usable and now.is_usable
),

twice_reported as (
    select
        audience,
        entity_id,
        metric_id,
        student_group,
        school_year,
        false as is_before,
        numerator,
        denominator,
        lowest_pct,
        highest_pct
    from before_and_now
    union all
    select
        audience,
        entity_id,
        metric_id,
        student_group,
        school_year,
        true as is_before,
        before_numerator,
        before_denominator,
        before_lowest_pct,
        before_highest_pct
    from before_and_now
),

pooled_twice as (
    select
        audience,
        entity_id,
        metric_id,
        student_group,
        school_year,
        is_before,
        count(*) as same_members_count,
        {{ pooled_sums('true') }}
    from twice_reported
    group by audience, entity_id, metric_id, student_group, school_year, is_before
),

same_members as (
    select
        audience,
        entity_id,
        metric_id,
        student_group,
        school_year,
        same_members_count,
        max(cast({{ pooled_pct('lowest_sum') }} as double)) filter (where not is_before)
            as same_members_low_pct,
        max(cast({{ pooled_pct('highest_sum') }} as double)) filter (
            where not is_before
        )
            as same_members_high_pct,
        max(cast({{ pooled_pct('lowest_sum') }} as double)) filter (where is_before)
            as same_members_baseline_low_pct,
        max(cast({{ pooled_pct('highest_sum') }} as double)) filter (where is_before)
            as same_members_baseline_high_pct
    from pooled_twice
    group by
        audience, entity_id, metric_id, student_group, school_year, same_members_count
),

begun as (
    select
        baselines.audience,
        baselines.level,
        baselines.entity_id,
        baselines.metric_id,
        baselines.student_group,
        max(factors.after_year) as after_year
    from baselines
    left join factors
        on
            baselines.rule_version = factors.rule_version
            and baselines.known_year >= factors.after_year
    group by
        baselines.audience,
        baselines.level,
        baselines.entity_id,
        baselines.metric_id,
        baselines.student_group
),

paths as (
    select
        baselines.audience,
        baselines.level,
        baselines.entity_id,
        baselines.metric_id,
        baselines.student_group,
        factors.target_model,
        factors.school_year
        - baselines.known_year
        + baselines.school_year as school_year,
        cast(
            (100 - baselines.met_high_pct) * factors.remaining_factor as decimal(18, 12)
        ) as target_not_meeting_low_pct,
        cast(
            (100 - baselines.met_low_pct) * factors.remaining_factor as decimal(18, 12)
        ) as target_not_meeting_high_pct,
        100 * (1 - factors.remaining_factor) as expected_decrease_pct
    from baselines
    inner join begun
        on
            baselines.audience = begun.audience
            and baselines.level = begun.level
            and baselines.entity_id = begun.entity_id
            and baselines.metric_id = begun.metric_id
            and baselines.student_group = begun.student_group
    inner join factors
        on
            baselines.rule_version = factors.rule_version
            and begun.after_year is not distinct from factors.after_year
            and baselines.known_year < factors.school_year
),

asked as (
    select
        rates.audience,
        rates.level,
        rates.entity_id,
        rates.counted_from,
        rates.metric_id,
        rates.direction,
        rates.student_group,
        rates.school_year,
        target_models.target_model
    from rates
    cross join target_models
    union
    select
        paths.audience,
        paths.level,
        paths.entity_id,
        baselines.counted_from,
        paths.metric_id,
        baselines.direction,
        paths.student_group,
        paths.school_year,
        paths.target_model
    from paths
    inner join baselines
        on
            paths.audience = baselines.audience
            and paths.level = baselines.level
            and paths.entity_id = baselines.entity_id
            and paths.metric_id = baselines.metric_id
            and paths.student_group = baselines.student_group
),

newest as (
    select
        audience,
        metric_id,
        max(school_year) as newest_year
    from rates
    group by audience, metric_id
),

broken as (
    select
        states.state,
        breaks.metric_id,
        breaks.first_year
    from breaks
    inner join states
        on breaks.state in (states.state, '*')
),

-- noqa: disable=RF02
compared as (
    select
        asked.*,
        rates.* exclude (
            audience,
            level,
            entity_id,
            counted_from,
            metric_id,
            direction,
            student_group,
            school_year, value_status
        ),
        coalesce(
            rates.value_status,
            case
                when asked.school_year > newest.newest_year then 'not_yet_observed'
                else 'not_reported'
            end
        ) as value_status,
        baselines.school_year as baseline_year,
        baselines.lowest_pct as baseline_low_pct,
        baselines.highest_pct as baseline_high_pct,
        baselines.met_low_pct as base_low,
        baselines.met_high_pct as base_high,
        baselines.met_interval_low_pct as base_interval_low,
        baselines.met_interval_high_pct as base_interval_high,
        paths.target_not_meeting_low_pct,
        paths.target_not_meeting_high_pct,
        paths.expected_decrease_pct,
        goals.goal_pct,
        goals.comparison as goal_comparison,
        baselines.rule_version,
        same_members.* exclude (
            audience, entity_id, metric_id, student_group, school_year
        ),
        coalesce(
            case asked.level
                when 'coalition'
                    then
                        100 * same_members.same_members_count
                        >= baselines.minimum_same_members_pct * rates.members_count
                else
                    rates.states_reporting_count = rates.states_count
                    and baselines.states_reporting_count = baselines.states_count
            end,
            false
        ) as is_covered,
        coalesce(
            asked.school_year > baselines.school_year
            and case asked.level
                when 'coalition'
                    then
                        same_members.same_members_count = rates.members_reporting_count
                        and same_members.same_members_count
                        = baselines.members_reporting_count
                else rates.reporting = baselines.reporting
            end,
            false
        ) as is_of_same_members,
        exists(
            select 1 from broken
            where
                broken.metric_id = asked.metric_id
                and broken.first_year > baselines.school_year
                and broken.first_year <= asked.school_year
                and (asked.level <> 'state' or broken.state = asked.entity_id)
        ) as crosses_break
    from asked
    inner join newest
        on asked.audience = newest.audience and asked.metric_id = newest.metric_id
    left join rates
        on
            asked.audience = rates.audience
            and asked.level = rates.level
            and asked.entity_id = rates.entity_id
            and asked.metric_id = rates.metric_id
            and asked.student_group = rates.student_group
            and asked.school_year = rates.school_year
    left join baselines
        on
            asked.audience = baselines.audience
            and asked.level = baselines.level
            and asked.entity_id = baselines.entity_id
            and asked.metric_id = baselines.metric_id
            and asked.student_group = baselines.student_group
    left join paths
        on
            asked.audience = paths.audience
            and asked.level = paths.level
            and asked.entity_id = paths.entity_id
            and asked.metric_id = paths.metric_id
            and asked.student_group = paths.student_group
            and asked.school_year = paths.school_year
            and asked.target_model = paths.target_model
    left join same_members
        on
            asked.level = 'coalition'
            and asked.audience = same_members.audience
            and asked.entity_id = same_members.entity_id
            and asked.metric_id = same_members.metric_id
            and asked.student_group = same_members.student_group
            and asked.school_year = same_members.school_year
    left join goals
        on asked.metric_id = goals.metric_id
),
-- noqa: enable=RF02

improved as (
    select
        *,
        case
            when is_of_same_members and not crosses_break
                then cast(met_low_pct - base_high as double)
        end as better_low,
        case
            when is_of_same_members and not crosses_break
                then cast(met_high_pct - base_low as double)
        end as better_high,
        {{ newcombe_distance(
            'met_low_pct - met_interval_low_pct', 'base_interval_high - base_high'
        ) }} as spread_low,
        {{ newcombe_distance(
            'met_interval_high_pct - met_high_pct', 'base_low - base_interval_low'
        ) }} as spread_high,
        {{ end_for_goal('lowest_pct', 'printed_low_pct') }} as goal_low_pct,
        {{ end_for_goal('highest_pct', 'printed_high_pct') }} as goal_high_pct,
        round(case direction
            when 'higher' then met_interval_low_pct else 100 - met_interval_high_pct
        end, 9) as interval_low_pct,
        round(case direction
            when 'higher' then met_interval_high_pct else 100 - met_interval_low_pct
        end, 9) as interval_high_pct,
        cast(case direction
            when 'higher' then 100 - target_not_meeting_high_pct
            else target_not_meeting_low_pct
        end as decimal(18, 12)) as target_low_pct,
        cast(case direction
            when 'higher' then 100 - target_not_meeting_low_pct
            else target_not_meeting_high_pct
        end as decimal(18, 12)) as target_high_pct
    from compared
),

-- States against the network of states; coalitions against all schools of the network.
against as (
    select
        own.*,
        others.states_reporting_count as network_states_reporting_count,
        others.is_covered as is_whole_network,
        own.better_low - others.better_high as against_low,
        own.better_high - others.better_low as against_high,
        {{ newcombe_distance('own.spread_low', 'others.spread_high') }}
            as against_spread_low,
        {{ newcombe_distance('own.spread_high', 'others.spread_low') }}
            as against_spread_high
    from improved as own
    left join improved as others
        on
            others.entity_id = 'nessc'
            and own.audience = others.audience
            and own.entity_id <> 'nessc'
            and others.level
            = case own.level when 'state' then 'network' else own.level end
            and own.metric_id = others.metric_id
            and own.student_group = others.student_group
            and own.school_year = others.school_year
            and own.target_model = others.target_model
            and own.baseline_year = others.baseline_year
            and others.states_reporting_count > 1
),

decided as (
    select
        *,
        case
            when target_not_meeting_low_pct is null then 'no_target'
            when met_low_pct is null then ''
            when crosses_break or not is_covered then 'incomplete'
            else ''
        end as undecided,
        case
            when undecided <> 'incomplete' then ''
            when crosses_break then 'counted in another way since the baseline'
            when level = 'coalition'
                then
                    coalesce(same_members_count, 0) || ' of ' || members_count
                    || ' members report here and in the baseline'
            else
                coalesce(states_reporting_count, 0) || ' of ' || states_count
                || ' states report counts, or fewer in the baseline'
        end as verdict_reason
    from against
),

stated as (
    select
        *,
        case undecided
            when 'no_target' then 'no_target'
            when 'incomplete' then 'unclear'
            else {{ reached() }}
        end as reached,
        case undecided when '' then {{ firmness('reached') }} else undecided end
            as firmness
    from decided
),

judged as (
    select
        *,
        case undecided
            when 'no_target' then 'no_target' else {{ verdict('reached', 'firmness') }}
        end as verdict
    from stated
),

published as (
    select
        audience,
        level,
        entity_id,
        counted_from,
        metric_id,
        student_group,
        cast(school_year as integer) as school_year,
        target_model,
        numerator,
        denominator,
        cast(case
            when value_status = 'reported'
                then
                    case
                        when numerator is not null then lowest_pct else printed_low_pct
                    end
        end as double) as value_pct,
        cast(case when value_status = 'range' then lowest_pct end as double)
            as value_low_pct,
        cast(case when value_status = 'range' then highest_pct end as double)
            as value_high_pct,
        interval_low_pct,
        interval_high_pct,
        value_status,
        cast(coalesce(members_reporting_count, 0) as bigint) as members_reporting_count,
        cast(members_count as bigint) as members_count,
        cast(coalesce(states_reporting_count, 0) as bigint) as states_reporting_count,
        cast(states_count as bigint) as states_count,
        cast(baseline_year as integer) as baseline_year,
        cast(baseline_low_pct as double) as baseline_low_pct,
        cast(baseline_high_pct as double) as baseline_high_pct,
        target_low_pct,
        target_high_pct,
        cast(goal_pct as double) as goal_pct,
        verdict,
        verdict_reason,
        cast(expected_decrease_pct as double) as expected_decrease_pct,
        case
            when
                better_low = better_high and base_low < 100
                then 100.0 * better_low / (100 - base_low)
        end as decrease_so_far_pct,
        better_low - spread_low as improvement_low_points,
        better_high + spread_high as improvement_high_points,
        case when better_low = better_high then better_low end as improvement_points,
        case when against_low = against_high then against_low end
            as against_network_points,
        against_low - against_spread_low as against_network_low_points,
        against_high + against_spread_high as against_network_high_points,
        case
            when entity_id = 'nessc' then 'not_applicable'
            when against_low is null then 'no_data'
            when not is_whole_network then 'cannot_tell'
            when against_low - against_spread_low > 0 then 'faster'
            when against_high + against_spread_high < 0 then 'slower'
            else 'cannot_tell'
        end as against_network,
        network_states_reporting_count,
        rule_version,
        reached,
        firmness,
        students_count,
        same_members_count,
        same_members_low_pct,
        same_members_high_pct,
        same_members_baseline_low_pct,
        same_members_baseline_high_pct
    from judged
)

select * from published
