-- The school that a state code means, where it has meant one alone in all years: by the
-- crosswalk, and by the seed school_id_changes for codes and ids that were replaced.
with crosswalk as (
    select * from {{ ref('int_school_crosswalk') }}
),

id_changes as (
    select * from {{ ref('school_id_changes') }}
),

owned as (
    select
        crosswalk.state,
        crosswalk.school_id_state,
        coalesce(id_changes.school_id_nces, crosswalk.school_id_nces) as school
    from crosswalk
    left join id_changes
        on
            crosswalk.state = id_changes.state
            and crosswalk.school_id_nces = id_changes.printed_id
    union
    select
        state,
        printed_id as school_id_state,
        coalesce(school_id_nces, school_id_state) as school
    from id_changes
),

unambiguous as (
    select
        state,
        school_id_state,
        min(school) as school
    from owned
    group by state, school_id_state
    having count(*) = 1
)

select * from unambiguous
