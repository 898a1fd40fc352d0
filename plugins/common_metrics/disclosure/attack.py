"""The attack: what does a candidate release give away of the cells that it hides?

``python -m common_metrics.cli attack FILE [--earlier FILE]... [--knows FILE]``
It reads published files and nothing else, and shares no code with what hides cells.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, diags, eye, hstack, vstack
from scipy.sparse.csgraph import connected_components

RELATIONS = Path(__file__).with_name("attack.sql")
OUTCOMES = {"school": "school_key", "lea": "lea_key", "state": "''"}
DERIVED = (
    "school_targets",
    "school_target_status",
    "school_outlook",
    "group_gaps",
    "reconciliation",
)
# What is said of restricted cells outside of the candidate, and definitions, which who
# counts may read otherwise: it may be mistaken.
OUTSIDE = {"public print", "earlier release", "insider", "other provider", "definition"}
# Unknowns of one linear programme: more at once take longer than one after another.
BATCH = 8_000
TOLERANCE = 1e-4
Columns = dict[str, np.ndarray]


@dataclass(frozen=True, order=True)
class Recovered:
    """A hidden cell, or a number that no row shows; never its value."""

    table: str
    provider: str
    state: str
    school_key: str
    school_year: int
    metric: str
    student_group: str
    number: str
    by: tuple[str, ...]

    def __str__(self) -> str:
        cell = [self.table, self.provider, self.state, self.school_key]
        cell += [str(self.school_year), self.metric, self.student_group, self.number]
        return f"{' '.join(filter(None, cell))} (by {', '.join(self.by)})"


@dataclass
class Report:
    """What the attack did; ``recovered`` must be empty before a release."""

    hidden: int = 0
    unknowns: int = 0
    components: int = 0
    programmes: int = 0
    seconds: float = 0.0
    recovered: list[Recovered] = field(default_factory=list)
    already: list[Recovered] = field(default_factory=list)
    dropped: Counter = field(default_factory=Counter)

    def counts(self) -> dict:
        """Return how many, never which and never a value: fit for a manifest."""
        return {
            "hidden_cells": self.hidden,
            "unknown_numbers": self.unknowns,
            "components": self.components,
            "linear_programmes": self.programmes,
            "seconds": round(self.seconds, 1),
            "recovered": len(self.recovered),
            "known_before": len(self.already),
            "left_out_as_contradicting": dict(sorted(self.dropped.items())),
        }

    def lines(self) -> list[str]:
        """Return the cells that follow and what was done, for people."""
        dropped = [f"{n} {kind}" for kind, n in sorted(self.dropped.items())]
        return [
            *map(str, self.recovered),
            f"{len(self.recovered)} of {self.hidden:,} hidden cells follow from what "
            f"is shown; {len(self.already)} were known before.",
            f"{self.programmes:,} linear programmes over {self.unknowns:,} unknown "
            f"numbers in {self.components:,} parts, {self.seconds:.1f} s.",
            f"Left out as contradicting: {', '.join(dropped) or 'none'}.",
        ]


@dataclass
class System:
    """Relations ``matrix @ x + constant >= 0`` (or ``= 0``) over the unknown numbers.

    ``items`` are what must not be narrow: hidden numbers (``width``) and rests of
    relations (``least``), as rows ``items @ x + offset``.
    """

    matrix: csr_matrix
    constant: np.ndarray
    is_equal: np.ndarray
    kind: np.ndarray
    site: np.ndarray
    cap: float
    items: csr_matrix
    offset: np.ndarray
    width: np.ndarray
    least: np.ndarray
    enough: np.ndarray


def recovered(
    candidate: Path,
    earlier: list[Path] | None = None,
    insider: Path | None = None,
) -> Report:
    """Attack ``candidate``; return the cells that it gives away.

    What was narrow without the candidate is counted as ``already`` known.
    """
    started = time.monotonic()
    report = Report()
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(config={"temp_directory": folder}) as con,
    ):
        _attach(con, candidate, earlier or [], insider)
        system, keys = _system(con, alone=False)
        ((report.hidden,),) = con.execute(
            "select count(*) from named where is_hidden"
        ).fetchall()
        report.unknowns = system.matrix.shape[1]
        told = _told(con)
        narrow = _narrow(system, report)
        found = _named(con, [keys[item] for item in np.flatnonzero(narrow)])
        known = _known_before(con, set(found), report) if found else set()
    report.recovered = sorted(
        {c for key in found.keys() - known for c in found[key]} | told
    )
    report.already = sorted(
        {c for key in known for c in found[key]} - set(report.recovered)
    )
    report.seconds = time.monotonic() - started
    return report


def intervals(
    candidate: Path, earlier: list[Path] | None = None, insider: Path | None = None
) -> dict[str, tuple[float, float]]:
    """Return the tightest interval of each hidden number: for tests, not for print."""
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(config={"temp_directory": folder}) as con,
    ):
        _attach(con, candidate, earlier or [], insider)
        system, keys = _system(con, alone=False)
    low, high = _extremes(system, Report(), is_exact=True)
    return {key: (a, b) for key, a, b in zip(keys, low, high, strict=True)}


def _attach(
    con: duckdb.DuckDBPyConnection,
    candidate: Path,
    earlier: list[Path],
    insider: Path | None,
) -> None:
    """Make one table of the cells of all files, and views of the candidate's rules."""
    files = [("candidate", candidate)] + [("earlier release", f) for f in earlier]
    files += [("insider", insider)] if insider else []
    held = []
    for n, (_, file) in enumerate(files):
        place = str(file).replace("'", "''")
        con.execute(f"attach '{place}' as file_{n} (read_only)")
        tables = con.execute(
            "select table_name from duckdb_tables() where database_name = ?",
            [f"file_{n}"],
        )
        held.append({name for (name,) in tables.fetchall()})
    selects = [
        f"select '{origin}' as origin, '{level}_outcomes' as table_name, "
        f"'{level}' as level, {key} as place, * from file_{n}.{level}_outcomes"
        for n, (origin, _) in enumerate(files)
        for level, key in OUTCOMES.items()
        if f"{level}_outcomes" in held[n]
    ]
    columns = (
        "origin, table_name, level, place, provider, state, school_year, metric_id, "
        "student_group, numerator, denominator, value_pct, value_low_pct, "
        "value_high_pct, value_status, visibility, is_preferred"
    )
    con.execute(
        f"create temp table cells as select {columns} "
        f"from ({' union all by name '.join(selects)})"
    )
    for table in DERIVED:
        union = " union all by name ".join(
            f"select '{origin}' as origin, * from file_{n}.{table}"
            for n, (origin, _) in enumerate(files)
            if table in held[n]
        )
        con.execute(f"create temp view all_{table} as {union}")
    con.execute("use file_0")


def _system(
    con: duckdb.DuckDBPyConnection, alone: bool, only: set[str] | None = None
) -> tuple[System, list[str]]:
    con.execute(f"set variable alone = {alone}")
    con.execute(RELATIONS.read_text())
    shown = con.execute(
        "select shown::double as shown from nodes order by node"
    ).fetchnumpy()["shown"]
    shown = np.ma.filled(shown, np.nan)
    relations = con.execute(
        "select kind, site, key, is_equal, minimum, min_interval "
        "from relations order by relation"
    ).fetchnumpy()
    entries = con.execute(
        "select relation, coalesce(node, -1) as node, coefficient "
        "from entries inner join relations using (kind, tag, anchor) "
        "order by relation, node, coefficient"
    ).fetchnumpy()
    hidden = con.execute(
        "select distinct node, key, min_interval, "
        "if(number = 'denominator', min_denominator, null)::double as enough "
        "from hidden inner join minimums using (state) order by key, node"
    ).fetchnumpy()
    return _assembled(shown, relations, entries, hidden, only)


def _assembled(
    shown: np.ndarray,
    relations: Columns,
    entries: Columns,
    hidden: Columns,
    only: set[str] | None,
) -> tuple[System, list[str]]:
    """Put what is known into the constants; keep the relations that hold an unknown."""
    relation, node = entries["relation"], entries["node"]
    is_known = (node < 0) | ~np.isnan(shown)[node]
    value = np.where(node < 0, 1.0, np.nan_to_num(shown[node]))
    count = len(relations["kind"])
    constant = np.bincount(
        relation[is_known],
        (entries["coefficient"] * value)[is_known],
        minlength=count,
    )
    unknown = np.isnan(shown)
    column = np.cumsum(unknown) - 1
    matrix = csr_matrix(
        (
            entries["coefficient"][~is_known],
            (relation[~is_known], column[node[~is_known]]),
        ),
        shape=(count, int(unknown.sum())),
    )
    picks = csr_matrix(
        (
            np.ones(len(hidden["node"])),
            (np.arange(len(hidden["node"])), column[hidden["node"]]),
        ),
        shape=(len(hidden["node"]), matrix.shape[1]),
    )
    rests = np.flatnonzero(relations["minimum"] > 0)
    system = System(
        matrix=matrix,
        constant=constant,
        is_equal=relations["is_equal"].astype(bool),
        kind=relations["kind"],
        site=relations["site"],
        cap=1e6,
        items=vstack([picks, matrix[rests]], format="csr"),
        offset=np.concatenate([np.zeros(picks.shape[0]), constant[rests]]),
        width=np.concatenate(
            [hidden["min_interval"], relations["min_interval"][rests]]
        ).astype(float),
        least=np.concatenate([np.zeros(picks.shape[0]), relations["minimum"][rests]]),
        enough=np.concatenate(
            [np.ma.filled(hidden["enough"], np.inf), np.full(len(rests), np.inf)]
        ),
    )
    keys = [*hidden["key"], *relations["key"][rests]]
    if only is None:
        return system, keys
    kept = np.array([key in only for key in keys], dtype=bool)
    system.items, system.offset = system.items[kept], system.offset[kept]
    system.width, system.least = system.width[kept], system.least[kept]
    system.enough = system.enough[kept]
    return system, [key for key in keys if key in only]


def _narrow(system: System, report: Report) -> np.ndarray:
    return _is_narrow(system, *_extremes(system, report))


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


def _extremes(
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
    part = _consistent(part, report)
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


def _consistent(part: System, report: Report) -> System:
    """Leave out what contradicts the rest: outside knowledge of a site, or a row."""
    excess = _excess(part, report)
    culprits = excess > 1e-6
    if not culprits.any():
        return part
    is_outside = np.isin(part.kind, list(OUTSIDE))
    source = np.char.add(part.kind.astype(str), part.site.astype(str))
    dropped = culprits | is_outside & np.isin(source, source[culprits & is_outside])
    report.dropped.update(part.kind[dropped].tolist())
    kept = ~dropped
    part.matrix, part.constant = part.matrix[kept], part.constant[kept]
    part.is_equal, part.kind = part.is_equal[kept], part.kind[kept]
    part.site = part.site[kept]
    return part


def _excess(part: System, report: Report) -> np.ndarray:
    """How far each relation must give way for all of them to hold, at least cost."""
    report.programmes += 1
    rows, columns = part.matrix.shape
    price = np.where(
        np.isin(part.kind, list(OUTSIDE)),
        1.0,
        np.where(part.kind == "level", 10.0, 100.0),
    )
    equal = part.is_equal
    above = diags(1.0 * equal, format="csr")
    matrix = hstack([part.matrix, eye(rows), -above], format="csr")
    result = linprog(
        np.concatenate([np.zeros(columns), price, price]),
        A_ub=-matrix[~equal],
        b_ub=part.constant[~equal],
        A_eq=matrix[equal],
        b_eq=-part.constant[equal],
        bounds=np.column_stack(
            [
                np.zeros(columns + 2 * rows),
                np.concatenate([np.full(columns, part.cap), np.full(2 * rows, np.inf)]),
            ]
        ),
        method="highs",
    )
    return result.x[columns : columns + rows] + result.x[columns + rows :]


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


def _named(
    con: duckdb.DuckDBPyConnection, keys: list[str]
) -> dict[str, list[Recovered]]:
    """Return the cells that hold each number, with the relations that touch it."""
    con.execute("create or replace temp table found as select unnest(?) as key", [keys])
    rows = con.execute(
        "with touching as (select node, list_sort(list(distinct kind)) as kinds "
        "from entries group by node) "
        "select key, table_name, provider, state, place, school_year, metric_id, "
        "student_group, number, coalesce(kinds, []) from found inner join hidden "
        "using (key) left join touching using (node) "
        "union all "
        "select found.key, level || '_outcomes', provider, state, place, school_year, "
        "count_name, student_group, 'rest of ' || trim(kind || ' ' || tag), [kind] "
        "from found inner join relations using (key) inner join nodes on anchor = node"
    ).fetchall()
    cells: dict[str, list[Recovered]] = {}
    for key, *values, kinds in rows:
        cells.setdefault(key, []).append(Recovered(*[*values, tuple(kinds)]))
    return cells


def _told(con: duckdb.DuckDBPyConnection) -> set[Recovered]:
    """Return hidden cells of which another table tells more than their own row."""
    rows = con.execute(
        "select table_name, provider, state, place, school_year, metric_id, "
        "student_group, 'rate', list_sort(list(distinct kind)) "
        "from told where origin = 'candidate' group by all"
    ).fetchall()
    return {Recovered(*[*values, tuple(kinds)]) for *values, kinds in rows}


def _known_before(
    con: duckdb.DuckDBPyConnection, found: set[str], report: Report
) -> set[str]:
    """Return which of the numbers were narrow before the candidate."""
    system, keys = _system(con, alone=True, only=found)
    narrow = _narrow(system, report)
    return {keys[item] for item in np.flatnonzero(narrow)}
