-- The federal id of each state code, with the years in which the two belong together:
-- no years are all years. No code and no id stands twice in a school year.
with judged as (
    select * from {{ ref('int_school_crosswalk_judged') }}
),

sound as (
    select
        state,
        school_id_state,
        school_id_nces,
        school_name,
        lea_id_nces,
        lea_name,
        first_year,
        last_year,
        source_file,
        source_row,
        delivery
    from judged
    where contradiction is null
)

select * from sound
