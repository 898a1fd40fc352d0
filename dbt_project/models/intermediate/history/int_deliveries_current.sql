-- A file delivered again under the same name replaces the earlier one as a whole.
with deliveries as (
    select * from {{ ref('stg_lake__deliveries') }}
    where status = 'validated'
),

newest as (
    select *
    from deliveries
    qualify row_number() over (
        partition by provider, extract, file
        order by
            landed_at desc nulls last,
            sha256 desc nulls last
    ) = 1
)

select * from newest
