-- What a release was made with: a digest of each contract, of the code and of each seed.
-- Two releases are compared by it, to say which rule moved a number.
with contracts as (
    select * from {{ ref('stg_lake__contracts') }}
    where sha256 is not null
),

digested as (
    select
        'contract' as kind,
        provider || '/' || extract as name,
        sha256 as digest,
    from contracts
    union all
    select
        'code' as kind,
        'common_metrics' as name,
        '{{ env_var("COMMON_METRICS_CODE", "unknown") }}' as digest,
    {{ seed_digests() }}
)

select * from digested
