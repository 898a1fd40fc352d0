-- Each outcome of a school, as each audience sees it.
with outcomes as (
    select * from {{ ref('fct_school_outcomes') }}
),

schools as (
    select * from {{ ref('dim_school') }}
),

-- Records of students name no school: its name is the one that another file prints.
named as (
    select
        outcomes.* replace (
            coalesce(outcomes.school_name, schools.school_name) as school_name
        )
    from outcomes
    left join schools
        on outcomes.school_key = schools.school_key
),

-- The public sees no cell that is hidden. Its denominator may stay, since others of the
-- same students show it.
seen as (
    select
        named.* exclude (is_denominator_hidden),
        audiences.audience,
        audiences.audience = 'public' and named.is_hidden_from_public as is_hidden,
        audiences.audience = 'public' and named.is_denominator_hidden
            as is_denominator_hidden
    from named
    cross join {{ audiences() }}
),

published as (
    select
        audience,
        school_key,
        school_id_nces,
        school_id_state,
        state,
        school_name,
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
        {{ source_sheet() }}
    from seen
)

select * from published
