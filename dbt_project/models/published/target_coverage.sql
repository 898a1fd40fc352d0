-- Has each school a target for each metric, group and year, and if not, why not?
with coverage as (
    select * from {{ ref('int_target_coverage') }}
),

published as (
    select
        school_key,
        state,
        metric_id,
        student_group,
        cast(school_year as integer) as school_year,
        reason = 'target' as has_target,
        reason,
    from coverage
)

select * from published
