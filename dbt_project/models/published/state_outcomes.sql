-- Each outcome of a state, as each audience sees it.
with outcomes as (
    select * from {{ ref('fct_state_outcomes') }}
),

-- The public sees no cell that is hidden. Its denominator may stay, since others of the
-- same students show it.
seen as (
    select
        outcomes.* exclude (is_denominator_hidden),
        audiences.audience,
        audiences.audience = 'public' and outcomes.is_hidden_from_public as is_hidden,
        audiences.audience = 'public' and outcomes.is_denominator_hidden
            as is_denominator_hidden
    from outcomes
    cross join {{ audiences() }}
),

published as (
    select
        audience,
        state,
        cast(school_year as integer) as school_year,
        metric_id,
        student_group,
        {{ outcome_values() }},
        is_preferred,
        provider,
        extract,
        definition_id,
        visibility,
        {{ source_columns() }},
        data_as_of,
        {{ source_sheet() }},
        counted_from
    from seen
)

select * from published
