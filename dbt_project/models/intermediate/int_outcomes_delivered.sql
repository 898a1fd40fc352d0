{{ config(materialized="view") }}

-- Outcomes of the current deliveries alone: a file delivered again under the same name
-- replaces the earlier one as a whole.
with outcomes as (
    select * from {{ ref('int_outcomes_unioned') }}
),

deliveries as (
    select * from {{ ref('int_deliveries_current') }}
),

delivered as (
    select
        outcomes.*,
        deliveries.landed_at,
    from outcomes
    inner join deliveries
        on
            outcomes.provider = deliveries.provider
            and outcomes.extract = deliveries.extract
            and outcomes.delivery = deliveries.delivery
)

select * from delivered
