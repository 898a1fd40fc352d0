"""An intruder from outside: bounds of each hidden number, by linear programming.

``python tests/intruder.py PUBLIC PARTNER`` reads a release's public file and the rule
tables in it, and asks for the least and the greatest value of each hidden number; the
partners' file is the truth that these are held against. It shares no code with the
models or the attack. What it found: docs/attack.md, "What another program finds".
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import duckdb
import highspy
import numpy as np
from scipy.sparse import bmat, csr_matrix
from scipy.sparse.csgraph import connected_components

# What a reader may use: definitions, and which rows there are.
LEVELS = {
    "groups, outcomes, schools, horizons, prints": (False, False),
    "and the definitions": (True, False),
    "and which rows there are": (True, True),
}
# Three denominators of one definition, "the school's roll on the day of the count".
ROLL = ("students_mastery", "students_paths", "students_profiles")
# The first are among the second, by the definitions in dim_metric.
DEFINITIONS = {
    ("graduates_4yr", "graduates"),
    ("cohort_entrants_first_fall", "entrants_first_fall"),
    ("cohort_entrants_12m", "entrants_12m"),
    ("cohort_entrants_16m", "entrants_16m"),
    ("college_completers", "graduates"),
    ("dropouts_4yr", "other_noncompleters_4yr"),
    ("still_enrolled_5yr", "still_enrolled_4yr"),
    ("still_enrolled_6yr", "still_enrolled_5yr"),
    ("tested_ela", "students_with_days"),
    ("tested_math", "students_with_days"),
    ("tested_science", "students_with_days"),
    # Believed rather than defined: who graduates was a member on 1 October.
    ("graduates", "members_9_12"),
    *permutations(ROLL, 2),
}
RULES = {
    "metric_counts": "numerator_count, denominator_count",
    "count_sums": "whole_count, part_count",
    "count_orders": "lesser_count, greater_count, lesser_of, greater_of",
    "group_sums": "partition, whole_group, part_group",
    "suppression_minimums": "state, min_denominator, min_interval",
}
CELLS = """
select provider, '{level}', state, {place}, school_year, student_group,
    numerator_count, denominator_count, numerator, denominator,
    coalesce(value_low_pct, value_pct), coalesce(value_high_pct, value_pct),
    value_status, visibility
from {level}_outcomes inner join metric_counts using (metric_id)
where value_status in ('reported', 'range', 'suppressed', 'not_applicable')
"""
PLACES = {"school": "school_key", "lea": "lea_key", "state": "''"}
# Beyond every number of a release; a bound that is reached so tells nothing.
CAP = 1e5
TOLERANCE = 1e-5
# Pairs of solutions that are drawn before a number gets a pair of its own.
DRAWS = 12


class Site(NamedTuple):
    provider: str
    level: str
    state: str
    place: str
    year: int


class Number(NamedTuple):
    """Students of a group at a site, such as ``graduates_4yr``."""

    site: Site
    group: str
    counted: str


# Students as counts with signs: a cohort less its graduates.
Body = tuple[tuple[str, int], ...]
Place = tuple[Site, str]
Bodies = dict[Place, set[Body]]
Bounds = dict[Number, tuple[int, int]]


class Cell(NamedTuple):
    """A row of an outcome table; a rate is a range from itself to itself."""

    site: Site
    group: str
    above: str
    below: str
    numerator: int | None
    denominator: int | None
    low: float | None
    high: float | None
    status: str
    visibility: str

    def numbers(self) -> tuple[tuple[Number, int | None], tuple[Number, int | None]]:
        """Return numerator and denominator, each with what is shown of it."""
        counts = self.numerator, self.denominator
        shown = (0, 0) if self.status == "not_applicable" else counts
        above, below = (
            (Number(self.site, self.group, count), told)
            for count, told in zip((self.above, self.below), shown, strict=True)
        )
        return above, below


class Relation(NamedTuple):
    """``terms + constant >= 0``, or ``= 0``; a family stands or falls together."""

    terms: dict[Number, float]
    constant: float = 0.0
    is_equal: bool = False
    family: tuple | None = None

    def rest(self, values: dict[Number, int]) -> float:
        """Return what is left over; nan where a value is not known."""
        known = (times * values.get(n, np.nan) for n, times in self.terms.items())
        return self.constant + sum(known)

    def contradicts(self, truth: dict[Number, int]) -> bool:
        rest = self.rest(truth)
        return rest < -TOLERANCE or self.is_equal and abs(rest) > TOLERANCE


@dataclass(frozen=True)
class Release:
    """Restricted cells and publishers' prints of a public file, and the truth."""

    rules: dict[str, list[tuple]]
    cells: list[Cell]
    prints: list[Cell]
    shown: dict[Number, int]
    truth: dict[Number, int]

    @cached_property
    def numbers(self) -> dict[Number, None]:
        """All restricted numbers, in the order of the file."""
        return {number: None for cell in self.cells for number, _ in cell.numbers()}

    @cached_property
    def hidden(self) -> dict[Number, int]:
        """Return each hidden number's column in the programmes."""
        hidden = (number for number in self.numbers if number not in self.shown)
        return {number: column for column, number in enumerate(hidden)}

    @cached_property
    def is_grid(self) -> bool:
        """Whether a hidden row may be of nobody, so that rows say nothing."""
        below = {cell.numbers()[1][0] for cell in self.cells}
        return any(self.truth.get(number) == 0 for number in below & self.hidden.keys())

    @cached_property
    def minimums(self) -> dict[str, tuple[int, int]]:
        """Of each state ``min_denominator`` and ``min_interval``; * is any other."""
        least = self.rules["suppression_minimums"]
        found = {state: (enough, width) for state, enough, width in least}
        return defaultdict(lambda: found["*"], found)


class Found(NamedTuple):
    """What follows, how much prints alone tell, how many bounds miss the truth."""

    told: Bounds
    known_before: int
    missed: int


def read(public: Path, partner: Path) -> Release:
    with duckdb.connect(str(public), read_only=True) as con:
        own, prints = _cells(con)
        rules = {
            table: con.execute(f"select {columns} from {table} order by all").fetchall()
            for table, columns in RULES.items()
        }
    with duckdb.connect(str(partner), read_only=True) as con:
        truth, _ = _cells(con)
    return Release(rules, own, prints, _shown(own), _shown(truth))


def _cells(con: duckdb.DuckDBPyConnection) -> tuple[list[Cell], list[Cell]]:
    """Return restricted and printed cells."""
    parts = (CELLS.format(level=name, place=place) for name, place in PLACES.items())
    rows = con.execute(f"{' union all '.join(parts)} order by all").fetchall()
    cells = [Cell(Site(*row[:5]), *row[5:]) for row in rows]
    own = [cell for cell in cells if cell.visibility != "public"]
    return own, [cell for cell in cells if cell.visibility == "public"]


def _shown(cells: list[Cell]) -> dict[Number, int]:
    pairs = (pair for cell in cells for pair in cell.numbers())
    return {number: told for number, told in pairs if told is not None}


def relations(release: Release, definitions: bool, rows: bool) -> list[Relation]:
    """Return what a reader takes for true, without what the truth contradicts."""
    counts = defaultdict(set)
    for site, group, count in release.numbers:
        counts[site, group].add(count)
    bodies = {
        place: {*_bodies(release, place, here, definitions)}
        for place, here in counts.items()
    }
    found = _with_habits([*_divided(release, bodies)], release.shown)
    found += _rows(release) if rows else ()
    prints = [r for r in _printed(release) if r.terms.keys() <= release.numbers.keys()]
    untrue = {r.family for r in prints if r.contradicts(release.truth)}
    found += (relation for relation in prints if relation.family not in untrue)
    return [relation for relation in found if not relation.contradicts(release.truth)]


def _bodies(
    release: Release, place: Place, counts: set[str], definitions: bool
) -> Iterator[Body]:
    """Yield whom the counts of a place tell of: nobody is fewer than none."""
    yield from (((count, 1),) for count in counts)
    pairs = {*release.rules["metric_counts"]} | (DEFINITIONS if definitions else set())
    for less, more, *of in release.rules["count_orders"]:
        if len({release.shown.get(Number(*place, count), count) for count in of}) == 1:
            pairs.add((less, more))
    yield from (((b, 1), (a, -1)) for a, b in pairs if {a, b} <= counts)
    for whole in {whole for whole, _ in release.rules["count_sums"]} & counts:
        parts = {part for of, part in release.rules["count_sums"] if of == whole}
        yield ((whole, 1), *((part, -1) for part in sorted(parts & counts)))


def _divided(release: Release, bodies: Bodies) -> Iterator[Relation]:
    """Yield that of each body its parts elsewhere are no more than its whole."""
    for place, parts in [*_groups(release, bodies), *_schools(bodies)]:
        for body in bodies[place]:
            here = [part for part in parts if body in bodies.get(part, ())]
            # A group and its opposite are all students.
            is_equal = len(here) == len(parts) == 2 and place[0] == parts[0][0]
            terms: dict[Number, float] = defaultdict(float)
            for sign, (site, group) in [(1, place), *((-1, part) for part in here)]:
                for count, times in body:
                    terms[Number(site, group, count)] += sign * times
            family = (place[0].provider, body) if len(body) > 2 and not parts else None
            yield Relation(dict(terms), is_equal=is_equal, family=family)


def _groups(release: Release, bodies: Bodies) -> Iterator[tuple[Place, list[Place]]]:
    """Yield each place alone, and with the parts of each partition of its group."""
    partitions = defaultdict(list)
    for partition, whole, part in release.rules["group_sums"]:
        partitions[partition, whole].append(part)
    for site, group in bodies:
        yield (site, group), []
        for (_, whole), parts in partitions.items():
            if whole == group:
                yield (site, group), [(site, part) for part in parts]


def _schools(bodies: Bodies) -> Iterator[tuple[Place, list[Place]]]:
    """Yield each state with its schools; it may have others."""
    schools = defaultdict(list)
    for site, group in bodies:
        schools[site._replace(place=""), group].append((site, group))
    for site, group in bodies:
        if site.level == "state":
            yield (site, group), schools[site._replace(level="school"), group]


def _with_habits(found: list[Relation], shown: dict[Number, int]) -> list[Relation]:
    """Nobody is left over where that was so three times, and never otherwise."""
    rests = defaultdict(list)
    for relation in found:
        if relation.family and relation.terms.keys() <= shown.keys():
            rests[relation.family].append(relation.rest(shown))
    habits = {of for of, left in rests.items() if len(left) > 2 and not any(left)}
    return [r._replace(is_equal=r.is_equal or r.family in habits) for r in found]


def _rows(release: Release) -> Iterator[Relation]:
    """A row has a student; a group without one, beside others of its metric, none."""
    groups = defaultdict(set)
    for cell in release.cells:
        groups[cell.site, cell.above, cell.below].add(cell.group)
        yield Relation({cell.numbers()[1][0]: 1}, -1)
    at = defaultdict(list)
    for number in release.numbers:
        at[number.site, number.counted].append(number)
    for (site, *counts), here in groups.items():
        for number in at[site, counts[0]] + at[site, counts[1]]:
            if number.group not in here:
                yield Relation({number: -1})


def _printed(release: Release) -> Iterator[Relation]:
    """Yield what publishers print of a site; what one prints of it is a family."""
    prints = defaultdict(list)
    for cell in release.prints:
        prints[cell.site[1:]].append(cell)
    for site in {number.site: None for number in release.numbers}:
        for cell in prints[site[1:]]:
            for relation in _said(cell._replace(site=site)):
                yield relation._replace(family=(cell.site.provider, site))


def _said(cell: Cell) -> Iterator[Relation]:
    """Yield counts as printed; rates with half a unit of their last digit."""
    (above, numerator), (below, _) = cell.numbers()
    for number, told in cell.numbers():
        if told is not None:
            yield Relation({number: 1}, -told, is_equal=True)
    if numerator is None and cell.low is not None and cell.high is not None:
        least, most = cell.low - _half_unit(cell.low), cell.high + _half_unit(cell.high)
        yield Relation({above: 100, below: TOLERANCE - max(least, 0)})
        yield Relation({above: -100, below: TOLERANCE + min(most, 100)})


def _half_unit(printed: float) -> float:
    return 0.5 * 10.0 ** -len(f"{printed:g}".partition(".")[2])


def bounds(release: Release, known: list[Relation], wanted: Iterable[Number]) -> Bounds:
    """Return bounds of the wanted numbers that no drawn solution shows to be wide."""
    numbers, found = [*release.hidden], {}
    matrix, low, high = _matrix(release, known)
    of_row, of_column = _parts(matrix)
    width = np.zeros(len(numbers))
    for number in wanted:
        width[release.hidden[number]] = release.minimums[number.site.state][1]
    for part in np.unique(of_column[width > 0]):
        rows, columns = (np.flatnonzero(of == part) for of in (of_row, of_column))
        programme = Programme(matrix[rows][:, columns], low[rows], high[rows])
        for n, pair in programme.bounds(width[columns]).items():
            found[numbers[columns[n]]] = pair
    return found


def _matrix(
    release: Release, known: list[Relation]
) -> tuple[csr_matrix, np.ndarray, np.ndarray]:
    """Return ``low <= matrix @ hidden <= high``: a row a relation that has any."""
    hidden = release.hidden
    values = release.shown | dict.fromkeys(hidden, 0)
    known = [relation for relation in known if relation.terms.keys() & hidden.keys()]
    entries = [
        (times, row, hidden[number])
        for row, relation in enumerate(known)
        for number, times in relation.terms.items()
        if number in hidden
    ]
    times, rows, columns = zip(*entries, strict=True)
    low = np.array([-relation.rest(values) for relation in known])
    high = np.where([relation.is_equal for relation in known], low, np.inf)
    shape = len(known), len(hidden)
    return csr_matrix((times, (rows, columns)), shape), low, high


def _parts(matrix: csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Label rows and columns: those of two labels have nothing in common."""
    graph = bmat([[None, matrix], [matrix.T, None]])
    _, labels = connected_components(graph, directed=False)
    return labels[: matrix.shape[0]], labels[matrix.shape[0] :]


class Programme:
    """Unknowns that relations join, and the extremes of all solutions so far."""

    def __init__(self, matrix: csr_matrix, low: np.ndarray, high: np.ndarray) -> None:
        size = matrix.shape[1]
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = matrix.shape
        model.col_cost_, model.col_lower_ = np.zeros(size), np.zeros(size)
        model.col_upper_ = np.full(size, CAP)
        model.row_lower_, model.row_upper_ = low, high
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
        model.a_matrix_.value_ = matrix.data
        self.solver = highspy.Highs()
        self.solver.setOptionValue("output_flag", False)
        self.solver.setOptionValue("threads", 1)
        self.solver.passModel(model)
        self.least, self.most = np.full(size, CAP), np.zeros(size)

    def bounds(self, width: np.ndarray) -> dict[int, tuple[int, int]]:
        """Return those of numbers for which nothing wider than ``width`` is drawn."""
        random, found = np.random.default_rng(0), {}
        for _ in range(DRAWS):
            self._ask(random.random(len(width)) * self._is_open(width))
        for n in np.flatnonzero(self._is_open(width)):
            if self._is_open(width)[n]:
                self._ask(np.arange(len(width)) == n)
                found[int(n)] = int(self._whole()[0][n]), int(self._whole()[1][n])
        return found

    def _ask(self, cost: np.ndarray) -> None:
        """Solve for the least and the greatest cost, if there is any."""
        columns = np.arange(len(cost), dtype=np.int32)
        for signed in (1.0 * cost, -1.0 * cost) if cost.any() else ():
            self.solver.changeColsCost(len(cost), columns, signed)
            self.solver.run()
            assert self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
            solution = np.array(self.solver.getSolution().col_value)
            self.least = np.minimum(self.least, solution)
            self.most = np.maximum(self.most, solution)

    def _whole(self) -> tuple[np.ndarray, np.ndarray]:
        return np.ceil(self.least - TOLERANCE), np.floor(self.most + TOLERANCE)

    def _is_open(self, width: np.ndarray) -> np.ndarray:
        least, most = self._whole()
        return most - least < width


def intrude(release: Release, definitions: bool = True, rows: bool = False) -> Found:
    """Return what follows from a release, and not from publishers' prints alone."""
    known = relations(release, definitions, rows)
    found = bounds(release, known, release.hidden)
    pairs = ((release.truth.get(n, low), low, high) for n, (low, high) in found.items())
    missed = sum(not low <= truth <= high for truth, low, high in pairs)
    told = _told(release, found)
    alone = replace(release, shown={})
    before = _told(alone, bounds(alone, relations(alone, definitions, False), told))
    told = {number: told[number] for number in told.keys() - before.keys()}
    return Found(told, len(before), missed)


def _told(release: Release, found: Bounds) -> Bounds:
    """A denominator that is surely large enough to be shown gives nothing away."""
    above = {numerator for numerator, _ in release.rules["metric_counts"]}
    told = {}
    for number, (low, high) in found.items():
        enough, width = release.minimums[number.site.state]
        if high - low < width and (low < enough or number.counted in above):
            told[number] = low, high
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("public", type=Path)
    parser.add_argument("partner", type=Path)
    release = read(**vars(parser.parse_args()))
    print(f"{len(release.hidden):,} hidden numbers", flush=True)
    print("| what the reader uses | told (exactly) | by prints alone | missed |")
    print("|---|---|---|---|")
    for name, (definitions, rows) in LEVELS.items():
        if rows and release.is_grid:
            print(f"| {name} | hidden rows may be of nobody | | |")
            continue
        told, before, missed = intrude(release, definitions, rows)
        exact = sum(low == high for low, high in told.values())
        print(f"| {name} | {len(told)} ({exact}) | {before} | {missed} |", flush=True)


if __name__ == "__main__":
    main()
