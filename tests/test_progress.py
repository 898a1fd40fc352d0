"""The bars of `make run`: on a terminal they count, elsewhere lines tell."""

import json
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import Future
from functools import partial
from io import StringIO
from multiprocessing import get_context
from pathlib import Path
from threading import Timer

import psutil
import pytest
from rich.console import Console
from rich.progress import Progress

from common_metrics import run
from common_metrics.report import Ended
from common_metrics.warehouse import build

ROOT = Path(__file__).parents[1]


def test_files_are_counted_by_the_processes_that_read_them() -> None:
    fork = get_context("fork")
    counts = fork.Array("i", 2)
    readers = [fork.Process(target=run._count, args=[counts]) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert counts[:] == [3, 0]


def test_models_are_counted_by_the_events_of_dbt(monkeypatch) -> None:
    counts = get_context("fork").Array("i", 2)
    monkeypatch.setattr(build, "ON_STEP", [partial(run._step, counts)])
    info = {"msg": "8 of 9 START test a", "ts": "2015-12-01T12:01:00.5Z"}
    for name, after in (("LogTestResult", [0, 0]), ("LogStartLine", [8, 9])):
        event = {"info": info | {"name": name}, "data": {"index": 8, "total": 9}}
        told = build._told(json.dumps(event) + "\n")
        assert told == "12:01:00  8 of 9 START test a\n"
        assert counts[:] == after, name
    assert build._told("Traceback\n") == "Traceback\n"


PUBLISH = """
import sys
from pathlib import Path
from common_metrics import run
from common_metrics.lake import Lake
lake = Lake(Path(sys.argv[1]))
with run._pool(lake, lake.root, []) as (start, _):
    print(start("publish_release").result())
    print(start("publish_release").result().reason)
"""


def test_a_step_that_fails_tells_what_its_task_said(tmp_path: Path) -> None:
    """Through Airflow itself; without a build there is nothing to publish."""
    done = subprocess.run(
        [sys.executable, "-c", PUBLISH, str(tmp_path / "lake")],
        env=os.environ | {"PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
    )
    line, reason = done.stdout.splitlines()
    assert re.fullmatch(r"publish_release +1 tasks +\d+ s  failed", line)
    assert re.match(r"\S+/build\.json: expected a file", reason)


def followed(is_terminal: bool, *counts: int) -> tuple[str, dict[str, str]]:
    """What is printed of two DAGs, of which the second takes a second."""
    console = Console(
        file=StringIO(), force_terminal=is_terminal, width=120, color_system=None
    )
    now, later = Future(), Future()
    now.set_result(Ended("land_a", "done", 4, 1.0))
    Timer(1, later.set_result, [Ended("land_b", "failed", 2, 3.0)]).start()
    with Progress(
        *run.COLUMNS, console=console, disable=not console.is_terminal
    ) as shown:
        ended = run._follow(shown, "land the files", [now, later], counts)
    return console.file.getvalue(), {each.dag_id: each.state for each in ended}


def test_a_bar_shows_how_far_it_is_and_ends_full() -> None:
    printed, states = followed(True, 3, 5)
    assert states == {"land_a": "done", "land_b": "failed"}
    bars = re.findall(r"land the files +\S* *(\d/\d)", re.sub("[━╸╺]+", "", printed))
    assert "3/5" in bars and bars[-1] == "5/5"
    assert "tasks" not in printed


def test_without_a_terminal_each_step_is_a_line() -> None:
    printed, _ = followed(False, 0, 0)
    assert [line.split() for line in printed.splitlines()] == [
        ["land_a", "4", "tasks", "1", "s", "done"],
        ["land_b", "2", "tasks", "3", "s", "failed"],
    ]


# A pool like that of a run, whose process waits for a program as it does for dbt.
RUN = """
import os, signal, subprocess, sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from common_metrics import run

def build():
    subprocess.run(["sh", "-c", "echo started $$; exec sleep 600"])

for each in (signal.SIGTERM, signal.SIGINT):
    signal.signal(each, run._end)
fork = get_context("fork")
begin = partial(run._begin, os.getpid(), Path("/dev/stdout"))
with ProcessPoolExecutor(1, fork, begin) as pool:
    pool.submit(build).result()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_no_process(number: signal.Signals) -> None:
    ended = subprocess.Popen(
        [sys.executable, "-c", RUN],
        env=os.environ | {"PYTHONPATH": str(ROOT / "plugins")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    program = psutil.Process(int(ended.stdout.readline().split()[1]))
    ended.send_signal(number)
    # The program holds the pipe: it is closed once nobody is left.
    ended.stdout.read()
    code = ended.wait(timeout=60)
    assert code == -9 if number == signal.SIGKILL else code == 128 + number
    psutil.wait_procs([program], timeout=60)
    assert not program.is_running()
