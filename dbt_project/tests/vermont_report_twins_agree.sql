{{ config(severity="warn") }}

/*
**What is this test?** The printed report as a workbook and as csv says the same in each
cell.
**When is this important to resolve?** Before the numbers are used: one of the two is
wrong.
**How to resolve?** Ask the publisher which form counts; deliver the other again or not
at all.
*/
with workbooks as (
    select * from {{ source('vt', 'enrollment_report') }}
),

twins as (
    select * from {{ source('vt', 'enrollment_report_csv') }}
),

-- Where a form came twice, the cells of each delivery count.
compared as (
    select
        workbooks._school_year,
        workbooks._source_row,
        workbooks.grade_label,
        workbooks.school_name,
        workbooks.student_count,
        twins.school_name as twin_school_name,
        twins.student_count as twin_student_count
    from workbooks
    full join twins
        on
            workbooks._school_year = twins._school_year
            and workbooks._source_row = twins._source_row
            and workbooks.grade_label = twins.grade_label
    where
        coalesce(workbooks._school_year, twins._school_year) in (
            select other._school_year from twins as other
            intersect
            select other._school_year from workbooks as other
        )
),

wrong as (
    select * from compared
    where
        student_count is distinct from twin_student_count
        or school_name is distinct from twin_school_name
)

select * from wrong
