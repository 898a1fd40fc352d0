-- Of a restricted file: how many rows and why, and neither its name nor the rows.
with records as (
    select * from {{ ref('int_records_set_aside') }}
),

contracts as (
    select * from {{ ref('stg_lake__contracts') }}
),

marked as (
    select
        records.*,
        coalesce(contracts.visibility = 'public', false) as is_public
    from records
    left join contracts
        on
            records.provider = contracts.provider
            and records.extract = contracts.extract
),

published as (
    select
        provider,
        extract,
        cast(school_year as integer) as school_year,
        case when is_public then source_file else {{ restricted_file() }} end
            as source_file,
        case when is_public then source_row end as source_row,
        case when is_public then delivery end as delivery,
        reason,
        cast(sum(rows_count) as bigint) as rows_count
    from marked
    group by all
)

select * from published
