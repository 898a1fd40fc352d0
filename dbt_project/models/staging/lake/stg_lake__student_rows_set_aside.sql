with rows_set_aside as (
    select * from {{ source('lake', 'rows_set_aside') }}
),

located as (
    select
        *,
        split_part(quarantine_file, '/', -4) as provider,
        split_part(quarantine_file, '/', -3) as extract,
        '|' || coalesce(_wrong_columns, '') || '|' as wrong_columns,
        coalesce(_reason, '')
        <> 'another row of this student was set aside' as is_wrong
    from rows_set_aside
),

renamed as (
    select
        provider,
        extract,
        coalesce(
            case
                when provider in ('nh', 'ri', 'vt') then upper(provider)
                else state
            end,
            left(requester_return_field, 2)
        ) as state,
        case
            when {{ matches('student_id_state', '^[0-9a-f]{32}$') }}
                then student_id_state
        end as student_key,
        school_id_state,
        _school_year as school_year,
        case grade
            when '15' then 'PG'
            when 'PD' then 'PG'
            else lpad(grade, 2, '0')
        end as grade,
        coalesce(exit_type, exit_code, diploma_type) is not null
        or coalesce(promoted_indicator, '') = '3' as has_end,
        {{ parsed_day_or_null('search_date', '%Y%m%d') }} as search_date,
        wrong_columns,
        is_wrong,
        -- Quarantined before columns were named.
        is_wrong and _wrong_columns is null as is_unexplained,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from located
)

select * from renamed
