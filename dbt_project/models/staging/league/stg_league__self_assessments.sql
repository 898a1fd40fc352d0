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
        try_cast(assessed_on as date) as assessed_on,
        try_cast(edition as integer) as edition,
        dimension,
        rater_role,
        try_cast(score as integer) as score,
        try_cast(evidence_count as integer) as evidence_count,
        {{ league_fault(
            typed={
                'assessed_on': 'date',
                'edition': 'integer',
                'score': 'integer',
                'evidence_count': 'integer',
            },
            required=['school_name', 'assessed_on', 'dimension'],
            known={
                'state': 'state in (select states.state from ' ~ ref('states') ~ ' as states)',
                'dimension': 'dimension in (select gbp_dimensions.dimension from ' ~ ref('gbp_dimensions') ~ ' as gbp_dimensions)',
            }
        ) }},
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
