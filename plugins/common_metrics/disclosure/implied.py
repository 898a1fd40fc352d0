"""Relations that others imply: a linear model is smaller without them.

Nobody is counted less than zero times. A whole that holds girls and boys holds the
girls, and one that holds a whole holds its parts.
"""

import numpy as np
from scipy.sparse import csr_matrix

from common_metrics.disclosure.numbers import System


def is_needed(system: System, numbers: csr_matrix) -> np.ndarray:
    """Return which relations are not implied by others that are needed.

    ``numbers`` are the relations without their residuals. A relation may go if it says
    of one whole that something of it is left beside its parts, and no more.
    """
    residual = _residuals(system)
    whole, part = numbers > 0, numbers < 0
    holds = (whole.sum(axis=1).A1 == 1) & (system.lowest[residual] >= 0)
    whole, part = (_kept(side, holds) for side in (whole, part))
    may_go = holds & np.isinf(system.highest[residual]) & ~system.is_public[residual]
    return ~may_go | ~(_in_others(whole, part) | _by_way_of(whole, part))


def _residuals(system: System) -> np.ndarray:
    columns = np.flatnonzero(system.link < 0)
    of_row = np.empty(len(columns), int)
    of_row[system.matrix[:, columns].indices] = columns
    return of_row


def _kept(side: csr_matrix, rows: np.ndarray) -> csr_matrix:
    kept = side.astype(np.int32).multiply(rows[:, None]).tocsr()
    kept.eliminate_zeros()
    return kept


def _in_others(whole: csr_matrix, part: csr_matrix) -> np.ndarray:
    """Return which rows another of the same whole has all parts of; of two, one."""
    size = np.diff(part.indptr)
    common = (part @ part.T).multiply(whole @ whole.T).tocoo()
    row, other = common.row, common.col
    is_in = (common.data == size[row]) & (row != other)
    is_in &= (size[other] > size[row]) | (other < row)
    found = np.zeros(len(size), bool)
    found[row[is_in]] = True
    return found


def _by_way_of(whole: csr_matrix, part: csr_matrix) -> np.ndarray:
    """Return which rows of one part lead to it by another number too.

    Numbers that are parts of each other stand in a circle: of these none is left out.
    """
    step = _ones(whole.T @ part)
    reach = step
    while (further := _ones(reach + reach @ step)).nnz > reach.nnz:
        reach = further
    again = (whole @ step @ reach).multiply(part).sum(axis=1).A1 > 0
    in_circle = (whole + part) @ (reach.diagonal() > 0).astype(np.int32) > 0
    return (np.diff(part.indptr) == 1) & again & ~in_circle


def _ones(matrix: csr_matrix) -> csr_matrix:
    ones = matrix.tocsr()
    ones.data = np.ones_like(ones.data)
    return ones
