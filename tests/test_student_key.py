"""Student files and their key: without one a run stops before it has begun."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from common_metrics import landing
from common_metrics.contract import Contract
from common_metrics.pseudonyms import VARIABLE

ROOT = Path(__file__).parents[1]
STUDENTS = ROOT / "tests/fixtures/nessc/student_enrollment"


@pytest.mark.parametrize(
    ("key", "found"), [(None, "none"), ("short", "one of 5 characters")]
)
def test_a_run_that_finds_student_files_stops_without_a_key(
    tmp_path: Path, key: str | None, found: str
) -> None:
    (file,) = STUDENTS.glob("*.csv")
    drop = tmp_path / "drop" / "nessc_students"
    drop.mkdir(parents=True)
    shutil.copy(file, drop / "ct_0000000_student_enrollment.csv")
    run = started(tmp_path / "lake", drop.parent, key)
    assert run.returncode == 2
    assert f"{VARIABLE}, found {found}" in run.stdout and "run again" in run.stdout
    lake = tmp_path / "lake"
    assert not lake.exists() or not list(lake.rglob("*.parquet"))


def test_without_student_files_no_key_is_asked_for(
    tmp_path: Path, contracts: dict[str, Contract], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    landing.require_key(contracts.values(), tmp_path)


def started(lake: Path, drop: Path, key: str | None) -> subprocess.CompletedProcess:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in (VARIABLE, "AIRFLOW_HOME")
    }
    environment |= {VARIABLE: key} if key else {}
    return subprocess.run(
        [sys.executable, "-m", "common_metrics.run"]
        + ["--lake", str(lake), "--drop", str(drop)],
        env=environment | {"PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
        check=False,
    )
