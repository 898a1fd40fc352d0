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
        -- A year that cannot be read is no year: the row then holds in none, since a
        -- blank would mean all.
        case
            when
                {{ is_unread('first_year', 'integer') }}
                or {{ is_unread('last_year', 'integer') }}
                then 9999
            else try_cast(first_year as integer)
        end as first_year,
        try_cast(last_year as integer) as last_year,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
