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
        cast(planned_date as date) as planned_date,
        cast(actual_date as date) as actual_date,
        cast(planned_cohort as integer) as planned_cohort,
        cast(actual_cohort as integer) as actual_cohort,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery,
    from printed
)

select * from renamed
