"""The cohort engine's rules are all there, and no student leaves the lake."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

DBT = Path(__file__).parents[1] / "dbt_project"
MODELS = DBT / "models/intermediate/students"
# What tells one student from another; hashes do too.
OF_STUDENTS = re.compile(r"student_(key|id.*)|.*_name_of_student|birth_date|last_name")


def rules() -> list[dict[str, str]]:
    with (DBT / "seeds/cohort_rules.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def published() -> Iterator[dict]:
    """Every model and seed that a release copies to one of its files."""
    for file in [*DBT.glob("models/**/*.yml"), *DBT.glob("seeds/*.yml")]:
        content = yaml.safe_load(file.read_text())
        for node in [*content.get("models", []), *content.get("seeds", [])]:
            if node.get("config", {}).get("meta", {}).get("tiers"):
                yield node


def test_every_rule_holds_in_every_state_and_is_read() -> None:
    everywhere = {rule["rule"] for rule in rules() if rule["state"] == "*"}
    (pivot,) = (f.read_text() for f in DBT.rglob("models/**/int_state_rules.sql"))
    read = set(re.findall(r"'([a-z_]+)'", pivot)) - {"cohort_rules", "states", "true"}
    assert everywhere == read
    assert {rule["rule"] for rule in rules()} == everywhere


def test_every_rule_has_a_reason_and_a_source() -> None:
    assert all(r["reason"] and r["source"] for r in rules())
    assert {r["evidence"] for r in rules()} == {"stated", "assumed"}


def test_every_rule_is_used_by_a_model_and_named_in_the_page() -> None:
    page = (DBT.parent / "docs/cohort-engine.md").read_text()
    used = "".join(
        file.read_text()
        for file in DBT.glob("models/intermediate/**/*.sql")
        if file.name != "int_state_rules.sql"
    )
    for rule in {rule["rule"] for rule in rules()}:
        assert rule in used, rule
        assert f"`{rule}`" in page, rule


def test_no_published_table_has_a_column_of_students() -> None:
    nodes = list(published())
    for node in nodes:
        columns = {column["name"] for column in node["columns"]}
        assert not [c for c in columns if OF_STUDENTS.fullmatch(c)], node["name"]
    assert len(nodes) > 20


def test_a_published_table_has_no_column_beyond_those_declared() -> None:
    seeds = {file.stem for file in (DBT / "seeds").glob("*.csv")}
    for node in published():
        enforced = node["config"].get("contract", {}).get("enforced")
        assert enforced or node["name"] in seeds, node["name"]


def test_models_of_students_are_of_no_tier() -> None:
    names = {node["name"] for node in published()}
    assert not names & {file.stem for file in MODELS.glob("*.sql")}
