-- Publishers print every school; the common metrics are those of high schools: schools
-- with students in grades 9 to 12, or with a class that graduates or goes to college.
with outcomes as (
    select * from {{ ref('int_outcomes_conformed') }}
    where level = 'school'
),

enrollments as (
    select * from {{ ref('int_enrollments_conformed') }}
    where level = 'school'
),

metrics as (
    select * from {{ ref('metrics') }}
    where is_of_high_schools
),

high_schools as (
    select distinct outcomes.school_key
    from outcomes
    inner join metrics
        on outcomes.metric_id = metrics.metric_id
    union
    select distinct school_key
    from enrollments
    where grade in ('09', '10', '11', '12') and student_count > 0
)

select * from high_schools
