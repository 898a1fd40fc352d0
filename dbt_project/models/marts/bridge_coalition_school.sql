-- Which school belongs to which coalition, by rule (a state or a district) or by a list
-- with dates, from when to when.
with schools as (
    select * from {{ ref('dim_school') }}
),

coalition_rules as (
    select * from {{ ref('coalition_rules') }}
),

listed as (
    select * from {{ ref('int_coalition_members_listed') }}
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
    union all
    select
        listed.coalition_id,
        schools.school_key,
        schools.school_id_nces,
        schools.state,
        listed.first_year,
        listed.last_year,
        listed.source,
    from listed
    inner join schools
        on listed.school_key = schools.school_key
)

select * from members
