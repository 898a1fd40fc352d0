{{ config(materialized="view") }}

-- Every enrolment spell of every extract. A new extract is one more ref.
{%- set extracts = [
    ref('stg_nessc__student_enrollment'),
    ref('int_nh_i4see__enrollments'),
    ref('int_ri_census__enrollments'),
    ref('int_vt_sis__enrollments'),
] %}
{{ unioned_records(student_enrollment_columns(), extracts) }}
