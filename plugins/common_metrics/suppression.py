"""Chooses the restricted cells that are hidden so that no small one can be solved for.

Primary suppression hides small cells. What the sums around them give away is found by
linear programming, and the cheapest further cells are hidden until every hidden number
may differ by ``min_interval`` (the cell suppression problem: Fischetti and Salazar,
Management Science 47, 2001; the choice is the usual linear heuristic, its check is
exact). This module knows the true numbers; the attack on a release is another program
and does not.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.optimize import linprog
from scipy.sparse import block_array, csc_matrix, csr_matrix, hstack, vstack
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
# What linprog says where no table fits.
INFEASIBLE = 2


@dataclass
class System:
    """Columns are numbers of students, then rests; ``matrix`` @ columns is zero.

    ``link`` joins numbers that several providers tell of one thing: they are hidden
    together. ``shows`` (cells x 2) has the columns of numerator and denominator.
    ``low`` and ``high``: how far from the truth a column was seen to move in tables
    that the reader cannot rule out; hiding more never takes such a table away.
    """

    matrix: csc_matrix
    truth: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    interval: np.ndarray
    is_public: np.ndarray
    is_sensitive_rest: np.ndarray
    place: np.ndarray
    link: np.ndarray
    shows: np.ndarray
    cost: np.ndarray
    is_hidden: np.ndarray
    is_told_anyway: np.ndarray
    cluster: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def hide(self, columns: np.ndarray) -> None:
        """Hide numbers and all that goes with them: who hides a cell shows no part."""
        hidden = np.isin(self.link, self.link[columns])
        while not (hidden <= self.is_hidden).all():
            self.is_hidden |= hidden
            numerators = self.shows[self.is_hidden_cell(), 0]
            hidden = np.isin(self.link, self.link[numerators])

    def is_hidden_cell(self) -> np.ndarray:
        return self.is_hidden[self.shows].any(axis=1)

    def is_unknown(self) -> np.ndarray:
        """Return the columns that a reader of what is shown does not know."""
        rests = np.ones(len(self.truth) - len(self.link), bool)
        return np.concatenate([self.is_hidden, rests]) & ~self.is_public

    def must_be_wide(self) -> np.ndarray:
        rests = np.zeros(len(self.truth) - len(self.link), bool)
        hidden = np.concatenate([self.is_hidden, rests]) & ~self.is_public
        return (hidden | self.is_sensitive_rest) & ~self.is_told_anyway

    def is_short(self) -> np.ndarray:
        """Return which columns were not yet seen to move by their interval."""
        low, high = np.ceil(self.low - NEAR_ZERO), np.floor(self.high + NEAR_ZERO)
        return high - low < self.interval

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
        hidden = _hidden(frame, counted, system)
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
    matrix = _matrix(terms, rests, len(numbers))
    shows = _shows(counted, cell_counts.to_pandas())
    link = numbers.groupby(NUMBER, sort=False).ngroup().to_numpy()
    complete = rests.is_complete.to_numpy()
    system = System(
        matrix=matrix,
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
        place=numbers.groupby(["place_key", "school_year"]).ngroup().to_numpy(),
        link=link,
        shows=shows,
        cost=_cost(counted, shows, link, len(rests)),
        # Printed as a range alone: nobody knows it, and it is not ours to protect.
        is_hidden=np.array(numbers.cells_count == 0),
        is_told_anyway=_joined(numbers.cells_count == 0, 0 * rests.rest_count) > 0,
        cluster=_labels(matrix)[1],
        low=np.zeros(len(numbers) + len(rests)),
        high=np.zeros(len(numbers) + len(rests)),
    )
    # A whole below its parts would tell something of them, if something false.
    system.hide(told.count_id[told.rest_count < 0].to_numpy() - 1)
    system.hide(shows[counted.is_small.to_numpy(), 0])
    system.hide(shows[(counted.denominator < counted.min_denominator).to_numpy(), 1])
    return system


def protect(system: System) -> None:
    """Hide further numbers until none that is hidden can be told too narrowly."""
    while len(found := narrow(system)):
        for column in found:
            if not system.is_short()[column]:
                continue
            moved = _cheapest_move(system, column)
            system.is_told_anyway[column] = moved is None
            if moved is None:
                moved = _around(system, column)
            system.hide(moved[moved < len(system.link)])
            _look_around(system, system.cluster == system.cluster[column])


def _around(system: System, column: int) -> np.ndarray:
    """Return the numbers that stand in one relation with a column, of its own place.

    Where what publishers print tells a number anyway, a reader may still doubt a print
    or round it otherwise; what stands around it here must not settle the doubt.
    """
    rows = system.matrix[:, [column]].nonzero()[0]
    beside = np.unique(system.matrix[rows].nonzero()[1])
    beside = beside[beside < len(system.link)]
    own = (
        system.place[column] if column < len(system.link) else system.place[beside[-1]]
    )
    return beside[system.place[beside] == own]


def narrow(system: System) -> np.ndarray:
    """Return the columns whose possible values lie too close together."""
    _look_around(system, np.ones(len(system.truth), bool), one_by_one=True)
    found = np.flatnonzero(system.must_be_wide() & system.is_short())
    return found[np.lexsort((found, -system.interval[found]))]


def components(
    matrix: csc_matrix, columns: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the columns and rows of each part of the system that hangs together."""
    of_row, of_column = _labels(matrix[:, columns])
    by_row, by_column = (np.argsort(of, kind="stable") for of in (of_row, of_column))
    labels = np.unique(of_column)
    ends = np.array([labels, labels + 1])
    row_at = np.searchsorted(of_row[by_row], ends)
    column_at = np.searchsorted(of_column[by_column], ends)
    return [
        (columns[by_column[c0:c1]], by_row[r0:r1])
        for r0, r1, c0, c1 in zip(*row_at, *column_at, strict=True)
    ]


def _labels(part: csc_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Return which component each row and column belongs to."""
    _, label = connected_components(block_array([[None, part], [part.T, None]]))
    return label[: part.shape[0]], label[part.shape[0] :]


def _look_around(system: System, where: np.ndarray, one_by_one: bool = False) -> None:
    """Move columns as far as they need, by linear programs.

    All of a component at once, since one answer widens many; then each alone.
    """
    wanted = system.must_be_wide() & where
    unknown = np.flatnonzero(system.is_unknown() & where)
    for columns, rows in components(system.matrix, unknown):
        if not (wanted & system.is_short())[columns].any():
            continue
        part = system.matrix[rows][:, columns]
        room = _tightened(part, *_room(system, columns))
        may = wanted[columns] & (room[1] - room[0] >= system.interval[columns])
        _move(system, columns, part, room, may)
        for column in (
            np.flatnonzero(may & system.is_short()[columns]) if one_by_one else ()
        ):
            _move(system, columns, part, room, np.arange(len(columns)) == column)


def _move(
    system: System,
    columns: np.ndarray,
    part: csc_matrix,
    room: tuple[np.ndarray, np.ndarray],
    chosen: np.ndarray,
) -> None:
    for sign in (-1, 1):
        short = chosen & system.is_short()[columns]
        if short.any():
            zeros, bounds = np.zeros(part.shape[0]), np.column_stack(room)
            system.saw(columns, _solved(sign * short, part, zeros, bounds))


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


def _cheapest_move(system: System, column: int) -> np.ndarray | None:
    """Return the columns to hide so that ``column`` may differ by its interval.

    Looks among the numbers of the same school and year and what is hidden already,
    then everywhere. None: what publishers print tells it, whatever is hidden here.
    """
    unknown = system.is_unknown()
    numbers = len(system.link)
    here = np.ones(len(system.truth), bool)
    if column < numbers:
        here[:numbers] = system.place == system.place[column]
    else:
        touched = system.matrix[:, [column]].nonzero()[0]
        parts = system.matrix[touched].nonzero()[1]
        places = system.place[parts[parts < numbers]]
        here[:numbers] = np.isin(system.place, places)
    cluster = system.cluster == system.cluster[column]
    everywhere = np.ones(len(here), bool)
    for near in (here | unknown, everywhere):
        columns = np.flatnonzero(near & cluster & ~system.is_public)
        found = _solve_move(system, column, columns)
        if found is not None:
            return found
    return None


def _solve_move(system: System, column: int, near: np.ndarray) -> np.ndarray | None:
    """Return what differs between two tables, an interval apart, at the least cost."""
    # What no row joins to the column need not be looked at.
    joined = [c for c in components(system.matrix, near) if column in c[0]]
    if not joined:
        return None
    ((near, rows),) = joined
    part = system.matrix[rows][:, near]
    down, up = _room(system, near)
    at = np.arange(len(near)) == np.searchsorted(near, column)
    one, none = hstack([part, -part]), csr_matrix((part.shape[0], 2 * len(near)))
    apart = csr_matrix(np.concatenate([at, -1.0 * at, -1.0 * at, at])[None])
    price = np.where(system.is_unknown()[near], NEAR_ZERO, system.cost[near])
    found = _solved(
        np.tile(price, 4),
        vstack([hstack([one, none]), hstack([none, one]), apart]),
        np.r_[np.zeros(2 * part.shape[0]), system.interval[column]],
        np.column_stack([np.zeros(4 * len(near)), np.tile(np.r_[up, -down], 2)]),
    )
    if found is None:
        return None
    plus, minus, plus_other, minus_other = found.reshape(4, -1)
    system.saw(near, plus - minus)
    system.saw(near, plus_other - minus_other)
    return near[found.reshape(4, -1).max(axis=0) > NEAR_ZERO]


def _solved(
    objective: np.ndarray, matrix: csc_matrix, sums: np.ndarray, bounds: np.ndarray
) -> np.ndarray | None:
    """Return the cheapest columns, or None where no table fits."""
    found = linprog(objective, A_eq=matrix, b_eq=sums, bounds=bounds)
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


def _hidden(cells: pd.DataFrame, counted: pd.DataFrame, system: System) -> pd.DataFrame:
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
