with disagreements as (
    select * from {{ ref('reconciliation') }}
    where is_public
)

select * from disagreements
