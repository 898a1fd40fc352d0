{{ config(materialized="view") }}

-- How many graduates withhold their college records. A new extract is one more ref.
{%- set extracts = [
] %}
{{ unioned_records(blocked_count_columns(), extracts) }}
