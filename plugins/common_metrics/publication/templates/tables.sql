select table_name, american(comment) as comment
from duckdb_tables()
where not internal and not temporary
order by table_name;
