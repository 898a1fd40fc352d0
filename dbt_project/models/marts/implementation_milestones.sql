-- When each phase was to begin at a school, and when it began: two facts, kept apart.
with milestones as (
    {{ league_rows('milestones', ['phase']) }}
),

dated as (
    select
        school_key,
        school_id_nces,
        state,
        known_name as school_name,
        phase,
        planned_date,
        actual_date,
        date_diff('day', planned_date, actual_date) as days_late,
        source_file,
        source_row,
        delivery
    from milestones
)

select * from dated
