with orgs as (
    {{ current_rows('stg_oneroster__orgs') }}
),

sessions as (
    {{ current_rows('stg_oneroster__academic_sessions') }}
),

users as (
    {{ current_rows('stg_oneroster__users') }}
),

enrollments as (
    {{ current_rows('stg_oneroster__enrollments') }}
),

crosswalk as (
    select * from {{ ref('int_school_crosswalk') }}
),

-- OneRoster 1.1: a row marked to be deleted is no longer so.
students as (
    select * from users
    where role = 'student' and coalesce(status, '') <> 'tobedeleted'
),

schools as (
    select
        orgs.roster_set,
        orgs.sourced_id,
        coalesce(orgs.state, crosswalk.state) as state,
        coalesce(orgs.school_id_state, crosswalk.school_id_state) as school_id_state
    from orgs
    left join crosswalk on orgs.school_id_nces = crosswalk.school_id_nces
    where orgs.org_type = 'school' and coalesce(orgs.status, '') <> 'tobedeleted'
),

-- OneRoster 1.1: the end date of a session is the day after its last.
school_years as (
    select
        roster_set,
        school_year,
        start_date,
        end_date,
        count(*) over (partition by roster_set) as years_in_set
    from sessions
    where session_type = 'schoolYear' and coalesce(status, '') <> 'tobedeleted'
),

-- A row without a first day is of the set's school year, if the set has one alone.
dated as (
    select
        enrollments.*,
        school_years.school_year
    from enrollments
    inner join school_years
        on
            enrollments.roster_set = school_years.roster_set
            and (
                (
                    enrollments.begin_date >= school_years.start_date
                    and enrollments.begin_date < school_years.end_date
                )
                or (enrollments.begin_date is null and school_years.years_in_set = 1)
            )
    where
        enrollments.role = 'student'
        and coalesce(enrollments.status, '') <> 'tobedeleted'
),

joined as (
    select
        dated.*,
        schools.state,
        schools.school_id_state,
        students.student_key,
        students.grade
    from dated
    inner join students
        on
            dated.roster_set = students.roster_set
            and dated.user_sourced_id = students.sourced_id
    inner join schools
        on
            dated.roster_set = schools.roster_set
            and dated.school_sourced_id = schools.sourced_id
    where schools.school_id_state is not null
),

-- Enrolments are in classes: a student is in the school from the first class to the
-- last. Without a last day in one of them the student is still there.
rostered as (
    select
        provider,
        extract,
        state,
        student_key,
        school_id_state,
        school_year,
        max(grade) as grade,
        min(begin_date) as begin_date,
        case when count(end_date) = count(*) then max(end_date) end as end_date,
        source_file,
        min(source_row) as source_row,
        delivery
    from joined
    group by
        provider, extract, state, student_key, school_id_state, school_year,
        source_file, delivery
)

select * from rostered
