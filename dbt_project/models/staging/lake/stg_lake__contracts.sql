with contracts as (
    select * from {{ source('lake', 'contracts') }}
),

typed as (
    select
        provider,
        extract,
        visibility,
    from contracts
)

select * from typed
