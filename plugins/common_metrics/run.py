"""``make run``: the DAGs to completion, without a scheduler, with progress.

python -m common_metrics.run --lake LAKE [--drop DROP]
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import cache, partial
from multiprocessing import active_children, get_context
from pathlib import Path
from threading import Thread
from typing import Any, NoReturn

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

from common_metrics import batching, pseudonyms
from common_metrics.contracts.loading import load_contracts
from common_metrics.errors import Asked, Refused, told
from common_metrics.lake import Delivery, Lake
from common_metrics.landing import receiving
from common_metrics.publication.release import manifests
from common_metrics.reading.parsing import left_out

ROOT = Path(__file__).parents[2]
BUILD, PUBLISH = "build_warehouse", "publish_release"
AT_A_TIME = min(2, os.cpu_count() or 1)


class CannotRun(Refused):
    """Nothing was begun."""


def main() -> int:
    """Run everything and return the exit code: 1 where a delivery or step failed."""
    parser = Asked(prog="run", description=__doc__.splitlines()[0])
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--drop", type=Path)
    args = parser.parse_args()
    lake = Lake(args.lake.resolve())
    drop = args.drop.resolve() if args.drop else _sample(lake)
    if not drop.is_dir():
        raise CannotRun(
            "DROP", "a folder of extracts", f"no folder {drop}", "Name one."
        )
    receiving.list_once(drop)
    receiving.require_key(load_contracts().values(), drop)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _end)
    _prepare_airflow(lake, drop)
    with _quiet(lake.log("airflow.log")) as console:
        states = _run_dags(console, lake, drop)
    return _report(console, lake, drop, states)


def _end(number: int, _: object) -> NoReturn:
    """End at once, with the pool's processes and what they started, such as dbt.

    Nothing is lost: each file of the lake is written beside its place and renamed.
    """
    for child in active_children():
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    sys.exit(128 + number)


def _sample(lake: Lake) -> Path:
    """Write the sample extracts below the lake and return their folder.

    Its students are invented, and so may be the key that hashes them.
    """
    os.environ.setdefault(pseudonyms.VARIABLE, "of the sample, no secret")
    folder = lake.private("sample")
    script = ROOT / "tests/sample/generate.py"
    subprocess.run([sys.executable, script, folder], check=True)
    return folder / "extracts"


def _prepare_airflow(lake: Lake, drop: Path) -> None:
    home = lake.private("airflow")
    os.environ |= {
        "COMMON_METRICS_LAKE": str(lake.root),
        "COMMON_METRICS_DROP": str(drop),
        "AIRFLOW_HOME": str(home),
        # Two processes write; the default gives up after five seconds.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=60",
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


def _run_dags(console: Console, lake: Lake, drop: Path) -> dict[str, str]:
    """Land, build, publish; return each DAG's state."""
    contracts = load_contracts().values()
    found = {c.key: len(receiving.find_deliveries(c, drop)) for c in contracts}
    # The longest first, so that the two at a time end together.
    order = sorted(filter(found.get, found), key=lambda key: -found[key])
    _dags()  # before the fork: its children find Airflow and the DAGs loaded
    fork = get_context("fork")
    read = fork.Value("i")
    batching.ON_READ.append(partial(_count, read))
    with ProcessPoolExecutor(AT_A_TIME, fork, _begin, [os.getpid()]) as pool:
        start = partial(pool.submit, _run_dag)
        land = [start(f"land_{key.replace('/', '_')}") for key in order]
        shown = Progress(*COLUMNS, console=console, disable=not console.is_terminal)
        try:
            with shown:
                total = sum(found.values())
                count = lambda: {"completed": read.value, "total": total}  # noqa: E731
                states = _follow(shown, "land the files", land, count)
                count = partial(_built, time.time(), lake.log("build.log"))
                states |= _follow(shown, "build with dbt", [start(BUILD)], count)
                if states[BUILD] == "built":
                    states |= _follow(shown, "publish", [start(PUBLISH)], dict)
        finally:
            pool.shutdown(cancel_futures=True)  # after Ctrl-C nothing more begins
    return states


COLUMNS = (
    SpinnerColumn(),
    TextColumn("{task.description:<16}"),
    BarColumn(bar_width=30),
    MofNCompleteColumn(),
    TimeElapsedColumn(),
)


@cache
def _dags() -> dict[str, Any]:
    """Return the DAGs by id, written to Airflow's records."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db

    manager = DagBundlesManager()
    manager.sync_bundles_to_db()
    (bundle,) = manager.get_all_dag_bundles()
    bundle.initialize()
    bag = BundleDagBag(
        dag_folder=bundle.path, bundle_path=bundle.path, bundle_name=bundle.name
    )
    if bag.import_errors:
        errors = "\n".join(map(str, bag.import_errors.values()))
        raise CannotRun("dags", "DAGs that load", errors, "Mend the code.")
    sync_bag_to_db(bag, bundle.name, bundle.version)
    return bag.dags


def _begin(parent: int) -> None:
    # A group of its own, so that it ends together with what it starts.
    os.setpgid(0, 0)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_DFL)
    Thread(target=_end_with, args=[parent], daemon=True).start()
    _sync_no_more()


def _end_with(parent: int) -> None:
    """End this group soon after its parent, which may have had no time to say so."""
    while os.getppid() == parent:
        time.sleep(1)
    os.killpg(0, signal.SIGKILL)


def _sync_no_more() -> None:
    """Spare ``dag.test()`` what it does first: load and write every DAG once more.

    That takes a second, and there is a DAG for each contract.
    """
    from airflow.dag_processing import dagbag

    dagbag.BundleDagBag = lambda **_: None
    dagbag.sync_bag_to_db = lambda *_: None


def _run_dag(dag_id: str) -> tuple[str, str, int, float]:
    """Run a DAG; return its id, its state, how many tasks it had, its seconds."""
    started = time.time()
    run = _dags()[dag_id].test()
    tasks = run.get_task_instances()
    states = {task.task_id: str(task.state) for task in tasks}
    return dag_id, _state(str(run.state), states), len(tasks), time.time() - started


def _state(state: str, tasks: dict[str, str]) -> str:
    if state == "failed":
        return "failed"
    if "dbt_build" in tasks:
        return "built" if tasks["dbt_build"] == "success" else "unchanged"
    return "unchanged" if tasks.get("announce") == "skipped" else "done"


def _follow(
    progress: Progress, name: str, runs: list[Future], count: Callable[[], dict]
) -> dict[str, str]:
    """Show how far the runs are; return the state of each DAG."""
    bar, waiting, states = progress.add_task(name, total=None), set(runs), {}
    while waiting:
        ended, waiting = wait(waiting, 0.5, FIRST_COMPLETED)
        progress.update(bar, **count())
        for dag_id, state, tasks, seconds in (run.result() for run in ended):
            states[dag_id] = state
            # Where nobody watches a terminal, lines take the place of bars.
            line = f"{dag_id:<34} {tasks:>4} tasks {seconds:>5.0f} s  {state}"
            if progress.disable:
                progress.console.print(line)
    total = progress.tasks[bar].total or 1
    progress.update(bar, completed=total, total=total)
    return states


def _count(read: Any) -> None:
    with read.get_lock():
        read.value += 1


def _built(since: float, log: Path) -> dict[str, int]:
    """Return how many models and tests dbt has begun since a time, as its log says."""
    is_new = log.exists() and log.stat().st_mtime >= since
    said = re.findall(r" (\d+) of (\d+) START", log.read_text() if is_new else "")
    return {"completed": int(said[-1][0]), "total": int(said[-1][1])} if said else {}


def _report(console: Console, lake: Lake, drop: Path, states: dict[str, str]) -> int:
    """Print what arrived, what is wrong, where the result is and a first table."""
    records = lake.all_recorded()
    console.print(_deliveries(records))
    keys = load_contracts()
    for record in (d for k in keys for d in batching.still_refused(k, drop, lake)):
        console.print(f"refused: {record.message}", soft_wrap=True, markup=False)
    for line in [*left_out(records), *_unmatched(records)]:
        console.print(line, soft_wrap=True, markup=False)
    failed = [dag_id for dag_id, state in states.items() if state == "failed"]
    if {BUILD, PUBLISH} & set(failed):
        reason = _last_error(lake.log("airflow.log").read_text())
        console.print(f"reason: {reason}", soft_wrap=True, markup=False)
    if manifests(lake):
        for line in _warnings(lake):
            console.print(f"warning: {line}", soft_wrap=True, markup=False)
        _print_release(console, lake)
    if failed:
        steps = {BUILD, PUBLISH} & set(failed)
        sound = not steps and manifests(lake)
        what = "What is sound is published" if sound else "Nothing new is published"
        console.print(
            f"Failed: {', '.join(failed)}. {what}; see {lake.log('airflow.log')}."
        )
    return 1 if failed else 0


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


SET_ASIDE = """
select provider || '/' || extract || ': ' || sum(rows_count) || ' rows set aside ('
    || reason || '); see records_set_aside'
from records_set_aside group by provider, extract, reason order by all
"""


def _warnings(lake: Lake) -> list[str]:
    """Return what the current release is without, and which tests of dbt warned."""
    file, lines = str(lake.current / "public.duckdb"), []
    # A release of an earlier version has no such table.
    with suppress(duckdb.CatalogException), duckdb.connect(file, read_only=True) as con:
        lines = [line for (line,) in con.execute(SET_ASIDE).fetchall()]
    found = manifests(lake)[lake.current.resolve().name].get("warnings", {})
    how = "see dbt_project/tests or the yml of the model"
    return [*lines, *(f"{test}: {n} rows; {how}" for test, n in found.items())]


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
    pages = "data_docs/*/*/gx/uncommitted/data_docs/local_site/index.html"
    docs = sorted(lake.root.glob(pages))
    places = {
        "release": lake.current.resolve().name,
        "site": lake.current / "site/index.html",
        "files": lake.current / "public.duckdb",
        "": f"{lake.current / 'partner.duckdb'}, and Parquet beside both",
        "checks": f"{docs[0] if docs else 'none'}, one an extract",
        "docs": "README.md, docs/bi.md for BI tools; make docs describes each column",
    }
    for what, place in places.items():
        console.print(f"{what:<10} {place}", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(told(main))
