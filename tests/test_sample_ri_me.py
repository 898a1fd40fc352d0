"""The sample's files of Rhode Island and Maine: their truth is what a build holds."""

import csv
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from batches import receive_all
from staged import HOUR, build

from common_metrics.lake import Lake

ROOT = Path(__file__).parents[1]
KEYS = (
    *("ri/october_head_count", "ri/october_head_count_lea"),
    *("ri/october_head_count_state", "ri/assessment", "me/assessment"),
)
OURS = ("ri", "me")


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    command = [
        sys.executable,
        ROOT / "tests/sample/generate.py",
        folder,
        "--faults",
        "all",
    ]
    subprocess.run(command, check=True)
    return folder


def truth(sample: Path, name: str) -> list[dict[str, str]]:
    with (sample / f"truth/{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


Judged = set[tuple[str, int | str]]


@pytest.fixture(scope="module")
def judged(sample, tmp_path_factory) -> tuple[Lake, Judged]:
    """A lake of both states, and each (file, row) that did not get through."""
    lake = Lake(tmp_path_factory.mktemp("built") / "lake")
    caught: Judged = set()
    keys = (*KEYS, "nessc/school_crosswalk")
    for each in receive_all(lake, sample / "extracts", keys, HOUR):
        name = each.delivery.file
        if each.refusal:
            caught.add((name, ""))
            continue
        quarantined = pq.read_table(lake.rows("quarantine", each.delivery))
        caught |= {(name, row) for row in quarantined["_source_row"].to_pylist()}
    return lake, caught


@pytest.fixture(scope="module")
def warehouse(judged) -> Iterator[duckdb.DuckDBPyConnection]:
    select = ("resource_type:seed", "+int_outcomes_conformed")
    with build(judged[0], *select, "+int_enrollments_conformed") as opened:
        yield opened


def test_every_planted_fault_is_caught_and_nothing_else(sample, judged) -> None:
    planted = {
        (f["file"], "" if "file refused" in f["expected"] else int(f["row"]))
        for f in truth(sample, "faults")
        if f["file"].startswith(("ri_", "me_"))
        and not f["file"].startswith("ri_eride/")  # of students
    }
    assert judged[1] == planted
    assert len(planted) == 11


def test_every_rate_is_the_planted_one(sample, warehouse) -> None:
    columns = (
        "provider, state, school_id_nces, school_id_state, school_name, school_year, "
        "metric_id, student_group, numerator, denominator, value_pct, value_status"
    )
    found = warehouse.sql(
        f"select {columns} from intermediate.int_outcomes_conformed "
        f"where provider in {OURS}"
    ).fetchall()
    built = {tuple("" if c is None else c for c in row[:8]): row[8:] for row in found}
    planted = [row for row in truth(sample, "outcomes") if row["provider"] in OURS]
    assert len(built) == len(found) == len(planted) > 250
    names = [name.strip() for name in columns.split(",")]
    for row in planted:
        key = tuple(
            int(row[name]) if name == "school_year" else row[name] for name in names[:8]
        )
        *numbers, status = built[key]
        assert status == row["value_status"], key
        printed = [row[name] for name in names[8:11]]
        assert [None if n is None else Decimal(n) for n in numbers] == [
            Decimal(cell) if cell else None for cell in printed
        ], key


def test_every_head_count_is_the_planted_one(sample, warehouse) -> None:
    found = warehouse.sql(
        "select extract, level, coalesce(lea_name, ''), coalesce(school_id_nces, ''), "
        "coalesce(school_name, ''), school_year, grade, student_group, student_count "
        "from intermediate.int_enrollments_conformed where provider = 'ri'"
    ).fetchall()
    planted = [row for row in truth(sample, "enrollments") if row["provider"] == "ri"]
    expected = [
        (
            row["extract"],
            "school"
            if row["school_name"]
            else "lea"
            if row["lea_id_state"]
            else "state",
            row["lea_id_state"],
            row["school_id_nces"],
            row["school_name"],
            int(row["school_year"]),
            row["grade"],
            row["student_group"],
            int(row["student_count"]),
        )
        for row in planted
    ]
    assert sorted(found) == sorted(expected)
    assert len(found) > 50
