"""The registry: unlike definitions are refused, goals and breaks are data."""

import csv
import re
from pathlib import Path

import duckdb
import pytest

from common_metrics.lake import Lake
from common_metrics.warehouse import build

ROOT = Path(__file__).parents[1]
SEEDS = ROOT / "dbt_project/seeds"
# What may stand beside an outcome: every model that sets values beside each other.
COMPARING = {
    "fct_lea_outcomes",
    "fct_school_outcomes",
    "fct_state_outcomes",
    "int_group_gaps",
    "int_outcomes_compared",
    "int_outcomes_contradicted",
    "int_school_outlook",
    "int_school_verdicts",
    "printed_comparison",
    "reconciliation",
}


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


FEDERAL, ADULT = "acgr_34cfr200_19", "nh_cohort_regular_or_adult"
COMPARISONS = {
    "int_outcomes_compared": ("other_definition_id", FEDERAL, "PASS"),
    # A rate with adult diplomas beside the federal one.
    "int_group_gaps": ("complement_definition_id", ADULT, "FAIL 1"),
    # A definition that no metric has.
    "int_school_verdicts": ("baseline_definition_id", "nobody_knows", "FAIL 1"),
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What dbt says of three comparisons, one of them of one definition."""
    lake = Lake(tmp_path_factory.mktemp("registry") / "lake")
    build.write_inputs(lake)
    run_dbt(lake, "seed", "--select", "metrics")
    with duckdb.connect(str(lake.build())) as con:
        con.execute("create schema intermediate")
        for model, (column, definition, _) in COMPARISONS.items():
            con.execute(
                f"create table intermediate.{model} as select 'CT' as state, "
                "'school' as level, 'ash' as school_key, 2015 as school_year, "
                "'acgr_4yr' as metric_id, 'all' as student_group, 'ct' as provider, "
                f"'us' as other_provider, '{FEDERAL}' as definition_id, "
                f"'{definition}' as {column}"
            )
    tests = [f"{model},test_name:compares_one_class" for model in COMPARISONS]
    return run_dbt(lake, "test", "--select", *tests)


def run_dbt(lake: Lake, *words: str) -> str:
    return build.dbt(lake, *words).stdout


@pytest.mark.parametrize("model", COMPARISONS)
def test_a_comparison_of_two_definitions_is_refused(verdicts: str, model: str) -> None:
    expected = COMPARISONS[model][2]
    judged = f"{expected} compares_one_class_{model}_"
    assert re.search(rf"\d of 3 {judged}", verdicts), verdicts


def test_every_model_that_sets_values_side_by_side_is_held_to_one_class() -> None:
    held = {
        file.stem
        for file in (ROOT / "dbt_project/models").rglob("*.yml")
        if "compares_one_class" in file.read_text()
    }
    assert held == COMPARING


def test_the_goals_of_2008_and_2014_are_both_there() -> None:
    names = ("goal_version", "subject", "metric_id", "comparison", "goal_pct")
    goals = {tuple(goal[name] for name in names) for goal in seed("metric_goals")}
    assert goals >= {
        ("2008", "graduation", "acgr_4yr", "at_least", "90"),
        ("2008", "dropout", "dropout_cohort", "below", "1"),
        ("2008", "postsecondary", "pse_16m_graduates", "at_least", "80"),
        ("2008", "remediation", "", "at_most", "5"),
        ("2014", "graduation", "acgr_5yr", "at_least", "90"),
        ("2014", "dropout", "dropout_cohort", "at_most", "5"),
        ("2014", "postsecondary", "pse_12m_graduates", "at_least", "80"),
        ("2020", "graduation", "acgr_4yr", "at_least", "90"),
        ("", "graduation", "acgr_5yr", "increase", ""),
        ("", "dropout", "dropout_event", "decrease", ""),
    }
    current = [goal for goal in seed("metric_goals") if goal["is_current"] == "true"]
    assert len(current) == len({goal["metric_id"] for goal in current})


def test_notes_and_breaks_name_classes_metrics_and_evidence() -> None:
    metrics = seed("metrics")
    classes = {metric["comparability_class"] for metric in metrics}
    pairs = [{n["class_a"], n["class_b"]} for n in seed("comparability_notes")]
    assert all(len(pair) == 2 and pair <= classes for pair in pairs)
    assert len({frozenset(pair) for pair in pairs}) == len(pairs)
    for row in seed("metric_breaks"):
        assert row["metric_id"] in {metric["metric_id"] for metric in metrics}
        assert row["evidence"] in ("stated", "measured", "assumed")
        assert row["description"] and row["source"]
