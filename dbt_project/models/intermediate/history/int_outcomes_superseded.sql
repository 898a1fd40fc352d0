-- Outcomes of deliveries that a newer one of the same file name replaced, under the
-- names and keys of today. Nothing of them is current; the current ones restate them.
with outcomes as (
    select * exclude (fault)
    from {{ ref('int_outcomes_judged') }}
    where fault is null
),

lives as (
    select * from {{ ref('int_delivery_lives') }}
),

contracts as (
    select * from {{ ref('stg_lake__contracts') }}
),

replaced as (
    select
        provider,
        extract,
        delivery
    from lives
    group by provider, extract, delivery
    having count(*) = count(superseded_at)
),

superseded as (
    select
        outcomes.*,
        contracts.visibility
    from outcomes
    inner join replaced
        on
            outcomes.provider = replaced.provider
            and outcomes.extract = replaced.extract
            and outcomes.delivery = replaced.delivery
    left join contracts
        on
            outcomes.provider = contracts.provider
            and outcomes.extract = contracts.extract
),

{{ conformed_schools('superseded') }},

conformed as (
    select
        {{ conformed_columns() }},
        source_row,
        delivery
    from keyed
)

select * from conformed
