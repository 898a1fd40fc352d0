-- What a release was made with: a digest of each contract, seed and of the code.
-- Two releases are compared by it, to say which rule moved a number.
with contracts as (
    select * from {{ ref('stg_lake__contracts') }}
    where sha256 is not null
),

digested as (
    select
        'contract' as kind,
        provider || '/' || extract as name,
        sha256 as digest
    from contracts
    {{ code_and_seed_digests() }}
)

select * from digested
