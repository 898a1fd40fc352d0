-- Which school belongs to which coalition, from when to when: by rule (a state, a
-- district or a school; the most specific decides, and one that is not counted sets its
-- schools aside) or by a list with dates.
with schools as (
    select * from {{ ref('int_schools') }}
),

coalition_rules as (
    select * from {{ ref('coalition_rules') }}
),

listed as (
    select * from {{ ref('int_coalition_members_listed') }}
),

ruled as (
    select
        coalition_rules.coalition_id,
        schools.school_key,
        schools.school_id_nces,
        schools.state,
        coalition_rules.first_year,
        coalition_rules.last_year,
        case
            when coalition_rules.school_id_nces is not null then 'school'
            when coalition_rules.lea_id_nces is not null then 'lea'
            else 'state'
        end as basis,
        coalition_rules.reason,
        coalition_rules.source,
        coalition_rules.evidence,
        coalition_rules.is_counted
    from coalition_rules
    inner join schools
        on
            coalition_rules.state = schools.state
            and (
                coalition_rules.school_id_nces = schools.school_id_nces
                or coalition_rules.school_id_nces is null
                and (
                    coalition_rules.lea_id_nces is null
                    or coalition_rules.lea_id_nces = schools.lea_id_nces
                )
            )
    qualify row_number() over (
        partition by coalition_rules.coalition_id, schools.school_key
        order by
            coalition_rules.school_id_nces nulls last,
            coalition_rules.lea_id_nces nulls last
    ) = 1
),

members as (
    select * exclude (is_counted)
    from ruled
    where is_counted
    union all by name
    select
        listed.coalition_id,
        schools.school_key,
        schools.school_id_nces,
        schools.state,
        listed.first_year,
        listed.last_year,
        'list' as basis,
        'Listed by the coalition' as reason,
        listed.source,
        'stated' as evidence
    from listed
    inner join schools
        on listed.school_key = schools.school_key
)

select * from members
