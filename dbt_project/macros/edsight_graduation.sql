{#- CTEs that unpivot the rows of an EdSight graduation extract into one row a printed
    rate, and type them. Graduates and non-graduates come in separate files. A file
    without a school column holds the state's own row, which counts students placed
    outside any school: it is read, never summed (docs/glossary.md, "state row"). -#}
{%- macro edsight_graduation(extract, years) -%}
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
            {{ rate }} as value_token,
        from printed
        where _layout in ('school_{{ part }}', 'state_{{ part }}')
        {%- endfor %}
    ),

    renamed as (
        select
            'ct' as provider,
            '{{ extract }}' as extract,
            case when school_name is null then 'state' else 'school' end as level,
            'CT' as state,
            cast(null as varchar) as lea_id_nces,
            lea_id_state,
            case when school_name is not null then district_name end as lea_name,
            cast(null as varchar) as school_id_nces,
            school_id_state,
            school_name,
            _school_year as school_year,
            metric_id,
            coalesce(student_group_label, 'All Students') as student_group_label,
            numerator_token,
            cohort_count as denominator_token,
            value_token,
            definition_id,
            cast(null as date) as data_as_of,
            _source_file as source_file,
            _source_row as source_row,
            _delivery as delivery,
        from unpivoted
    ),

    {{ typed_outcomes('renamed') }}
{%- endmacro -%}
