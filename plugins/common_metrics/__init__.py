"""The functional core: it lands, reads, validates and publishes, and knows no Airflow."""
