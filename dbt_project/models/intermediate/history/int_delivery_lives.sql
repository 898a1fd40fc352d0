-- From when to when a delivery counted: until a newer one of the same file name was
-- accepted. Bytes that were taken back and delivered once more have several lives. The
-- current delivery of a file has a life without an end.
with deliveries as (
    select * from {{ ref('stg_lake__deliveries') }}
    where status = 'validated'
),

begun as (
    select
        provider,
        extract,
        file,
        sha256,
        delivery,
        unnest(list_append(coalesce(landed_before, []), landed_at)) as landed_at
    from deliveries
),

lives as (
    select
        *,
        lead(landed_at) over series as superseded_at,
        lead(sha256) over series as superseded_by
    from begun
    window series as (partition by provider, extract, file order by landed_at, sha256)
)

select * from lives
