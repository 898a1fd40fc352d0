-- Days of a student in a school and year that two files of an extract tell differently:
-- parts of the year, or a correction under another name. Nobody can tell, and neither
-- may be dropped. The same days in both are the same days.
with {{ current_records('int_student_attendance') }},

-- Below zero is no number of days: a file that says none differs from one that does.
totals as (
    select
        provider,
        extract,
        state,
        student_key,
        school_id_state,
        school_year,
        source_file,
        min(delivery) as delivery,
        min(source_row) as source_row,
        coalesce(sum(days_member), -1) as days_member,
        coalesce(sum(days_absent), -1) as days_absent
    from current_records
    group by
        provider, extract, state, student_key, school_id_state, school_year, source_file
),

compared as (
    select
        *,
        min(days_member) over same_days <> max(days_member) over same_days
        or min(days_absent) over same_days <> max(days_absent) over same_days
            as is_contradicted
    from totals
    window
        same_days as (
            partition by
                provider, extract, state, student_key, school_id_state, school_year
        )
),

conflicting as (
    select
        provider,
        extract,
        delivery,
        source_file,
        source_row,
        state,
        student_key,
        school_id_state,
        school_year
    from compared
    where is_contradicted
)

select * from conflicting
