{{ config(materialized="view") }}

-- Days enrolled and absent, of every extract. A new extract is one more ref.
{%- set extracts = [
    ref('stg_nessc__student_attendance'),
    ref('int_nh_i4see__attendance'),
    ref('int_ri_attendance'),
    ref('int_ri_census__attendance'),
    ref('int_vt_sis__attendance'),
] %}
{{ unioned_records(student_attendance_columns(), extracts) }}
