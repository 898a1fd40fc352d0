-- In which years the files of an extract name a school, beside the years of the extract
-- that came: a year that did not come says nothing about a school.
with outcomes as (
    select * from {{ ref('int_outcomes_current') }}
    where level = 'school'
),

enrollments as (
    select * from {{ ref('int_enrollments_current') }}
    where level = 'school'
),

states as (
    select * from {{ ref('states') }}
    where is_nessc
),

named as (
    select distinct
        provider,
        extract,
        state,
        school_key,
        school_year
    from outcomes
    where student_group = 'all' and source_file is not null
    union
    select distinct
        provider,
        extract,
        state,
        school_key,
        school_year
    from enrollments
),

received as (
    select distinct
        named.provider,
        named.extract,
        named.state,
        named.school_year
    from named
    inner join states
        on named.state = states.state
),

numbered as (
    select
        *,
        lag(school_year) over series as year_before,
        lead(school_year) over series as year_after
    from received
    window series as (partition by provider, extract, state order by school_year)
),

appearances as (
    select
        named.provider,
        named.extract,
        named.state,
        named.school_key,
        named.school_year,
        numbered.year_before,
        numbered.year_after,
        lag(named.school_year) over school as named_before,
        lead(named.school_year) over school as named_after
    from named
    inner join numbered
        on
            named.provider = numbered.provider
            and named.extract = numbered.extract
            and named.state = numbered.state
            and named.school_year = numbered.school_year
    window school as (
        partition by named.provider, named.extract, named.school_key
        order by named.school_year
    )
)

select * from appearances
