-- Proficient students among the tested, in grades 9 to 12. Of two results of a year in
-- one subject and school the better one counts.
with {{ current_records('stg_nessc__student_assessment') }},

students_set_aside as (
    select * from {{ ref('int_students_set_aside') }}
),

rules as (
    select * from {{ ref('int_state_rules') }}
),

tested as (
    select
        current_records.state,
        current_records.student_key,
        current_records.school_id_state,
        current_records.school_year,
        current_records.subject,
        bool_or(coalesce(current_records.is_proficient, false)) as is_proficient,
        max(current_records.origin) as origin
    from current_records
    anti join students_set_aside
        on
            current_records.state = students_set_aside.state
            and current_records.student_key = students_set_aside.student_key
            and students_set_aside.records in ('enrollment', 'assessment')
    where current_records.is_tested and {{ in_high_school('current_records.grade') }}
    group by
        current_records.state, current_records.student_key,
        current_records.school_id_state, current_records.school_year,
        current_records.subject
),

cases as (
    select
        'proficiency' as extract,
        'proficiency_' || tested.subject as metric_id,
        tested.state,
        cast(null as string) as lea_id_state,
        tested.school_id_state,
        tested.school_year,
        tested.student_key,
        tested.school_year as first_year,
        tested.school_year as last_year,
        cast(tested.is_proficient as integer) as numerator,
        1 as denominator,
        true as is_school_case,
        rules.enrollment_is_statewide as is_state_case,
        tested.origin
    from tested
    inner join rules
        on tested.state = rules.state
)

select * from cases
