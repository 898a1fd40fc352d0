with printed as (
    select * from {{ source('oneroster', 'orgs') }}
),

-- The folder of a file is its set: ids hold within it. The identifier of a school is
-- VT-PS023 or a federal id, by the consortium's convention (assumed).
renamed as (
    select
        'oneroster' as provider,
        'orgs' as extract,
        {{ folder_of('_source_file') }} as roster_set,
        sourced_id,
        status,
        name as org_name,
        type as org_type,
        case when substr(identifier, 3, 1) = '-' then left(identifier, 2) end as state,
        case
            when substr(identifier, 3, 1) = '-' then substr(identifier, 4)
        end as school_id_state,
        case when substr(identifier, 3, 1) <> '-' then identifier end as school_id_nces,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
