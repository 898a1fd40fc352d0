-- Every file that arrived and what became of it; also files that no contract asks for.
with deliveries as (
    select * from {{ ref('stg_lake__deliveries') }}
),

listed as (
    select
        nullif(provider, 'none') as provider,
        nullif(extract, 'none') as extract,
        cast(school_year as integer) as school_year,
        file,
        sha256,
        delivery,
        landed_at,
        status,
        rows_raw,
        rows_validated,
        rows_quarantined,
        rows_duplicate,
        message
    from deliveries
)

select * from listed
