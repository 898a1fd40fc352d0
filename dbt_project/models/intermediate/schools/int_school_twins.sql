-- A state's code and a federal id that no crosswalk brings together, and that are one
-- school by evidence: in the state one code and one id bear the name, and the
-- four-year cohorts that both publishers print are the same in two classes at least
-- and differ in none. A name alone decides nothing (0043).
with states as (
    select * from {{ ref('states') }}
),

labels as (
    select * from {{ ref('student_group_labels') }}
    where student_group = 'all'
),

crosswalk as (
    select * from {{ ref('int_school_crosswalk') }}
),

id_changes as (
    select * from {{ ref('school_id_changes') }}
),

outcomes as (
    select * from {{ ref('int_outcomes_delivered') }}
    where
        level = 'school'
        and metric_id = 'acgr_4yr'
        and denominator > 0
        and school_name is not null
),

cohorts as (
    select distinct
        states.state,
        {{ plain_name('outcomes.school_name') }} as plain_name,
        outcomes.school_id_state,
        outcomes.school_id_nces,
        outcomes.school_year,
        outcomes.denominator
    from outcomes
    inner join states
        on outcomes.state in (states.state, states.state_fips)
    inner join labels
        on
            outcomes.provider = labels.provider
            and outcomes.student_group_label = labels.student_group_label
),

coded as (
    select cohorts.*
    from cohorts
    anti join crosswalk
        on
            cohorts.state = crosswalk.state
            and cohorts.school_id_state = crosswalk.school_id_state
    anti join id_changes
        on
            cohorts.state = id_changes.state
            and cohorts.school_id_state = id_changes.printed_id
    where cohorts.school_id_state is not null and cohorts.school_id_nces is null
),

federal as (
    select cohorts.*
    from cohorts
    anti join crosswalk
        on cohorts.school_id_nces = crosswalk.school_id_nces
    anti join id_changes
        on
            cohorts.state = id_changes.state
            and cohorts.school_id_nces = id_changes.printed_id
    where cohorts.school_id_nces is not null and cohorts.school_id_state is null
),

alone as (
    select
        state,
        plain_name
    from cohorts
    group by state, plain_name
    having count(distinct school_id_state) = 1 and count(distinct school_id_nces) = 1
),

matched as (
    select
        coded.state,
        coded.school_id_state,
        federal.school_id_nces
    from coded
    inner join alone
        on
            coded.state = alone.state
            and coded.plain_name = alone.plain_name
    inner join federal
        on
            coded.state = federal.state
            and coded.plain_name = federal.plain_name
            and coded.school_year = federal.school_year
    group by coded.state, coded.school_id_state, federal.school_id_nces
    having
        count(distinct coded.school_year) >= 2
        and bool_and(coded.denominator = federal.denominator)
),

-- A school that bore two names may match two ids, and then none.
unambiguous as (
    select *
    from matched
    qualify
        count(*) over (partition by state, school_id_state) = 1
        and count(*) over (partition by school_id_nces) = 1
)

select * from unambiguous
