/*
**What is this test?** Of a fixed cohort the graduates within four years are among those
within five, and these among those within six.
**When is this important to resolve?** Before publishing: a diploma was taken back.
**How to resolve?** See last_spells in int_cohort_standings; of a listing, compare its
deliveries.
*/
with outcomes as (
    select * from {{ ref('int_cohort_outcomes') }}
    where not is_listed
),

standings as (
    select * from {{ ref('int_cohort_standings') }}
),

lost as (
    select
        outcomes.state,
        outcomes.cohort_year,
        outcomes.horizon_years
    from outcomes
    inner join standings
        on
            outcomes.state = standings.state
            and outcomes.student_key = standings.student_key
            and outcomes.horizon_years + 1 = standings.horizon_years
    where outcomes.outcome = 'graduate' and standings.standing <> 'graduate'
)

select * from lost
