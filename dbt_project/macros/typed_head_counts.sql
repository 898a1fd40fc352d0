{#- The columns that every staged head count has, in order; the union relies on them. -#}
{%- macro enrollment_columns() -%}
provider, extract, level, state, lea_id_nces, lea_id_state, lea_name,
    school_id_nces, school_id_state, school_name, school_year, grade,
    student_group_label, student_count, value_status, source_file, source_row, delivery
{%- endmacro -%}

{#- CTEs that type the cells of `relation`, which holds count_token beside the other
    columns of a head count. -#}
{%- macro typed_head_counts(relation) -%}
    counted as (
        select
            *,
            {{ printed_count("replace(count_token, ',', '')") }} as student_count,
            {{ head_count_status('count_token') }} as value_status
        from {{ relation }}
    ),

    typed as (
        select {{ enrollment_columns() }}
        from counted
    )
{%- endmacro -%}

{%- macro head_count_status(token) -%}
case
    when {{ marker_status(token) }} is not null then {{ marker_status(token) }}
    when {{ printed_count("replace(" ~ token ~ ", ',', '')") }} >= 0 then 'reported'
end
{%- endmacro -%}
