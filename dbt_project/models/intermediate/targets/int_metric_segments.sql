-- Stretches of years in which a provider counts a metric of a state in one way: a break
-- of the seed metric_breaks ends one and begins the next. A break without a provider is
-- one of all providers; another test is another metric and needs no break.
with metrics as (
    select * from {{ ref('metrics') }}
),

states as (
    select * from {{ ref('states') }}
),

providers as (
    select * from {{ ref('provider_ranks') }}
),

breaks as (
    select * from {{ ref('metric_breaks') }}
),

begun as (
    select
        states.state,
        metrics.metric_id,
        providers.provider,
        0 as first_year,
        cast(null as varchar) as break_description
    from metrics
    cross join states
    cross join providers
    union all
    select
        states.state,
        breaks.metric_id,
        providers.provider,
        breaks.first_year,
        breaks.description as break_description
    from breaks
    inner join states
        on breaks.state in (states.state, '*')
    inner join providers
        on coalesce(breaks.provider, providers.provider) = providers.provider
),

-- Two changes of one year are one break.
merged as (
    select
        state,
        metric_id,
        provider,
        first_year,
        string_agg(break_description, '; ' order by break_description)
            as break_description
    from begun
    group by state, metric_id, provider, first_year
),

segments as (
    select
        state,
        metric_id,
        provider,
        first_year,
        coalesce(
            lead(first_year) over (
                partition by state, metric_id, provider order by first_year
            ) - 1,
            9999
        ) as last_year,
        break_description
    from merged
)

select * from segments
