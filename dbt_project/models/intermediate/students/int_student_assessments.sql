{{ config(materialized="view") }}

-- Results of state tests, of every extract. A new extract is one more ref.
{%- set extracts = [
    ref('stg_nessc__student_assessment'),
] %}
{{ unioned_records(student_assessment_columns(), extracts) }}
