-- The metrics of the semantic layer as rows, for tools that take SQL and no MetricFlow.
-- Written from the same definitions: nothing is defined here.
with listed as (
    {%- for metric in graph.metrics.values() | sort(attribute='name') if metric.config.meta.unit %}
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
    -- Where dbt only reads, it knows no metric yet.
    select * from {{ ref('dim_metric') }}
    {%- endfor %}
)

select * from listed
