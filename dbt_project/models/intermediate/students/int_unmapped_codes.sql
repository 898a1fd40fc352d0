-- Codes that students' records hold and no code list explains, with how many records.
with records as (
    select * from {{ ref('int_unmapped_records') }}
),

counted as (
    select
        provider,
        extract,
        code_list,
        code,
        count(*) as row_count,
    from records
    group by provider, extract, code_list, code
)

select * from counted
