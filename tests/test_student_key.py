"""Student files and their key: without one a run stops before it has begun."""

import csv
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
import staged

from common_metrics.contracts.loading import CONTRACTS, load_contract
from common_metrics.contracts.model import Contract
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Lake
from common_metrics.landing import receiving
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
    assert f"{VARIABLE}. Found {found}. " in run.stdout and "run again" in run.stdout
    lake = tmp_path / "lake"
    assert not lake.exists() or not list(lake.rglob("*.parquet"))


def test_without_student_files_no_key_is_asked_for(
    tmp_path: Path, contracts: dict[str, Contract], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    receiving.require_key(contracts.values(), tmp_path)


@pytest.mark.parametrize("rows", [1, 10_000])
def test_an_id_under_another_header_is_written_nowhere(
    contracts: dict[str, Contract], lake: Lake, drop: Path, rows: int
) -> None:
    contract = contracts["nessc/student_enrollment"]
    (file,) = STUDENTS.glob("*.csv")
    head, *lines = list(csv.reader(file.read_text().splitlines()))
    at = head.index("student_id_state")
    ids = [line[at] for line in lines[:rows]]
    shifted = [[*line[1:], line[0]] for line in lines[:rows]]
    put = drop / "nessc_students" / "shifted_student_enrollment.csv"
    put.parent.mkdir()
    with put.open("w", newline="") as stream:
        csv.writer(stream).writerows([head, *shifted, *lines[rows:]])
    name = put.relative_to(drop).as_posix()
    with suppress(DeliveryRefused):
        landed = staged.land(contract, drop, name, lake, "2016-01-01T00:00:00Z")
        staged.validate(contract, landed, lake)
    written = [
        duckdb.sql(f"from '{found}'").fetchall()
        for stage in ("validated", "quarantine")
        for found in (lake.root / stage).rglob("*.parquet")
    ]
    assert not [one for one in ids if one in str(written)]
    assert bool(written) == (rows == 1)  # a single row is moved, a whole file refused


def started(lake: Path, drop: Path, key: str | None) -> subprocess.CompletedProcess:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in (VARIABLE, "AIRFLOW_HOME")
    }
    environment |= {VARIABLE: key} if key else {}
    return subprocess.run(
        [sys.executable, "-m", "common_metrics.cli", "run"]
        + ["--lake", str(lake), "--drop", str(drop)],
        env=environment | {"PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_published_of_a_contract_does_not_depend_on_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    digests = []
    for key in ("of the tests, no secret", "another one of the tests"):
        monkeypatch.setenv(VARIABLE, key)
        contract = load_contract(CONTRACTS / "vt/sis_identity.yml")
        digests.append((contract.sha256, contract.rules_sha256))
    one, other = digests
    assert one[0] != other[0]
    assert one[1] == other[1]
