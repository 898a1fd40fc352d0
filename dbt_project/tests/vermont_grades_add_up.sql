{{ config(severity="warn") }}

/*
**What is this test?** In each row of a printed report the grades add up to its total.
**When is this important to resolve?** When a year comes: a grade whose heading changed
is left out (its name is in the message of the delivery), or a cell is in quarantine.
**How to resolve?** Add the heading to read.unpivot in
expectations/vt/enrollment_report.yml.
*/
with cells as (
    select * from {{ ref('stg_vt__enrollment_report') }}
    union all
    select * from {{ ref('stg_vt__enrollment_report_csv') }}
),

added as (
    select
        source_file,
        source_row,
        delivery,
        sum(student_count) filter (where grade = 'all') as printed_total,
        sum(student_count) filter (where grade <> 'all') as grades_total
    from cells
    group by source_file, source_row, delivery
),

wrong as (
    select * from added
    where printed_total is distinct from grades_total
)

select * from wrong
