"""The attack: what does a candidate release give away of the cells that it hides?

``python -m common_metrics.cli attack FILE [--earlier FILE]... [--knows FILE]``
It reads published files and nothing else.
"""

import tempfile
import time
from pathlib import Path

import duckdb

from common_metrics.disclosure.attack.bounds import extremes, narrow
from common_metrics.disclosure.attack.published import attach
from common_metrics.disclosure.attack.relations import system_of
from common_metrics.disclosure.attack.report import Recovered, Report


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
        attach(con, candidate, earlier or [], insider)
        system, keys = system_of(con, alone=False)
        ((report.hidden,),) = con.execute(
            "select count(*) from named where is_hidden"
        ).fetchall()
        report.unknowns = system.matrix.shape[1]
        told = _told(con)
        found = _named(con, [keys[item] for item in narrow(system, report)])
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
        attach(con, candidate, earlier or [], insider)
        system, keys = system_of(con, alone=False)
    low, high = extremes(system, Report(), is_exact=True)
    return {key: (a, b) for key, a, b in zip(keys, low, high, strict=True)}


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
    system, keys = system_of(con, alone=True, only=found)
    return {keys[item] for item in narrow(system, report)}
