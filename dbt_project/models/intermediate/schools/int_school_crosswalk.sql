-- The federal id of each state code, with the years in which the two belong together:
-- no years are all years. No code and no id stands twice in a school year.
with judged as (
    select * from {{ ref('int_school_crosswalk_judged') }}
),

sound as (
    select * exclude (contradiction, other_rows)
    from judged
    where contradiction is null
)

select * from sound
