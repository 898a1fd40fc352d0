"""Tables that an intruder cannot rule out: they prove that a hidden number is wide.

A table is how far numbers lie from the truth. It is possible for everybody who reads
what is shown, but for the insiders who see their own numbers differ in it: a table that
moves two schools is a witness for all other schools. Hiding more never takes it away.
"""

import numpy as np

from common_metrics.disclosure.bounds import NEAR_ZERO

# An intruder who is no school.
NOBODY = -2


class Witnesses:
    """How far each column was seen to move in tables that each reader cannot rule out.

    Whole students: what is kept are the last whole numbers within.
    """

    def __init__(self, readers: np.ndarray, width: int) -> None:
        self.readers = readers
        self.low = np.zeros((width, len(readers)), np.int16)
        self.high = np.zeros((width, len(readers)), np.int16)

    def add(self, columns: np.ndarray, moves: np.ndarray, schools: np.ndarray) -> None:
        """Take up a table: ``schools`` see numbers of their own differ in it."""
        blind = ~np.isin(self.readers, schools)
        low = np.ceil(np.minimum(moves, 0) - NEAR_ZERO).astype(np.int16)
        high = np.floor(np.maximum(moves, 0) + NEAR_ZERO).astype(np.int16)
        self.low[columns] = np.minimum(self.low[columns], np.outer(low, blind))
        self.high[columns] = np.maximum(self.high[columns], np.outer(high, blind))

    def width(self, columns: np.ndarray) -> np.ndarray:
        """Return how far columns were seen to move, a row for each reader."""
        return (self.high[columns].astype(int) - self.low[columns]).T
