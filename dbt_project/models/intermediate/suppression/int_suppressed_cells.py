"""The restricted cells that the public does not see, and why."""

from common_metrics.disclosure import control


def model(dbt, session):  # noqa: ANN001, ANN201
    dbt.config(materialized="table")
    return control.suppressed_cells(
        cells=dbt.ref("int_restricted_cells").to_arrow_table(),
        cell_counts=dbt.ref("int_cell_counts").to_arrow_table(),
        counts=dbt.ref("int_protected_counts").to_arrow_table(),
        relations=dbt.ref("int_count_relations").to_arrow_table(),
    )
