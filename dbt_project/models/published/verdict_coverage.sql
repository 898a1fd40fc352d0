-- Why a question after verdicts has no answer: one row for each state and metric with
-- targets, of all students and the default model.
with metrics as (
    select * from {{ ref('dim_metric') }}
),

outcomes as (
    select * from {{ as_seen_by('partner', 'school_outcomes') }}
    where is_preferred and student_group = 'all'
),

targets as (
    select * from {{ as_seen_by('partner', 'school_targets') }}
    where student_group = 'all'
),

statuses as (
    select * from {{ as_seen_by('partner', 'school_target_status') }}
    where student_group = 'all'
),

models as (
    select * from {{ ref('target_models') }}
    where is_default
),

schools as (
    select * from {{ ref('dim_school') }}
),

states as (
    select
        schools.state,
        bool_or(schools.is_consortium_state) as is_consortium_state
    from schools
    group by schools.state
),

reported as (
    select
        outcomes.state,
        outcomes.metric_id,
        max(outcomes.school_year) as newest_rate_year,
        max(
            case
                when outcomes.value_status in ('reported', 'range')
                    then outcomes.school_year
            end
        ) as newest_number_year
    from outcomes
    where outcomes.value_status in ('reported', 'range', 'suppressed')
    group by outcomes.state, outcomes.metric_id
),

asked as (
    select
        targets.state,
        targets.metric_id,
        min(targets.school_year) as first_target_year,
        count(distinct targets.school_key) as schools_with_target_count
    from targets
    inner join models
        on targets.target_model = models.target_model
    where targets.target_low_pct is not null
    group by targets.state, targets.metric_id
),

judged as (
    select
        statuses.state,
        statuses.metric_id,
        count(distinct statuses.school_key) as schools_judged_count,
        max(statuses.school_year) as newest_verdict_year
    from statuses
    inner join models
        on statuses.target_model = models.target_model
    where statuses.verdict in ('at_goal', 'on_track', 'off_track', 'cannot_tell')
    group by statuses.state, statuses.metric_id
),

reasoned as (
    select
        states.state,
        states.is_consortium_state,
        metrics.metric_id,
        metrics.label,
        reported.newest_rate_year,
        asked.first_target_year,
        coalesce(asked.schools_with_target_count, 0) as schools_with_target_count,
        coalesce(judged.schools_judged_count, 0) as schools_judged_count,
        judged.newest_verdict_year,
        case
            when judged.schools_judged_count > 0 then 'judged'
            when reported.newest_rate_year is null then 'no_rates'
            when reported.newest_number_year is null then 'all_suppressed'
            when asked.first_target_year is null then 'no_targets'
            when reported.newest_number_year < asked.first_target_year
                then 'rates_end_before_targets_begin'
            else 'no_rate_of_a_school_with_a_target'
        end as reason
    from states
    cross join metrics
    left join reported
        on
            states.state = reported.state
            and metrics.metric_id = reported.metric_id
    left join asked
        on
            states.state = asked.state
            and metrics.metric_id = asked.metric_id
    left join judged
        on
            states.state = judged.state
            and metrics.metric_id = judged.metric_id
    where
        metrics.has_targets
        and (states.is_consortium_state or reported.newest_rate_year is not null)
)

select * from reasoned
