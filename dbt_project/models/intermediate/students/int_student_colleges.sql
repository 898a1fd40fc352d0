{{ config(materialized="view") }}

-- College terms and degrees of former students. A new extract is one more ref.
{%- set extracts = [
    ref('stg_nsc__student_tracker'),
] %}
{{ unioned_records(student_college_columns(), extracts) }}
