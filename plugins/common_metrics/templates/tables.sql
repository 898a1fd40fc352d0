select table_name, comment
from duckdb_tables()
where not internal
order by table_name
