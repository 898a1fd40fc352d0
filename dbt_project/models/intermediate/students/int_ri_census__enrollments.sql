with spells as (
    {{ current_rows('stg_ri__enrollment_census') }}
),

-- The census says neither how a student came nor which diploma was received: exit type
-- 14 is the diploma.
spelled as (
    select
        provider,
        extract,
        state,
        student_key,
        lea_id_state,
        school_id_state,
        school_year,
        grade,
        entry_date,
        cast(null as string) as entry_code,
        exit_date,
        exit_code,
        cast(null as string) as diploma_code,
        cast(null as string) as responsible_school_id_state,
        source_file,
        source_row,
        delivery
    from spells
)

select * from spelled
