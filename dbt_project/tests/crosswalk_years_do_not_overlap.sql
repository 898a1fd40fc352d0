/*
**What is this test?** A state code or a federal id stands twice in the crosswalk for
one school year: a row of that school would count twice.
**When is this important to resolve?** Before publishing.
**How to resolve?** Give the rows of the crosswalk a last_year and a first_year that do
not meet, or take the wrong one out.
*/
with crosswalk as (
    select
        *,
        coalesce(first_year, 0) as from_year,
        coalesce(last_year, 9999) as to_year,
    from {{ ref('int_school_crosswalk') }}
),

overlapping as (
    select
        one.state,
        one.school_id_state,
        one.school_id_nces,
    from crosswalk as one
    inner join crosswalk as other
        on
            one.state = other.state
            and (
                one.school_id_state = other.school_id_state
                or one.school_id_nces = other.school_id_nces
            )
            and (
                one.school_id_state <> other.school_id_state
                or one.school_id_nces <> other.school_id_nces
                or one.from_year <> other.from_year
            )
            and one.from_year <= other.to_year
            and one.to_year >= other.from_year
)

select * from overlapping
