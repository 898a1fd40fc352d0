{{ config(materialized="view") }}

-- Days enrolled and absent, of every extract. A new extract is one more ref.
{%- set extracts = [
] %}
{{ unioned_records(student_attendance_columns(), extracts) }}
