-- The student groups that a student counts in, over the school years of a window.
-- Gender, race and ethnicity are those of the newest record. A need is by the rule
-- `ever` (once had, it counts; its complement is to have never had it) or `at_exit` (as
-- of the last record of the window).
with windows as (
    select distinct
        state,
        student_key,
        first_year,
        last_year
    from {{ ref('int_student_cases') }}
),

{{ current_records('int_student_groups') }},

student_groups as (
    select * from {{ ref('student_groups') }}
),

rules as (
    select * from {{ ref('int_state_rules') }}
),

grouped as (
    select
        windows.*,
        current_records.student_group,
        student_groups.complement_group,
        student_groups.category in ('gender', 'race_ethnicity')
        or rules.subgroup_rule = 'at_exit' as newest_counts,
        current_records.school_year = max(current_records.school_year) over (
            partition by
                windows.state,
                windows.student_key,
                windows.first_year,
                windows.last_year,
                student_groups.category
        ) as is_newest
    from windows
    inner join current_records
        on
            windows.state = current_records.state
            and windows.student_key = current_records.student_key
            and current_records.school_year
            between windows.first_year and windows.last_year
    inner join student_groups
        on current_records.student_group = student_groups.student_group
    inner join rules
        on windows.state = rules.state
),

counting as (
    select distinct
        state,
        student_key,
        first_year,
        last_year,
        student_group,
        complement_group
    from grouped
    where is_newest or not newest_counts
),

-- A condition about one side alone stands in the key: beside it, an anti join of DuckDB
-- compares all rows with all (findings/duckdb_outer_join_of_one_side.sh).
settled as (
    select
        counting.state,
        counting.student_key,
        counting.first_year,
        counting.last_year,
        counting.student_group
    from counting
    anti join counting as needs
        on
            counting.state = needs.state
            and counting.student_key = needs.student_key
            and counting.first_year = needs.first_year
            and counting.last_year = needs.last_year
            and case
                when left(counting.student_group, 4) = 'non_'
                    then counting.complement_group
            end = needs.student_group
    union all
    select
        state,
        student_key,
        first_year,
        last_year,
        'all' as student_group
    from windows
)

select * from settled
