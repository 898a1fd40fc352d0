with printed as (
    select * from {{ source('league', 'membership') }}
),

renamed as (
    select
        'league' as provider,
        'membership' as extract,
        state,
        school_id_nces,
        school_id_state,
        school_name,
        cast(first_day as date) as first_day,
        cast(last_day as date) as last_day,
        school_kind,
        source,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery,
    from printed
)

select * from renamed
