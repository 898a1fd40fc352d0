-- All rows of the cells that more than one accepted delivery printed, each with the
-- time in which its delivery was the newest of its file name. Most cells were printed
-- once: they are left out before anything is compared.
with outcomes as (
    select * from {{ ref('int_outcomes_conformed') }}
),

superseded as (
    select * from {{ ref('int_outcomes_superseded') }}
),

lives as (
    select * from {{ ref('int_delivery_lives') }}
),

high_schools as (
    select * from {{ ref('int_high_schools') }}
),

metrics as (
    select * from {{ ref('metrics') }}
    where is_of_high_schools
),

again as (
    select {{ cell_of() }}
    from superseded
    union
    select {{ cell_of() }}
    from outcomes
    group by {{ cell_of() }}
    having count(*) > 1
    union
    select {{ cell_of('outcomes') }}
    from outcomes
    inner join lives
        on
            outcomes.provider = lives.provider
            and outcomes.extract = lives.extract
            and outcomes.delivery = lives.delivery
    where lives.superseded_at is not null
),

printed as (
    select * exclude (landed_at)
    from outcomes
    union all by name
    select *
    from superseded
),

-- A school whose only class was withdrawn is no high school of today, but it was one.
printed_again as (
    select
        printed.*,
        lives.sha256,
        lives.landed_at,
        lives.superseded_at,
        lives.superseded_by
    from printed
    inner join again
        on {{ is_same_cell('printed', 'again') }}
    inner join lives
        on
            printed.provider = lives.provider
            and printed.extract = lives.extract
            and printed.delivery = lives.delivery
    where
        printed.level <> 'school'
        or printed.school_key in (select high_schools.school_key from high_schools)
        or printed.metric_id in (select metrics.metric_id from metrics)
)

select * from printed_again
