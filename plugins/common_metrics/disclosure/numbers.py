"""The numbers behind restricted cells, their relations, and which are hidden."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.sparse import coo_matrix, csc_matrix, hstack
from scipy.sparse.csgraph import connected_components

NUMBER = ["level", "place_key", "school_year", "count_name", "student_group"]
# A state's cell and that of all students are what people look for first.
COST_OF_ALL, COST_OF_STATE = 8.0, 20.0


@dataclass
class System:
    """Columns are numbers of students, then residuals; ``matrix`` @ columns is zero.

    ``link`` joins numbers that several providers tell of one thing: they are hidden
    together (-1: a residual). ``shows`` (cells x 2) has the columns of numerator and
    denominator of each cell, ``weight`` what a reader loses with it. ``place`` is a
    school or state in one year, ``school`` in all years (-1: none). ``interval`` is
    the protection interval that a hidden number must keep. ``is_released``: a kept
    release shows the number.
    """

    matrix: csc_matrix
    shows: np.ndarray
    weight: np.ndarray
    truth: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    interval: np.ndarray
    is_public: np.ndarray
    is_released: np.ndarray
    is_sensitive_rest: np.ndarray
    place: np.ndarray
    school: np.ndarray
    link: np.ndarray
    is_hidden: np.ndarray
    is_told_anyway: np.ndarray

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


def system_of(
    counted: pd.DataFrame, cell_counts: pa.Table, counts: pa.Table, relations: pa.Table
) -> System:
    """Return the linear system of the restricted numbers, small cells hidden."""
    numbers = counts.to_pandas().sort_values("count_id", ignore_index=True)
    told = relations.to_pandas().sort_values(["relation_id", "count_id"])
    terms = told[told.rest_count >= 0]
    rests = terms.drop_duplicates("relation_id")
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
        weight=_weight(counted),
        truth=_joined(numbers.student_count, rests.rest_count),
        lowest=_joined(numbers.lowest_known.fillna(0), 0 * rests.rest_count),
        highest=_joined(
            numbers.highest_known.fillna(np.inf), np.where(complete, 0, np.inf)
        ),
        interval=_joined(numbers.min_interval, rests.min_interval),
        is_public=np.concatenate([numbers.is_printed, complete]),
        is_released=np.concatenate([numbers.is_released, false]),
        is_sensitive_rest=np.concatenate(
            [np.zeros(len(numbers), bool), rests.is_rest_protected]
        ),
        place=np.concatenate([place, place[wholes]]),
        school=np.concatenate([school, school[wholes]]),
        link=np.concatenate([link, no_link]),
        # Printed as a range alone: nobody knows it, and it is not ours to protect.
        is_hidden=only_printed.copy(),
        is_told_anyway=only_printed,
    )
    # A whole below its parts would tell something of them, if something false.
    system.hide(told.count_id[told.rest_count < 0].to_numpy() - 1)
    system.hide(shows[counted.is_small.to_numpy(), 0])
    system.hide(shows[counted.is_denominator_small.to_numpy(), 1])
    return system


def clusters(system: System) -> Iterator[tuple[np.ndarray, System]]:
    """Yield columns and system of each part that shares nothing with another.

    No relation, no cell, no number of two providers. Left out is where all is shown.
    """
    of_row, of_column = _labels(system)
    of_cell = of_column[system.shows[:, 0]]
    wanted = np.unique(of_column[system.must_be_wide()])
    groups = [_grouped(of, wanted) for of in (of_column, of_row, of_cell)]
    arrays = [field.name for field in fields(System)][3:]
    labels = {"place", "school", "link"}
    for columns, rows, cells in zip(*groups, strict=True):
        yield (
            columns,
            System(
                matrix=system.matrix[:, columns][rows],
                shows=np.searchsorted(columns, system.shows[cells]),
                weight=system.weight[cells],
                **{
                    name: _renumbered(found) if name in labels else found
                    for name in arrays
                    for found in [getattr(system, name)[columns]]
                },
            ),
        )


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


def _renumbered(labels: np.ndarray) -> np.ndarray:
    """Return labels in the same order from 0 (none stays -1), whatever is elsewhere."""
    values, numbers = np.unique(labels, return_inverse=True)
    return numbers - int(values[0] < 0)


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


def _weight(counted: pd.DataFrame) -> np.ndarray:
    weight = np.where(counted.student_group == "all", COST_OF_ALL, 1.0)
    return np.where(counted.level == "school", weight, COST_OF_STATE * weight)
