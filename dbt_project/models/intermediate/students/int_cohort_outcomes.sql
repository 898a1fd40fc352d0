-- One row a member and horizon. Where a state lists a class itself, its listing wins
-- over what enrolment records tell.
with derived as (
    select * from {{ ref('int_cohort_derived') }}
),

listed as (
    select * from {{ ref('int_cohort_listed') }}
),

rules as (
    select * from {{ ref('int_state_rules') }}
),

together as (
    select
        derived.*,
        false as is_listed
    from derived
    anti join listed
        on
            derived.state = listed.state
            and derived.cohort_year = listed.cohort_year
    union all
    select
        listed.*,
        true as is_listed
    from listed
),

-- States are never the sum of their schools: only records said to hold the whole state
-- yield its own row.
outcomes as (
    select
        together.*,
        if(
            together.is_listed,
            rules.listing_is_statewide,
            rules.enrollment_is_statewide
        ) as is_statewide
    from together
    inner join rules
        on together.state = rules.state
)

select * from outcomes
