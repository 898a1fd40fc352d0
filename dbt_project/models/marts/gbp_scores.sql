-- Scores are ranks, not amounts: nothing here adds them up.
with scores as (
    {{ league_rows(
        'self_assessments', ['assessed_on', 'edition', 'dimension', 'rater_role']
    ) }}
),

dimensions as (
    select * from {{ ref('gbp_dimensions') }}
),

scored as (
    select
        scores.school_key,
        scores.school_id_nces,
        scores.state,
        scores.known_name as school_name,
        scores.assessed_on,
        {{ school_year_of('scores.assessed_on') }} as school_year,
        scores.edition,
        dimensions.domain,
        scores.dimension,
        scores.rater_role,
        scores.score,
        scores.evidence_count,
        scores.source_file,
        scores.source_row,
        scores.delivery
    from scores
    left join dimensions
        on
            scores.edition = dimensions.edition
            and scores.dimension = dimensions.dimension
)

select * from scored
