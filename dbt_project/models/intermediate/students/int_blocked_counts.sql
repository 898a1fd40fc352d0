{{ config(materialized="view") }}

-- How many graduates withhold their college records. A new extract is one more ref.
{%- set extracts = [
    ref('stg_nsc__blocked_counts'),
] %}
{{ unioned_records(blocked_count_columns(), extracts) }}
