"""Chooses the restricted cells that are hidden so that no small one can be solved for.

Primary suppression hides small cells. What the sums around them give away is found by
linear programming, and the cheapest further cells are hidden until every hidden number
may differ by ``min_interval`` (the cell suppression problem: Fischetti and Salazar,
Management Science 47, 2001; the choice is the usual linear heuristic, its check is
exact). This module knows the true numbers; the attack on a release is another program
and does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.optimize import linprog
from scipy.sparse import (
    block_diag,
    coo_matrix,
    csc_matrix,
    csr_matrix,
    eye_array,
    hstack,
    vstack,
)
from scipy.sparse.csgraph import connected_components

KEYS = [
    "provider",
    "level",
    "state",
    "school_key",
    "school_year",
    "metric_id",
    "student_group",
]
NUMBER = ["level", "place_key", "school_year", "count_name", "student_group"]
# A state's cell and that of all students are what people look for first.
COST_OF_ALL, COST_OF_STATE = 8.0, 20.0
# Far beyond every interval asked for; keeps the programs bounded.
FAR = 1000.0
NEAR_ZERO = 1e-6
TIGHTENINGS = 4
# Clusters of more columns are first moved as a whole: sooner done, and more is hidden.
MANY, JOINT_MOVES = 8_000, 4
# To move a number by one is then worth more than all that must be hidden for it.
WORTH = 1e5
# Of how many other schools, and how many columns around a number, are looked at for
# further ones; at last, all.
NEAR = ((1, 200), (1, 10**9), (4, 10**9), (10**9, 10**9))
# A reader who is no school.
NOBODY = -2
# What linprog says where no table fits.
INFEASIBLE = 2


@dataclass
class System:
    """Columns are numbers of students, then rests; ``matrix`` @ columns is zero.

    ``link`` joins numbers that several providers tell of one thing: they are hidden
    together. ``shows`` (cells x 2) has the columns of numerator and denominator.
    ``place`` is a school or state in one year, ``school`` in all years (-1: none).
    ``low`` and ``high``: how far from the truth a column was seen to move in tables
    that the reader cannot rule out; hiding more never takes such a table away.
    """

    matrix: csc_matrix
    shows: np.ndarray
    truth: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    interval: np.ndarray
    is_public: np.ndarray
    is_sensitive_rest: np.ndarray
    place: np.ndarray
    school: np.ndarray
    link: np.ndarray
    cost: np.ndarray
    is_hidden: np.ndarray
    is_told_anyway: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def hide(self, columns: np.ndarray) -> None:
        """Hide numbers and all that goes with them: who hides a cell shows no part."""
        links = self.link[columns]
        hidden = np.isin(self.link, links[links >= 0])
        while not (hidden <= self.is_hidden).all():
            self.is_hidden |= hidden
            numerators = self.shows[self.is_hidden_cell(), 0]
            hidden = np.isin(self.link, self.link[numerators])

    def is_hidden_cell(self) -> np.ndarray:
        return self.is_hidden[self.shows].any(axis=1)

    def is_unknown(self) -> np.ndarray:
        """Return the columns that a reader of what is shown does not know."""
        return (self.is_hidden | (self.link < 0)) & ~self.is_public

    def must_be_wide(self) -> np.ndarray:
        hidden = self.is_hidden & ~self.is_public
        return (hidden | self.is_sensitive_rest) & ~self.is_told_anyway

    def is_short(self) -> np.ndarray:
        """Return what must be wide and was not yet seen to move by its interval."""
        low, high = np.ceil(self.low - NEAR_ZERO), np.floor(self.high + NEAR_ZERO)
        return self.must_be_wide() & (high - low < self.interval)

    def saw(self, columns: np.ndarray, moves: np.ndarray) -> None:
        self.low[columns] = np.minimum(self.low[columns], moves)
        self.high[columns] = np.maximum(self.high[columns], moves)


def suppressed_cells(
    cells: pa.Table, cell_counts: pa.Table, counts: pa.Table, relations: pa.Table
) -> pa.Table:
    """Return the hidden cells, why, and whether the denominator is hidden too.

    The tables are as int_restricted_cells, int_cell_counts, int_protected_counts and
    int_count_relations make them. What publishers print may tell a number whatever is
    hidden here; then all around it is hidden. RuntimeError: the solver failed.
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
        protect(system)
        hidden = hidden_cells(frame, counted, system)
    reasons = [hidden.is_withheld, hidden.is_small]
    hidden["reason"] = np.select(reasons, ["withheld", "small"], "complementary")
    return pa.Table.from_pandas(hidden[schema.names], schema, preserve_index=False)


def system_of(
    counted: pd.DataFrame, cell_counts: pa.Table, counts: pa.Table, relations: pa.Table
) -> System:
    """Return the linear system of the restricted numbers, small cells hidden."""
    numbers = counts.to_pandas().sort_values("count_id", ignore_index=True)
    told = relations.to_pandas()
    terms = told[told.rest_count >= 0]
    rests = terms.drop_duplicates("relation_id").sort_values("relation_id")
    shows = _shows(counted, cell_counts.to_pandas())
    link = numbers.groupby(NUMBER, sort=False).ngroup().to_numpy()
    complete = rests.is_complete.to_numpy()
    false, no_link = np.zeros(len(rests), bool), np.full(len(rests), -1)
    place = numbers.groupby(["place_key", "school_year"]).ngroup()
    school = numbers.groupby("place_key").ngroup().where(numbers.level == "school", -1)
    # A rest is where its whole is.
    wholes = terms[terms.coefficient > 0].groupby("relation_id").count_id.max() - 1
    only_printed = np.concatenate([numbers.cells_count == 0, false])
    system = System(
        matrix=_matrix(terms, rests, len(numbers)),
        shows=shows,
        truth=_joined(numbers.student_count, rests.rest_count),
        lowest=_joined(numbers.lowest_known.fillna(0), 0 * rests.rest_count),
        highest=_joined(
            numbers.highest_known.fillna(np.inf), np.where(complete, 0, np.inf)
        ),
        interval=_joined(numbers.min_interval, rests.min_interval),
        is_public=np.concatenate([numbers.is_printed, complete]),
        is_sensitive_rest=np.concatenate(
            [np.zeros(len(numbers), bool), rests.is_rest_protected]
        ),
        place=np.concatenate([place, place[wholes]]),
        school=np.concatenate([school, school[wholes]]),
        link=np.concatenate([link, no_link]),
        cost=_cost(counted, shows, link, len(rests)),
        # Printed as a range alone: nobody knows it, and it is not ours to protect.
        is_hidden=only_printed.copy(),
        is_told_anyway=only_printed,
        low=np.zeros(len(only_printed)),
        high=np.zeros(len(only_printed)),
    )
    # A whole below its parts would tell something of them, if something false.
    system.hide(told.count_id[told.rest_count < 0].to_numpy() - 1)
    system.hide(shows[counted.is_small.to_numpy(), 0])
    system.hide(shows[counted.is_denominator_small.to_numpy(), 1])
    return system


def protect(system: System) -> None:
    """Hide further numbers until none that is hidden can be told too narrowly.

    Neither by a reader of what is public nor by a school that knows its own numbers.
    """
    for columns, part in clusters(system):
        _protect_cluster(part)
        system.is_hidden[columns] = part.is_hidden


def clusters(system: System) -> Iterator[tuple[np.ndarray, System]]:
    """Yield columns and system of each part that shares nothing with another.

    No relation, no cell, no number of two providers. Left out is where all is shown.
    """
    of_row, of_column = _labels(system)
    of_cell = of_column[system.shows[:, 0]]
    wanted = np.unique(of_column[system.must_be_wide()])
    groups = [_grouped(of, wanted) for of in (of_column, of_row, of_cell)]
    arrays = [field.name for field in fields(System)][2:]
    for columns, rows, cells in zip(*groups, strict=True):
        yield (
            columns,
            System(
                matrix=system.matrix[:, columns][rows],
                shows=np.searchsorted(columns, system.shows[cells]),
                **{name: getattr(system, name)[columns] for name in arrays},
            ),
        )


def _labels(system: System) -> tuple[np.ndarray, np.ndarray]:
    """Return which cluster each row and column belongs to."""
    matrix, width = system.matrix.tocoo(), system.matrix.shape[1]
    linked = np.flatnonzero(system.link >= 0)
    _, first, of = np.unique(
        system.link[linked], return_index=True, return_inverse=True
    )
    one = np.concatenate([matrix.row + width, system.shows[:, 0], linked])
    other = np.concatenate([matrix.col, system.shows[:, 1], linked[first][of]])
    size = width + matrix.shape[0]
    graph = coo_matrix((np.ones(len(one)), (one, other)), shape=(size, size))
    label = connected_components(graph, directed=False)[1]
    return label[width:], label[:width]


def _grouped(labels: np.ndarray, wanted: np.ndarray) -> list[np.ndarray]:
    """Return the places of each wanted label, in order."""
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], [wanted, wanted + 1])
    return [order[a:b] for a, b in ends.T]


def _protect_cluster(system: System) -> None:
    """Widen each hidden number for each who reads, until it is wide for all of them.

    What is wide for two schools is wide for a reader who knows neither's numbers.
    """
    is_told = _is_told(system)
    views: dict[int, System] = {}
    _hide_around_told(system, is_told)
    while True:
        for reader in sorted(_readers(system) - views.keys()):
            views[reader] = _seen_by(system, reader)
        if not any(view.is_short().any() for view in views.values()):
            return
        for view in views.values():
            _widen(view)
        _hide_around_told(system, is_told)


def _readers(system: System) -> set[int]:
    """Return the schools that hide something, or nobody where it is one alone."""
    schools = system.school[system.must_be_wide() & (system.school >= 0)]
    return set(schools) if len(set(schools)) > 1 else {NOBODY}


def _seen_by(system: System, school: int) -> System:
    """Return the cluster as a school sees it: it knows its own numbers of all years.

    ``is_hidden`` is one array in all views. What the school and prints tell together,
    whatever is hidden here, is left as it is.
    """
    seen = replace(
        system,
        is_public=system.is_public | (system.school == school),
        low=np.zeros(len(system.low)),
        high=np.zeros(len(system.high)),
    )
    return replace(seen, is_told_anyway=seen.is_told_anyway | _is_told(seen))


def _widen(system: System) -> None:
    """First all numbers at once, then each that is left on its own."""
    _look_around(system)
    chance, rows = np.random.default_rng(0), system.matrix.tocsr()
    for _ in range(JOINT_MOVES if len(system.truth) > MANY else 0):
        system.hide(_joint_move(system, chance))
        _look_around(system)
    while len(found := narrow(system)):
        for column in found:
            if not system.is_short()[column]:
                continue
            moved = _cheapest_move(system, rows, column)
            system.is_told_anyway[column] = moved is None
            system.hide(_around(system, column) if moved is None else moved)
        _look_around(system)


def _hide_around_told(system: System, is_told: np.ndarray) -> None:
    while len(found := np.flatnonzero(is_told & system.must_be_wide())):
        system.is_told_anyway[found] = True
        for column in found:
            system.hide(_around(system, int(column)))


def _joint_move(system: System, chance: np.random.Generator) -> np.ndarray:
    """Return what differs in a table in which many numbers differ by their interval.

    Each up or down by chance; what is moved is worth far more than what is hidden.
    """
    near = np.flatnonzero(~system.is_public)
    short = np.flatnonzero(system.is_short()[near])
    if not len(short):
        return short
    part, (down, up) = system.matrix[:, near], _room(system, near)
    shown = np.flatnonzero(~system.is_unknown()[near])
    upward = chance.random(len(short)) < 0.5
    seen = np.where(upward, -system.low[near[short]], system.high[near[short]])
    need = system.interval[near[short]] - seen
    sign = np.where(upward, 1.0, -1.0)
    least = down.copy()
    least[shown] = 0
    cost = system.cost[near[shown]]
    price = np.zeros(len(near))
    price[shown] = cost
    width = len(near) + len(shown)
    # The gain of a number is no more than it moved, and no more than it must.
    picks = csr_matrix((sign, (np.arange(len(short)), short)), (len(short), len(near)))
    split = hstack([part, -part[:, shown], csc_matrix((part.shape[0], len(short)))])
    gains = hstack([-picks, picks[:, shown], eye_array(len(short))])
    found = _solved(
        np.r_[price, cost, np.full(len(short), -WORTH)] / WORTH,
        split,
        np.zeros(part.shape[0]),
        np.column_stack(
            [
                np.r_[least, np.zeros(width - len(near) + len(short))],
                np.r_[up, -down[shown], need],
            ]
        ),
        gains,
    )
    assert found is not None  # to move nothing fits
    moves = found[: len(near)].copy()
    moves[shown] -= found[len(near) : width]
    system.saw(near, moves)
    return near[np.abs(moves) > NEAR_ZERO]


def _is_told(system: System) -> np.ndarray:
    """Return which columns prints tell: they could not move with all else hidden."""
    columns = np.flatnonzero(~system.is_public)
    down, up = _tightened(system.matrix[:, columns], *_room(system, columns))
    told = system.is_public.copy()
    told[columns] = up - down < system.interval[columns] - NEAR_ZERO
    return told


def _around(system: System, column: int) -> np.ndarray:
    """Return the numbers that stand in one relation with a column, of its own place.

    Where what publishers print tells a number anyway, a reader may still doubt a print
    or round it otherwise; what stands around it here must not settle the doubt.
    """
    rows = system.matrix[:, [column]].indices
    beside = np.unique(system.matrix[rows].tocsr().indices)
    return beside[system.place[beside] == system.place[column]]


def narrow(system: System) -> np.ndarray:
    """Return the columns whose possible values may lie too close together."""
    found = np.flatnonzero(system.is_short())
    return found[np.lexsort((found, -system.interval[found]))]


def _look_around(system: System) -> None:
    """Move all columns as far as they need: one answer widens many, by chance."""
    chance = np.random.default_rng(0)
    columns = np.flatnonzero(system.is_unknown())
    part = system.matrix[:, columns]
    part = part[np.unique(part.indices)]
    bounds = np.array(_tightened(part, *_room(system, columns)))
    may = bounds[1] - bounds[0] >= system.interval[columns]
    before, short = np.inf, may & system.is_short()[columns]
    while 0 < short.sum() < before:
        before, weights = short.sum(), short * chance.random(len(columns))
        for sign in (-1, 1):
            moves = _solved(sign * weights, part, np.zeros(part.shape[0]), bounds.T)
            assert moves is not None  # to move nothing fits
            system.saw(columns, moves)
        short = may & system.is_short()[columns]


def _tightened(
    part: csc_matrix, down: np.ndarray, up: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the room that each row on its own leaves its columns."""
    part = part.tocoo()
    for _ in range(TIGHTENINGS):
        ends = np.sort(part.data * np.array([down[part.col], up[part.col]]), axis=0)
        least, most = (np.bincount(part.row, end, part.shape[0]) for end in ends)
        # The others of a row sum to the opposite of the column.
        limits = np.sort(
            np.array([-(most[part.row] - ends[1]), -(least[part.row] - ends[0])])
            / part.data,
            axis=0,
        )
        down, up = down.copy(), up.copy()
        np.maximum.at(down, part.col, limits[0])
        np.minimum.at(up, part.col, limits[1])
    return down, up


def _room(system: System, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far down and up each column may move from the truth."""
    truth = system.truth[columns]
    down = np.maximum(system.lowest[columns] - truth, -FAR)
    return down, np.minimum(system.highest[columns] - truth, FAR)


def _cheapest_move(system: System, rows: csr_matrix, column: int) -> np.ndarray | None:
    """Return the columns to hide so that ``column`` may differ by its interval.

    Looks among what is hidden and the numbers of the same school and year, then
    everywhere, each time near first. None: what publishers print tells it, whatever is
    hidden here.
    """
    unknown = system.is_unknown()
    own = system.place == system.place[column]
    for may_move in ((own | unknown) & ~system.is_public, ~system.is_public):
        for schools, most in NEAR:
            among = may_move & (own | _helps(system, own, schools))
            near = _near(system.matrix, rows, column, among, most)
            found = _solve_move(system, column, near)
            if found is not None:
                return found
    return None


def _helps(system: System, own: np.ndarray, schools: int) -> np.ndarray:
    """Return the numbers of no school, and of so many that have the most hidden.

    One other school is enough to make up for what moves here, mostly.
    """
    of_others = ~own & (system.school >= 0) & ~system.is_public
    others, number = np.unique(system.place[of_others], return_inverse=True)
    hidden = np.bincount(number, system.is_unknown()[of_others])
    helpers = others[np.argsort(-hidden, kind="stable")[:schools]]
    return (system.school < 0) | np.isin(system.place, helpers)


def _near(
    matrix: csc_matrix, rows: csr_matrix, column: int, may_move: np.ndarray, most: int
) -> np.ndarray:
    """Return at most so many columns that relations join to one, the nearest."""
    near, size = np.array([column]), 0
    while size < len(near) < most:
        size = len(near)
        touched = np.unique(matrix[:, near].indices)
        beside = np.unique(rows[touched].indices)
        beside = np.setdiff1d(beside[may_move[beside]], near)
        near = np.concatenate([near, beside[: most - size]])
    return np.sort(near)


def _solve_move(system: System, column: int, near: np.ndarray) -> np.ndarray | None:
    """Return what differs between two tables, an interval apart, at the least cost."""
    part = system.matrix[:, near]
    part = part[np.unique(part.indices)]
    down, up = _room(system, near)
    shown = np.flatnonzero(~system.is_unknown()[near])
    # Of what is shown each step up and each step down costs; the unknown moves freely.
    least = down.copy()
    least[shown] = 0
    table = hstack([part, -part[:, shown]])
    cost = system.cost[near][shown]
    price = np.zeros(len(near))
    price[shown] = cost
    at = np.zeros(table.shape[1])
    at[np.searchsorted(near, column)] = 1
    at[len(near) :][near[shown] == column] = -1
    bounds = np.column_stack([np.r_[least, 0 * cost], np.r_[up, -down[shown]]])
    found = _solved(
        np.tile(np.r_[price, cost], 2),
        vstack([block_diag([table, table]), csr_matrix(np.r_[at, -at])]),
        np.r_[np.zeros(2 * part.shape[0]), system.interval[column]],
        np.tile(bounds, (2, 1)),
    )
    if found is None:
        return None
    moves = [half[: len(near)].copy() for half in np.split(found, 2)]
    for move, half in zip(moves, np.split(found, 2), strict=True):
        move[shown] -= half[len(near) :]
        system.saw(near, move)
    return near[np.abs(moves).max(axis=0) > NEAR_ZERO]


def _solved(
    objective: np.ndarray,
    matrix: csc_matrix,
    sums: np.ndarray,
    bounds: np.ndarray,
    at_most_zero: csc_matrix | None = None,
) -> np.ndarray | None:
    """Return the cheapest columns, or None where no table fits."""
    none = None if at_most_zero is None else np.zeros(at_most_zero.shape[0])
    found = linprog(objective, at_most_zero, none, matrix, sums, bounds)
    if found.x is None and found.status != INFEASIBLE:
        raise RuntimeError(
            f"int_suppressed_cells: expected a solution of {matrix.shape[1]} columns. "
            f"Found: {found.message} Nothing was published; run the build again, "
            "and withhold the metric in the seed withheld_from_public if it stays."
        )
    return found.x


def _joined(numbers: pd.Series, rests: pd.Series | np.ndarray) -> np.ndarray:
    return np.concatenate([numbers, rests]).astype(float)


def _matrix(terms: pd.DataFrame, rests: pd.DataFrame, numbers: int) -> csc_matrix:
    """Return whole - parts - rest, one row a relation."""
    row = np.searchsorted(rests.relation_id, terms.relation_id)
    minus = csc_matrix(
        (-np.ones(len(rests)), (np.arange(len(rests)), np.arange(len(rests)))),
        shape=(len(rests), len(rests)),
    )
    parts = csc_matrix(
        (terms.coefficient.astype(float), (row, terms.count_id - 1)),
        shape=(len(rests), numbers),
    )
    return hstack([parts, minus], format="csc")


def _shows(counted: pd.DataFrame, cell_counts: pd.DataFrame) -> np.ndarray:
    sides = cell_counts.pivot(index="cell_id", columns="side", values="count_id")
    return sides.loc[counted.cell_id, ["numerator", "denominator"]].to_numpy() - 1


def _cost(
    counted: pd.DataFrame, shows: np.ndarray, link: np.ndarray, rests: int
) -> np.ndarray:
    """Return what hiding each number takes away: the cells that show it."""
    weight = np.where(counted.student_group == "all", COST_OF_ALL, 1.0)
    weight = np.where(counted.level == "school", weight, COST_OF_STATE * weight)
    of_link = np.zeros(link.max(initial=-1) + 1)
    np.add.at(of_link, link[shows], weight[:, None])
    # Of two that cost the same one is chosen, not a half of each.
    ties = 1 + 0.01 * np.arange(len(link)) / max(len(link), 1)
    return np.concatenate([of_link[link] * ties, np.zeros(rests)])


def hidden_cells(
    cells: pd.DataFrame, counted: pd.DataFrame, system: System
) -> pd.DataFrame:
    """Return the hidden cells; one without counts is hidden where it is small."""
    of_counted = counted[["cell_id"]].assign(
        is_hidden=system.is_hidden_cell(),
        is_denominator_hidden=system.is_hidden[system.shows[:, 1]],
    )
    found = cells.merge(of_counted, how="left", on="cell_id")
    blind = found.is_hidden.isna()
    is_hidden = np.where(blind, found.is_small, found.is_hidden.eq(True))
    hidden = found[is_hidden.astype(bool)].copy()
    unknown = hidden.is_denominator_hidden.isna()
    hidden["is_denominator_hidden"] = unknown | hidden.is_denominator_hidden.eq(True)
    return hidden
