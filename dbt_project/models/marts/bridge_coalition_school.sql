-- Which school belongs to which coalition, from when to when.
with members as (
    select * from {{ ref('int_coalition_members') }}
),

published as (
    select
        coalition_id,
        school_key,
        school_id_nces,
        state,
        first_year,
        last_year,
        basis,
        reason,
        source,
        evidence
    from members
)

select * from published
