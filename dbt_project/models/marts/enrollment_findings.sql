-- Where a publisher's state total is not the sum of its schools: reported, not mended.
with cross_foot as (
    select * from {{ ref('int_enrollment_cross_foot') }}
    where difference_count <> 0
),

described as (
    select
        provider,
        extract,
        state,
        cast(school_year as integer) as school_year,
        grade,
        student_group,
        cast(schools_sum_count as bigint) as schools_sum_count,
        cast(state_count as bigint) as state_count,
        cast(difference_count as bigint) as difference_count,
        finding
    from cross_foot
)

select * from described
