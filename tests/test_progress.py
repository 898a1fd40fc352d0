"""The bars of `make run`: on a terminal they count, elsewhere lines tell."""

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import Future
from io import StringIO
from multiprocessing import get_context
from pathlib import Path
from threading import Timer

import psutil
import pytest
from rich.console import Console
from rich.progress import Progress

from common_metrics import run

ROOT = Path(__file__).parents[1]
NOON = 1_448_971_200  # 2015-12-01


def test_files_are_counted_by_the_processes_that_read_them() -> None:
    fork = get_context("fork")
    read = fork.Value("i")
    readers = [fork.Process(target=run._count, args=[read]) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert read.value == 3


def test_models_are_counted_from_the_log_of_dbt(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    assert run._built(NOON, log) == {}
    log.write_text(
        "12:01  8 of 9 START test a [RUN]\n12:01  9 of 9 START test b [RUN]\n"
    )
    assert run._built(log.stat().st_mtime, log) == {"completed": 9, "total": 9}
    os.utime(log, (NOON - 1, NOON - 1))
    assert run._built(NOON, log) == {}, "the log of the run before"


def followed(is_terminal: bool, count) -> tuple[str, dict[str, str]]:
    """What is printed of two DAGs, of which the second takes a second."""
    console = Console(
        file=StringIO(), force_terminal=is_terminal, width=120, color_system=None
    )
    now, later = Future(), Future()
    now.set_result(("land_a", "done", 4, 1.0))
    Timer(1, later.set_result, [("land_b", "failed", 2, 3.0)]).start()
    with Progress(
        *run.COLUMNS, console=console, disable=not console.is_terminal
    ) as shown:
        states = run._follow(shown, "land the files", [now, later], count)
    return console.file.getvalue(), states


def test_a_bar_shows_how_far_it_is_and_ends_full() -> None:
    printed, states = followed(True, lambda: {"completed": 3, "total": 5})
    assert states == {"land_a": "done", "land_b": "failed"}
    bars = re.findall(r"land the files +\S* *(\d/\d)", re.sub("[━╸╺]+", "", printed))
    assert "3/5" in bars and bars[-1] == "5/5"
    assert "tasks" not in printed


def test_without_a_terminal_each_step_is_a_line() -> None:
    printed, _ = followed(False, dict)
    assert [line.split() for line in printed.splitlines()] == [
        ["land_a", "4", "tasks", "1", "s", "done"],
        ["land_b", "2", "tasks", "3", "s", "failed"],
    ]


# A pool like that of a run, whose process waits for a program as it does for dbt.
RUN = """
import os, signal, subprocess, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from common_metrics import run

def build():
    subprocess.run(["sh", "-c", "echo started $$; exec sleep 600"])

run._sync_no_more = lambda: None
for each in (signal.SIGTERM, signal.SIGINT):
    signal.signal(each, run._end)
fork = get_context("fork")
with ProcessPoolExecutor(1, fork, run._begin, [os.getpid()]) as pool:
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
