{#- CTEs that unpivot the rows of a New Hampshire enrolment file into one row a grade,
    and type them. `cells` pairs the CEDS grade with the column it is printed in;
    `unit` says what the rows are that are no state: school or lea. -#}
{%- macro nh_head_counts(extract, unit, cells) -%}
    unpivoted as (
        {%- for grade, cell in cells %}
        {%- if not loop.first %}
        union all
        {%- endif %}
        select
            *,
            '{{ grade }}' as grade,
            {{ cell }} as count_token
        from named
        {%- endfor %}
    ),

    renamed as (
        select
            'nh' as provider,
            '{{ extract }}' as extract,
            case when is_state then 'state' else '{{ unit }}' end as level,
            'NH' as state,
            cast(null as varchar) as lea_id_nces,
            case when not is_state then lea_id_state end as lea_id_state,
            case when not is_state then district_name end as lea_name,
            cast(null as varchar) as school_id_nces,
            {% if unit == 'school' -%}
            case when not is_state then school_id_state end as school_id_state,
            case when not is_state then school_name end as school_name,
            {%- else -%}
            cast(null as varchar) as school_id_state,
            cast(null as varchar) as school_name,
            {%- endif %}
            _school_year as school_year,
            grade,
            'All Students' as student_group_label,
            count_token,
            _source_file as source_file,
            _source_row as source_row,
            _delivery as delivery
        from unpivoted
    ),

    {{ typed_head_counts('renamed') }}
{%- endmacro -%}
