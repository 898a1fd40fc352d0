-- Whether the records that a state's computed rates come from hold the state's
-- students: a class against the state's head count of grade 12, enrolled students
-- against that of grades 9 to 12. Where no head count of the state came there is no
-- evidence.
with counts as (
    select * from {{ ref('int_computed_counts') }}
    where level = 'state' and student_group = 'all'
),

enrollments as (
    select * from {{ ref('int_enrollments_current') }}
    where level = 'state' and student_group = 'all' and student_count is not null
),

rules as (
    select * from {{ ref('int_state_rules') }}
),

classes as (
    select
        state,
        school_year,
        max(students_count) as class_count
    from counts
    where extract = 'cohort'
    group by state, school_year
),

recorded as (
    select
        counts.state,
        counts.extract,
        counts.school_year,
        counts.extract in ('cohort', 'postsecondary') as is_of_class,
        case
            when counts.extract in ('cohort', 'postsecondary')
                then max(classes.class_count)
            else max(counts.students_count)
        end as recorded_count
    from counts
    left join classes
        on
            counts.state = classes.state
            and counts.school_year = classes.school_year
    group by counts.state, counts.extract, counts.school_year
),

of_extracts as (
    select
        state,
        school_year,
        provider,
        extract,
        sum(student_count) filter (where grade = '12') as grade_12_count,
        case
            when count(distinct grade) filter (where {{ in_high_school('grade') }}) = 4
                then sum(student_count) filter (where {{ in_high_school('grade') }})
        end as high_school_count
    from enrollments
    group by state, school_year, provider, extract
),

head_counts as (
    select
        state,
        school_year,
        max(grade_12_count) as grade_12_count,
        max(high_school_count) as high_school_count
    from of_extracts
    group by state, school_year
),

compared as (
    select
        recorded.state,
        recorded.extract,
        recorded.school_year,
        recorded.recorded_count,
        case
            when recorded.is_of_class then head_counts.grade_12_count
            else head_counts.high_school_count
        end as head_count,
        coalesce(
            100 * recorded.recorded_count
            >= rules.minimum_state_coverage_pct * case
                when recorded.is_of_class then head_counts.grade_12_count
                else head_counts.high_school_count
            end,
            false
        ) as covers_state
    from recorded
    inner join rules
        on recorded.state = rules.state
    left join head_counts
        on
            recorded.state = head_counts.state
            and recorded.school_year = head_counts.school_year
)

select * from compared
