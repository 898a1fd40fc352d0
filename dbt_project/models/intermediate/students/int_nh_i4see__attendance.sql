with spells as (
    {{ current_rows('stg_nh__i4see_enrollment') }}
),

admission_codes as (
    select * from {{ ref('admission_codes') }}
),

-- Days of membership are the days attended and the days absent.
attended as (
    select
        spells.provider,
        spells.extract,
        spells.state,
        spells.student_key,
        spells.lea_id_state,
        spells.school_id_state,
        spells.school_year,
        cast(
            spells.days_attended + spells.days_absent as decimal(9, 3)
        ) as days_member,
        spells.days_absent,
        spells.source_file,
        spells.source_row,
        spells.delivery
    from spells
    inner join admission_codes
        on
            spells.provider = admission_codes.provider
            and spells.extract = admission_codes.extract
            and spells.admission_status = admission_codes.admission_code
    where admission_codes.is_member
)

select * from attended
