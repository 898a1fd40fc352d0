with student_groups as (
    select * from {{ ref('student_groups') }}
),

described as (
    select
        student_group,
        label,
        category,
        complement_group,
        cast(sort_order as integer) as sort_order
    from student_groups
)

select * from described
