"""Growth and college readiness: what schools send, and what is set aside of it.

That each number reaches the partners' file as it was planted, and that the public file
hides the small ones, is asked of a whole run, in test_end_to_end.py.
"""

import csv
from itertools import product
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from common_metrics.contracts import blanks
from common_metrics.contracts.model import Contract

ROOT = Path(__file__).parents[1]
SEEDS = ROOT / "dbt_project/seeds"
KEYS = ("nessc/growth", "nessc/college_readiness")


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def fixture(key: str) -> Path:
    (file,) = (ROOT / "tests/fixtures" / key).glob("*.csv")
    return file


@pytest.mark.parametrize("key", KEYS)
def test_the_fixture_is_a_filled_template_and_passes(key, contracts, run) -> None:
    blank = blanks.BLANKS[key].read_text()
    assert blank == blanks.blank(contracts[key]), "run make sources"
    assert fixture(key).read_text().startswith(blank)
    delivery = run(contracts[key], fixture(key).read_bytes(), fixture(key).name)
    assert (delivery.status, delivery.rows_quarantined) == ("validated", 0)
    assert contracts[key].visibility == "restricted"


WRONG = {  # cells of the second row, what they become, and what is said of them
    "nessc/growth": [
        ("7,9,", "9,7,", "no more in grew_count than in tested_twice_count"),
        ("7,9,", "10,9,", "no more in grew_count than in tested_twice_count"),
        ("7,9,", ",9,", "grew_count where the status is reported"),
        ("7,9,reported", "7,9,suppressed", "no grew_count where the status is not"),
        ("7,9,", "7,0,", "a count of students above zero, in tested_twice_count"),
        ("math", "science", "math or ela"),
        ("nwea_map,2011", "nwea_map,2013", "a vendor and an edition of the seed"),
        ("nwea_map,2011", ",2011", "a vendor in each row"),
        (",1.5,", ",1.2,", "the threshold of the seed growth_norms"),
        (",swd,", ",IEP,", "a student group that is in the code list"),
        ("2014-15", "2015", "a school year such as 2014-15"),
        ("2014-15", "2014-16", "a school year such as 2014-15 or 2015 in"),
    ],
    "nessc/college_readiness": [
        ("7,9,", "9,7,", "no more in ready_count than in turned_18_count"),
        ("7,9,", "7,,", "turned_18_count where the status is reported"),
        ("act_2013", "act_1990", "a benchmark of the seed readiness_benchmarks"),
        ("act_2013", "", "a benchmark in each row"),
        (",509990400004,PS904,", ",,,", "a federal or a state code in each row"),
        ("2014-09-30", "2014-13-30", "a day such as 2015-11-30"),
    ],
}


@pytest.mark.parametrize("key", KEYS)
def test_each_wrong_row_is_set_aside_with_its_reason(key, contracts, run, lake) -> None:
    """Among two hundred good rows, each of a school of its own."""
    head, _, row, *_ = fixture(key).read_text().splitlines()
    ids = ",".join(row.split(",")[1:3])
    many = [row.replace(ids, f"5099904{n:05},PS{n:03}") for n in range(200)]
    for n, (right, wrong, _) in enumerate(WRONG[key], start=300):
        assert row.count(right) == 1, right
        many.append(row.replace(right, wrong).replace(ids, f"5099904{n:05},PS{n:03}"))
    text = "\n".join([head, *many]) + "\n"
    delivery = run(contracts[key], text.encode(), fixture(key).name)
    assert (delivery.status, delivery.rows_validated) == ("validated", 200)
    (aside,) = (lake.root / "quarantine").rglob("*.parquet")
    told = pq.read_table(aside).sort_by("_source_row")["_reason"].to_pylist()
    assert len(told) == len(WRONG[key])
    for reason, (*_, says) in zip(told, WRONG[key], strict=True):
        assert says in reason


def allowed(contract: Contract, argument: str, column: str) -> list:
    """What the one expectation about a column takes."""
    (found,) = (
        rule["kwargs"][argument]
        for rule in contract.expectations
        if argument in rule["kwargs"]
        and column in (rule["kwargs"].get("column"), rule["kwargs"].get("column_A"))
    )
    return found


def test_the_contracts_take_what_the_seeds_have(contracts) -> None:
    """Every subject, norm and threshold that passes is a metric: no row is lost."""
    growth, ready = (contracts[key] for key in KEYS)
    norms = allowed(growth, "value_pairs_set", "vendor")
    subjects = allowed(growth, "value_set", "subject")
    thresholds = allowed(growth, "value_set", "threshold_years")
    columns = ("vendor", "norm_edition", "subject", "threshold_years")
    assert {tuple(row[c] for c in columns) for row in seed("growth_norms")} == {
        (*norm, subject, threshold)
        for norm, subject, threshold in product(norms, subjects, thresholds)
    }
    benchmarks = [row["benchmark_id"] for row in seed("readiness_benchmarks")]
    assert allowed(ready, "value_set", "benchmark_id") == benchmarks
    groups = [row["student_group"] for row in seed("student_groups")]
    for contract in (growth, ready):
        assert allowed(contract, "value_set", "student_group") == groups


def test_each_norm_and_benchmark_is_a_class_of_its_own() -> None:
    metrics = {row["metric_id"]: row for row in seed("metrics")}
    rules = [*seed("growth_norms"), *seed("readiness_benchmarks")]
    held = [metrics[rule["metric_id"]] for rule in rules]
    assert [m["definition_id"] for m in held] == [r["definition_id"] for r in rules]
    assert len({m["comparability_class"] for m in held}) == len(rules) == 6
    assert all(rule["reason"] and rule["source"] for rule in rules)
    counted = {row["metric_id"] for row in seed("metric_counts")}
    assert {rule["metric_id"] for rule in rules} <= counted
