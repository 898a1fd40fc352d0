"""Rules in seeds: a proportion is not taken for a per cent."""

import csv
import re
from pathlib import Path

import pytest

from common_metrics.errors import Refused
from common_metrics.lake import Lake
from common_metrics.publication import what_if
from common_metrics.warehouse import build
from common_metrics.warehouse.seeds import MARK, per_cent_columns, refuse_proportions


# A spreadsheet shows these as per cents and writes them as proportions.
@pytest.mark.parametrize(
    ("name", "row", "found", "column"),
    [
        ("metric_goals", {"comparison": "at_least"}, "0.9", "goal_pct"),
        ("metric_goals", {"comparison": "at_least"}, "1", "goal_pct"),
        ("target_decreases", {}, "0.05", "decrease_pct"),
        ("school_target_overrides", {}, "0.85", "target_pct"),
        ("school_target_overrides", {}, "1.0", "target_pct"),
        ("school_target_overrides", {}, "950", "target_pct"),
        ("school_target_overrides", {}, "-5", "target_pct"),
        ("school_target_overrides", {}, "85%", "target_pct"),
        ("rate_bands", {}, "0.85", "low_pct"),
        ("league_rules", {"rule": "subsidy_min_low_income_pct"}, "0.4", "value"),
        ("cohort_rules", {"rule": "chronic_threshold_pct"}, "0.1", "value"),
        ("comparison_bands", {"characteristic": "baseline"}, "0.2", "at_least"),
        ("coalition_printed_facts", {"measure": "low_income_pct"}, "0.48", "value_low"),
    ],
)
def test_a_proportion_in_the_place_of_a_per_cent_is_refused_with_its_row(
    tmp_path: Path, name: str, row: dict[str, str], found: str, column: str
) -> None:
    written = what_if.SEEDS / f"{name}.csv"
    with written.open(newline="", encoding="utf-8") as lines:
        header = next(csv.reader(lines))
    asked = tmp_path / written.name
    with asked.open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, header, restval="")
        rows.writeheader()
        rows.writerows([row | {column: "0"}, row | {column: found}])
    with pytest.raises(Refused) as refused:
        what_if.changed_seeds(tmp_path)
    said = str(refused.value)
    assert f"{name}.csv row 3, {column}: expected a" in said
    assert f"Found {found}. Write" in said


def test_a_small_per_cent_that_is_meant_says_so(tmp_path: Path) -> None:
    """Dropout below 1 of the goals of 2008, and 0, are no proportions."""
    goals = (what_if.SEEDS / "metric_goals.csv").read_text()
    (tmp_path / "metric_goals.csv").write_text(
        goals.replace("dropout_cohort,2008,1,", "dropout_cohort,2008,0.5,")
        .replace("dropout_cohort,2014,5,", "dropout_cohort,2014,0,")
        .replace("dropout_event,2014,5,", "dropout_event,2014,1,")
    )
    (changed,) = what_if.changed_seeds(tmp_path)
    changed.write_text(changed.read_text().replace("2016,stated,true", "2016,stated,"))
    with pytest.raises(Refused, match="write true in is_small_pct"):
        what_if.changed_seeds(tmp_path)


def test_every_per_cent_in_the_seeds_is_known_as_one_and_holds() -> None:
    for seed in sorted(what_if.SEEDS.glob("*.csv")):
        refuse_proportions(seed)
        known = per_cent_columns(seed.stem)
        with seed.open(newline="", encoding="utf-8") as lines:
            table = csv.DictReader(lines)
            named = [c for c in table.fieldnames or [] if c.endswith("_pct")]
            assert set(named) - {MARK} <= set(known), seed.name
            told = {cell for row in table for cell in row.values() if cell}
        in_rows = {cell for cell in told if re.fullmatch(r"[a-z_]+_pct", cell)}
        wheres = [meta.get("per_cent_where", {}) for meta in known.values()]
        assert in_rows <= {w for where in wheres for of in where.values() for w in of}


def test_a_build_refuses_a_rule_before_it_begins(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (what_if.SEEDS / "target_decreases.csv").read_text()
    (tmp_path / "target_decreases.csv").write_text(
        text.replace(",2018,10,", ",2018,0.1,")
    )
    monkeypatch.setattr(build, "SEEDS", tmp_path)
    with pytest.raises(Refused, match=r"row 5, decrease_pct: expected .* Found 0\.1\."):
        build.build(lake)
    assert not lake.build().exists()
