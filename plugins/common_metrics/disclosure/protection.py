"""Complementary suppression of one cluster: which further cells are hidden.

Each hidden number keeps its protection interval for the public and for each insider, a
school that hides something and knows its own numbers of all years. Numbers of one place
are moved together with those of few other schools, so that one table is a witness for
all the rest.
"""

from bisect import bisect_left

import numpy as np
from scipy.sparse import csc_matrix

from common_metrics.disclosure.bounds import NEAR_ZERO, around, is_told, room
from common_metrics.disclosure.implied import is_needed
from common_metrics.disclosure.moves import Moves
from common_metrics.disclosure.numbers import System
from common_metrics.disclosure.witnesses import NOBODY, Witnesses

# So many schools make up for what one place moves, those with most hidden numbers
# first. More of them hide less and take longer.
HELPERS = 6


def protect_cluster(system: System) -> None:
    """Hide numbers until each that is hidden is wide for every reader."""
    Cluster(system).widen()


class Cluster:
    """What is known of a cluster while its complementary cells are chosen."""

    def __init__(self, system: System) -> None:
        self.system, self.room = system, room(system)
        self.is_number = system.link >= 0
        self.relations, self.residuals = _relations(system, self.is_number)
        self.is_needed = is_needed(system, self.relations.tocsr())
        schools = np.unique(system.school[system.school >= 0])
        self.readers = np.concatenate([[NOBODY], schools])
        is_of_school = system.school >= 0
        self.reader = np.searchsorted(schools, system.school) + is_of_school
        self.witnesses = Witnesses(self.readers, len(system.link))
        self.numbers = _numbers(system, self.is_number)
        self.school = {p: system.school[system.place == p].max() for p in self.numbers}
        self.above = _above(self)
        self.chance = np.random.default_rng(0)
        self.told_to_all = is_told(system, np.zeros(len(system.link), bool))
        self._hide_around(self.told_to_all)
        self.told = np.array([self._told_to(reader) for reader in self.readers])

    def widen(self) -> None:
        """Place by place, until no reader tells a hidden number too closely."""
        while (short := self.short(np.arange(len(self.system.link)))).any():
            hidden = self._hidden()
            for place in sorted(
                np.unique(self.system.place[short.any(axis=0)]),
                key=lambda p: (self.school[p] < 0, -hidden[p], p),
            ):
                self._widen_place(place, self._helpers(place, hidden))
            # What was hidden meanwhile may be told by prints too.
            self._hide_around(self.told_to_all)

    def short(self, columns: np.ndarray) -> np.ndarray:
        """Return what was not yet seen to be wide: readers x columns."""
        system = self.system
        return (
            (self.witnesses.width(columns) < system.interval[columns])
            & system.must_be_wide()[columns]
            & (system.school[columns] != self.readers[:, None])
            & self._reads()[:, None]
            & ~self.told[:, columns]
        )

    def _widen_place(self, place: int, helpers: list[int]) -> None:
        self._attempt([place], None, is_free=True)
        few = min(HELPERS, (len(helpers) + 1) // 2)
        # The second group is for those who help in the first, and read along.
        at = min(few, len(helpers) - few)
        groups = [helpers[:few], helpers[at : at + few + 1]]
        for group in groups if len(helpers) > HELPERS else [helpers]:
            self._attempt([place, *group], None)
        own = max(self.school[place], NOBODY + 1)
        short = self.short(self._near(place)).any(axis=1)
        for reader in self.readers[short & (self.readers != own)]:
            others = [p for p in helpers if self.school[p] != reader]
            for group in [others[:HELPERS], others] if others[HELPERS:] else [others]:
                self._attempt([place, *group], reader, is_last=group == others)

    def _attempt(
        self,
        places: list[int],
        reader: int | None,
        is_free: bool = False,
        is_last: bool = False,
    ) -> None:
        """Widen a place's numbers by tables of some places, for all or one reader.

        With all places and one reader left, what no table moves is told by prints.
        """
        near = self._near(places[0])
        served = self._blind(places) if reader is None else self.readers == reader
        if not self.short(near)[served].any():
            return
        moves = self._moves(places)
        # Of more places a model is large, and little is left: each number alone.
        if len(places) <= 1 + HELPERS:
            self._look(moves, near, served)
        while not is_free and len(found := self._narrow(near, served)):
            tried = [self._move(moves, c, served, is_last) for c in found]
            if not any(tried):
                return

    def _near(self, place: int) -> np.ndarray:
        return np.flatnonzero(np.isin(self.system.place, self._reach([place])))

    def _narrow(self, near: np.ndarray, served: np.ndarray) -> np.ndarray:
        found = near[self.short(near)[served].any(axis=0)]
        return found[np.lexsort((found, -self.system.interval[found]))]

    def _look(self, moves: Moves, near: np.ndarray, served: np.ndarray) -> None:
        """Move all at once by chance: one table widens many."""
        among, before = np.isin(moves.numbers, near), np.inf
        while True:
            short = among & self.short(moves.numbers)[served].any(axis=0)
            if not 0 < short.sum() < before:
                return
            before = short.sum()
            for table in moves.widest(short * self.chance.random(moves.size)):
                self._saw(moves, table)

    def _move(
        self, moves: Moves, column: int, served: np.ndarray, is_last: bool
    ) -> bool:
        """Hide what the cheapest move of a column needs; whether it is wide now."""
        short = np.flatnonzero(self.short(np.array([column]))[:, 0] & served)
        if not len(short):
            return False
        tables = self._cheapest(moves, column, short[0])
        for table in tables:
            self._hide(moves, self._saw(moves, table))
        if not tables and is_last:
            self.told[short[0], column] = True
            self._hide(moves, around(self.system, column))
        return bool(tables)

    def _cheapest(self, moves: Moves, column: int, reader: int) -> list[np.ndarray]:
        """Return a table, or two, that make a column wide for a reader; or none."""
        need = int(self.system.interval[column])
        low = int(self.witnesses.low[column, reader])
        high = int(self.witnesses.high[column, reader])
        both = [moves.cheapest(column, amount) for amount in (need + low, high - need)]
        found = [table for table in both if table is not None]
        if found:
            return [min(found, key=moves.value)]
        # What moves so far moves less far too, and two tables may add up.
        up = bisect_left(
            range(1, need), True, key=lambda far: moves.cheapest(column, far) is None
        )
        both = [moves.cheapest(column, amount) for amount in (up, up - need) if up]
        found = [table for table in both if table is not None]
        return found if len(found) == len(both) else []

    def _hide(self, moves: Moves, columns: np.ndarray) -> None:
        if not self.system.is_hidden[columns].all():
            self.system.hide(columns)
            moves.refresh()

    def _saw(self, moves: Moves, table: np.ndarray) -> np.ndarray:
        """Keep a table as a witness; return the numbers that differ in it."""
        at = np.flatnonzero(np.abs(table) > NEAR_ZERO)
        rests = moves.part @ table
        rows = np.flatnonzero(np.abs(rests) > NEAR_ZERO)
        moved = moves.numbers[at]
        columns = np.concatenate([moved, moves.residuals[rows]])
        order = np.argsort(columns)
        self.witnesses.add(
            columns[order],
            np.concatenate([table[at], rests[rows]])[order],
            np.unique(self.system.school[moved]),
        )
        return moved

    def _moves(self, places: list[int]) -> Moves:
        near = [self.numbers[place] for place in self._reach(places)]
        numbers = np.sort(np.concatenate(near))
        return Moves(
            self.system,
            numbers,
            self.relations,
            self.residuals,
            self.is_needed,
            self.room,
        )

    def _reach(self, places: list[int]) -> list[int]:
        """Return places and the districts and state that hold them."""
        return sorted(set(places).union(*(self.above[place] for place in places)))

    def _blind(self, places: list[int]) -> np.ndarray:
        """Return the readers who see no number of their own in some places."""
        return ~np.isin(self.readers, [self.school[place] for place in places])

    def _helpers(self, place: int, hidden: dict[int, int]) -> list[int]:
        others = (p for p in self.numbers if self.school[p] >= 0 and p != place)
        return sorted(others, key=lambda p: (-hidden[p], p))

    def _hidden(self) -> dict[int, int]:
        is_hidden = self.system.is_hidden
        return {place: int(is_hidden[at].sum()) for place, at in self.numbers.items()}

    def _reads(self) -> np.ndarray:
        """Return who reads: schools that hide something, or nobody beside one alone."""
        hiding = np.zeros(len(self.readers), bool)
        hiding[self.reader[self.system.must_be_wide()]] = True
        hiding[0] = False
        return hiding if hiding.sum() > 1 else self.readers == NOBODY

    def _told_to(self, reader: int) -> np.ndarray:
        return is_told(self.system, self.system.school == reader)

    def _hide_around(self, told: np.ndarray) -> None:
        """What prints tell is left as it is, and what stands around it is hidden."""
        system = self.system
        while len(found := np.flatnonzero(told & system.must_be_wide())):
            system.is_told_anyway[found] = True
            for column in found:
                system.hide(around(system, int(column)))


def _relations(system: System, is_number: np.ndarray) -> tuple[csc_matrix, np.ndarray]:
    """Return relations of numbers alone, and the residual of each."""
    residuals = np.flatnonzero(~is_number)
    of_row = np.empty(len(residuals), int)
    of_row[system.matrix[:, residuals].indices] = residuals
    relations = system.matrix.copy()
    relations.data = relations.data * np.repeat(is_number, np.diff(relations.indptr))
    relations.eliminate_zeros()
    return relations, of_row


def _numbers(system: System, is_number: np.ndarray) -> dict[int, np.ndarray]:
    """Return the numbers of each place that are not public."""
    movable = is_number & ~system.is_public
    places = np.unique(system.place)
    return {p: np.flatnonzero(movable & (system.place == p)) for p in places.tolist()}


def _above(cluster: Cluster) -> dict[int, set[int]]:
    """Return for each place the places of no school that share a relation with it."""
    rows = cluster.relations.tocsr()
    above: dict[int, set[int]] = {place: set() for place in cluster.numbers}
    for place, numbers in cluster.numbers.items():
        if cluster.school[place] < 0:
            touched = np.unique(cluster.relations[:, numbers].indices)
            beside = np.unique(rows[touched].indices)
            for other in np.unique(cluster.system.place[beside]):
                above[other].add(place)
    return above
