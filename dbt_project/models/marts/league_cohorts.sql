-- The cohort planned for a school beside the one that it joined: a plan is no fact.
with milestones as (
    {{ league_rows('milestones', ['phase']) }}
),

selected as (
    select
        school_key,
        school_id_nces,
        state,
        known_name as school_name,
        planned_cohort,
        actual_cohort,
        planned_date as planned_selection_date,
        actual_date as actual_selection_date,
        source_file,
        source_row,
        delivery
    from milestones
    where
        phase = 'selected'
        and (planned_cohort is not null or actual_cohort is not null)
)

select * from selected
