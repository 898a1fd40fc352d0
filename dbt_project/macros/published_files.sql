{#- Every column of every table that a release publishes, as its yml describes it. Who sees
    a row so is no column of a file. -#}
{%- macro published_columns() -%}
    select * from (
        values (null, null, null, null, null)
{%- for node in (graph.nodes or {}).values() if execute -%}
{%- set meta = node.config.meta or {} -%}
{%- if meta.tiers -%}
{%- for column in node.columns.values() if column.name != 'audience' %},
        (
            {{ dbt.string_literal(node.schema) }},
            {{ dbt.string_literal(node.name) }},
            {{ dbt.string_literal(column.name) }},
            {{ dbt.string_literal(column.config.meta.unit) if column.config.meta.unit else 'null' }},
            {{ dbt.string_literal(dbt.escape_single_quotes(column.description | trim)) }}
        )
{%- endfor -%}
{%- endif -%}
{%- endfor %}
    ) as listed (schema_name, table_name, column_name, unit, description)
    where table_name is not null
{%- endmacro -%}

{#- What had landed by a moment, as the rules of today read it: a view with an argument.
    A release copies it, as it copies the views. -#}
{%- macro outcomes_as_of() -%}
create or replace macro {{ this.schema }}.outcomes_as_of(moment) as table
select *
from {{ this }}
where
    valid_from <= cast(moment as timestamp)
    and coalesce(valid_to > cast(moment as timestamp), true);

comment on macro table {{ this.schema }}.outcomes_as_of is
'Outcomes as what had landed by a moment gives them, by the rules of today'
{%- endmacro -%}

{#- What is expected, late or missing on a day: a table that said it would be another one
    each morning. -#}
{%- macro calendar_on() -%}
create or replace macro {{ this.schema }}.calendar_on(day) as table
select
    *,
    case
        when delivery_status <> 'open' then delivery_status
        when cast(day as date) >= missing_from then 'missing'
        when cast(day as date) > due_on then 'late'
        else 'expected'
    end as calendar_status
from {{ this }};

comment on macro table {{ this.schema }}.calendar_on is
'The calendar of deliveries with what is expected, late, missing, delivered, unexpected or not_collected on a day'
{%- endmacro -%}
