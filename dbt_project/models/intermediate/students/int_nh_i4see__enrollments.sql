with spells as (
    {{ current_rows('stg_nh__i4see_enrollment') }}
),

admission_codes as (
    select * from {{ ref('admission_codes') }}
),

-- Home education students who join in for activities are no members of the school, and
-- a second record of status 10 has its main one elsewhere (seed admission_codes).
enrolled as (
    select spells.*
    from spells
    inner join admission_codes
        on
            spells.provider = admission_codes.provider
            and spells.extract = admission_codes.extract
            and spells.admission_status = admission_codes.admission_code
    where admission_codes.is_member
),

-- Promoted indicator 3 is "has completed high school", the diploma type says with what
-- (data dictionary, 19 November 2008). It is stated, what most exit codes mean is not,
-- and who stays to the end of the year has none: so it goes before them, as P3 in
-- exit_codes. Where no day of exit is given none is made up.
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
        entry_code,
        exit_date,
        case when promoted_indicator = '3' then 'P3' else exit_code end as exit_code,
        diploma_code,
        cast(null as string) as responsible_school_id_state,
        source_file,
        source_row,
        delivery
    from enrolled
)

select * from spelled
