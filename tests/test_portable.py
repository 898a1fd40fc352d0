"""What makes the counts of students is spelled so that sqlglot carries it to Spark."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from common_metrics.lake import Lake
from common_metrics.warehouse.build import dbt

BORDER = "int_computed_counts"
# Each engine reads files, and turns text into a day, by functions of its own.
DISPATCHED = {"try_strptime"}


def untranslated(sql: str) -> list[str]:
    """Return what of DuckDB's SQL has no words in Spark's, as sqlglot tells."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    for table in list(tree.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier):
            table.set("this", exp.to_identifier("files"))
    unknown = {call.name.lower() for call in tree.find_all(exp.Anonymous)} - DISPATCHED
    unknown |= set(_beyond(tree))
    try:
        tree.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.UnsupportedError as error:
        unknown.add(str(error))
    return sorted(unknown)


def _beyond(tree: exp.Expression) -> Iterator[str]:
    """Yield what sqlglot 30.30.0 writes for Spark although Spark 4.0 cannot read it."""
    for union in tree.find_all(exp.SetOperation):
        if union.args.get("by_name"):
            yield "union by name"
    for star in tree.find_all(exp.Star):
        if star.args.get("replace"):
            yield "* replace"
    for window in tree.find_all(exp.Window):
        if isinstance(window.this, exp.Filter):
            yield "filter over a window"
    if tree.find(exp.ArrayOverlaps):
        yield "list_has_any"
    # Its columns are named twice then: findings/sqlglot_qualify_beside_a_star.sh.
    for select in tree.find_all(exp.Select):
        if select.args.get("qualify") and select.is_star and len(select.selects) > 1:
            yield "qualify of a star and more"


@pytest.fixture(scope="module")
def student_part(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The SQL of each model that the counts of students are made from."""
    lake = Lake(tmp_path_factory.mktemp("portable") / "lake")
    done = dbt(lake, "compile", "--quiet", "--select", f"+{BORDER}")
    assert done.returncode == 0, done.stdout + done.stderr
    nodes = json.loads((lake.dbt_target() / "manifest.json").read_text())["nodes"]
    compiled = lake.dbt_target() / "compiled/common_metrics"
    files = {n["name"]: compiled / n["original_file_path"] for n in nodes.values()}
    return {name: file.read_text() for name, file in files.items() if _is_sql(file)}


def _is_sql(file: Path) -> bool:
    return file.suffix == ".sql" and "models" in file.parts and file.exists()


def test_nothing_of_the_student_part_is_duckdb_s_alone(student_part) -> None:
    assert {BORDER, "int_cohort_outcomes", "int_student_groups"} <= student_part.keys()
    found = {name: untranslated(sql) for name, sql in student_part.items()}
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("select list_has_all(a, b) from t", "list_has_all"),
        ("select list_has_any(a, b) from t", "list_has_any"),
        ("select a from t union all by name select a from u", "union by name"),
        ("select * replace (1 as a) from t", "* replace"),
        ("select *, 1 as b from t qualify a = 1", "qualify of a star"),
        ("select max(a) filter (where b) over (partition by c) from t", "filter over"),
    ],
)
def test_what_spark_has_no_words_for_is_named(sql: str, what: str) -> None:
    assert [name for name in untranslated(sql) if what in name]
