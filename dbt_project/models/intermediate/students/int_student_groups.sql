{{ config(materialized="view") }}

-- The student groups of every student and school year. A new extract is one more ref.
{%- set extracts = [
    ref('int_nessc__student_groups'),
    ref('int_nh_i4see__groups'),
    ref('int_ri_census__groups'),
    ref('int_ri_listing__groups'),
    ref('int_vt_sis__groups'),
    ref('int_oneroster__groups'),
] %}
{{ unioned_records(student_group_columns(), extracts) }}
