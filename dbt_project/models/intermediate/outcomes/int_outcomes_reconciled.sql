-- Two providers may report one cell. Both rows stay; one is preferred: the more exact
-- first (a rate, then a range, then a marker), then the provider closer to the origin
-- (seed provider_ranks).
with outcomes as (
    select * from {{ ref('int_outcomes_current') }}
),

missing as (
    select * from {{ ref('int_outcomes_missing') }}
),

uncounted as (
    select * from {{ ref('int_outcomes_uncounted') }}
),

provider_ranks as (
    select * from {{ ref('provider_ranks') }}
),

completed as (
    select * exclude (landed_at)
    from outcomes
    union all by name
    select
        *,
        'not_reported' as value_status,
    from missing
    union all by name
    select * from uncounted
),

ranked as (
    select
        completed.*,
        row_number() over (
            partition by
                completed.level,
                completed.state,
                completed.school_key,
                completed.school_year,
                completed.metric_id,
                completed.student_group
            order by
                case completed.value_status
                    when 'reported' then 1
                    when 'range' then 2
                    when 'suppressed' then 3
                    when 'not_applicable' then 4
                    else 5
                end,
                provider_ranks.rank,
                completed.provider
        ) = 1 as is_preferred,
    from completed
    left join provider_ranks
        on completed.provider = provider_ranks.provider
)

select * from ranked
