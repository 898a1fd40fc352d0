with printed as (
    select * from {{ source('oneroster', 'users') }}
),

-- Grades are CEDS codes, 13 is post-graduate; of several the last counts (assumed).
renamed as (
    select
        'oneroster' as provider,
        'users' as extract,
        {{ folder_of('_source_file') }} as roster_set,
        sourced_id,
        status,
        role,
        student_id_state as student_key,
        case trim(split_part(grades, ',', -1))
            when '13' then 'PG'
            when 'TK' then 'KG'
            else trim(split_part(grades, ',', -1))
        end as grade,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
