with assessments as (
    {{ league_rows('needs_assessments', ['assessed_on']) }}
),

assessed as (
    select
        school_key,
        school_id_nces,
        state,
        known_name as school_name,
        assessed_on,
        archetype,
        needs_curriculum,
        needs_leadership,
        needs_community_engagement,
        needs_infrastructure,
        source_file,
        source_row,
        delivery
    from assessments
)

select * from assessed
