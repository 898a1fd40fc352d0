-- Which numbers a restricted cell shows: one row a cell and side.
with cells as (
    select * from {{ ref('int_restricted_cells') }}
    where has_counts
),

numbers as (
    select * from {{ ref('int_protected_counts') }}
),

sided as (
    select
        *,
        'numerator' as side,
        numerator_count as count_name
    from cells
    union all
    select
        *,
        'denominator' as side,
        denominator_count as count_name
    from cells
),

shown as (
    select
        sided.cell_id,
        sided.provider,
        sided.side,
        numbers.count_id
    from sided
    inner join numbers
        on
            sided.level = numbers.level
            and sided.place_key = numbers.place_key
            and sided.school_year = numbers.school_year
            and sided.count_name = numbers.count_name
            and sided.student_group = numbers.student_group
            and numbers.told_by in ('', sided.provider)
)

select * from shown
