{{ config(materialized="view") }}

-- Outcomes of the current deliveries alone: a file delivered again under the same name
-- replaces the earlier one as a whole. Whether the public may see them is what the
-- contract says today, not what it said when they landed. Beside them stands what is
-- computed from students' records: no file printed it, and its small cells are hidden.
with outcomes as (
    select * exclude (fault)
    from {{ ref('int_outcomes_judged') }}
    where fault is null
),

computed as (
    select * from {{ ref('int_computed_outcomes') }}
),

deliveries as (
    select * from {{ ref('int_deliveries_current') }}
),

contracts as (
    select * from {{ ref('stg_lake__contracts') }}
),

delivered as (
    select
        outcomes.*,
        deliveries.landed_at,
        contracts.visibility
    from outcomes
    left join contracts
        on
            outcomes.provider = contracts.provider
            and outcomes.extract = contracts.extract
    inner join deliveries
        on
            outcomes.provider = deliveries.provider
            and outcomes.extract = deliveries.extract
            and outcomes.delivery = deliveries.delivery
    union all by name
    select
        computed.*,
        (select max(deliveries.landed_at) from deliveries) as landed_at,
        'restricted' as visibility
    from computed
)

select * from delivered
