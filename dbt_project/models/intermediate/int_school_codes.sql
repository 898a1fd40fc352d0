-- Files by student group name a school without its code. The code is taken from the
-- same provider's files that print both, when district and name give one code only;
-- two schools of one name stay unmatched (never a guess).
with named as (
    select
        provider,
        lea_id_state,
        school_name,
        school_id_state
    from {{ ref('int_outcomes_delivered') }}
    where school_id_state is not null
    union
    select
        provider,
        lea_id_state,
        school_name,
        school_id_state
    from {{ ref('int_enrollments_delivered') }}
    where school_id_state is not null
),

unambiguous as (
    select
        provider,
        lea_id_state,
        school_name,
        min(school_id_state) as school_id_state,
    from named
    group by provider, lea_id_state, school_name
    having count(*) = 1
)

select * from unambiguous
