-- Levels 3 and 4 (met or exceeded) of the students with a score, by Connecticut's marks
-- of the SAT. It is given in grade 11 alone, so that all students are all of grade 11.
with printed as (
    select * from {{ source('ct', 'sat') }}
),

renamed as (
    select
        {{ edsight_place('sat', 'lea') }},
        _school_year as school_year,
        'proficiency_' || lower(subject) || '_sat_ct' as metric_id,
        case high_needs
            when 'Y' then 'High Needs'
            when 'N' then 'Non-High Needs'
            else 'All Students'
        end as student_group_label,
        proficient_count as numerator_token,
        scored_count as denominator_token,
        proficient_pct as value_token,
        'ct_sat_level_3_4' as definition_id,
        {{ edsight_lineage() }}
    from printed
),

{{ typed_outcomes('renamed') }}

select * from typed
