"""Chooses the restricted cells that are hidden so that no small one can be solved for.

Primary suppression hides small cells. What the sums around them give away is found by
linear programming, and the cheapest further cells are hidden until every hidden number
keeps its protection interval (the cell suppression problem: Fischetti and Salazar,
Management Science 47, 2001; the choice is the usual linear heuristic, its check is
exact). This module knows the true numbers; the attack on a release is another program
and does not.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from common_metrics.disclosure.kept import answered
from common_metrics.disclosure.numbers import (
    System,
    clusters,
    hidden_cells,
    system_of,
)

KEYS = [
    "provider",
    "level",
    "state",
    "school_key",
    "school_year",
    "metric_id",
    "student_group",
]


def suppressed_cells(
    cells: pa.Table,
    cell_counts: pa.Table,
    counts: pa.Table,
    relations: pa.Table,
    answers: Path | None = None,
) -> pa.Table:
    """Return the hidden cells, why, and whether the denominator is hidden too.

    The tables are as int_restricted_cells, int_cell_counts, int_protected_counts and
    int_count_relations make them. What publishers print may tell a number whatever is
    hidden here; then all around it is hidden. ``answers`` is a folder that keeps what
    was chosen for numbers that did not change. RuntimeError: the solver failed.
    """
    schema = pa.schema([cells.schema.field(name) for name in KEYS])
    schema = schema.append(pa.field("reason", pa.string()))
    schema = schema.append(pa.field("is_denominator_hidden", pa.bool_()))
    frame = cells.to_pandas().sort_values("cell_id", ignore_index=True)
    counted = frame[frame.has_counts].reset_index(drop=True)
    if counted.empty:
        hidden = frame[frame.is_small].assign(is_denominator_hidden=True)
    else:
        system = system_of(counted, cell_counts, counts, relations)
        protect(system, answers)
        hidden = hidden_cells(frame, counted, system)
    reasons = [hidden.is_withheld, hidden.is_small]
    hidden["reason"] = np.select(reasons, ["withheld", "small"], "complementary")
    return pa.Table.from_pandas(hidden[schema.names], schema, preserve_index=False)


def protect(system: System, answers: Path | None = None) -> None:
    """Hide further numbers until none that is hidden can be told too narrowly.

    Neither by a reader of what is public nor by a school that knows its own numbers.
    """
    parts = list(clusters(system))
    found = answered([part for _, part in parts], answers)
    for (columns, _), is_hidden in zip(parts, found, strict=True):
        system.is_hidden[columns] = is_hidden
