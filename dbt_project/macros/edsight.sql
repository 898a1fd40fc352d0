{#- What EdSight's exports have in common. A file of the state calls it by name in the
    place of a district and has no codes. -#}
{%- macro edsight_level(unit) -%}
case when district_name = 'State of Connecticut' then 'state' else '{{ unit }}' end
{%- endmacro -%}

{#- "Grade   1" as the label Grade 1: the blanks pad the number to two places. -#}
{%- macro edsight_grade_label(cell) -%}
regexp_replace({{ cell }}, ' +', ' ', 'g')
{%- endmacro -%}

{#- The CEDS grade of Pre-Kindergarten, Kindergarten, Grade 1 to Grade 12 or Total. -#}
{%- macro edsight_grade(label) -%}
case {{ label }}
    when 'Pre-Kindergarten' then 'PK'
    when 'Kindergarten' then 'KG'
    when 'Total' then 'all'
    else lpad(regexp_extract({{ label }}, '\d+'), 2, '0')
end
{%- endmacro -%}

{#- Ids and lineage of a staged rate; `unit` is what the rows are that are no state. -#}
{%- macro edsight_place(extract, unit) -%}
'ct' as provider,
            '{{ extract }}' as extract,
            {{ edsight_level(unit) }} as level,
            'CT' as state,
            cast(null as varchar) as lea_id_nces,
            {% if unit != 'state' %}lea_id_state{% else %}cast(null as varchar) as lea_id_state{% endif %},
            case when district_name <> 'State of Connecticut' then district_name end
                as lea_name,
            cast(null as varchar) as school_id_nces,
            {% if unit == 'school' -%}
            school_id_state,
            school_name
            {%- else -%}
            cast(null as varchar) as school_id_state,
            cast(null as varchar) as school_name
            {%- endif %}
{%- endmacro -%}

{%- macro edsight_lineage() -%}
cast(null as date) as data_as_of,
            _source_file as source_file,
            _source_row as source_row,
            _delivery as delivery
{%- endmacro -%}
