-- From when to when there are enrolment records of high school grades: of each school,
-- and of the state (without a school). A rate is computed only for years within.
with spells as (
    select * from {{ ref('int_student_spells') }}
    where {{ in_high_school('grade') }}
),

reached as (
    select
        state,
        school_id_state,
        grouping(school_id_state) = 1 as is_state,
        min(school_year) as first_year,
        max(school_year) as last_year
    from spells
    group by grouping sets ((state), (state, school_id_state))
)

select * from reached
where is_state or school_id_state is not null
