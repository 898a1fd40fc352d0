{{ config(materialized="view") }}

-- Each printed cell of the federal file beside the band in which the rule (seed
-- rate_bands) prints a rate of its lower end for a cohort of its size: the same band
-- where the cell follows the rule. A cell of all students of 201 to 300 may be printed
-- in bands of five points instead of whole numbers where a district has but one other,
-- very small school (file documentation SY 2015-16, section on privacy): its students
-- would follow from the district's rate.
with cells as (
    select * from {{ ref('stg_us__edfacts_acgr') }}
    where value_status in ('reported', 'range', 'suppressed')
),

banded as (
    select
        cells.*,
        {{
            banded_rate(
                'cells.denominator',
                'coalesce(cells.value_pct, cells.value_low_pct, 0)',
                "cells.student_group_label = 'ALL'",
                'edfacts',
            )
        }} as label_by_rule,
        -- As a subgroup of the same size would be printed.
        {{
            banded_rate(
                'cells.denominator',
                'coalesce(cells.value_pct, cells.value_low_pct, 0)',
                'false',
                'edfacts',
            )
        }} as guarded_label
    from cells
),

read as (
    select
        *,
        {{ value_status('label_by_rule') }} as status_by_rule,
        try_cast(label_by_rule as decimal(18, 12)) as pct_by_rule,
        {{ range_low('label_by_rule') }} as low_by_rule,
        {{ range_high('label_by_rule') }} as high_by_rule,
        {{ range_low('guarded_label') }} as guarded_low,
        {{ range_high('guarded_label') }} as guarded_high
    from banded
),

judged as (
    select
        state,
        school_id_nces,
        school_name,
        school_year,
        student_group_label,
        denominator,
        value_status,
        value_pct,
        value_low_pct,
        value_high_pct,
        label_by_rule,
        case
            when
                value_status = status_by_rule
                and (
                    value_status = 'suppressed'
                    or value_status = 'reported' and value_pct = pct_by_rule
                    or value_status = 'range'
                    and value_low_pct = low_by_rule
                    and value_high_pct = high_by_rule
                )
                then 'by_rule'
            when
                student_group_label = 'ALL'
                and denominator between 201 and 300
                and value_status = 'range'
                and value_low_pct = guarded_low
                and value_high_pct = guarded_high
                then 'guarded_as_a_subgroup'
            else 'otherwise'
        end as conformity,
        source_file,
        source_row
    from read
)

select * from judged
