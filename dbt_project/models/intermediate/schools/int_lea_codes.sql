-- Some files name a district without its code. The code is taken from the same
-- provider's files that print both, when the name has one code only.
with named as (
    select
        provider,
        lea_name,
        lea_id_state
    from {{ ref('int_outcomes_delivered') }}
    where level = 'lea' and lea_id_state is not null
    union
    select
        provider,
        lea_name,
        lea_id_state
    from {{ ref('int_enrollments_delivered') }}
    where level = 'lea' and lea_id_state is not null
),

unambiguous as (
    select
        provider,
        lea_name,
        min(lea_id_state) as lea_id_state
    from named
    where lea_name is not null
    group by provider, lea_name
    having count(*) = 1
)

select * from unambiguous
