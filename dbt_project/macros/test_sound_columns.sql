{#- In one scan of the model: columns that must be filled, and columns with the values
    that they accept (a blank is not judged by them). A row for each rule that is broken,
    under the name of dbt's own test and the column; warehouse/build.py reads it. -#}
{% test sound_columns(model, not_null=[], accepted={}) %}
{{ config(fail_calc='coalesce(sum(row_count), 0)') }}
{%- set rules = {} -%}
{%- for column in not_null -%}
{%- do rules.update({
    'not_null_' ~ model.identifier ~ '_' ~ column: column ~ ' is null'
}) -%}
{%- endfor -%}
{%- for column, values in accepted.items() -%}
{%- do rules.update({
    'accepted_values_' ~ model.identifier ~ '_' ~ column:
    column ~ " not in ('" ~ values | join("', '") ~ "')"
}) -%}
{%- endfor -%}
with counted as (
    select
        {%- for condition in rules.values() %}
        count(*) filter (where {{ condition }}) as broken_{{ loop.index }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from {{ model }}
),

named as (
    {%- for rule_name in rules %}
    select
        '{{ rule_name }}' as rule_name,
        broken_{{ loop.index }} as row_count
    from counted
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from named
where row_count > 0
{% endtest %}
