-- How many students were set aside who may be in a computed rate, and how many rows of
-- nobody knows whom: by school or state, metric and school year or class.
with reach as (
    select * from {{ ref('int_set_aside_reach') }}
),

cohorts as (
    select * from {{ ref('int_cohort_outcomes') }}
),

counts as (
    select * from {{ ref('int_computed_counts') }}
),

listed_classes as (
    select distinct
        state,
        cohort_year
    from cohorts
    where is_listed
),

cells as (
    select distinct
        metric_id,
        level,
        state,
        school_id_state,
        school_year,
        case
            when metric_id = 'dropout_event' then 'event'
            when metric_id like 'pse_%_cohort' then 'college_cohort'
            when extract = 'postsecondary' then 'college'
            when extract = 'proficiency' then 'assessment'
            else extract
        end as kind
    from counts
    where student_group = 'all'
),

counted as (
    select
        cells.metric_id,
        cells.level,
        cells.state,
        cells.school_id_state,
        cells.school_year,
        count(distinct reach.unit) filter (where reach.is_student) as students_count,
        count(distinct reach.unit) filter (where not reach.is_student) as rows_count
    from cells
    inner join reach
        on
            cells.kind = reach.kind
            and cells.state = reach.state
            and (
                cells.level = 'state'
                or reach.school_id_state is null
                or cells.school_id_state = reach.school_id_state
            )
            and cells.school_year between reach.first_year and reach.last_year
    anti join listed_classes
        on
            cells.state = listed_classes.state
            and case when reach.stops_at_listings then cells.school_year end
            = listed_classes.cohort_year
    group by
        cells.metric_id,
        cells.level,
        cells.state,
        cells.school_id_state,
        cells.school_year
)

select * from counted
