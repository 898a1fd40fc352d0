with printed as (
    select * from {{ source('oneroster', 'demographics') }}
),

renamed as (
    select
        'oneroster' as provider,
        'demographics' as extract,
        {{ folder_of('_source_file') }} as roster_set,
        sourced_id,
        status,
        sex,
        is_hispanic = 'true' as is_hispanic,
        is_american_indian = 'true' as is_american_indian,
        is_asian = 'true' as is_asian,
        is_black = 'true' as is_black,
        is_pacific_islander = 'true' as is_pacific_islander,
        is_white = 'true' as is_white,
        is_two_or_more = 'true' as is_two_or_more,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
