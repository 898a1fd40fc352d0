{{ config(materialized="view") }}

-- Rosters of every extract. A new extract is one more ref.
{%- set extracts = [
    ref('int_oneroster__rosters'),
] %}
{{ unioned_records(student_roster_columns(), extracts) }}
