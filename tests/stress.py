"""What hiding costs: time at the size of five states, and the share that stays shown.

``make stress SCHOOLS=75`` (``python tests/stress.py``) invents that many schools,
takes all their numbers for restricted, hides, and attacks what is left: as a stranger,
and as schools that know their own numbers. ``--lake LAKE`` takes the restricted cells
of a built lake. Prints a row for each way of hiding: by the models, by hiding each
small cell's table (a school's rows of one metric and year), and by the rule of thumb
that hides the next smallest cell of each sum. ``--before COMMIT`` hides the same by an
earlier commit too, which may take half an hour for 75 schools.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from bench import checked_out
from compiled import Warehouse, compile_models
from test_attack import RULES, TABLES

from common_metrics.disclosure import control
from common_metrics.disclosure.attack import recovery
from common_metrics.disclosure.kept import PROCESSES
from common_metrics.disclosure.numbers import System, hidden_cells, system_of

GRAPH = [
    "int_restricted_cells",
    "int_protected_counts",
    "int_cell_counts",
    "int_count_relations",
]
SCHEMA = "warehouse.intermediate"
INPUTS = [GRAPH[0], GRAPH[2], GRAPH[1], GRAPH[3]]
# Every student has a gender, a race, three flags and an outcome at each horizon; sizes
# of schools are spread like those of high schools, half below a hundred a class.
STUDENTS = """
create or replace temp table students as
select
    *, fate < 0.80 as g4, fate between 0.80 and 0.86 as d4, fate > 0.90 as s4,
    fate between 0.86 and 0.88 as o4, g4 or fate > 0.95 as g5,
    fate between 0.90 and 0.95 as s5, g5 or fate > 0.94 as g6,
from (select
    school, year, ['CT', 'ME', 'NH', 'RI', 'VT'][1 + school % 5] as state,
    ['all',
     if(random() < 0.5, 'female', 'male'),
     (['white', 'white', 'white', 'white', 'white', 'white', 'hispanic', 'black',
       'asian', 'two_or_more', 'american_indian'])[1 + floor(11 * random())::int],
     if(random() < 0.4, 'ed', 'non_ed'),
     if(random() < 0.06, 'el', 'non_el'),
     if(random() < 0.15, 'swd', 'non_swd')] as groups,
    random() as fate,
from range({schools}) as s(school), range(2012, 2012 + {years}) as y(year),
    range(25 + (90 * (1 + school % 7) // 3)::int) as n)
"""
OUTCOMES = """
create or replace table warehouse.intermediate.int_outcomes_reconciled as
with counted as (
    select
        if(grouping(school) = 1, 'state', 'school') as level, state,
        if(grouping(school) = 1, null, 'school ' || school) as school_key,
        year as school_year, student_group, count(*) as denominator,
        {'acgr_4yr': sum(g4::int), 'dropout_cohort': sum(d4::int),
          'still_enrolled_4yr': sum(s4::int), 'other_completion_4yr': sum(o4::int),
          'acgr_5yr': sum(g5::int), 'still_enrolled_5yr': sum(s5::int),
          'acgr_6yr': sum(g6::int)} as metrics
    from (select * exclude (groups), unnest(groups) as student_group from students)
    group by grouping sets ((state, school, year, student_group),
        (state, year, student_group))
),
told as (
    select * exclude (metrics), unnest(map_entries(map(
        ['acgr_4yr', 'dropout_cohort', 'still_enrolled_4yr', 'other_completion_4yr',
         'acgr_5yr', 'still_enrolled_5yr', 'acgr_6yr'],
        [metrics.acgr_4yr, metrics.dropout_cohort, metrics.still_enrolled_4yr,
         metrics.other_completion_4yr, metrics.acgr_5yr, metrics.still_enrolled_5yr,
         metrics.acgr_6yr]))) as entry
    from counted
)
select
    'computed' as provider, 'restricted' as visibility, 'reported' as value_status,
    true as is_preferred, null::varchar as lea_id_nces, * exclude (entry),
    entry.key as metric_id, entry.value::bigint as numerator,
    100.0 * numerator / denominator as value_pct,
    value_pct as lowest_pct, value_pct as highest_pct,
    null::double as value_low_pct, null::double as value_high_pct
from told
"""
# What the public sees: the marts' rule, without the tables that are made of them.
PUBLIC = """
create or replace table public.{level}_outcomes as
select
    outcomes.* replace (
        if(is_hidden, null, numerator) as numerator,
        if(is_hidden and is_denominator_hidden, null, denominator) as denominator,
        if(is_hidden, null, value_pct) as value_pct,
        if(is_hidden, null, value_low_pct) as value_low_pct,
        if(is_hidden, null, value_high_pct) as value_high_pct,
        if(is_hidden, 'suppressed', value_status) as value_status
    ),
from (
    select
        outcomes.* exclude (level), hidden.provider is not null as is_hidden,
        coalesce(is_denominator_hidden, true) as is_denominator_hidden,
    from outcomes
    left join hidden on
        outcomes.provider = hidden.provider and outcomes.level = hidden.level
        and outcomes.state = hidden.state
        and outcomes.school_key is not distinct from hidden.school_key
        and outcomes.school_year = hidden.school_year
        and outcomes.metric_id = hidden.metric_id
        and outcomes.student_group = hidden.student_group
    where outcomes.level = '{level}'
) as outcomes
"""


def by_models(counted: pd.DataFrame, system: System) -> None:
    control.protect(system)


def by_table(counted: pd.DataFrame, system: System) -> None:
    table = ["provider", "level", "place_key", "school_year", "metric_id"]
    whole = counted.groupby(table).is_small.transform("any")
    system.hide(system.shows[whole.to_numpy()].ravel())


def by_next_smallest(counted: pd.DataFrame, system: System) -> None:
    rows = system.matrix.tocsr()
    while True:
        unknown = system.is_unknown()
        alone = np.flatnonzero(abs(rows) @ (unknown & ~system.is_public) == 1)
        known = [rows[row].indices[~unknown[rows[row].indices]] for row in alone]
        known = [beside[~system.is_public[beside]] for beside in known]
        nexts = [
            beside[system.truth[beside].argmin()] for beside in known if len(beside)
        ]
        if not nexts:
            return
        system.hide(np.array(nexts))


WAYS = {
    "the models": by_models,
    "whole tables": by_table,
    "the next smallest": by_next_smallest,
}


def invented(con: duckdb.DuckDBPyConnection, schools: int, years: int) -> None:
    """Put schools and states of invented students where the models look."""
    con.execute("select setseed(0.5)")
    con.execute(STUDENTS.format(schools=schools, years=years))
    con.execute(OUTCOMES)


def attacked(
    con: duckdb.DuckDBPyConnection, hidden: pd.DataFrame, knows: str | None = None
) -> recovery.Report:
    """Write what the public would see; attack it, as a school if one is named."""
    con.register("hidden", hidden)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "public.duckdb"
        con.execute(f"attach '{file}' as public")
        for table, columns in TABLES.items():
            con.execute(f"create table public.{table} ({columns})")
        for rule in (*RULES, "suppression_minimums"):
            con.execute(f"create table public.{rule} as from warehouse.rules.{rule}")
        for level in ("school", "state"):
            con.execute(PUBLIC.format(level=level))
        con.execute("detach public")
        own = Path(folder) / "own.duckdb"
        con.execute(f"attach '{own}' as own")
        con.execute(
            "create table own.school_outcomes as select * exclude (level) "
            "from outcomes where level = 'school' and school_key = ?",
            [knows],
        )
        con.execute("detach own")
        return recovery.recovered(file, insider=own if knows else None)


def processor_seconds() -> float:
    """Return what this process and those it waited for have used."""
    return sum(os.times()[:4])


def held() -> int:
    """Return the kilobytes that this process has held at most."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])


def megabytes() -> int:
    """Return what this process has held at most, and each of its processes besides."""
    each = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return (held() + PROCESSES * each) // 1024


def progress(done: str) -> None:
    """Say what was done, and what it took, where the table is not mixed with it."""
    print(
        f"{time.strftime('%H:%M:%S')} {done} ({processor_seconds():.0f} processor "
        f"seconds, at most {held() // 1024:,} MB so far)",
        file=sys.stderr,
        flush=True,
    )


def hide(way: str, counted: pd.DataFrame, *tables: pa.Table) -> tuple[System, dict]:
    """Return what a way hides, and what it took, in a process of its own."""
    started = processor_seconds(), time.monotonic()
    system = system_of(counted, *tables)
    WAYS[way](counted, system)
    return system, {
        "processor seconds": round(processor_seconds() - started[0]),
        "seconds": round(time.monotonic() - started[1]),
        "MB": megabytes(),
    }


def learning(
    con: duckdb.DuckDBPyConnection, hidden: pd.DataFrame, insiders: int
) -> str:
    """Attack as schools that hide something, evenly chosen; return how many learn."""
    schools = sorted(set(hidden[hidden.level == "school"].school_key))
    chosen = schools[:: max(1, len(schools) // insiders)][:insiders] if insiders else []
    learn = 0
    for n, school in enumerate(chosen, 1):
        found = attacked(con, hidden, school).recovered
        # What all other schools of a state have together is no one school's.
        learn += bool({cell.number for cell in found} - {"rest of level school sum"})
        progress(f"attacked as school {n} of {len(chosen)}")
    return f"{learn} of {len(chosen)}"


def compared(
    con: duckdb.DuckDBPyConnection, ways: list[str], insiders: int
) -> pd.DataFrame:
    """Return shares, what is recovered and seconds, one row a way of hiding."""
    progress("relations are made")
    con.execute(f"create temp view outcomes as from {SCHEMA}.int_outcomes_reconciled")
    tables = [
        con.execute(f"from {SCHEMA}.{model}").to_arrow_table() for model in INPUTS
    ]
    cells = tables[0].to_pandas().sort_values("cell_id", ignore_index=True)
    counted = cells[cells.has_counts].reset_index(drop=True)
    found = []
    for way in ways:
        with ProcessPoolExecutor(1, get_context("spawn")) as apart:
            system, took = apart.submit(hide, way, counted, *tables[1:]).result()
        progress(f"hidden by {way}: {took}")
        shown = int((~system.is_hidden_cell()).sum())
        hidden = hidden_cells(cells, counted, system)
        report = attacked(con, hidden)
        progress(f"attacked as a stranger: {len(report.recovered)} recovered")
        found.append(
            {
                "hidden by": way,
                "numbers": f"{tables[2].num_rows:,}",
                "cells shown": f"{shown:,} of {len(counted):,} "
                f"({shown / len(counted):.1%})",
                **took,
                "recovered": len(report.recovered),
                "seconds of the attack": round(report.seconds),
                "insiders who learn": learning(con, hidden, insiders),
                "MB of relations and attack": held() // 1024,
            }
        )
    return pd.DataFrame(found)


def before(commit: str, schools: int, years: int) -> pd.DataFrame:
    """Hide the same by an earlier commit: what its own program says, and its seconds.

    They are of all that it does; relations and attack are a few of them.
    """
    command = [sys.executable, "tests/stress.py", "--ways", "by the models"]
    command += [f"--schools={schools}", f"--years={years}"]
    with (
        tempfile.TemporaryDirectory() as folder,
        checked_out(commit, Path(folder) / "before") as tree,
    ):
        started = processor_seconds(), time.monotonic()
        said = subprocess.run(
            command,
            cwd=tree,
            env=os.environ | {"PYTHONPATH": "plugins:tests/sample"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
    progress(f"hidden by {commit}")
    found = re.search(r"models: ([\d,]+) shown \((.*?)\).*'recovered': (\d+)", said)
    assert found, said
    return pd.DataFrame(
        [
            {
                "hidden by": commit,
                "cells shown": f"{found[1]} ({found[2]})",
                "processor seconds": round(processor_seconds() - started[0]),
                "seconds": round(time.monotonic() - started[1]),
                "recovered": found[3],
            }
        ]
    )


def print_table(rows: pd.DataFrame) -> None:
    """Print rows as docs/attack.md has them."""
    lines = [list(rows), ["---"] * len(rows.columns), *rows.to_numpy().tolist()]
    for line in lines:
        print(f"| {' | '.join(map(str, line))} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schools", type=int, default=20)
    parser.add_argument("--years", type=int, default=1)
    parser.add_argument("--lake", type=Path)
    parser.add_argument("--ways", nargs="*", default=list(WAYS))
    parser.add_argument("--insiders", type=int, default=5, help="schools that attack")
    parser.add_argument("--before", metavar="COMMIT")
    args = parser.parse_args()
    if args.lake:
        con = duckdb.connect()
        file = args.lake / "build" / "warehouse.duckdb"
        con.execute(f"attach '{file}' as warehouse (read_only)")
    else:
        with tempfile.TemporaryDirectory() as folder:
            warehouse = Warehouse(compile_models(Path(folder), GRAPH))
        con = warehouse.con
        invented(con, args.schools, args.years)
        warehouse.make(*GRAPH)
    rows = compared(con, args.ways, args.insiders)
    if args.before:
        rows = pd.concat([rows, before(args.before, args.schools, args.years)])
    print_table(rows.astype(object).fillna(""))


if __name__ == "__main__":
    main()
