with contracts as (
    select * from {{ source('lake', 'contracts') }}
),

typed as (
    select
        provider,
        extract,
        visibility,
        sha256,
    from contracts
)

select * from typed
