"""What contradicts the rest is left out before anything is concluded."""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import diags, eye, hstack

from common_metrics.disclosure.attack.relations import System
from common_metrics.disclosure.attack.report import Report

# What is said of restricted cells outside of the candidate, and definitions, which who
# counts may read otherwise: it may be mistaken.
OUTSIDE = {"public print", "earlier release", "insider", "other provider", "definition"}


def consistent(part: System, report: Report) -> System:
    """Leave out what contradicts the rest: outside knowledge of a site, or a row."""
    excess = _excess(part, report)
    culprits = excess > 1e-6
    if not culprits.any():
        return part
    is_outside = np.isin(part.kind, list(OUTSIDE))
    source = np.char.add(part.kind.astype(str), part.site.astype(str))
    dropped = culprits | is_outside & np.isin(source, source[culprits & is_outside])
    report.dropped.update(part.kind[dropped].tolist())
    kept = ~dropped
    part.matrix, part.constant = part.matrix[kept], part.constant[kept]
    part.is_equal, part.kind = part.is_equal[kept], part.kind[kept]
    part.site = part.site[kept]
    return part


def _excess(part: System, report: Report) -> np.ndarray:
    """How far each relation must give way for all of them to hold, at least cost."""
    report.programmes += 1
    rows, columns = part.matrix.shape
    price = np.where(
        np.isin(part.kind, list(OUTSIDE)),
        1.0,
        np.where(part.kind == "level", 10.0, 100.0),
    )
    equal = part.is_equal
    above = diags(1.0 * equal, format="csr")
    matrix = hstack([part.matrix, eye(rows), -above], format="csr")
    result = linprog(
        np.concatenate([np.zeros(columns), price, price]),
        A_ub=-matrix[~equal],
        b_ub=part.constant[~equal],
        A_eq=matrix[equal],
        b_eq=-part.constant[equal],
        bounds=np.column_stack(
            [
                np.zeros(columns + 2 * rows),
                np.concatenate([np.full(columns, part.cap), np.full(2 * rows, np.inf)]),
            ]
        ),
        method="highs",
    )
    return result.x[columns : columns + rows] + result.x[columns + rows :]
