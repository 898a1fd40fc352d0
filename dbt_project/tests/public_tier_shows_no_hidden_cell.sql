/*
**What is this test?** A restricted cell that the primary rule hides has no number in any
public table of outcomes, and neither has a target or verdict that starts from it.
**When is this important to resolve?** Before publishing: it is a broken promise.
**How to resolve?** See macros/published.sql; never loosen int_suppressed_cells for it.
*/
with hidden as (
    select * from {{ ref('int_suppressed_cells') }}
),

school_cells as (
    select 'school_outcomes' as published_in
    from {{ ref('school_outcomes_public') }} as cell
    inner join hidden
        using (provider, school_key, school_year, metric_id, student_group)
    where
        hidden.level = 'school'
        and (
            cell.value_status <> 'suppressed'
            or coalesce(
            cell.numerator,
            case when hidden.is_denominator_hidden then cell.denominator end,
            cell.value_pct,
            cell.value_low_pct,
            cell.value_high_pct
        ) is not null
        )
),

state_cells as (
    select 'state_outcomes' as published_in
    from {{ ref('state_outcomes_public') }} as cell
    inner join hidden using (provider, state, school_year, metric_id, student_group)
    where
        hidden.level = 'state'
        and (
            cell.value_status <> 'suppressed'
            or coalesce(
            cell.numerator,
            case when hidden.is_denominator_hidden then cell.denominator end,
            cell.value_pct,
            cell.value_low_pct,
            cell.value_high_pct
        ) is not null
        )
),

targets as (
    select 'school_targets' as published_in
    from {{ ref('school_targets_public') }} as cell
    inner join hidden
        on
            hidden.level = 'school'
            and cell.baseline_provider = hidden.provider
            and cell.school_key = hidden.school_key
            and cell.baseline_year = hidden.school_year
            and cell.metric_id = hidden.metric_id
            and cell.student_group = hidden.student_group
    where cell.meets_goal is not null
        or coalesce(
            cell.rule_not_meeting_low_pct,
            cell.target_not_meeting_low_pct,
            cell.baseline_not_meeting_pct,
            cell.baseline_not_meeting_low_pct,
            cell.baseline_not_meeting_high_pct,
            cell.target_not_meeting_pct,
            cell.target_pct,
            cell.target_low_pct,
            cell.target_high_pct
        ) is not null
),

verdicts as (
    select 'school_target_status' as published_in
    from {{ ref('school_target_status_public') }} as cell
    inner join hidden
        on
            hidden.level = 'school'
            and cell.school_key = hidden.school_key
            and cell.metric_id = hidden.metric_id
            and cell.student_group = hidden.student_group
            and (
                (
                    cell.baseline_provider = hidden.provider
                    and cell.baseline_year = hidden.school_year
                )
                or (
                    cell.provider = hidden.provider
                    and cell.school_year = hidden.school_year
                )
            )
    where
        cell.verdict <> 'suppressed'
        or cell.reached <> 'suppressed'
        or cell.firmness <> 'suppressed'
        or coalesce(
            cell.students_count,
            cell.target_pct,
            cell.target_low_pct,
            cell.target_high_pct,
            cell.value_pct,
            cell.interval_low_pct,
            cell.interval_high_pct
        ) is not null
),

shown as (
    select * from school_cells
    union all
    select * from state_cells
    union all
    select * from targets
    union all
    select * from verdicts
)

select * from shown
