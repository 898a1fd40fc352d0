with printed as (
    select * from {{ source('oneroster', 'academic_sessions') }}
),

renamed as (
    select
        'oneroster' as provider,
        'academic_sessions' as extract,
        {{ folder_of('_source_file') }} as roster_set,
        sourced_id,
        status,
        type as session_type,
        cast(start_date as date) as start_date,
        cast(end_date as date) as end_date,
        cast(school_year as bigint) as school_year,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
