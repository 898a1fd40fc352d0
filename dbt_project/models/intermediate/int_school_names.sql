-- Some publishers name a school and nothing else. A name means a code where the state
-- has one school only of that name, in the crosswalk or in any file of the state that
-- prints name and code; a name that was changed or cut needs an alias with its evidence
-- (seed school_name_aliases). Two schools of one name stay unmatched (never a guess).
with states as (
    select * from {{ ref('states') }}
),

printed as (
    select
        state,
        school_name,
        school_id_state
    from {{ ref('int_school_crosswalk') }}
    union
    select
        state,
        school_name,
        school_id_state
    from {{ ref('int_outcomes_delivered') }}
    where level = 'school' and school_id_state is not null
    union
    select
        state,
        school_name,
        school_id_state
    from {{ ref('int_enrollments_delivered') }}
    where level = 'school' and school_id_state is not null
    union
    select
        state,
        printed_name,
        school_id_state
    from {{ ref('school_name_aliases') }}
),

plain as (
    select distinct
        states.state,
        {{ plain_name('printed.school_name') }} as plain_name,
        printed.school_id_state,
    from printed
    inner join states
        on printed.state in (states.state, states.state_fips)
),

unambiguous as (
    select
        state,
        plain_name,
        min(school_id_state) as school_id_state,
    from plain
    group by state, plain_name
    having count(*) = 1
)

select * from unambiguous
