{#- CTEs that name and type head counts; `relation` holds the printed rows with grade,
    student_group_label and count_token. A row without a school is the state's own. -#}
{%- macro edsight_head_counts(extract, relation, has_schools) -%}
    renamed as (
        select
            'ct' as provider,
            '{{ extract }}' as extract,
            'CT' as state,
            cast(null as varchar) as lea_id_nces,
            cast(null as varchar) as school_id_nces,
            {% if has_schools -%}
            case when school_name is null then 'state' else 'school' end as level,
            lea_id_state,
            district_name as lea_name,
            school_id_state,
            school_name,
            {%- else -%}
            'state' as level,
            cast(null as varchar) as lea_id_state,
            cast(null as varchar) as lea_name,
            cast(null as varchar) as school_id_state,
            cast(null as varchar) as school_name,
            {%- endif %}
            _school_year as school_year,
            grade,
            student_group_label,
            count_token,
            _source_file as source_file,
            _source_row as source_row,
            _delivery as delivery
        from {{ relation }}
    ),

    {{ typed_head_counts('renamed') }}
{%- endmacro -%}
