-- The national file by state: which state has rows in which year that came, and whose
-- schools are not seen where one has none. Years without a file stand in coverage.
with outcomes as (
    select * from {{ ref('int_outcomes_current') }}
    where provider = 'us' and level = 'school'
),

missing as (
    select * from {{ ref('int_state_years_missing') }}
),

states as (
    select * from {{ ref('states') }}
),

coalition_rules as (
    select * from {{ ref('coalition_rules') }}
    where is_counted
),

coalitions as (
    select
        state,
        string_agg(distinct coalition_id, ', ' order by coalition_id) as coalition_ids
    from coalition_rules
    group by state
),

named as (
    select
        provider,
        extract,
        state,
        cast(school_year as integer) as school_year,
        'received' as coverage_status,
        count(distinct school_key) as schools_count
    from outcomes
    where state is not null
    group by provider, extract, state, school_year
    union all
    select
        provider,
        extract,
        state,
        school_year,
        'missing' as coverage_status,
        0 as schools_count
    from missing
),

described as (
    select
        named.state,
        states.state_name,
        named.provider,
        named.extract,
        named.school_year,
        named.coverage_status,
        named.schools_count,
        coalitions.coalition_ids,
        case named.coverage_status
            when 'missing'
                then 'The file came without a row of this state; ask its publisher.'
            else ''
        end as message
    from named
    inner join states
        on named.state = states.state
    left join coalitions
        on named.state = coalitions.state
)

select * from described
