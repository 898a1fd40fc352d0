"""The functional core: lands, reads, validates, publishes, and knows no Airflow."""
