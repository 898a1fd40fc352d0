{#- CTEs that type the science rates of one extract. The publisher sums up "At or Above
    Goal", the state's own mark; Proficient lies below it and has no printed sum. -#}
{%- macro edsight_science(extract, unit) -%}
    printed as (
        select * from {{ source('ct', extract) }}
    ),

    renamed as (
        select
            {{ edsight_place(extract, unit) }},
            _school_year as school_year,
            'proficiency_science_cmt_capt' as metric_id,
            case when grade like 'Grade %' then grade else 'All Students' end
                as student_group_label,
            at_or_above_goal_count as numerator_token,
            scored_count as denominator_token,
            at_or_above_goal_pct as value_token,
            'ct_cmt_capt_goal' as definition_id,
            {{ edsight_lineage() }}
        from printed
    ),

    {{ typed_outcomes('renamed') }}
{%- endmacro -%}
