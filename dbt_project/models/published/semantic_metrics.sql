-- The metrics of the semantic layer as rows, for tools that take SQL and no MetricFlow.
-- Written from the same definitions: nothing is defined here.
{%- set shown = graph.metrics.values() | selectattr('config.meta.unit', 'defined') %}
with listed as (
    {%- for metric in shown | sort(attribute='name') %}
    select
        '{{ metric.name }}' as semantic_metric,
        '{{ metric.label }}' as label,
        '{{ table_of_metric(metric.name) }}' as table_name,
        '{{ sql_of_metric(metric.name) | replace("'", "''") }}' as expression,
        '{{ metric.config.meta.unit }}' as unit,
        '{{ metric.description | replace("'", "''") }}' as description,
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- else %}
    -- Whoever only reads this model, such as a linter, knows no metrics.
    select null as semantic_metric
    {%- endfor %}
)

select * from listed
