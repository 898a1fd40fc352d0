-- What is due when, by state, extract and school year: what became of it stands in
-- coverage and state_coverage, the days here. Nothing depends on the day of the build
-- (decision 0070); calendar_on(day) says what is late or missing on a day.
with coverage as (
    select * from {{ ref('coverage') }}
),

-- What is computed here is no delivery.
of_states as (
    select * from {{ ref('state_coverage') }}
    where provider <> 'computed'
),

days as (
    select * from {{ ref('int_delivery_days') }}
),

states as (
    select * from {{ ref('states') }}
    where is_nessc
),

listed as (
    select
        provider,
        extract,
        school_year,
    from coverage
    union
    select
        provider,
        extract,
        school_year,
    from days
),

-- Years whose rows tell of no state, or that nothing has come of.
of_none as (
    select
        coalesce(states.state, '*') as state,
        listed.*,
        coalesce(coverage.coverage_status, 'missing') as coverage_status,
    from listed
    left join coverage
        using (provider, extract, school_year)
    left join states
        on upper(listed.provider) = states.state
    anti join of_states
        on
            listed.provider = of_states.provider
            and listed.extract = of_states.extract
            and listed.school_year = of_states.school_year
),

expected as (
    select
        state,
        provider,
        extract,
        school_year,
        coverage_status,
    from of_states
    union all by name
    select * from of_none
),

dated as (
    select
        expected.*,
        days.came_on,
        days.due_on,
        days.grace_days,
        days.due_basis,
        days.years_learned,
        min(case when expected.coverage_status = 'received' then days.came_on end)
            over (
                partition by expected.state, expected.provider, expected.extract
                order by expected.school_year
                rows between 1 following and unbounded following
            ) as later_came_on,
    from expected
    left join days
        on
            expected.provider = days.provider
            and expected.extract = days.extract
            and expected.school_year = days.school_year
),

-- A year of which nobody knows when it is due is not late; once a later one came, it
-- is not to be waited for.
judged as (
    select
        *,
        case
            when coverage_status = 'received' then 'delivered'
            when coverage_status in ('unexpected', 'not_collected')
                then coverage_status
            else 'open'
        end as delivery_status,
        coverage_status in ('received', 'partly_received', 'unexpected') as has_come,
        coalesce(due_basis, 'not_due') = 'too_few' as is_unknown,
    from dated
),

told as (
    select
        state,
        provider,
        extract,
        cast(school_year as integer) as school_year,
        delivery_status,
        case when has_come then came_on end as came_on,
        due_on,
        case
            when delivery_status = 'open'
                then coalesce(due_on + grace_days + 1, later_came_on)
        end as missing_from,
        case
            when delivery_status = 'open' and is_unknown and later_came_on is not null
                then 'a_later_year'
            else coalesce(due_basis, 'not_due')
        end as due_basis,
        years_learned,
        case
            when coverage_status = 'partly_received'
                then 'Some of its files came; see coverage.'
            when coverage_status = 'refused' then 'Refused; see deliveries.'
            when delivery_status = 'unexpected'
                then 'Nobody expects it: is landing.school_years right?'
            when delivery_status = 'open' and is_unknown and later_came_on is not null
                then 'A later year came: this one is not waited for.'
            when delivery_status = 'open' and is_unknown
                then 'Fewer than three years came in their time: no day can be learned.'
            else ''
        end as message,
    from judged
)

select * from told
