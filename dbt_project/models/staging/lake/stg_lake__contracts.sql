with contracts as (
    select * from {{ source('lake', 'contracts') }}
),

typed as (
    select
        provider,
        extract,
        visibility,
        sha256,
        owner
    from contracts
)

select * from typed
