{#- What makes a cell of a provider: the columns, and that two relations mean the same. -#}
{%- macro cell_of(relation=none) -%}
{%- for column in [
    'provider', 'level', 'state', 'school_key', 'school_year', 'metric_id',
    'student_group',
] -%}
{%- if relation %}{{ relation }}.{% endif %}{{ column }}{% if not loop.last %}, {% endif %}
{%- endfor -%}
{%- endmacro -%}

{%- macro is_same_cell(one, other) -%}
{%- for column in [
    'provider', 'level', 'state', 'school_year', 'metric_id', 'student_group',
] -%}
{{ one }}.{{ column }} = {{ other }}.{{ column }} and{{ ' ' }}
{%- endfor -%}
{{ one }}.school_key is not distinct from {{ other }}.school_key
{%- endmacro -%}
