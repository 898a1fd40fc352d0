{#- CTEs that unpivot the rows of an EdSight graduation extract into one row a printed
    rate, and type them. Graduates and non-graduates come in separate files. A file of
    the state holds its own row, which counts students placed outside any school: it is
    read, never summed (docs/glossary.md, "state row"). `unit`: school or lea. -#}
{%- macro edsight_graduation(extract, years, unit='school') -%}
    printed as (
        select * from {{ source('ct', extract) }}
    ),

    unpivoted as (
        {%- for metric_id, count, rate, part, definition_id in [
            ('acgr_' ~ years ~ 'yr', 'graduation_count', 'graduation_pct', 'graduates', 'acgr_34cfr200_19'),
            ('still_enrolled_' ~ years ~ 'yr', 'still_enrolled_count', 'still_enrolled_pct', 'nongraduates', 'acgr_34cfr200_19'),
            ('other_noncompletion_' ~ years ~ 'yr', 'other_count', 'other_pct', 'nongraduates', 'ct_edsight_other'),
        ] %}
        {%- if not loop.first %}
        union all
        {%- endif %}
        select
            *,
            '{{ metric_id }}' as metric_id,
            '{{ definition_id }}' as definition_id,
            {{ count }} as numerator_token,
            {{ rate }} as value_token
        from printed
        where regexp_extract(_layout, '[a-z]+$') = '{{ part }}'
        {%- endfor %}
    ),

    renamed as (
        select
            {{ edsight_place(extract, unit) }},
            _school_year as school_year,
            metric_id,
            coalesce(student_group_label, 'All Students') as student_group_label,
            numerator_token,
            cohort_count as denominator_token,
            value_token,
            definition_id,
            {{ edsight_lineage() }}
        from unpivoted
    ),

    {{ typed_outcomes('renamed') }}
{%- endmacro -%}
