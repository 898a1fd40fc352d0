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
        {{ league_fault(
            typed={},
            required=['school_name', 'is_in_use', 'lever'],
            known={
                'state': 'state in (select states.state from ' ~ ref('states') ~ ' as states)',
                'lever': 'lever in (select levers.lever from ' ~ ref('levers') ~ ' as levers)',
            }
        ) }},
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
