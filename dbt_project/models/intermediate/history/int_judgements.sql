-- What became of each file, judgement by judgement: on landing, when other rules judged
-- the same bytes anew, when they were delivered once more, and when a refused file was
-- taken back.
with deliveries as (
    select * from {{ ref('stg_lake__deliveries') }}
    where status in ('validated', 'refused')
),

landed as (
    select
        *,
        unnest(list_append(coalesce(landed_before, []), landed_at)) as landing
    from deliveries
),

-- Of bytes that others judged first, the rules of today count from their own day.
last as (
    select
        * exclude (landing, judged_at, faults),
        greatest(landing, coalesce(judged_at, landing)) as judged_at,
        faults
    from landed
),

earlier as (
    select
        * exclude (status, judged_at, faults),
        unnest(judged_before) as judgement
    from deliveries
),

dated as (
    select
        * exclude (judgement),
        judgement['status'] as status,
        cast(judgement['judged_at'] as timestamp) as judged_at,
        judgement['faults'] as faults
    from earlier
),

taken_back as (
    select
        * exclude (status, judged_at, faults),
        'withdrawn' as status,
        withdrawn_at as judged_at,
        [] as faults
    from deliveries
    where withdrawn_at is not null
),

judgements as (
    select * from last
    union by name
    select * from dated
    union by name
    select * from taken_back
),

named as (
    select
        provider,
        extract,
        school_year,
        file,
        delivery,
        status,
        judged_at,
        coalesce(faults, []) as faults
    from judgements
)

select * from named
