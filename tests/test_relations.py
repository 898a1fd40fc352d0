"""What the models know of numbers that define each other, and what the attack does."""

import csv
from pathlib import Path

import pyarrow as pa
import pytest
from compiled import SEEDS, Warehouse, compile_models
from test_attack import found, released, row

from common_metrics.disclosure import control
from common_metrics.disclosure.attack import recovery

GRAPH = [
    "int_restricted_cells",
    "int_protected_counts",
    "int_cell_counts",
    "int_count_relations",
]
INPUTS = {"cells": 0, "counts": 1, "cell_counts": 2, "relations": 3}
# Few girls of the cohort entered a college. All who entered are shown, and so are those
# of either gender who graduated and entered: at most so many are of the cohort.
ENTERED = [
    row("all", 30, 100, "pse_12m_cohort"),
    row("female", 8, 50, "pse_12m_cohort"),
    row("male", 22, 50, "pse_12m_cohort"),
    row("all", 35, 100, "pse_12m_graduates"),
    row("female", 11, 50, "pse_12m_graduates"),
    row("male", 24, 50, "pse_12m_graduates"),
]


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return compile_models(tmp_path_factory.mktemp("models"), GRAPH)


@pytest.fixture
def shown(models: dict[str, str]):
    """Return rows as the public sees them, with relations of some kinds forgotten."""

    def shown(
        rows: list[dict], forgotten: str = "nothing", kept: list[dict] | None = None
    ) -> list[dict]:
        warehouse = Warehouse(models)
        warehouse.put("staging.stg_lake__released_cells", released_cells(kept or []))
        told = [{"level": "school", "extract": "e"} | line for line in rows]
        warehouse.put("intermediate.int_outcomes_reconciled", told)
        warehouse.make(*GRAPH)
        tables = {
            name: warehouse.con.execute(
                f"from warehouse.intermediate.{GRAPH[place]}"
            ).to_arrow_table()
            for name, place in INPUTS.items()
        }
        kinds = tables["relations"]["kind"].to_pylist()
        kept = pa.array(forgotten not in kind.split() for kind in kinds)
        tables["relations"] = tables["relations"].filter(kept)
        hidden = {
            (cell["metric_id"], cell["student_group"]): cell["is_denominator_hidden"]
            for cell in control.suppressed_cells(**tables).to_pylist()
        }
        return [_as_seen(line, hidden) for line in rows]

    return shown


def _as_seen(line: dict, hidden: dict[tuple[str, str], bool]) -> dict:
    cell = (line["metric_id"], line["student_group"])
    if cell not in hidden:
        return line
    none = {"numerator": None, "value_status": "suppressed"}
    return line | none | ({"denominator": None} if hidden[cell] else {})


def test_a_part_by_definition_does_not_give_a_hidden_cell_away(shown, tmp_path: Path):
    safe = released(tmp_path / "safe.duckdb", shown(ENTERED))
    assert not found(recovery.recovered(safe))
    open_ = released(tmp_path / "open.duckdb", shown(ENTERED, forgotten="parts"))
    assert {cell[:2] for cell in found(recovery.recovered(open_))} == {
        ("pse_12m_cohort", "female"),
        ("pse_12m_cohort", "male"),
    }


def released_cells(rows: list[dict]) -> list[dict]:
    """Return what a kept release shows of these rows."""
    columns = ("school_year", "metric_id", "student_group", "numerator", "denominator")
    return [
        {"level": "school", "place_key": line["school_key"]}
        | {name: line[name] for name in columns}
        for line in rows
        if line["denominator"] is not None
    ]


def test_beside_a_kept_release_that_hid_other_cells_none_follows(shown, tmp_path: Path):
    """Of three groups one is small; the kept release hid another one beside it."""
    numbers = {"all": (60, 103), "white": (27, 45), "black": (23, 38)}
    rows = [row(group, *counts) for group, counts in numbers.items()]
    rows.append(row("hispanic", 10, 20))
    now = [line["student_group"] for line in shown(rows) if line["numerator"]]
    (other,) = {"white", "black"} & set(now)
    hid = (other, "hispanic")
    kept = [
        r if r["student_group"] not in hid else row(r["student_group"]) for r in rows
    ]
    before = released(tmp_path / "kept.duckdb", kept)
    apart = released(tmp_path / "apart.duckdb", shown(rows))
    assert found(recovery.recovered(apart, [before]))
    beside = released(tmp_path / "beside.duckdb", shown(rows, kept=kept))
    assert not found(recovery.recovered(beside, [before]))


def sides() -> dict[str, tuple[str, str]]:
    """Return a metric and side that shows each number."""
    return {
        line[f"{side}_count"]: (line["metric_id"], side)
        for line in seed("metric_counts")
        for side in ("denominator", "numerator")
    }


@pytest.mark.parametrize("pair", seed("count_parts"), ids=lambda p: p["part_count"])
def test_the_attack_reads_each_relation_of_the_seed_by_itself(pair, tmp_path: Path):
    part, part_side = sides()[pair["part_count"]]
    whole, whole_side = sides()[pair["whole_count"]]
    counts = (8, 200) if whole_side == "numerator" else (4, 8)
    rows = [row("all", *counts, whole), row("all", metric=part)]
    file = released(tmp_path / "public.duckdb", rows)
    assert (part, "all", part_side) in found(recovery.recovered(file))
