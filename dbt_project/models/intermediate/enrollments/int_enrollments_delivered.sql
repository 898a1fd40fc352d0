{{ config(materialized="view") }}

-- Head counts of the current deliveries alone: a file delivered again under the same
-- name replaces the earlier one as a whole. Whether the public may see them is what the
-- contract says today, not what it said when they landed.
with enrollments as (
    select * exclude (fault)
    from {{ ref('int_enrollments_judged') }}
    where fault is null
),

deliveries as (
    select * from {{ ref('int_deliveries_current') }}
),

contracts as (
    select * from {{ ref('stg_lake__contracts') }}
),

delivered as (
    select
        enrollments.*,
        deliveries.landed_at,
        contracts.visibility
    from enrollments
    left join contracts
        on
            enrollments.provider = contracts.provider
            and enrollments.extract = contracts.extract
    inner join deliveries
        on
            enrollments.provider = deliveries.provider
            and enrollments.extract = deliveries.extract
            and enrollments.delivery = deliveries.delivery
)

select * from delivered
