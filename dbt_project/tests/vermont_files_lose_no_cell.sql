{{ config(severity='warn') }}
/*
**What is this test?** The staged cells of a Vermont delivery are just those that it
prints: of a report all students, of the long files one cell a row that is a metric.
**When is this important to resolve?** At once: a cell was lost or doubled.
**How to resolve?** Compare the delivery under validated/ with its staging model.
*/
with printed as (
    select
        'enrollment_report' as extract,
        _delivery as delivery,
        sum(try_cast(replace(student_count, ',', '') as bigint)) as amount
    from {{ source('vt', 'enrollment_report') }}
    group by all
    union all
    select
        'student_information' as extract,
        _delivery as delivery,
        count(*) as amount
    from {{ source('vt', 'student_information') }}
    where information_group = 'Graduation Rate' and organization_id not like 'VT%'
    group by all
    union all
    select
        'assessment' as extract,
        _delivery as delivery,
        count(*) as amount
    from {{ source('vt', 'assessment') }}
    where
        indicator_label = 'Total Proficient and Above'
        and test_name similar to '.*Grade (09|11)'
        and student_group_label in (
            select labels.student_group_label
            from {{ ref('student_group_labels') }} as labels
            where labels.provider = 'vt'
        )
    group by all
),

staged as (
    select
        extract,
        delivery,
        sum(student_count) as amount
    from {{ ref('stg_vt__enrollment_report') }}
    group by all
    union all
    select
        extract,
        delivery,
        count(*) as amount
    from {{ ref('stg_vt__student_information') }}
    where level <> 'state'
    group by all
    union all
    select
        extract,
        delivery,
        count(*) as amount
    from {{ ref('stg_vt__assessment') }}
    group by all
),

wrong as (
    select
        coalesce(printed.extract, staged.extract) as extract,
        coalesce(printed.delivery, staged.delivery) as delivery,
        printed.amount as printed_amount,
        staged.amount as staged_amount
    from printed
    full join staged
        on
            printed.extract = staged.extract
            and printed.delivery = staged.delivery
    where printed.amount is distinct from staged.amount
)

select * from wrong
