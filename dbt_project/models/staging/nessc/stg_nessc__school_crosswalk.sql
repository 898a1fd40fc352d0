with printed as (
    select * from {{ source('nessc', 'school_crosswalk') }}
),

renamed as (
    select
        state,
        school_id_state,
        school_id_nces,
        school_name,
        lea_id_nces,
        lea_name,
        cast(first_year as integer) as first_year,
        cast(last_year as integer) as last_year,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery,
    from printed
)

select * from renamed
