{#-
    Values that a model sets beside each other follow definitions of one comparability
    class. `comparison` names the columns that make one comparison: rows that agree in them
    are held against each other. `sides` names, for each value in a row, its metric and its
    definition. A definition that the registry does not know for that metric has no class,
    and so is refused too.
-#}
{% test compares_one_class(model, comparison, sides=[['metric_id', 'definition_id']]) %}
with compared as (
    select * from {{ model }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

sides as (
    {%- for metric, definition in sides %}
    select distinct
        {{ comparison | join(', ') }},
        {{ metric }} as side_metric_id,
        {{ definition }} as side_definition_id
    from compared
    where {{ definition }} is not null
    {%- if not loop.last %}
    union
    {%- endif %}
    {%- endfor %}
),

classed as (
    select
        sides.*,
        metrics.comparability_class
    from sides
    left join metrics
        on
            sides.side_metric_id = metrics.metric_id
            and sides.side_definition_id = metrics.definition_id
)

select
    {{ comparison | join(', ') }},
    list(distinct side_definition_id) as definitions
from classed
group by {{ comparison | join(', ') }}
having
    count(distinct comparability_class) > 1
    or bool_or(comparability_class is null)
{% endtest %}
