-- Every school of the rule's years, metric with targets, student group and target year:
-- is there a target, and if not, why not?
with schools as (
    select * from {{ ref('int_schools') }}
),

states as (
    select * from {{ ref('states') }}
    where is_nessc
),

metrics as (
    select * from {{ ref('metrics') }}
    where has_targets
),

student_groups as (
    select * from {{ ref('student_groups') }}
),

rules as (
    select * from {{ ref('target_rules') }}
    where is_active
),

decreases as (
    select * from {{ ref('target_decreases') }}
),

lags as (
    select * from {{ ref('metric_lags') }}
),

targets as (
    select distinct
        school_key,
        metric_id,
        student_group,
        school_year
    from {{ ref('int_school_targets') }}
),

outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where level = 'school' and is_preferred
),

closings as (
    {{ closings() }}
),

asked as (
    select
        schools.school_key,
        schools.state,
        metrics.metric_id,
        student_groups.student_group,
        -- With known_year, the decrease of 2015 is due of an earlier class.
        decreases.school_year - case rules.target_year_means
            when 'known_year' then coalesce(lags.known_after_years, 0) else 0
        end as school_year,
        closings.closed_year
    from schools
    inner join states
        on schools.state = states.state
    left join closings
        on schools.school_key = closings.school_key
    cross join metrics
    cross join student_groups
    cross join rules
    inner join decreases
        on rules.rule_version = decreases.rule_version
    left join lags
        on metrics.metric_id = lags.metric_id
),

-- What the years that could be a baseline say, the telling first.
near as (
    select
        outcomes.school_key,
        outcomes.metric_id,
        outcomes.student_group,
        bool_or(
            outcomes.value_status in ('reported', 'range')
            and coalesce(
                outcomes.denominator >= rules.minimum_baseline_denominator, true
            )
        ) as is_usable,
        bool_or(outcomes.value_status in ('reported', 'range')) as has_value,
        bool_or(outcomes.value_status = 'suppressed') as is_suppressed,
        bool_or(outcomes.value_status = 'not_applicable') as is_not_applicable
    from outcomes
    cross join rules
    where
        abs(outcomes.school_year - rules.baseline_year)
        <= rules.baseline_fallback_years
    group by outcomes.school_key, outcomes.metric_id, outcomes.student_group
),

in_state as (
    select distinct
        state,
        metric_id
    from outcomes
),

explained as (
    select
        asked.school_key,
        asked.state,
        asked.metric_id,
        asked.student_group,
        asked.school_year,
        case
            when targets.school_key is not null then 'target'
            when asked.school_year >= asked.closed_year then 'closed'
            when in_state.state is null then 'metric_not_reported_in_state'
            when near.is_usable then 'break_or_baseline_after_this_year'
            when near.has_value then 'too_small'
            when near.is_suppressed then 'suppressed_baseline'
            when near.is_not_applicable then 'no_such_students'
            else 'no_baseline'
        end as reason
    from asked
    left join targets
        on
            asked.school_key = targets.school_key
            and asked.metric_id = targets.metric_id
            and asked.student_group = targets.student_group
            and asked.school_year = targets.school_year
    left join near
        on
            asked.school_key = near.school_key
            and asked.metric_id = near.metric_id
            and asked.student_group = near.student_group
    left join in_state
        on
            asked.state = in_state.state
            and asked.metric_id = in_state.metric_id
)

select * from explained
