with printed as (
    select * from {{ source('league', 'self_assessments') }}
),

renamed as (
    select
        'league' as provider,
        'self_assessments' as extract,
        state,
        school_id_nces,
        school_id_state,
        school_name,
        cast(assessed_on as date) as assessed_on,
        cast(edition as integer) as edition,
        dimension,
        rater_role,
        cast(score as integer) as score,
        cast(evidence_count as integer) as evidence_count,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery,
    from printed
)

select * from renamed
