-- One row a school, as int_schools finds it.
with schools as (
    select * from {{ ref('int_schools') }}
),

published as (
    select
        school_key,
        school_id_nces,
        state,
        school_name,
        lea_id_nces,
        lea_name,
        school_id_state,
        is_active,
        first_year,
        last_year,
        is_consortium_state
    from schools
)

select * from published
