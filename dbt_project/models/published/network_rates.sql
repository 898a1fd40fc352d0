-- The rates of the network that is held against its goals: of its states as they print
-- them, of the network from its states' counts, and of the coalitions within it from
-- their schools. A state is never the sum of its schools, so each says what it is
-- counted from. A state without usable counts lowers the coverage and leaves the rate
-- alone. What schools' records compute is no printed count of a state.
with states as (
    select * from {{ ref('states') }}
    where is_nessc
),

metrics as (
    select * from {{ ref('metrics') }}
    where has_targets
),

outcomes as (
    select * from {{ ref('fct_state_outcomes') }}
    where provider <> 'computed'
),

rules as (
    select * from {{ ref('target_rules') }}
    where is_active
),

members as (
    select * from {{ ref('bridge_coalition_school') }}
),

coalition_outcomes as (
    select * from {{ ref('coalition_outcomes') }}
),

printed as (
    select
        outcomes.* exclude (value_status),
        audiences.audience,
        case
            when audiences.audience = 'public' and outcomes.is_hidden_from_public
                then 'suppressed'
            else outcomes.value_status
        end as value_status,
        coalesce(
            nullif(outcomes.denominator, 0),
            max(outcomes.denominator) filter (where outcomes.visibility = 'public')
                over (
                    partition by
                        audiences.audience,
                        outcomes.state,
                        outcomes.school_year,
                        outcomes.metric_id,
                        outcomes.student_group
                )
        ) as students_count
    from outcomes
    inner join states
        on outcomes.state = states.state
    inner join metrics
        on outcomes.metric_id = metrics.metric_id
    cross join {{ audiences() }}
    qualify row_number() over (
        partition by
            audiences.audience,
            outcomes.state,
            outcomes.school_year,
            outcomes.metric_id,
            outcomes.student_group
        order by
            outcomes.value_status = 'reported' desc,
            outcomes.is_preferred desc,
            outcomes.provider asc
    ) = 1
),

of_states as (
    select
        *,
        value_status in ('reported', 'range') as has_value,
        value_status in ('reported', 'range') and denominator > 0 as has_counts
    from printed
),

pooled as (
    select
        audience,
        school_year,
        metric_id,
        student_group,
        count(*) filter (where has_counts) as states_reporting_count,
        string_agg(state, ', ' order by state) filter (where has_counts) as reporting,
        {{ pooled_sums('has_counts') }}
        bool_or(value_status = 'suppressed') as has_suppressed,
        bool_or(value_status = 'reported') as has_rates_without_counts,
        bool_and(value_status = 'not_applicable') as has_no_students
    from of_states
    group by audience, school_year, metric_id, student_group
),

within_network as (
    select members.coalition_id
    from members
    left join states
        on members.state = states.state
    group by members.coalition_id
    having bool_and(states.state is not null)
),

united as (
    select
        audience,
        'network' as level,
        'nessc' as entity_id,
        'printed counts of states' as counted_from,
        school_year,
        metric_id,
        student_group,
        case when is_exact then printed_numerator end as numerator,
        denominator,
        {{ pooled_pct('lowest_sum') }} as lowest_pct,
        {{ pooled_pct('highest_sum') }} as highest_pct,
        cast(null as decimal(18, 12)) as printed_low_pct,
        cast(null as decimal(18, 12)) as printed_high_pct,
        {{ pooled_status('states_reporting_count') }} as value_status,
        denominator as students_count,
        states_reporting_count as members_reporting_count,
        (select count(*) from states) as members_count,
        states_reporting_count,
        (select count(*) from states) as states_count,
        reporting
    from pooled
    union all
    select
        audience,
        'state' as level,
        state as entity_id,
        'printed row of the state' as counted_from,
        school_year,
        metric_id,
        student_group,
        case when has_value then numerator end as numerator,
        case when has_value then denominator end as denominator,
        case when has_value then lowest_pct end as lowest_pct,
        case when has_value then highest_pct end as highest_pct,
        case when has_value then coalesce(value_low_pct, value_pct) end
            as printed_low_pct,
        case when has_value then coalesce(value_high_pct, value_pct) end
            as printed_high_pct,
        value_status,
        case when has_value then students_count end as students_count,
        cast(has_value as integer) as members_reporting_count,
        1 as members_count,
        cast(has_value as integer) as states_reporting_count,
        1 as states_count,
        state as reporting
    from of_states
    union all
    select
        coalition_outcomes.audience,
        'coalition' as level,
        coalition_outcomes.coalition_id as entity_id,
        'counts of member schools' as counted_from,
        coalition_outcomes.school_year,
        coalition_outcomes.metric_id,
        coalition_outcomes.student_group,
        coalition_outcomes.numerator,
        coalition_outcomes.denominator,
        case
            when coalition_outcomes.numerator is not null
                then {{ pct_of_counts(
                    'coalition_outcomes.numerator', 'coalition_outcomes.denominator'
                ) }}
            else cast(coalition_outcomes.value_low_pct as decimal(18, 12))
        end as lowest_pct,
        case
            when coalition_outcomes.numerator is not null
                then {{ pct_of_counts(
                    'coalition_outcomes.numerator', 'coalition_outcomes.denominator'
                ) }}
            else cast(coalition_outcomes.value_high_pct as decimal(18, 12))
        end as highest_pct,
        cast(null as decimal(18, 12)) as printed_low_pct,
        cast(null as decimal(18, 12)) as printed_high_pct,
        coalition_outcomes.value_status,
        coalition_outcomes.denominator as students_count,
        coalition_outcomes.members_reporting_count,
        coalition_outcomes.members_count,
        coalition_outcomes.states_reporting_count,
        coalition_outcomes.states_count,
        cast(coalition_outcomes.states_reporting_count as varchar) as reporting
    from coalition_outcomes
    inner join metrics
        on coalition_outcomes.metric_id = metrics.metric_id
    inner join within_network
        on coalition_outcomes.coalition_id = within_network.coalition_id
),

-- Shares that meet the metric, so that more is better whichever way a rate counts.
met as (
    select
        united.*,
        metrics.direction,
        cast(case metrics.direction
            when 'higher' then united.lowest_pct else 100 - united.highest_pct
        end as decimal(18, 12)) as met_low_pct,
        cast(case metrics.direction
            when 'higher' then united.highest_pct else 100 - united.lowest_pct
        end as decimal(18, 12)) as met_high_pct,
        cast(rules.confidence_z as double) as z
    from united
    inner join metrics
        on united.metric_id = metrics.metric_id
    cross join rules
),

intervals as (
    select
        *,
        {{ wilson_end('met_low_pct', 'students_count', 'z', '-') }}
            as met_interval_low_pct,
        {{ wilson_end('met_high_pct', 'students_count', 'z', '+') }}
            as met_interval_high_pct
    from met
)

select * exclude (z) from intervals
