{#- The plain SQL of a metric of the semantic layer, over its own table alone: a measure as
    its aggregate, a derived metric with the SQL of its inputs in the place of their names. -#}
{%- macro sql_of_metric(name) -%}
    {%- set metric = graph.metrics.values() | selectattr('name', 'equalto', name) | first -%}
    {%- set params = metric.type_params -%}
    {%- if metric.type == 'derived' -%}
        {%- set sql = namespace(text=params.expr) -%}
        {%- for input in params.metrics -%}
            {%- set sql.text = modules.re.sub(
                '\\b' ~ input.name ~ '\\b', sql_of_metric(input.name), sql.text
            ) -%}
        {%- endfor -%}
        {{- sql.text -}}
    {%- else -%}
        {%- set measure = measure_of_metric(params.measure.name)[1] -%}
        {{- {'count_distinct': 'count(distinct '}.get(measure.agg, measure.agg ~ '(') -}}
        {{- measure.expr }})
    {%- endif -%}
{%- endmacro -%}

{#- The semantic model that has a measure, and the measure. -#}
{%- macro measure_of_metric(name) -%}
    {%- for model in graph.semantic_models.values() -%}
        {%- for measure in model.measures if measure.name == name -%}
            {{- return((model, measure)) -}}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro -%}

{#- The published table that a metric is computed on: of all its inputs the same. -#}
{%- macro table_of_metric(name) -%}
    {%- set metric = graph.metrics.values() | selectattr('name', 'equalto', name) | first -%}
    {%- if metric.type == 'derived' -%}
        {{- table_of_metric(metric.type_params.metrics[0].name) -}}
    {%- else -%}
        {%- set model = measure_of_metric(metric.type_params.measure.name)[0] -%}
        {{- model.node_relation.alias -}}
    {%- endif -%}
{%- endmacro -%}
