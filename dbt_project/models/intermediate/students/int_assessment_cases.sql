-- Proficient students among the tested, in grades 9 to 12. Of two results of a year in
-- one subject and school the better one counts.
with {{ current_records('int_student_assessments') }},

rules as (
    select * from {{ ref('int_state_rules') }}
),

tested as (
    select
        state,
        student_key,
        school_id_state,
        school_year,
        subject,
        bool_or(coalesce(is_proficient, false)) as is_proficient,
        max(origin) as origin,
    from current_records
    where is_tested and {{ in_high_school('grade') }}
    group by state, student_key, school_id_state, school_year, subject
),

cases as (
    select
        'proficiency' as extract,
        'proficiency_' || tested.subject as metric_id,
        tested.state,
        cast(null as varchar) as lea_id_state,
        tested.school_id_state,
        tested.school_year,
        tested.student_key,
        tested.school_year as first_year,
        tested.school_year as last_year,
        cast(tested.is_proficient as integer) as numerator,
        1 as denominator,
        true as is_school_case,
        rules.enrollment_is_statewide as is_state_case,
        tested.origin,
    from tested
    inner join rules
        on tested.state = rules.state
)

select * from cases
