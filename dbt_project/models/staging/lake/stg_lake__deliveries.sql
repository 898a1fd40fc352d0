with records as (
    select * from {{ source('lake', 'deliveries') }}
),

typed as (
    select
        provider,
        extract,
        school_year,
        school_years,
        file,
        sha256,
        substr(sha256, 1, 8) as delivery,
        cast(landed_at as timestamp) as landed_at,
        {{ cast_each('landed_before', 'timestamp') }} as landed_before,
        status,
        rows_raw,
        rows_validated,
        rows_quarantined,
        rows_duplicate,
        message,
        faults,
        cast(nullif(judged_at, '') as timestamp) as judged_at,
        judged_before,
        cast(nullif(withdrawn_at, '') as timestamp) as withdrawn_at
    from records
)

select * from typed
