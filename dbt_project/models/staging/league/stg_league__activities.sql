with printed as (
    select * from {{ source('league', 'activities') }}
),

renamed as (
    select
        'league' as provider,
        'activities' as extract,
        state,
        school_id_nces,
        school_id_state,
        school_name,
        activity_kind,
        try_cast(activity_date as date) as activity_date,
        try_cast(days as decimal(6, 2)) as days,
        visitor_state,
        visitor_school_id_nces,
        visitor_school_id_state,
        visitor_school_name,
        resource_title,
        {{ league_fault(
            typed={'activity_date': 'date', 'days': 'decimal(6, 2)'},
            required=['school_name', 'activity_date'],
            known={
                'state': 'state in (select states.state from ' ~ ref('states') ~ ' as states)',
            }
        ) }},
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
