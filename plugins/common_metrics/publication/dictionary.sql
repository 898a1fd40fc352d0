-- What every column of a published file means: run when all tables and views are there. A
-- comment is the description and, in brackets behind it, the unit of a number.
create table data_dictionary (
    "table" varchar,
    "column" varchar,
    "type" varchar,
    "unit" varchar,
    "description" varchar
);

comment on table data_dictionary is 'What each column of each table and view means';
comment on column data_dictionary."table" is 'Table or view';
comment on column data_dictionary."column" is 'Column';
comment on column data_dictionary."type" is 'Type of its values in DuckDB';
comment on column data_dictionary."unit" is 'Unit of a number; else what the values are';
comment on column data_dictionary."description" is 'What it says';

insert into data_dictionary
select
    table_name,
    column_name,
    data_type,
    coalesce(
        nullif(regexp_extract(comment, ' \[([^\[\]]+)\]$', 1), ''),
        case
            when data_type = 'VARCHAR' then 'text'
            when data_type = 'BOOLEAN' then 'true or false'
            when data_type = 'DATE' then 'date'
            when data_type like 'TIMESTAMP%' then 'time (UTC)'
        end
    ),
    regexp_replace(comment, ' \[[^\[\]]+\]$', '')
from duckdb_columns()
where database_name = 'release'
order by all;
