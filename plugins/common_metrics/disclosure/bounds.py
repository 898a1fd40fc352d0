"""What bounds alone tell of a number: how far each relation lets it move."""

import numpy as np
from scipy.sparse import csc_matrix

from common_metrics.disclosure.numbers import System

# Far beyond every interval asked for; keeps the programs bounded.
FAR = 1000.0
NEAR_ZERO = 1e-6
TIGHTENINGS = 4


def room(system: System) -> tuple[np.ndarray, np.ndarray]:
    """Return how far down and up each column may move from the truth."""
    down = np.clip(system.lowest - system.truth, -FAR, 0)
    up = np.clip(system.highest - system.truth, 0, FAR)
    down[system.is_public] = up[system.is_public] = 0
    return down, up


def is_told(system: System, known: np.ndarray) -> np.ndarray:
    """Return which columns prints tell: they could not move with all else hidden.

    ``known`` is what this reader knows beside what is public.
    """
    columns = np.flatnonzero(~(system.is_public | known))
    down, up = (ends[columns] for ends in room(system))
    down, up = _tightened(system.matrix[:, columns], down, up)
    told = system.is_public | known
    told[columns] = up - down < system.interval[columns] - NEAR_ZERO
    return told


def around(system: System, column: int) -> np.ndarray:
    """Return the numbers that stand in one relation with a column, of its own place.

    Where what publishers print tells a number anyway, a reader may still doubt a print
    or round it otherwise; what stands around it here must not settle the doubt.
    """
    rows = system.matrix[:, [column]].indices
    beside = np.unique(system.matrix[rows].tocsr().indices)
    return beside[system.place[beside] == system.place[column]]


def _tightened(
    part: csc_matrix, down: np.ndarray, up: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the room that each row on its own leaves its columns."""
    part = part.tocoo()
    for _ in range(TIGHTENINGS):
        one, other = part.data * down[part.col], part.data * up[part.col]
        low, high = np.minimum(one, other), np.maximum(one, other)
        least, most = (np.bincount(part.row, end, part.shape[0]) for end in (low, high))
        # The others of a row sum to the opposite of the column.
        one = (high - most[part.row]) / part.data
        other = (low - least[part.row]) / part.data
        down, up = down.copy(), up.copy()
        np.maximum.at(down, part.col, np.minimum(one, other))
        np.minimum.at(up, part.col, np.maximum(one, other))
    return down, up
