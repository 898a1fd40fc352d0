{#- Rows that a gate let through and no number can be made of are set aside, each with a
    reason, and stop nobody else's release (docs/decisions/0045). -#}

{#- The first reason that holds, or null: `reasons` has the SQL condition of each. -#}
{%- macro first_reason(reasons) -%}
case
    {%- for reason, condition in reasons.items() %}
    when {{ condition }}
        then '{{ reason }}'
    {%- endfor %}
end
{%- endmacro -%}

{#- True where a cell is not blank and yet no value of the type. -#}
{%- macro is_unread(cell, type) -%}
({{ cell }} is not null and try_cast({{ cell }} as {{ type }}) is null)
{%- endmacro -%}

{#- The reason why a row of a League file is set aside: `typed` has the type of each cell
    that is cast, `required` the cells that no row may leave blank, `known` the condition
    that a cell must meet. -#}
{%- macro league_fault(typed={}, required=[], known={}) -%}
{%- set reasons = {} -%}
{%- for column, type in typed.items() -%}
{%- do reasons.update({column ~ ' is no ' ~ type: is_unread(column, type)}) -%}
{%- endfor -%}
{%- for column in required -%}
{%- do reasons.update({column ~ ' is blank': column ~ ' is null'}) -%}
{%- endfor -%}
{%- for column, condition in known.items() -%}
{%- do reasons.update({
    column ~ ' is missing or not in the code list': '(' ~ condition ~ ') is not true'
}) -%}
{%- endfor -%}
{{ first_reason(reasons) }} as fault
{%- endmacro -%}
