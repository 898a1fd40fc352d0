-- Two providers may report one cell. Both rows stay; one is preferred: the more exact
-- first (a rate, then a range, then a marker), then the provider closer to the origin
-- (seed provider_ranks). A state's rate computed from records that do not hold the
-- state's students is that of the schools that sent them, and never preferred.
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

coverage as (
    select * from {{ ref('int_record_coverage') }}
),

completed as (
    select * exclude (landed_at)
    from outcomes
    union all by name
    select
        *,
        'not_reported' as value_status
    from missing
    union all by name
    select * from uncounted
),

placed as (
    select
        completed.*,
        case
            when completed.level <> 'state' or completed.provider <> 'computed'
                then 'as published'
            when coverage.covers_state then 'records of the state'
            else 'schools that sent records'
        end as counted_from
    from completed
    left join coverage
        on
            completed.state = coverage.state
            and completed.extract = coverage.extract
            and completed.school_year = coverage.school_year
),

ranked as (
    select
        placed.*,
        placed.counted_from <> 'schools that sent records'
        and row_number() over (
            partition by
                placed.level,
                placed.state,
                placed.school_key,
                placed.school_year,
                placed.metric_id,
                placed.student_group
            order by
                placed.counted_from = 'schools that sent records',
                case placed.value_status
                    when 'reported' then 1
                    when 'range' then 2
                    when 'suppressed' then 3
                    when 'not_applicable' then 4
                    else 5
                end,
                provider_ranks.rank,
                placed.provider
        ) = 1 as is_preferred
    from placed
    left join provider_ranks
        on placed.provider = provider_ranks.provider
)

select * from ranked
