"""The restricted cells that the public does not see, and why."""

from pathlib import Path

from common_metrics.disclosure import control


def model(dbt, session):  # noqa: ANN001, ANN201
    dbt.config(materialized="table")
    return control.suppressed_cells(
        cells=dbt.ref("int_restricted_cells").to_arrow_table(),
        cell_counts=dbt.ref("int_cell_counts").to_arrow_table(),
        counts=dbt.ref("int_protected_counts").to_arrow_table(),
        relations=dbt.ref("int_count_relations").to_arrow_table(),
        answers=_beside_the_build(session),
    )


def _beside_the_build(session) -> Path | None:  # noqa: ANN001
    """Return where answers are kept; a database in memory keeps none."""
    sql = "select path from duckdb_databases() where database_name = current_database()"
    (file,) = session.execute(sql).fetchone()
    return Path(file).with_name("hidden") if file else None
