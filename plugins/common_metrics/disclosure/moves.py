"""How some places' numbers may move together: one linear model, solved many times.

A number that is shown has two columns, up and down, so that each step costs; residuals
are bounds of rows. Between programmes bounds and costs change, and HiGHS
starts from the last basis.
"""

import highspy
import numpy as np
from scipy.sparse import csc_matrix, hstack

from common_metrics.disclosure.bounds import NEAR_ZERO
from common_metrics.disclosure.numbers import System

# A denominator that may be shown stands beside a hidden rate; it is worth less.
BESIDE = 0.1
# Of two that cost the same one is chosen, not a half of each.
TIE, FREE = 0.01, 1e-3
# A number that moves little in the cheapest table is made dearer, for fewer to move.
HALF = 0.5
# HiGHS's simplex_strategy: where only costs changed the last table is still possible,
# and the primal simplex goes on from it; where a bound changed, the dual one.
DUAL, PRIMAL = 1, 4
# All models of a process must ask for as many threads. With Devex (1) nothing is worked
# out anew where the dual simplex begins after the primal one.
OPTIONS: dict[str, bool | int | str] = {
    "output_flag": False,
    "simplex_dual_edge_weight_strategy": 1,
    "presolve": "off",
    "solver": "simplex",
    "threads": 1,
    "random_seed": 0,
}


class Moves:
    """The tables in which no number differs but ``numbers``."""

    def __init__(
        self,
        system: System,
        numbers: np.ndarray,
        relations: csc_matrix,
        residuals: np.ndarray,
        is_needed: np.ndarray,
        room: tuple[np.ndarray, np.ndarray],
    ) -> None:
        """``relations`` has the numbers' columns; row k sums to ``residuals[k]``.

        Rows that others imply are no part of the model (``is_needed``).
        """
        self.system, self.numbers, self.size = system, numbers, len(numbers)
        part = relations[:, numbers]
        rows = np.unique(part.indices)
        needed = rows[is_needed[rows]]
        self.part, self.residuals = part[rows].tocsc(), residuals[rows]
        self.down, self.up = (ends[numbers] for ends in room)
        self.floor, self.ceiling = (ends[self.residuals] for ends in room)
        links, self._at = np.unique(system.link[numbers], return_inverse=True)
        sides = system.link[system.shows]
        self._cells = np.flatnonzero(np.isin(sides, links).any(axis=1))
        self._sides = np.searchsorted(links, sides[self._cells])
        self._sides[~np.isin(sides[self._cells], links)] = len(links)
        # Those with a second column; the others are hidden, and stay so.
        self._twice = np.flatnonzero(~system.is_hidden[numbers])
        self._all = np.arange(self.size + len(self._twice), dtype=np.int32)
        ends = (end[residuals[needed]] for end in room)
        self.solver, self._is_begun = self._solver(part[needed], *ends), False
        self.refresh()

    def refresh(self) -> None:
        """Take up what is hidden by now: it moves freely."""
        self.hidden = self.system.is_hidden[self.numbers]
        self.cost = np.where(self.hidden, 0, self._cost())
        up_alone = ~self.hidden[self._twice]
        self.least = self._both(np.where(self.hidden, self.down, 0), 0)
        self.most = self._both(self.up, 0)
        self.most[self.size :] = -self.down[self._twice] * up_alone
        self._bound(self.least, self.most)

    def widest(self, weights: np.ndarray) -> list[np.ndarray]:
        """Return two tables, as far down and up as what is hidden lets them go."""
        still = self._both(self.hidden, 0)
        self._bound(np.where(still, self.least, 0), np.where(still, self.most, 0))
        found = []
        for sign in (1.0, -1.0):
            self._price(self._both(sign * weights, -1))
            found.append(self._solved(PRIMAL))
        self._bound(self.least, self.most)
        return [table for table in found if table is not None]

    def cheapest(self, column: int, amount: float) -> np.ndarray | None:
        """Return the cheapest table with ``column`` so far up or down, or None."""
        # A place may have residuals alone: no number of it moves.
        if not self.size:
            return None
        if column in self.residuals:
            return self._cheapest_residual(column, amount)
        return self._cheapest_number(int(np.searchsorted(self.numbers, column)), amount)

    def value(self, table: np.ndarray) -> float:
        """Return what all must be hidden for so that a table is possible."""
        return float(self.cost[np.abs(table) > NEAR_ZERO].sum())

    def _cheapest_residual(self, column: int, amount: float) -> np.ndarray | None:
        at = int(np.flatnonzero(self.residuals == column)[0])
        ends = self.floor[at], self.ceiling[at]
        limit = (amount, ends[1]) if amount > 0 else (ends[0], amount)
        if limit[0] > limit[1]:
            return None
        row = self.part[[at]].tocsr()
        columns = row.indices
        twice = np.isin(columns, self._twice)
        columns = np.r_[columns, self._second(columns[twice])].astype(np.int32)
        entries = np.r_[row.data, -row.data[twice]]
        low, high = map(float, limit)
        self.solver.addRow(low, high, len(columns), columns, entries)
        found = self._few()
        self.solver.deleteRows(1, np.array([self.solver.getNumRow() - 1], np.int32))
        return found

    def _cheapest_number(self, at: int, amount: float) -> np.ndarray | None:
        limit = (amount, self.up[at]) if amount > 0 else (self.down[at], amount)
        if limit[0] > limit[1]:
            return None
        if self.hidden[at]:
            columns, ends = [at], [limit]
        else:
            columns = [at, int(self._second(at))]
            far, none = (abs(amount), self.most[columns[amount < 0]]), (0.0, 0.0)
            ends = [far, none] if amount > 0 else [none, far]
        for column, end in zip(columns, ends, strict=True):
            self.solver.changeColBounds(column, *map(float, end))
        found = self._few()
        for column in columns:
            end = self.least[column], self.most[column]
            self.solver.changeColBounds(column, *map(float, end))
        return found

    def _few(self) -> np.ndarray | None:
        """Return the cheapest table; once more, dearer where little moved."""
        self._price(self._both(self.cost))
        found = self._solved()
        if found is None or self.value(found) == 0:
            return found
        self._price(self._both(self.cost / (np.abs(found) + HALF)))
        fewer = self._solved(PRIMAL)
        is_better = fewer is not None and self.value(fewer) <= self.value(found)
        return fewer if is_better else found

    def _solved(self, strategy: int = DUAL) -> np.ndarray | None:
        # Without a basis the dual simplex is quicker: all numbers have bounds.
        strategy = strategy if self._is_begun else DUAL
        self.solver.setOptionValue("simplex_strategy", strategy)
        self.solver.run()
        self._is_begun = True
        status = self.solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(
                f"int_suppressed_cells: expected a solution of {self.size} numbers. "
                f"Found: {self.solver.modelStatusToString(status)}. Nothing was "
                "published; run the build again, and withhold the metric in the seed "
                "withheld_from_public if it stays."
            )
        found = np.array(self.solver.getSolution().col_value)
        found[self._twice] -= found[self.size :]
        return found[: self.size]

    def _cost(self) -> np.ndarray:
        """Return what hiding each number takes away that is shown still."""
        cells = self.system.shows[self._cells]
        shown = ~self.system.is_hidden[cells].any(axis=1)
        weight = self.system.weight[self._cells]
        beside = np.where(shown, weight, BESIDE)
        width = self._at.max(initial=-1) + 2
        cost = np.bincount(self._sides[:, 0], weight * shown, width)
        cost += np.bincount(self._sides[:, 1], beside, width)
        ties = 1 + TIE * self.numbers / len(self.system.link)
        return cost[self._at] * ties + FREE

    def _bound(self, least: np.ndarray, most: np.ndarray) -> None:
        self.solver.changeColsBounds(len(self._all), self._all, least, most)

    def _price(self, cost: np.ndarray) -> None:
        self.solver.changeColsCost(len(self._all), self._all, cost)

    def _both(self, values: np.ndarray, factor: int = 1) -> np.ndarray:
        """Return numbers' values, then those of the second columns times a factor."""
        return np.concatenate([values, factor * values[self._twice]])

    def _second(self, numbers: np.ndarray | int) -> np.ndarray:
        return self.size + np.searchsorted(self._twice, numbers)

    def _solver(
        self, part: csc_matrix, floor: np.ndarray, ceiling: np.ndarray
    ) -> highspy.Highs:
        columns = hstack([part, -part[:, self._twice]], format="csc")
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = columns.shape[1], columns.shape[0]
        model.col_cost_ = np.zeros(columns.shape[1])
        model.col_lower_ = model.col_upper_ = model.col_cost_
        model.row_lower_, model.row_upper_ = floor, ceiling
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = columns.indptr
        model.a_matrix_.index_ = columns.indices
        model.a_matrix_.value_ = columns.data
        solver = highspy.Highs()
        for name, value in OPTIONS.items():
            solver.setOptionValue(name, value)
        solver.passModel(model)
        return solver
