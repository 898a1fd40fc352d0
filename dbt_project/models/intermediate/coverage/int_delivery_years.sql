-- What the files of each school year hold, by extract and state: delivery_years sets it
-- beside the year before.
with outcomes as (
    select * from {{ ref('int_outcomes_conformed') }}
),

enrollments as (
    select * from {{ ref('int_enrollments_conformed') }}
),

-- What is computed here is no delivery.
printed as (
    select
        state,
        provider,
        extract,
        school_year,
        level,
        school_key,
        student_group,
        'all' as grade,
        denominator as students,
        value_status
    from outcomes
    where provider <> 'computed'
    union all
    select
        state,
        provider,
        extract,
        school_year,
        level,
        school_key,
        student_group,
        grade,
        student_count as students,
        value_status
    from enrollments
),

-- The students of a place, where all of them are counted: in one number, else in every
-- grade. Several metrics of an extract count the same students, and some fewer of them.
by_grade as (
    select
        state,
        provider,
        extract,
        school_year,
        level,
        school_key,
        grade,
        max(students) filter (where student_group = 'all') as students
    from printed
    group by all
),

by_place as (
    select
        state,
        provider,
        extract,
        school_year,
        level,
        school_key,
        coalesce(
            max(students) filter (where grade = 'all'),
            case
                when bool_and(students is not null) filter (where grade <> 'all')
                    then sum(students) filter (where grade <> 'all')
            end
        ) as students
    from by_grade
    group by all
),

-- Nothing is summed over places of which one is not told.
by_level as (
    select
        state,
        provider,
        extract,
        school_year,
        level,
        count(*) as places,
        case when count(students) = places then sum(students) end as students
    from by_place
    group by all
),

-- A file of schools and districts counts each student twice: its smallest places count.
totalled as (
    select
        state,
        provider,
        extract,
        school_year,
        coalesce(max(places) filter (where level = 'school'), 0) as schools,
        coalesce(
            max(students) filter (where level = 'school'),
            max(students) filter (where level = 'lea'),
            max(students) filter (where level = 'state')
        ) as students
    from by_level
    group by all
),

counted as (
    select
        state,
        provider,
        extract,
        school_year,
        count(distinct student_group) as student_groups,
        count(*) as cells,
        count(*) filter (where value_status = 'suppressed') as suppressed
    from printed
    group by all
),

joined as (
    select
        counted.*,
        totalled.schools,
        totalled.students
    from counted
    inner join totalled using (state, provider, extract, school_year)
)

select * from joined
