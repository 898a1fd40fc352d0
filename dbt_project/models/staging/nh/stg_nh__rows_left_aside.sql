-- Rows of sound files that the warehouse does not read, each with the reason: what is
-- left out is counted and never lost.
with assessment as (
    select * from {{ source('nh', 'assessment') }}
    where not coalesce({{ nh_assessment_is_read() }}, false)
),

grad_ccr as (
    select * from {{ source('nh', 'grad_ccr') }}
    where not coalesce({{ nh_grad_ccr_is_read() }}, false)
),

left_aside as (
    select
        'nh' as provider,
        'assessment' as extract,
        _delivery as delivery,
        _source_row as source_row,
        _school_year as school_year,
        case
            when coalesce(grade, '') <> '11' then 'Grades 3 to 8 or all grades together'
            when denominator_type <> 'Regular' then 'The federal denominator'
            else 'A student group that the consortium does not report'
        end as reason
    from assessment
    union all
    select
        'nh' as provider,
        'grad_ccr' as extract,
        _delivery as delivery,
        _source_row as source_row,
        _school_year as school_year,
        'A student group that the consortium does not report' as reason
    from grad_ccr
)

select * from left_aside
