/*
**What is this test?** Where a table has a row of a hidden cell, the public sees no number
in it and a status that says so. It is about each table that dbt's manifest gives an
audience, a place, a metric and a group; about each column of numbers, but for years,
rows, versions and goals, which no student is in; and about each way in which a row names
a cell: its own, its baseline's, that of another provider or of the other group. A row here
is a table and column that shows something.
**When is this important to resolve?** Before publishing: it is a broken promise.
**How to resolve?** See the model of the table; never loosen int_suppressed_cells for it.
*/
-- What the manifest finds has to be built before: dbt cannot know, and is told here.
-- depends_on: {{ ref('group_gaps') }}, {{ ref('lea_outcomes') }}
-- depends_on: {{ ref('outcome_restatements') }}, {{ ref('outcome_versions') }}
-- depends_on: {{ ref('reconciliation') }}, {{ ref('school_outcomes') }}
-- depends_on: {{ ref('school_outlook') }}, {{ ref('school_target_status') }}
-- depends_on: {{ ref('school_targets') }}, {{ ref('state_outcomes') }}
-- depends_on: {{ ref('target_coverage') }}
{%- set numbers = ['integer', 'bigint', 'double', 'decimal'] -%}
{%- set statuses = ['value_status', 'verdict', 'reached', 'firmness', 'gap'] -%}
{%- set named = [
    ('provider', 'school_year'), ('baseline_provider', 'baseline_year'),
    ('other_provider', 'school_year'),
] %}
with hidden as (
    select * from {{ ref('int_suppressed_cells') }}
),

shown as (
    {%- for node in (graph.nodes or {}).values() if execute -%}
    {%- set columns = node.columns or {} -%}
    {%- if 'audience' in columns and 'metric_id' in columns and 'student_group' in columns
        and 'state' in columns -%}
    {%- if node.unique_id not in model.depends_on.nodes -%}
        {{ exceptions.raise_compiler_error(node.name ~ ': expected a line depends_on') }}
    {%- endif %}
    {%- for provider, year in named if provider in columns and year in columns -%}
    {%- for group in ['student_group', 'complement_group'] if group in columns -%}
    {%- for column in columns.values() -%}
    {%- set type = (column.data_type or '').split('(')[0] -%}
    {%- set is_number = type in numbers and column.name != 'goal_pct'
        and column.config.meta.unit not in ['year', 'row', 'number'] -%}
    {%- if is_number or column.name in statuses and provider == 'provider' %}
    select
        '{{ node.name }}' as table_name,
        '{{ column.name }}' as column_name
    from {{ node.relation_name }} as cell
    inner join hidden
        on
            cell.{{ provider }} = hidden.provider
            and cell.{{ year }} = hidden.school_year
            and cell.metric_id = hidden.metric_id
            and cell.{{ group }} = hidden.student_group
            {%- if 'level' in columns %}
            and cell.level = hidden.level
            and coalesce(cell.school_key, cell.state)
            = coalesce(hidden.school_key, hidden.state)
            {%- elif 'school_key' in columns %}
            and hidden.level = 'school'
            and cell.school_key = hidden.school_key
            {%- elif 'lea_key' in columns %}
            and hidden.level = 'lea'
            and cell.lea_key = hidden.school_key
            {%- else %}
            and hidden.level = 'state'
            and cell.state = hidden.state
            {%- endif %}
    where
        cell.audience = 'public'
        {%- if is_number %}
        and cell.{{ column.name }} is not null
        {%- if column.name == 'denominator' %}
        and hidden.is_denominator_hidden
        {%- endif %}
        {%- else %}
        and cell.{{ column.name }} not in ('suppressed', 'withdrawn')
        {%- endif %}
    union all
    {%- endif -%}
    {%- endfor -%}
    {%- endfor -%}
    {%- endfor -%}
    {%- endif -%}
    {%- endfor %}
    select
        cast(null as varchar) as table_name,
        cast(null as varchar) as column_name
    where false
)

select
    table_name,
    column_name,
    count(*) as rows_count
from shown
group by table_name, column_name
