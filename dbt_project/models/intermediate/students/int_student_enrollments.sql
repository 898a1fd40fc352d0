{{ config(materialized="view") }}

-- Every enrolment spell of every extract. A new extract is one more ref.
{%- set extracts = [
] %}
{{ unioned_records(student_enrollment_columns(), extracts) }}
