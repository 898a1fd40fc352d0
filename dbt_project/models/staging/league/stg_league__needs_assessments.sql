with printed as (
    select * from {{ source('league', 'needs_assessments') }}
),

renamed as (
    select
        'league' as provider,
        'needs_assessments' as extract,
        state,
        school_id_nces,
        school_id_state,
        school_name,
        try_cast(assessed_on as date) as assessed_on,
        archetype,
        needs_curriculum = 'Y' as needs_curriculum,
        needs_leadership = 'Y' as needs_leadership,
        needs_community_engagement = 'Y' as needs_community_engagement,
        needs_infrastructure = 'Y' as needs_infrastructure,
        {{ league_fault(
            typed={'assessed_on': 'date'},
            required=['school_name', 'assessed_on'],
            known={
                'state': 'state in (select states.state from ' ~ ref('states') ~ ' as states)',
                'archetype': "archetype in ('community_driven', 'leadership_driven', 'early_adoption')",
            }
        ) }},
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
