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
        try_cast(first_day as date) as first_day,
        try_cast(last_day as date) as last_day,
        school_kind,
        source,
        {{ league_fault(
            typed={'first_day': 'date', 'last_day': 'date'},
            required=['school_name', 'first_day'],
            known={
                'state': 'state in (select states.state from ' ~ ref('states') ~ ' as states)',
                'school_kind': "school_kind in ('public', 'charter', 'private', 'career_technical')",
            }
        ) }},
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
