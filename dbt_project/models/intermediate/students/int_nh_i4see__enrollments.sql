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

-- Who stays to the end of the year has no exit, graduates too: promoted indicator 3 is
-- "has completed high school" (data dictionary, 19 November 2008), and the diploma type
-- says with what. P3 stands for it in exit_codes; a day is not given and not invented.
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
        case
            when exit_code is not null then exit_code
            when promoted_indicator = '3' then 'P3'
        end as exit_code,
        diploma_code,
        source_file,
        source_row,
        delivery,
    from enrolled
)

select * from spelled
