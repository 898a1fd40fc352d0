/*
**What is this test?** The membership intervals of a school in the League do not overlap:
on each day it is a member once or not at all.
**When is this important to resolve?** Before anything counts members by day or year.
**How to resolve?** Correct first_day or last_day in the membership list.
*/
with members as (
    select * from {{ ref('league_membership') }}
),

followed as (
    select
        school_key,
        first_day,
        last_day,
        lead(first_day) over (partition by school_key order by first_day) as next_day,
    from members
)

select *
from followed
where next_day is not null and (last_day is null or last_day >= next_day)
