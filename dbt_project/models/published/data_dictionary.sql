-- What every column of the published files means: the words of the project's own yml,
-- and the types that the tables have. A view, since it is read when all tables are
-- there; a file takes the rows of the tables that it holds.
with described as (
    {{ published_columns() }}
),

types as (
    select distinct
        schema_name,
        table_name,
        column_name,
        data_type
    from duckdb_columns()
    where database_name = '{{ this.database }}'
),

typed as (
    select
        described.table_name,
        described.column_name,
        types.data_type as type,
        coalesce(
            described.unit,
            case
                when types.data_type = 'VARCHAR' then 'text'
                when types.data_type = 'BOOLEAN' then 'true or false'
                when types.data_type = 'DATE' then 'date'
                when types.data_type like 'TIMESTAMP%' then 'time (UTC)'
            end
        ) as unit,
        described.description
    from described
    inner join types
        on
            described.schema_name = types.schema_name
            and described.table_name = types.table_name
            and described.column_name = types.column_name
)

select * from typed
