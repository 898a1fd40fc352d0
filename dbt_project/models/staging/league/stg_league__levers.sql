with printed as (
    select * from {{ source('league', 'levers') }}
),

renamed as (
    select
        'league' as provider,
        'levers' as extract,
        state,
        school_id_nces,
        school_id_state,
        school_name,
        _school_year as school_year,
        lever,
        is_in_use = 'Y' as is_in_use,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery,
    from printed
)

select * from renamed
