with printed as (
    select * from {{ source('nsc', 'blocked_counts') }}
),

renamed as (
    select
        'nsc' as provider,
        'blocked_counts' as extract,
        state,
        school_id_state,
        _school_year as cohort_year,
        cast(graduates_sent as bigint) as graduates_sent_count,
        cast(blocked as bigint) as blocked_count,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
