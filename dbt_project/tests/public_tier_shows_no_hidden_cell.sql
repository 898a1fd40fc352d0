/*
**What is this test?** A restricted cell that the primary rule hides has no number in any
public table, and neither has a target or verdict that starts from it.
**When is this important to resolve?** Before publishing: it is a broken promise.
**How to resolve?** See macros/published.sql; never loosen int_suppressed_cells for it.
*/
with hidden as (
    select * from {{ ref('int_suppressed_cells') }}
    where level = 'school'
),

outcomes as (
    select 'school_outcomes' as published_in, outcomes.school_key
    from {{ ref('school_outcomes_public') }} as outcomes
    inner join hidden using (provider, school_key, school_year, metric_id, student_group)
    where coalesce(
        outcomes.numerator, outcomes.denominator, outcomes.value_pct,
        outcomes.value_low_pct, outcomes.value_high_pct
    ) is not null
),

targets as (
    select 'school_targets' as published_in, targets.school_key
    from {{ ref('school_targets_public') }} as targets
    inner join hidden
        on
            targets.baseline_provider = hidden.provider
            and targets.school_key = hidden.school_key
            and targets.baseline_year = hidden.school_year
            and targets.metric_id = hidden.metric_id
            and targets.student_group = hidden.student_group
    where coalesce(
        targets.baseline_not_meeting_low_pct, targets.target_not_meeting_pct,
        targets.target_low_pct, targets.target_high_pct
    ) is not null
),

shown as (
    select * from outcomes
    union all
    select * from targets
)

select * from shown
