-- Where a publisher's state total is not the sum of its schools: reported, not mended.
-- The public sees what was printed for everyone; sums of restricted head counts are for
-- partners.
with cross_foot as (
    select * from {{ ref('int_enrollment_cross_foot') }}
    where difference_count <> 0
),

contracts as (
    select * from {{ ref('stg_lake__contracts') }}
),

seen as (
    select
        cross_foot.*,
        audiences.audience
    from cross_foot
    cross join {{ audiences() }}
    left join contracts
        on
            cross_foot.provider = contracts.provider
            and cross_foot.extract = contracts.extract
    where audiences.audience = 'partner' or contracts.visibility = 'public'
),

described as (
    select
        audience,
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
    from seen
)

select * from described
