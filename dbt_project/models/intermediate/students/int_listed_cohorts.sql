{{ config(materialized="view") }}

-- Cohorts that a state lists itself, with each student's outcome.
-- A new extract is one more ref.
{%- set extracts = [
    ref('int_ri_listing__members'),
] %}
{{ unioned_records(listed_cohort_columns(), extracts) }}
