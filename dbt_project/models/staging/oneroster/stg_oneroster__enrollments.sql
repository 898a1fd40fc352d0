with printed as (
    select * from {{ source('oneroster', 'enrollments') }}
),

renamed as (
    select
        'oneroster' as provider,
        'enrollments' as extract,
        {{ folder_of('_source_file') }} as roster_set,
        sourced_id,
        status,
        school_sourced_id,
        user_sourced_id,
        role,
        cast(begin_date as date) as begin_date,
        cast(end_date as date) as end_date,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
