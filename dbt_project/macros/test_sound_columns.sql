{#- In one scan of the model: columns that must be filled, and columns with the values
    that they accept (a blank is not judged by them). A row for each rule that is broken,
    under the name of dbt's own test and the column; warehouse/build.py reads it. -#}
{% test sound_columns(model, not_null=[], accepted={}) %}
{{ config(fail_calc='coalesce(sum(row_count), 0)') }}
with counted as (
    select
        {%- for column in not_null %}
        count(*) filter (where {{ column }} is null)
            as not_null_{{ model.identifier }}_{{ column }},
        {%- endfor %}
        {%- for column, values in accepted.items() %}
        count(*) filter (where {{ column }} not in ('{{ values | join("', '") }}'))
            as accepted_values_{{ model.identifier }}_{{ column }},
        {%- endfor %}
    from {{ model }}
),

broken as (
    unpivot counted on columns(*) into name rule_name value row_count
)

select * from broken
where row_count > 0
{% endtest %}
