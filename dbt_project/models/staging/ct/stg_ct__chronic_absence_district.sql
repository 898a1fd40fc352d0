-- "A student is chronically absent if he/she misses ten percent or greater of the total
-- number of days enrolled in the school year for any reason"; kindergarten to grade 12
-- (notes of the publisher on its export). The count
-- of absent students is printed from 2018-19 on, that of all students never.
with printed as (
    select * from {{ source('ct', 'chronic_absence_district') }}
),

renamed as (
    select
        {{ edsight_place('chronic_absence_district', 'lea') }},
        _school_year as school_year,
        'chronic_absence_k12' as metric_id,
        coalesce(
            student_group_label, {{ edsight_grade_label('grade') }}, 'All Students'
        ) as student_group_label,
        absent_count as numerator_token,
        cast(null as varchar) as denominator_token,
        absent_pct as value_token,
        'chronic_absence_10_pct' as definition_id,
        {{ edsight_lineage() }}
    from printed
),

{{ typed_outcomes('renamed') }}

select * from typed
