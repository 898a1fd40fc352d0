"""Chooses the restricted cells that are hidden so that no small one can be solved for.

Primary suppression hides small cells. What the sums around them give away is found by
linear programming, and the cheapest further cells are hidden until every hidden number
keeps its protection interval (the cell suppression problem: Fischetti and Salazar,
Management Science 47, 2001; the choice is the usual linear heuristic, its check is
exact). This module knows the true numbers; the attack on a release is another program
and does not.
"""

from dataclasses import replace
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
    found = answered([_unreleased(part) for _, part in parts], answers)
    # The same numbers have the same answer, unless a kept release shows one of them.
    told = [
        n for n, (_, part) in enumerate(parts) if (found[n] & part.is_released).any()
    ]
    place = answers and answers.with_name(f"{answers.name}_beside_releases")
    beside = answered([_beside(parts[n][1]) for n in told], place)
    chosen = dict(enumerate(found)) | dict(zip(told, beside, strict=True))
    for n, (columns, _) in enumerate(parts):
        system.is_hidden[columns] = chosen[n]


def _unreleased(part: System) -> System:
    return replace(
        part,
        is_hidden=part.is_hidden.copy(),
        is_released=np.zeros_like(part.is_released),
    )


def _beside(part: System) -> System:
    """Return a cluster in which what kept releases show is known to everybody."""
    known, truth = part.is_released, part.truth
    return replace(
        part,
        is_public=part.is_public | known,
        lowest=np.where(known, truth, part.lowest),
        highest=np.where(known, truth, part.highest),
    )
