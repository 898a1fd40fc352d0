-- The schools of a state together against the total that the same extract prints for
-- the state, cell by cell. States are not the sum of their schools: a difference is a
-- finding to read, not an error to mend. A cell counts where the state and all of its
-- schools print a number; schools without students of grades 9 to 12 count too.
with enrollments as (
    select * from {{ ref('int_enrollments_conformed') }}
    where level in ('school', 'state')
),

newest as (
    select *
    from enrollments
    qualify row_number() over (
        partition by
            provider,
            extract,
            state,
            school_key,
            school_year,
            grade,
            student_group
        order by {{ says_more_first(['student_count']) }}
    ) = 1
),

schools as (
    select
        provider,
        extract,
        state,
        school_year,
        grade,
        student_group,
        cast(sum(student_count) as bigint) as schools_sum_count
    from newest
    where level = 'school'
    group by provider, extract, state, school_year, grade, student_group
    having bool_and(value_status = 'reported')
),

states as (
    select
        provider,
        extract,
        state,
        school_year,
        grade,
        student_group,
        student_count as state_count
    from newest
    where level = 'state' and value_status = 'reported'
),

compared as (
    select
        states.provider,
        states.extract,
        states.state,
        states.school_year,
        states.grade,
        states.student_group,
        schools.schools_sum_count,
        states.state_count,
        states.state_count - schools.schools_sum_count as difference_count
    from states
    inner join schools
        on
            states.provider = schools.provider
            and states.extract = schools.extract
            and states.state = schools.state
            and states.school_year = schools.school_year
            and states.grade = schools.grade
            and states.student_group = schools.student_group
),

worded as (
    select
        *,
        case
            when difference_count > 0
                then
                    'The printed state total holds ' || difference_count
                    || ' more than the school rows that were read'
            when difference_count < 0
                then
                    'The school rows that were read hold ' || -difference_count
                    || ' more than the printed state total'
            else 'The school rows add up to the printed state total'
        end as finding
    from compared
)

select * from worded
