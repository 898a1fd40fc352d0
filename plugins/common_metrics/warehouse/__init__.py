"""dbt builds the tables in DuckDB."""
