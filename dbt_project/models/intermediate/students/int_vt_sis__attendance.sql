with printed_days as (
    {{ current_rows('stg_vt__sis_attendance') }}
),

members as (
    select * from {{ ref('int_vt_sis__enrollments') }}
),

-- School Register 3.2: a day on which the student is not expected (SNE) is neither
-- attendance nor absence; a suspended or expelled student is absent.
expected as (
    select printed_days.*
    from printed_days
    semi join members
        on
            printed_days.student_key = members.student_key
            and printed_days.school_id_state = members.school_id_state
            and printed_days.school_year = members.school_year
    where
        printed_days.absence_category is null
        or printed_days.absence_category <> 'SNE'
),

-- A day written with and without its zeroes is one day.
stated as (
    select *
    from expected
    qualify row_number() over (
        partition by
            student_key, school_id_state, attendance_date, daily_status,
            attendance_event_type
        order by
            day_value desc nulls last,
            source_file asc nulls last,
            source_row asc nulls last
    ) = 1
),

-- DSID_VALUE is the part of the day expected. FAQ Attendance: absent is who misses at
-- least half of the school day. Assumed: what a school does not write down as an
-- absence is none, so that a day with a part present alone has no absence.
days as (
    select
        provider,
        extract,
        state,
        student_key,
        lea_id_state,
        school_id_state,
        school_year,
        attendance_date,
        sum(day_value) filter (where daily_status = 'ABS') >= 0.5 as is_absent,
        min(source_file) as source_file,
        min(source_row) as source_row,
        min(delivery) as delivery
    from stated
    group by all
),

-- 16 V.S.A. 1071 counts student attendance days: a day is a day, whatever its hours.
counted as (
    select
        provider,
        extract,
        state,
        student_key,
        lea_id_state,
        school_id_state,
        school_year,
        cast(count(*) as decimal(9, 3)) as days_member,
        cast(count(*) filter (where is_absent) as decimal(9, 3)) as days_absent,
        min(source_file) as source_file,
        min(source_row) as source_row,
        min(delivery) as delivery
    from days
    group by all
)

select * from counted
