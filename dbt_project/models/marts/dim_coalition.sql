with coalitions as (
    select * from {{ ref('coalitions') }}
),

described as (
    select
        coalition_id,
        coalition_name,
        kind,
        description,
        source,
    from coalitions
)

select * from described
