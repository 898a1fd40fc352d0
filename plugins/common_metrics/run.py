"""``make run``: the DAGs to completion, without a scheduler, with progress.

python -m common_metrics.run --lake LAKE [--drop DROP]
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import duckdb
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from common_metrics import landing, pseudonyms
from common_metrics.contract import load_contracts
from common_metrics.lake import Delivery, Lake
from common_metrics.pseudonyms import KeyMissing
from common_metrics.release import manifests

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Run everything and return the exit code: 1 where a delivery or step failed."""
    parser = argparse.ArgumentParser(prog="run", description=__doc__.splitlines()[0])
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--drop", type=Path)
    args = parser.parse_args()
    lake = Lake(args.lake.resolve())
    drop = args.drop.resolve() if args.drop else _sample(lake)
    if not drop.is_dir():
        print(f"DROP: expected a folder of extracts. Found no folder {drop}. Name one.")
        return 2
    try:
        landing.require_key(load_contracts().values(), drop)
    except KeyMissing as missing:
        print(missing)
        return 2
    _prepare_airflow(lake, drop)
    with _quiet(lake.log("airflow.log")) as console:
        states = _run_dags(console)
    return _report(console, lake, drop, states)


def _sample(lake: Lake) -> Path:
    """Write the sample extracts below the lake and return their folder.

    Its students are invented, and so may be the key that hashes them.
    """
    os.environ.setdefault(pseudonyms.VARIABLE, "of the sample, no secret")
    folder = lake.root / "sample"
    script = ROOT / "sample" / "generate.py"
    subprocess.run([sys.executable, script, folder], check=True)
    return folder / "extracts"


def _prepare_airflow(lake: Lake, drop: Path) -> None:
    home = lake.private("airflow")
    os.environ |= {
        "COMMON_METRICS_LAKE": str(lake.root),
        "COMMON_METRICS_DROP": str(drop),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    if not (home / "airflow.db").exists():
        airflow = Path(sys.executable).with_name("airflow")
        log = lake.log("airflow_db.log").open("w")
        subprocess.run([airflow, "db", "migrate"], check=True, stdout=log, stderr=log)


@contextmanager
def _quiet(log: Path) -> Iterator[Console]:
    """Send what the tools print to a log file; yield a console for us."""
    width = None if sys.stdout.isatty() else 120
    console = Console(file=os.fdopen(os.dup(1), "w"), highlight=False, width=width)
    saved = os.dup(1), os.dup(2)
    with log.open("a") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
        try:
            yield console
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(saved[0], 1)
            os.dup2(saved[1], 2)


def _run_dags(console: Console) -> dict[str, str]:
    """Land, build, publish; return each DAG's state."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    if bag.import_errors:
        raise RuntimeError(f"DAGs do not load: {bag.import_errors}")
    order = [f"land_{key.replace('/', '_')}" for key in load_contracts()]
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<28}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[state]}"),
    )
    states: dict[str, str] = {}
    # Where nobody watches a terminal, a line a DAG takes the place of the bars.
    shown = console.is_terminal
    with Progress(*columns, console=console, disable=not shown) as progress:
        for dag_id in [*order, "build_warehouse", "publish_release"]:
            if dag_id == "publish_release" and states["build_warehouse"] != "built":
                continue
            states[dag_id] = _run_dag(bag.dags[dag_id], progress)
    return states


def _run_dag(dag: Any, progress: Progress) -> str:
    bar = progress.add_task(dag.dag_id, total=None, state="")
    stop, started = Event(), time.time()
    watcher = Thread(target=_watch, args=(dag.dag_id, started, progress, bar, stop))
    watcher.start()
    try:
        run = dag.test()
    finally:
        stop.set()
        watcher.join()
    state = _state(dag.dag_id, run)
    done = len(run.get_task_instances())
    progress.update(bar, total=done, completed=done, state=state)
    if not progress.console.is_terminal:
        seconds = time.time() - started
        progress.console.print(
            f"{dag.dag_id:<28} {done:>4} tasks {seconds:>5.0f} s  {state}"
        )
    return state


def _state(dag_id: str, run: Any) -> str:
    if str(run.state) == "failed":
        return "failed"
    states = {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
    if dag_id == "build_warehouse":
        return "built" if states["dbt_build"] == "success" else "unchanged"
    if states.get("announce") == "skipped":
        return "unchanged"
    return "done"


def _watch(
    dag_id: str, since: float, progress: Progress, bar: Any, stop: Event
) -> None:
    """Move the bar by the task instances that Airflow's own records call finished."""
    import sqlite3

    database = Path(os.environ["AIRFLOW_HOME"]) / "airflow.db"
    sql = (
        "select sum(ti.state in ('success', 'failed', 'skipped', 'upstream_failed')), "
        "count(*) from task_instance ti join dag_run dr using (dag_id, run_id) "
        "where dag_id = ? and dr.start_date >= datetime(?, 'unixepoch')"
    )
    while not stop.wait(0.5):
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as con:
            done, total = con.execute(sql, (dag_id, since - 1)).fetchone()
        if total:
            progress.update(bar, completed=done or 0, total=total)


def _report(console: Console, lake: Lake, drop: Path, states: dict[str, str]) -> int:
    """Print what arrived, what is wrong, where the result is and a first table."""
    records = lake.all_recorded()
    console.print(_deliveries(records))
    for record in _still_refused(lake, drop):
        console.print(f"refused: {record.message}", soft_wrap=True, markup=False)
    for line in _unmatched(records):
        console.print(line, soft_wrap=True, markup=False)
    failed = [dag_id for dag_id, state in states.items() if state == "failed"]
    if {"build_warehouse", "publish_release"} & set(failed):
        reason = _last_error(lake.log("airflow.log").read_text())
        console.print(f"reason: {reason}", soft_wrap=True, markup=False)
    if manifests(lake):
        _print_release(console, lake)
    if failed:
        steps = {"build_warehouse", "publish_release"} & set(failed)
        sound = not steps and manifests(lake)
        what = "What is sound is published" if sound else "Nothing new is published"
        console.print(
            f"Failed: {', '.join(failed)}. {what}; see {lake.log('airflow.log')}."
        )
    return 1 if failed else 0


def _still_refused(lake: Lake, drop: Path) -> list[Delivery]:
    """Return the refused among the newest records of the files in the drop folder."""
    newest = [d for key in load_contracts() for d in lake.newest_of(key).values()]
    return [d for d in newest if d.status == "refused" and (drop / d.file).exists()]


def _deliveries(records: list[Delivery]) -> Table:
    table = Table(title="Deliveries")
    table.add_column("extract", no_wrap=True)
    for heading in (
        "files",
        "validated",
        "refused",
        "rows",
        "quarantined",
        "duplicates",
    ):
        table.add_column(heading, justify="right")
    for key in sorted(
        {record.key for record in records if record.status != "unmatched"}
    ):
        mine = [record for record in records if record.key == key]
        table.add_row(
            key,
            str(len(mine)),
            str(sum(record.status == "validated" for record in mine)),
            str(sum(record.status == "refused" for record in mine)),
            f"{sum(record.rows_raw for record in mine):,}",
            str(sum(record.rows_quarantined for record in mine)),
            str(sum(record.rows_duplicate for record in mine)),
        )
    return table


def _last_error(log: str) -> str:
    """Return the last exception in the log with the lines of its message."""
    found = re.findall(
        r"^[\w.]+(?:Error|Failed|Refused|Exception): (.*(?:\n(?!\d{4}-).*)*)", log, re.M
    )
    return found[-1].strip() if found else "none found in the log"


def _unmatched(records: list[Delivery]) -> list[str]:
    """Return a line a folder for the files that no contract asks for."""
    files = [Path(record.file) for record in records if record.status == "unmatched"]
    if not files:
        return []
    head = (
        f"NO CONTRACT asks for these {len(files)} files (deliveries, status unmatched):"
    )
    folders = sorted({file.parent for file in files})
    inside = {f: [x.name for x in files if x.parent == f] for f in folders}
    return [head] + [
        f"  {folder}/  {len(names)}: {', '.join(names[:2])}{', ...' * (len(names) > 2)}"
        for folder, names in inside.items()
    ]


FIRST_TABLE = """
select state, school_year, metric_id,
    coalesce(cast(round(value_pct, 1) as varchar), value_status) as state_rate,
    coalesce(source_file, 'not delivered') as source_file
from state_outcomes
where student_group = 'all' and is_preferred and metric_id like 'acgr%'
order by state, metric_id, school_year
"""


def _print_release(console: Console, lake: Lake) -> None:
    with duckdb.connect(str(lake.current / "public.duckdb"), read_only=True) as con:
        cursor = con.execute(FIRST_TABLE)
        table = Table(
            *[column[0] for column in cursor.description], title="State rates"
        )
        for row in cursor.fetchall():
            table.add_row(*[str(cell) for cell in row])
    console.print(table)
    console.print(f"release     {lake.current.resolve().name}")
    for name in ("public.duckdb", "partner.duckdb", "site/index.html", "manifest.json"):
        console.print(f"            {lake.current / name}", soft_wrap=True)
    docs = lake.root / "data_docs/ct/graduation_4yr/gx/uncommitted/data_docs/local_site"
    console.print(f"data docs   {docs / 'index.html'}, one an extract", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
