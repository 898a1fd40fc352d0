"""``make run``: the DAGs that have something to do, without a scheduler, with progress.

Each runs through Airflow's own ``dag.test()``, two at a time. An extract without a new
file has no DAG run, and of the same deliveries and code nothing is built.
"""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import active_children, get_context
from pathlib import Path
from threading import Thread
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from common_metrics import (
    airflow_db,
    batching,
    housekeeping,
    lease,
    pseudonyms,
    report,
    settings,
    student_key,
)
from common_metrics.contracts.loading import load_contracts
from common_metrics.errors import Refused, in_four_parts
from common_metrics.lake import Lake
from common_metrics.landing import receiving
from common_metrics.publication import release
from common_metrics.report import BUILD, PUBLISH, Ended
from common_metrics.warehouse import build

ROOT = Path(__file__).parents[2]
AT_A_TIME = min(2, os.cpu_count() or 1)
COLUMNS = (
    SpinnerColumn(),
    TextColumn("{task.description:<16}"),
    BarColumn(bar_width=30),
    MofNCompleteColumn(),
    TimeElapsedColumn(),
)


class CannotRun(Refused):
    """Nothing was begun."""


def run(lake: Lake, drop: Path | None) -> int:
    """Run what is to do and return the exit code: 1 where a delivery or step failed."""
    drop = drop or _sample(lake)
    if not drop.is_dir():
        raise CannotRun(
            "DROP", "a folder of extracts", f"no folder {drop}", "Name one."
        )
    contracts = load_contracts()
    receiving.list_once(drop)
    receiving.require_key(contracts.values(), drop)
    if lake.deliveries.exists():
        student_key.require_own(lake)
    width = None if sys.stdout.isatty() else 120
    console = Console(highlight=False, width=width)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _end)
    with lease.held(lake, "make run"):
        receiving.record_unmatched(contracts, drop, lake, lake.moment())
        for each in lake.set_receipts_aside():
            console.print(f"unreadable receipt, its file lands again: {each}")
        ended = _run_dags(console, lake, drop)
        for each in housekeeping.tidy(lake):
            console.print(str(each))
        return report.report(console, lake, drop, ended)


def _end(number: int, _: object) -> NoReturn:
    """End at once, with the pool's processes and what they started, such as dbt.

    Nothing is lost: each file of the lake is written beside its place and renamed.
    """
    for child in active_children():
        with suppress(ProcessLookupError):
            if child.pid:
                os.killpg(child.pid, signal.SIGKILL)
    sys.exit(128 + number)


def _sample(lake: Lake) -> Path:
    """Return the folder of the sample extracts, written unless this code wrote them.

    Its students are invented, and so may be the key that hashes them.
    """
    os.environ.setdefault(pseudonyms.VARIABLE, "of the sample, no secret")
    folder, code = lake.private("sample"), ROOT / "tests/sample"
    read = [file.read_bytes() for file in sorted(code.glob("*.*"))]
    made, by = folder / "made_by", hashlib.sha256(b"".join(read)).hexdigest()
    if not made.exists() or made.read_text() != by:
        subprocess.run([sys.executable, code / "generate.py", folder], check=True)
        made.write_text(by)
    return folder / "extracts"


def _run_dags(console: Console, lake: Lake, drop: Path) -> list[Ended]:
    """Land, build, publish what is new; return how each DAG ended."""
    contracts = load_contracts().values()
    new = {c.key: sum(map(len, batching.new_batches(c, drop, lake))) for c in contracts}
    damaged = {c.key: len(batching.to_mend(c, drop, lake)) for c in contracts}
    # The longest first, so that the two at a time end together.
    asked = {c.key for c in contracts if c.landing.sources}
    due = [key for key in new if new[key] or damaged[key] or key in asked]
    order = sorted(due, key=lambda key: -new[key] - damaged[key])
    console.print(f"new files: {sum(new.values())}, of {len(order)} extracts")
    if asked:
        console.print(f"sources asked: those of {len(asked)} extracts")
    if any(damaged.values()):
        console.print(f"damaged in the lake: {sum(damaged.values())}, to be made again")
    if not order and not release.is_needed(lake):
        console.print("unchanged: the current release is of these files and this code")
        return []
    with _pool(lake, drop, order) as (start, counts):
        shown = Progress(*COLUMNS, console=console, disable=not console.is_terminal)
        with shown:
            counts[:] = 0, sum(new.values())
            land = [start(report.landing_dag(key)) for key in order]
            ended = _follow(shown, "land the files", land, counts)
            for step, name in ((BUILD, "build with dbt"), (PUBLISH, "publish")):
                if step == BUILD or ended[-1].state == "built":
                    counts[:] = 0, 0
                    ended += _follow(shown, name, [start(step)], counts)
    with _quiet(lake.log("airflow.log")):
        airflow_db.trim()
    return ended


@contextmanager
def _pool(lake: Lake, drop: Path, order: list[str]) -> Iterator[tuple[Any, Any]]:
    """Yield what starts a DAG in one of two processes, and what they count with."""
    with _quiet(lake.log("airflow.log")):
        _prepare_airflow(lake, drop)
        if len(order) > 1:
            # Before the fork, so that it is loaded once: it takes five seconds.
            import great_expectations  # noqa: F401
    fork = get_context("fork")
    counts = fork.Array("i", 2)
    batching.ON_READ.append(partial(_count, counts))
    build.ON_STEP.append(partial(_step, counts))
    begin = partial(_begin, os.getpid(), lake.log("airflow.log"))
    with ProcessPoolExecutor(AT_A_TIME, fork, begin) as pool:
        try:
            yield partial(pool.submit, _run_dag), counts
        finally:
            pool.shutdown(cancel_futures=True)  # after Ctrl-C nothing more begins


def _prepare_airflow(lake: Lake, drop: Path) -> None:
    home = lake.private("airflow")
    os.environ |= {
        "COMMON_METRICS_LAKE": str(lake.root),
        "COMMON_METRICS_DROP": str(drop),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow_db.address(home),
        # airflow.cfg of a lake that was moved or copied names the old one's.
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    airflow_db.make(home, lake.log("airflow_db.log"))
    from airflow.dag_processing.bundles.manager import DagBundlesManager

    # As ``dag.test()`` does; two processes at once would write the same first row.
    DagBundlesManager().sync_bundles_to_db()


def _begin(parent: int, log: Path) -> None:
    """Make a process of the pool end with its parent, and what it says go to a log."""
    # A group of its own, so that it ends together with what it starts.
    os.setpgid(0, 0)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_DFL)
    Thread(target=_end_with, args=[parent], daemon=True).start()
    _print_to(log)


def _print_to(log: Path) -> None:
    """Send what this process and its programs print to a file from now on."""
    with log.open("a") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)


@contextmanager
def _quiet(log: Path) -> Iterator[None]:
    """Send what is printed to a file for a while."""
    saved = os.dup(1), os.dup(2)
    _print_to(log)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, place in zip(saved, (1, 2), strict=True):
            os.dup2(descriptor, place)
            os.close(descriptor)


def _end_with(parent: int) -> None:
    """End this group soon after its parent, which may have had no time to say so."""
    while os.getppid() == parent:
        time.sleep(1)
    os.killpg(0, signal.SIGKILL)


def _run_dag(dag_id: str) -> Ended:
    """Run a DAG and return how it ended."""
    from airflow.dag_processing.dagbag import DagBag

    started = time.time()
    reasons: list[str] = []
    # ``dag.test()`` loads and writes every DAG that is made: this one alone.
    os.environ[settings.ONLY] = dag_id
    bag = DagBag(ROOT / "dags")
    if bag.import_errors:
        errors = "\n".join(map(str, bag.import_errors.values()))
        raise CannotRun("dags", "DAGs that load", errors, "Mend the code.")
    (dag,) = bag.dags.values()
    for task in dag.tasks:
        own = task.partial_kwargs if task.is_mapped else vars(task)
        of = own.get("on_failure_callback") or []
        of = [*of] if isinstance(of, (list, tuple)) else [of]
        own["on_failure_callback"] = [*of, partial(_tell, reasons)]
    # With one ``dag.test()`` of Airflow 3.3.2 fails (its issue 73428); who runs waits.
    dag.deadline = None
    ran = dag.test()
    tasks = ran.get_task_instances()
    states = {task.task_id: str(task.state) for task in tasks}
    state = _state(str(ran.state), states)
    return Ended(dag_id, state, len(tasks), time.time() - started, "".join(reasons))


def _tell(reasons: list[str], context: dict[str, Any]) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    # What is refused stands in the records and is told from there.
    if not isinstance(context["exception"], AirflowFailException):
        reasons.append(str(in_four_parts(context["exception"])))


def _state(state: str, tasks: dict[str, str]) -> str:
    if state == "failed":
        return "failed"
    if "dbt_build" in tasks:
        return "built" if tasks["dbt_build"] == "success" else "unchanged"
    return "unchanged" if tasks.get("announce") == "skipped" else "done"


def _follow(
    progress: Progress, name: str, runs: list[Future], counts: Any
) -> list[Ended]:
    """Show how far the runs are, as two numbers that they share; return their ends."""
    bar, waiting, ended = progress.add_task(name, total=None), set(runs), []
    while waiting:
        done, waiting = wait(waiting, 0.5, FIRST_COMPLETED)
        progress.update(bar, completed=counts[0], total=counts[1] or None)
        for each in done:
            ended.append(each.result())
            # Where nobody watches a terminal, lines take the place of bars.
            if progress.disable:
                progress.console.print(str(ended[-1]))
    total = counts[1] or 1
    progress.update(bar, completed=total, total=total)
    return ended


def _count(counts: Any) -> None:
    with counts.get_lock():
        counts[0] += 1


def _step(counts: Any, done: int, total: int) -> None:
    counts[:] = done, total
