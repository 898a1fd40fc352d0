{#- What DuckDB and Spark spell differently, for the models between the records of
    students and the counts of them (selectors.yml): both build these, to the same rows.
    All else is written in the SQL that both read. -#}

{#- The day that a text says by a format such as %m/%d/%Y; another text ends the build. -#}
{%- macro parsed_day(text, format) -%}
{{ adapter.dispatch('parsed_day')(text, format) }}
{%- endmacro -%}

{%- macro default__parsed_day(text, format) -%}
cast(strptime({{ text }}, '{{ format }}') as date)
{%- endmacro -%}

{%- macro spark__parsed_day(text, format) -%}
to_date({{ text }}, '{{ pattern_of_java(format) }}')
{%- endmacro -%}

{#- The day that a text says, or null. -#}
{%- macro parsed_day_or_null(text, format) -%}
{{ adapter.dispatch('parsed_day_or_null')(text, format) }}
{%- endmacro -%}

{%- macro default__parsed_day_or_null(text, format) -%}
cast(try_strptime({{ text }}, '{{ format }}') as date)
{%- endmacro -%}

{%- macro spark__parsed_day_or_null(text, format) -%}
cast(try_to_timestamp({{ text }}, '{{ pattern_of_java(format) }}') as date)
{%- endmacro -%}

{%- macro pattern_of_java(format) -%}
{{ {'%m/%d/%Y': 'M/d/yyyy', '%Y%m%d': 'yyyyMMdd'}[format] }}
{%- endmacro -%}

{#- True where a text fits a regular expression. -#}
{%- macro matches(text, pattern) -%}
{{ adapter.dispatch('matches')(text, pattern) }}
{%- endmacro -%}

{%- macro default__matches(text, pattern) -%}
regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro -%}

{%- macro spark__matches(text, pattern) -%}
regexp_like({{ text }}, '{{ pattern }}')
{%- endmacro -%}

{#- A list with each of its members cast. -#}
{%- macro cast_each(list, type) -%}
{{ adapter.dispatch('cast_each')(list, type) }}
{%- endmacro -%}

{%- macro default__cast_each(list, type) -%}
cast({{ list }} as {{ type }}[])
{%- endmacro -%}

{%- macro spark__cast_each(list, type) -%}
cast({{ list }} as array<{{ type }}>)
{%- endmacro -%}

{#- An aggregate: the different texts in order, with commas between; null of none. -#}
{%- macro sorted_texts(text) -%}
{{ adapter.dispatch('sorted_texts')(text) }}
{%- endmacro -%}

{%- macro default__sorted_texts(text) -%}
string_agg(distinct {{ text }}, ', ' order by {{ text }} asc nulls last)
{%- endmacro -%}

{%- macro spark__sorted_texts(text) -%}
nullif(array_join(array_sort(collect_set({{ text }})), ', '), '')
{%- endmacro -%}

{#- Before a run: views of the lake's files under the names of their sources, of those
    that are read. dbt-duckdb reads files where a model names a source (external_location);
    Spark is told by `spark_reads` beside it. -#}
{%- macro read_sources() -%}
{%- if execute and target.type == 'spark' -%}
    {%- set read = [] -%}
    {%- for id in selected_resources if id in graph.nodes -%}
        {%- do read.extend(graph.nodes[id].depends_on.nodes) -%}
    {%- endfor -%}
    {%- for id, source in graph.sources.items() if id in read -%}
        {%- do run_query('create schema if not exists ' ~ source.schema) -%}
        {%- do run_query(
            'create or replace view ' ~ source.schema ~ '.' ~ source.identifier
            ~ ' as ' ~ source.meta.spark_reads.format(name=source.name)
        ) -%}
    {%- endfor -%}
{%- endif -%}
{%- endmacro -%}

{#- A seed's rows: dbt-spark 1.11.0 writes a blank as the word None, and no quote. -#}
{%- macro spark__load_csv_rows(model, agate_table) -%}
{%- set types = model.config.column_types -%}
{%- set sql -%}
insert into {{ this.render() }} values
{%- for row in agate_table.rows %}
(
    {%- for column in agate_table.column_names -%}
    {%- set text = row[column] | string | replace('\\', '\\\\') | replace("'", "\\'") -%}
    cast({{ 'null' if row[column] is none else "'" ~ text ~ "'" }} as
    {{ types.get(column, adapter.convert_type(agate_table, loop.index0)) }})
    {%- if not loop.last %}, {% endif -%}
    {%- endfor -%}
){% if not loop.last %},{% endif %}
{%- endfor %}
{%- endset -%}
{%- do adapter.add_query(sql, abridge_sql_log=True) -%}
{{ return(sql) }}
{%- endmacro -%}
