-- Stretches of years in which a metric of a state is counted in one way: a break of the
-- seed metric_breaks ends one and begins the next.
with metrics as (
    select * from {{ ref('metrics') }}
),

states as (
    select * from {{ ref('states') }}
),

breaks as (
    select * from {{ ref('metric_breaks') }}
),

begun as (
    select
        states.state,
        metrics.metric_id,
        0 as first_year,
        cast(null as varchar) as break_description,
    from metrics
    cross join states
    union
    select
        states.state,
        breaks.metric_id,
        breaks.first_year,
        breaks.description as break_description,
    from breaks
    inner join states
        on breaks.state in (states.state, '*')
),

segments as (
    select
        state,
        metric_id,
        first_year,
        coalesce(
            lead(first_year) over (
                partition by state, metric_id order by first_year
            ) - 1,
            9999
        ) as last_year,
        break_description,
    from begun
)

select * from segments
