{#- The rows of a staging model that stand in current deliveries: a file delivered again
    under the same name replaces the earlier one. Needed wherever rows of one delivery
    meet those of another before the union of all extracts. -#}
{%- macro current_rows(model) -%}
select printed.*
from {{ ref(model) }} as printed
inner join {{ ref('int_deliveries_current') }} as deliveries
    on
        printed.provider = deliveries.provider
        and printed.extract = deliveries.extract
        and printed.delivery = deliveries.delivery
{%- endmacro -%}

{#- The folder of a file, with the stroke behind it. -#}
{%- macro folder_of(file) -%}
left({{ file }}, length({{ file }}) - length(split_part({{ file }}, '/', -1)))
{%- endmacro -%}

{#- Which of two current files goes first where both print a cell: the one that says
    more (a number before a range before a marker), then the one that landed on a later
    day. On one day the hour tells which program ran first, and nothing of the files:
    within an extract alone it counts. Names decide the rest, then the `numbers`: two
    sheets of a workbook may hold one row number. `relation`: of the columns, if needed. -#}
{%- macro says_more_first(numbers, relation=none) -%}
{%- set of = relation ~ '.' if relation else '' -%}
case {{ of }}value_status
    when 'reported' then 1
    when 'range' then 2
    when 'suppressed' then 3
    when 'not_applicable' then 4
    when 'not_reported' then 5
    else 6
end asc,
cast({{ of }}landed_at as date) desc nulls last,
{{ of }}extract asc,
{{ newest_first(of, of) }},
{{ of }}delivery desc
{%- for number in numbers -%}
,
{{ of }}{{ number }} desc nulls last
{%- endfor %}
{%- endmacro -%}
