-- What is due when, by state, extract and school year: what became of it stands in
-- coverage and state_coverage, the days here. Nothing depends on the day of the build
-- (decision 0070); calendar_on(day) says what is late or missing on a day.
with coverage as (
    select * from {{ ref('coverage') }}
),

days as (
    select * from {{ ref('int_delivery_days') }}
),

-- What is computed here is no delivery.
of_states as (
    select * from {{ as_seen_by('partner', 'state_coverage') }}
    where provider <> 'computed'
),

states as (
    select * from {{ ref('states') }}
    where is_nessc
),

-- Years whose rows tell of no state, or that nothing came of, are of the provider's.
expected as (
    select
        coalesce(of_states.state, states.state, '*') as state,
        provider,
        extract,
        school_year,
        coalesce(of_states.coverage_status, coverage.coverage_status, 'missing')
            as coverage_status,
        coalesce(days.due_basis, 'not_due') as due_basis,
        days.* exclude (provider, extract, school_year, due_basis)
    from coverage
    full outer join days using (provider, extract, school_year)
    full outer join of_states using (provider, extract, school_year)
    left join states on upper(provider) = states.state
),

-- A year of which nobody knows when it is due is not late; once a later one came, as a
-- whole or in part, it is not to be waited for.
judged as (
    select
        * exclude (due_basis),
        case
            when coverage_status = 'received' then 'delivered'
            when coverage_status in ('unexpected', 'not_collected')
                then coverage_status
            else 'open'
        end as delivery_status,
        min(case
            when coverage_status in ('received', 'partly_received') then came_on
        end) over (
            partition by state, provider, extract
            order by school_year
            rows between 1 following and unbounded following
        ) as later_came_on,
        case
            when
                due_basis = 'too_few'
                and delivery_status = 'open'
                and later_came_on is not null
                then 'a_later_year'
            else due_basis
        end as due_basis
    from expected
),

told as (
    select
        state,
        provider,
        extract,
        cast(school_year as integer) as school_year,
        delivery_status,
        case
            when coverage_status in ('received', 'partly_received', 'unexpected')
                then came_on
        end as came_on,
        due_on,
        case
            when delivery_status = 'open'
                then coalesce(due_on + grace_days + 1, later_came_on)
        end as missing_from,
        due_basis,
        years_learned,
        case
            when coverage_status = 'partly_received'
                then 'Some of its files came; see coverage.'
            when coverage_status = 'refused' then 'Refused; see deliveries.'
            when delivery_status = 'unexpected'
                then 'Nobody expects it: is landing.school_years right?'
            when delivery_status <> 'open' then ''
            when due_basis = 'a_later_year'
                then 'A later year came: this one is not waited for.'
            when due_basis = 'too_few'
                then 'Fewer than three years came in their time: no day can be learned.'
            else ''
        end as message
    from judged
)

select * from told
