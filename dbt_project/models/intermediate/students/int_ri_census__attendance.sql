with spells as (
    {{ current_rows('stg_ri__enrollment_census') }}
),

-- Absent are the days of membership without attendance. A spell without counts says
-- nothing of attendance.
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
        cast(days_member - days_attended as decimal(9, 3)) as days_absent,
        source_file,
        source_row,
        delivery
    from spells
    where days_member is not null and days_attended is not null
)

select * from attended
