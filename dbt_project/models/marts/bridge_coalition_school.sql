-- Which school belongs to which coalition, by rule (a state or a district), from when
-- to when.
with schools as (
    select * from {{ ref('dim_school') }}
),

coalition_rules as (
    select * from {{ ref('coalition_rules') }}
),

members as (
    select
        coalition_rules.coalition_id,
        schools.school_key,
        schools.school_id_nces,
        schools.state,
        coalition_rules.first_year,
        coalition_rules.last_year,
        coalition_rules.source,
    from coalition_rules
    inner join schools
        on
            coalition_rules.state = schools.state
            and (
                coalition_rules.lea_id_nces is null
                or coalition_rules.lea_id_nces = schools.lea_id_nces
            )
)

select * from members
