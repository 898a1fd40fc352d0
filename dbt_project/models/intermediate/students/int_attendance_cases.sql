-- Days attended of days enrolled, and students absent 10 per cent or more of them
-- (EDFacts FS195), in grades 9 to 12. A student has a row in each school; the state
-- sees the days of all of them together.
with {{ current_records('int_student_attendance') }},

spells as (
    select * from {{ ref('int_student_spells') }}
),

students_set_aside as (
    select * from {{ ref('int_students_set_aside') }}
),

rules as (
    select * from {{ ref('int_state_rules') }}
),

in_high_school as (
    select distinct
        state,
        student_key,
        school_year
    from spells
    where {{ in_high_school('grade') }}
),

-- The days of a student in a school and year stand in one file, in one row or more. In
-- a file sent again under another name they are the same days; other days there set the
-- student aside (int_attendance_conflicts).
newest as (
    select current_records.*
    from current_records
    anti join students_set_aside
        on
            current_records.state = students_set_aside.state
            and current_records.student_key = students_set_aside.student_key
            and students_set_aside.records in ('enrollment', 'attendance')
    qualify rank() over (
        partition by
            current_records.state, current_records.student_key,
            current_records.school_id_state, current_records.school_year
        order by
            current_records.landed_at desc nulls last,
            current_records.source_file desc nulls last
    ) = 1
),

summed as (
    select
        newest.state,
        newest.school_id_state,
        newest.school_id_state is not null as is_school_case,
        grouping(newest.school_id_state) = 1 as is_state_sum,
        max(newest.lea_id_state) as lea_id_state,
        newest.school_year,
        newest.student_key,
        sum(newest.days_member) as days_member,
        sum(newest.days_absent) as days_absent,
        max(newest.origin) as origin
    from newest
    inner join in_high_school
        on
            newest.state = in_high_school.state
            and newest.student_key = in_high_school.student_key
            and newest.school_year = in_high_school.school_year
    group by grouping sets (
        (
            newest.state,
            newest.school_year,
            newest.student_key
        ),
        (
            newest.state,
            newest.school_year,
            newest.student_key,
            newest.school_id_state
        )
    )
),

counted as (
    select
        'attendance' as metric_id,
        summed.*,
        summed.days_member - summed.days_absent as numerator,
        summed.days_member as denominator
    from summed
    where summed.days_member > 0
    union all
    select
        'chronic_absence' as metric_id,
        summed.*,
        cast(
            summed.days_absent * 100
            >= summed.days_member * rules.chronic_threshold_pct as integer
        ) as numerator,
        1 as denominator
    from summed
    inner join rules
        on summed.state = rules.state
    where
        summed.days_member > 0
        and summed.days_member >= rules.chronic_min_days_member
),

cases as (
    select
        'attendance' as extract,
        counted.metric_id,
        counted.state,
        if(counted.is_state_sum, null, counted.lea_id_state) as lea_id_state,
        counted.school_id_state,
        counted.school_year,
        counted.student_key,
        counted.school_year as first_year,
        counted.school_year as last_year,
        counted.numerator,
        counted.denominator,
        counted.is_school_case,
        counted.is_state_sum and rules.enrollment_is_statewide as is_state_case,
        counted.origin
    from counted
    inner join rules
        on counted.state = rules.state
    where counted.is_school_case or counted.is_state_sum
)

select * from cases
