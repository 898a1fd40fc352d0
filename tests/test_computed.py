"""The computed metrics equal the planted truth: every state, metric and group."""

from pathlib import Path

import pytest
from computed_truth import differences, planted
from conftest import StudentLake
from staged import UNTESTED

from common_metrics.warehouse import build

PROJECT = build.DBT_PROJECT


@pytest.fixture(scope="module")
def warehouse(student_lake: StudentLake) -> Path:
    """The computed metrics, and what they are made from, of the sample's students."""
    lake = student_lake.lake
    build.write_inputs(lake)
    lake.build().parent.mkdir(exist_ok=True)
    selected = ["resource_type:seed", "+int_computed_outcomes"]
    done = build.dbt(lake, "build", *UNTESTED, "--select", *selected)
    assert done.returncode == 0, done.stdout[-2000:]
    return lake.build()


def test_computed_rates_are_the_planted_ones(
    warehouse: Path, student_lake: StudentLake
) -> None:
    truth = student_lake.sample / "truth" / "computed.csv"
    assert differences(warehouse, truth) == []
    rates = planted(truth)
    assert {key[1] for key in rates} == {"CT", "ME", "NH", "RI", "VT"}
    assert len({key[4] for key in rates}) == 24
    assert {value[-1] for value in rates.values()} == {"reported", "range"}
