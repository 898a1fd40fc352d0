{{ config(materialized="view") }}

-- Validated rows that no number of the warehouse comes from, each with the reason.
{%- set extracts = [
    ref('stg_nh__rows_left_aside'),
] %}

with unioned as (
    {%- for extract in extracts %}
    select
        provider,
        extract,
        delivery,
        source_row,
        school_year,
        reason
    from {{ extract }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from unioned
