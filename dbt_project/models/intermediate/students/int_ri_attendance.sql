with rows_of_students as (
    {{ current_rows('stg_ri__student_attendance') }}
),

attended as (
    select
        provider,
        extract,
        state,
        student_key,
        lea_id_state,
        school_id_state,
        school_year,
        days_member,
        days_absent,
        source_file,
        source_row,
        delivery
    from rows_of_students
)

select * from attended
