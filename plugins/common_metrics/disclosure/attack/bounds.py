"""The least and the greatest value of each hidden number, by linear programming."""

from collections.abc import Iterator

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack, vstack
from scipy.sparse.csgraph import connected_components

from common_metrics.disclosure.attack.consistency import consistent
from common_metrics.disclosure.attack.relations import System
from common_metrics.disclosure.attack.report import Report

# Unknowns of one linear programme: more at once take longer than one after another.
BATCH = 8_000
TOLERANCE = 1e-4


def narrow(system: System, report: Report) -> np.ndarray:
    """Return which items a reader tells more closely than they may be told."""
    return np.flatnonzero(_is_narrow(system, *extremes(system, report)))


def _is_narrow(
    system: System,
    low: np.ndarray,
    high: np.ndarray,
    items: slice | np.ndarray = slice(None),
) -> np.ndarray:
    """Less than their width; of rests, those that are certainly too small besides.

    A denominator that is certainly large enough to be shown gives nothing away.
    """
    width, least = system.width[items], system.least[items]
    low, high = np.ceil(low - TOLERANCE), np.floor(high + TOLERANCE)
    is_small = (least == 0) | (low >= 1) & (high < least)
    return (high - low < width) & is_small & (low < system.enough[items])


def extremes(
    system: System, report: Report, is_exact: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds of each item: exact, or enough to say whether it is narrow."""
    low, high = system.offset.copy(), system.offset.copy()
    is_open = np.diff(system.items.indptr) > 0
    count, labels = _components(system.matrix)
    of_item = np.full(len(low), -1)
    of_item[is_open] = labels[system.items.indices[system.items.indptr[:-1][is_open]]]
    report.components = max(report.components, len(set(of_item[is_open])))
    for columns, items in _batches(labels, of_item):
        part = _part(system, columns, items)
        low[items], high[items] = _part_extremes(part, of_item[items], report, is_exact)
    return low, high


def _components(matrix: csr_matrix) -> tuple[int, np.ndarray]:
    """Unknowns that no chain of relations joins are solved apart."""
    rows, columns = matrix.shape
    graph = vstack(
        [
            hstack([csr_matrix((rows, rows)), matrix]),
            csr_matrix((columns, rows + columns)),
        ],
        format="csr",
    )
    count, labels = connected_components(graph, directed=False)
    return count, labels[rows:]


def _batches(
    labels: np.ndarray, of_item: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield columns and items of some whole components at a time."""
    wanted = np.zeros(labels.max(initial=-1) + 2, dtype=bool)
    wanted[of_item] = True
    wanted[-1] = False
    sizes = np.bincount(labels, minlength=len(wanted)) * wanted
    batch = np.cumsum(sizes) // BATCH
    batch[~wanted] = -1
    of_column, of_items = batch[labels], batch[of_item]
    columns, items = (
        np.argsort(of_column, kind="stable"),
        np.argsort(of_items, kind="stable"),
    )
    for n in np.unique(batch[wanted]):
        yield (
            columns[slice(*np.searchsorted(of_column[columns], [n, n + 1]))],
            items[slice(*np.searchsorted(of_items[items], [n, n + 1]))],
        )


def _part(system: System, columns: np.ndarray, items: np.ndarray) -> System:
    by_column = (
        system.matrix[:, columns]
        if len(columns) < system.matrix.shape[1]
        else system.matrix
    )
    rows = np.flatnonzero(np.diff(by_column.indptr))
    return System(
        matrix=by_column[rows],
        constant=system.constant[rows],
        is_equal=system.is_equal[rows],
        kind=system.kind[rows],
        site=system.site[rows],
        cap=system.cap,
        items=system.items[items][:, columns],
        offset=system.offset[items],
        width=system.width[items],
        least=system.least[items],
        enough=system.enough[items],
    )


def _part_extremes(
    part: System, component: np.ndarray, report: Report, is_exact: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Each programme's solution is a possible truth for all: few settle most items.

    Components are apart, so that one programme solves for one item of each.
    """
    part = consistent(part, report)
    low, high = _propagated(part)
    least, most = np.full(len(low), np.inf), np.full(len(low), -np.inf)
    chance, is_settled, is_random = (
        np.random.default_rng(0),
        np.zeros(len(low), bool),
        not is_exact,
    )

    def solve(weights: np.ndarray) -> np.ndarray:
        values = (
            part.items @ _solution(part, part.items.T @ weights, report) + part.offset
        )
        np.minimum(least, values, out=least)
        np.maximum(most, values, out=most)
        return values

    def still_open() -> np.ndarray:
        if is_exact:
            return ~is_settled
        return (
            ~is_settled & _is_narrow(part, least, most) & ~_is_narrow(part, low, high)
        )

    is_open = still_open()
    while is_open.any():
        before = is_open.sum()
        if is_random:
            weights = np.where(is_open, chance.random(len(low)), 0)
            solve(weights)
            solve(-weights)
        else:
            picks = np.flatnonzero(is_open)
            picks = picks[np.unique(component[picks], return_index=True)[1]]
            weights = np.zeros(len(low))
            weights[picks] = 1
            high[picks] = solve(weights)[picks]
            low[picks] = solve(-weights)[picks]
            is_settled[picks] = True
        is_open = still_open()
        is_random = is_random and is_open.sum() < before
    is_wide = ~_is_narrow(part, least, most) & ~is_settled & (most >= least)
    return np.where(is_wide, least, low), np.where(is_wide, most, high)


def _solution(part: System, objective: np.ndarray, report: Report) -> np.ndarray:
    """Return the numbers that make ``objective`` greatest."""
    report.programmes += 1
    equal = part.is_equal
    result = linprog(
        -objective,
        A_ub=-part.matrix[~equal],
        b_ub=part.constant[~equal],
        A_eq=part.matrix[equal],
        b_eq=-part.constant[equal],
        bounds=(0, part.cap),
        method="highs",
    )
    if result.x is None:
        raise RuntimeError(
            f"attack: expected a solution of {objective.size} cells. Found: "
            f"{result.message} Nothing was published; run the release again."
        )
    return result.x


def _propagated(part: System) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of the items from those of the unknowns, relation by relation."""
    matrix = part.matrix.tocoo()
    row, column, factor = matrix.row, matrix.col, matrix.data
    low, high = np.zeros(matrix.shape[1]), np.full(matrix.shape[1], part.cap)
    for _ in range(20):
        before = high.sum() - low.sum()
        most = np.where(factor > 0, factor * high[column], factor * low[column])
        least = np.where(factor > 0, factor * low[column], factor * high[column])
        # The term is at least what the others cannot make up for ...
        floor = -(part.constant + np.bincount(row, most, matrix.shape[0]))[row] + most
        # ... and, where the sum is exact, at most what they leave.
        ceiling = (
            -(part.constant + np.bincount(row, least, matrix.shape[0]))[row] + least
        )
        ceiling[~part.is_equal[row]] = np.inf
        np.maximum.at(low, column, np.where(factor > 0, floor, ceiling) / factor)
        np.minimum.at(high, column, np.where(factor > 0, ceiling, floor) / factor)
        if before - (high.sum() - low.sum()) < 0.5:
            break
    plus, minus = part.items.maximum(0), part.items.minimum(0)
    return (
        plus @ low + minus @ high + part.offset,
        plus @ high + minus @ low + part.offset,
    )
