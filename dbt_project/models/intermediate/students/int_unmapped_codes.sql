-- Codes that students' records hold and no code list explains. Their students count as
-- unknown until the list has them.
with spells as (
    select * from {{ ref('int_student_spells') }}
),

{{ current_records('int_listed_cohorts') }},

exit_codes as (
    select * from {{ ref('exit_codes') }}
),

listed_outcome_codes as (
    select * from {{ ref('listed_outcome_codes') }}
),

used as (
    select
        spells.provider,
        spells.extract,
        'exit_codes' as code_list,
        spells.exit_code as code,
    from spells
    left join exit_codes
        on
            spells.provider = exit_codes.provider
            and spells.extract = exit_codes.extract
            and spells.exit_code = exit_codes.exit_code
    where spells.exit_code is not null and exit_codes.exit_code is null
    union all
    select
        provider,
        extract,
        'diploma_codes' as code_list,
        diploma_code as code,
    from spells
    where diploma_category = 'unknown'
    union all
    select
        provider,
        extract,
        'entry_codes' as code_list,
        entry_code as code,
    from spells
    where entry_code is not null and entry_category is null
    union all
    select
        current_records.provider,
        current_records.extract,
        'listed_outcome_codes' as code_list,
        current_records.outcome_code as code,
    from current_records
    left join listed_outcome_codes
        on
            current_records.provider = listed_outcome_codes.provider
            and current_records.extract = listed_outcome_codes.extract
            and current_records.outcome_code = listed_outcome_codes.outcome_code
    where
        current_records.outcome_code is not null
        and listed_outcome_codes.outcome_code is null
),

counted as (
    select
        provider,
        extract,
        code_list,
        code,
        count(*) as row_count,
    from used
    group by provider, extract, code_list, code
)

select * from counted
