with printed as (
    select * from {{ source('league', 'milestones') }}
),

renamed as (
    select
        'league' as provider,
        'milestones' as extract,
        state,
        school_id_nces,
        school_id_state,
        school_name,
        phase,
        try_cast(planned_date as date) as planned_date,
        try_cast(actual_date as date) as actual_date,
        try_cast(planned_cohort as integer) as planned_cohort,
        try_cast(actual_cohort as integer) as actual_cohort,
        {{ league_fault(
            typed={
                'planned_date': 'date',
                'actual_date': 'date',
                'planned_cohort': 'integer',
                'actual_cohort': 'integer',
            },
            required=['school_name', 'phase'],
            known={
                'state': 'state in (select states.state from ' ~ ref('states') ~ ' as states)',
                'phase': "phase in ('self_assessment', 'selected', 'preparation_year', 'launch', 'implementing')",
            }
        ) }},
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
