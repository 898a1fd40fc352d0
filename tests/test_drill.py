"""A run that was disturbed anywhere is made good by the next one: tests/drill.py.

Here a part of the drill; ``make drill`` is all of it.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest
from conftest import ROOT

PACKAGE = ROOT / "plugins/common_metrics"
CHANGING = {"rename", "unlink", "symlink_to", "rmtree", "write_text", "write_bytes"}
# Modules that write files of a checkout, of a candidate that is not there yet, or that
# is derived: none of them changes what a next run goes by.
NO_STATE = {
    *("airflow_db.py", "check.py", "doctor.py", "run.py", "report.py"),
    "drift/doctor.py",
    *("contracts/blanks.py", "contracts/dbt_sources.py", "contracts/scaffold.py"),
    *("publication/site.py", "publication/letter.py", "publication/what_if.py"),
    *(
        "publication/workbook.py",
        "disclosure/attack/recovery.py",
        "disclosure/control.py",
    ),
    *("publication/audit.py", "reading/workbook.py", "reading/workbook_child.py"),
}
# Steps that an undisturbed run does not come to, and which test goes through each.
ELSEWHERE = {
    "disclosure/kept.py:_write": "test_suppression.py; an answer cut short is none",
    "fetching/taking.py:_opened": "test_sources.py, over half a file of a killed run",
    "fetching/taking.py:_taken": "test_sources.py; no sample is fetched",
    "housekeeping.py:_gone": "test_housekeeping.py, killed before the first file goes",
    "housekeeping.py:_logs": "logs alone",
    "student_key.py:_claim": "test_rotation.py",
    "student_key.py:rotate": "test_rotation.py, a rotation that was killed",
    "landing/receiving.py:receive": "test_landing.py, a name of another year",
    "validation/docs_index.py:_put": "pages alone",
    "lake.py:set_receipts_aside": "test_lake_state.py",
    "lake.py:forget_unmatched": "test_landing.py",
    "landing/receiving.py:_forget_rows": "test_lake_state.py",
    "landing/receiving.py:refuse": "test_streaming.py, killed before the record",
    "reading/streaming.py:parse": "test_streaming.py, killed before it was judged",
    "validation/quarantine.py:_put": "test_streaming.py, killed before the record",
    "publication/release_folders.py:_remove": "test_release.py",
    "publication/release_folders.py:remove": "test_release.py",
    "validation/expectations.py:_checks": "the drill's full disk",
    "validation/expectations.py:build_data_docs": "pages alone",
    "validation/expectations.py:_share_static": "test_lake_state.py",
    "warehouse/build.py:_leave_out_cells": "logs alone",
    "warehouse/spark.py:clear": "test_spark.py; all of it is made anew",
    "warehouse/spark.py:keep_counts": "test_spark.py; all of it is made anew",
    "warehouse/build.py:_keep_what_is_parsed": "what dbt parsed",
}


def steps() -> Iterator[str]:
    """Every function of the package that changes files."""
    for file in PACKAGE.rglob("*.py"):
        name = file.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and name not in NO_STATE:
                calls = (n for n in ast.walk(node) if isinstance(n, ast.Call))
                if any(map(changes, calls)):
                    yield f"{name}:{node.name}"


def changes(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    of_os = getattr(call.func.value, "id", "") == "os"
    is_replace = call.func.attr == "replace" and (of_os or len(call.args) == 1)
    return call.func.attr in CHANGING or is_replace


def drill(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tests/drill.py"), *words]
    return subprocess.run(command, capture_output=True, text=True)


def test_every_step_that_changes_a_file_is_a_point() -> None:
    done = drill("--list")
    assert done.returncode == 0, done.stderr
    points = {line.split("\t")[1] for line in done.stdout.splitlines()}
    assert {*steps()} - points == {*ELSEWHERE}


@pytest.mark.full
@pytest.mark.parametrize(
    "words",
    [["kills", "--step", "32"], ["disks", "clock", "two"], ["rights"]],
    ids=str,
)
def test_a_disturbed_run_is_made_good_by_the_next(words: list[str]) -> None:
    done = drill("--parts", *words)
    lost = [line for line in done.stdout.splitlines() if "survived" not in line[:8]]
    assert done.returncode == 0, "\n".join(lost) + done.stderr[-2000:]
