-- What the accepted files of a school year hold beside those of the accepted year
-- before, which need not be the one before it: decision 0073. For partners alone: how
-- many cells a restricted extract holds would tell how many schools or groups it names.
-- A number jumped that differs by more than this share of the year before.
{%- set jump = 0.1 %}

with years as (
    select * from {{ ref('int_delivery_years') }}
),

states as (
    select * from {{ ref('states') }}
    where is_nessc
),

compared as (
    select
        years.*,
        lag(years.school_year) over earlier as year_before,
        lag(years.schools) over earlier as schools_before,
        lag(years.student_groups) over earlier as student_groups_before,
        lag(years.students) over earlier as students_before,
        lag(years.cells) over earlier as cells_before,
        lag(years.suppressed) over earlier as suppressed_before
    from years
    inner join states on years.state = states.state
    window earlier as (
        partition by years.state, years.provider, years.extract
        order by years.school_year
    )
),

judged as (
    select
        *,
        abs(schools - schools_before) > {{ jump }} * schools_before as schools_jumped,
        abs(students - students_before) > {{ jump }} * students_before
            as students_jumped,
        student_groups <> student_groups_before as student_groups_jumped,
        abs(suppressed / cells - suppressed_before / cells_before) > {{ jump }}
            as suppressed_jumped
    from compared
),

told as (
    select
        state,
        provider,
        extract,
        cast(school_year as integer) as school_year,
        cast(year_before as integer) as year_before,
        cast(schools as bigint) as schools_count,
        cast(schools_before as bigint) as schools_count_before,
        cast(student_groups as bigint) as student_groups_count,
        cast(student_groups_before as bigint) as student_groups_count_before,
        cast(students as bigint) as students_count,
        cast(students_before as bigint) as students_count_before,
        cast(cells as bigint) as cells_count,
        cast(cells_before as bigint) as cells_count_before,
        cast(suppressed as bigint) as suppressed_count,
        cast(suppressed_before as bigint) as suppressed_count_before,
        nullif(concat_ws(
            ', ',
            case when schools_jumped then 'schools' end,
            case when student_groups_jumped then 'student_groups' end,
            case when students_jumped then 'students' end,
            case when suppressed_jumped then 'suppressed' end
        ), '') as jumped
    from judged
)

select * from told
