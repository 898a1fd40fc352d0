-- Enrolment spells of the current deliveries, with the common categories of their
-- codes. A code without a category is unknown here and stands in int_unmapped_records.
with {{ current_records('int_student_enrollments') }},

exit_codes as (
    select * from {{ ref('exit_codes') }}
),

diploma_codes as (
    select * from {{ ref('diploma_codes') }}
),

entry_codes as (
    select * from {{ ref('entry_codes') }}
),

-- The same spell in two files, as of autumn and as of June: the newer one counts.
newest as (
    select *
    from current_records
    qualify row_number() over (
        partition by state, student_key, school_id_state, school_year, entry_date
        order by
            landed_at desc nulls last,
            source_file desc nulls last,
            exit_date desc nulls last,
            exit_code desc nulls last,
            diploma_code desc nulls last,
            grade desc nulls last,
            entry_code desc nulls last,
            source_row desc nulls last
    ) = 1
),

-- An extract may say what no diploma code means (a row without a code): the CEDS exit
-- type "graduated" needs a regular diploma beside it. Elsewhere the exit code decides.
categorised as (
    select
        newest.*,
        entry_codes.entry_category,
        exit_codes.ceds_exit_type,
        exit_codes.exit_code is not null as is_exit_mapped,
        case
            when newest.exit_code is not null
                then coalesce(exit_codes.exit_category, 'unknown')
            when newest.exit_date is not null then 'unknown'
        end as exit_category,
        case
            when newest.diploma_code is null then diploma_codes.diploma_category
            else coalesce(diploma_codes.diploma_category, 'unknown')
        end as diploma_category
    from newest
    left join exit_codes
        on
            newest.provider = exit_codes.provider
            and newest.extract = exit_codes.extract
            and newest.exit_code = exit_codes.exit_code
    left join diploma_codes
        on
            newest.provider = diploma_codes.provider
            and newest.extract = diploma_codes.extract
            and newest.diploma_code is not distinct from diploma_codes.diploma_code
    left join entry_codes
        on
            newest.provider = entry_codes.provider
            and newest.extract = entry_codes.extract
            and newest.entry_code = entry_codes.entry_code
),

-- Enrolled on paper and never there (Ed-Fi exit type "No show"): a cohort is of who
-- enters a school (34 CFR 200.19(b)(1)(i)), so such a spell makes nobody a member.
attended as (
    select * from categorised
    where exit_category is distinct from 'never_attended'
)

select * from attended
