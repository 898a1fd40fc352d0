"""The bars of `make run`: on a terminal they count, elsewhere lines tell."""

import os
import re
import sqlite3
import subprocess
import sys
from concurrent.futures import Future
from io import StringIO
from pathlib import Path
from threading import Timer

import pytest
from rich.console import Console
from rich.progress import Progress

from common_metrics import run

NOON = 1_448_971_200  # 2015-12-01


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow's records of three files that ended since noon, and of others."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    validate = "delivery.validate"
    tasks = [
        (validate, "success", "2015-12-01 12:00:01.250000"),
        (validate, "failed", "2015-12-01 12:00:02.000000"),
        (validate, "upstream_failed", "2015-12-01 12:00:03.000000"),
        (validate, "success", "2015-12-01 11:59:59.000000"),
        (validate, "running", None),
        ("delivery.land", "success", "2015-12-01 12:00:01.000000"),
    ]
    with sqlite3.connect(tmp_path / "airflow.db") as con:
        con.execute("create table task_instance (task_id, state, end_date)")
        con.executemany("insert into task_instance values (?, ?, ?)", tasks)
    con.close()


def test_files_are_counted_from_the_records_of_airflow(judged: None) -> None:
    assert run._judged(NOON, 5) == {"completed": 3, "total": 5}


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


def test_a_bar_shows_how_far_it_is_and_ends_full(judged: None) -> None:
    printed, states = followed(True, lambda: run._judged(NOON, 5))
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


def test_a_process_of_the_pool_ends_after_a_run_that_was_killed() -> None:
    """It holds the pipe until then, so that reading it waits for both to end."""
    code = (
        "import os, signal; from common_metrics.run import _end_with\n"
        "parent = os.getpid()\n"
        "if os.fork() == 0: _end_with(parent)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    command = [sys.executable, "-c", code]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert killed.returncode == -9 and not killed.stderr
