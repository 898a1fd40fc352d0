"""What makes the counts of students is spelled so that sqlglot carries it to Spark."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlglot
from sqlglot import exp

from common_metrics.contracts.loading import load_contracts
from common_metrics.lake import Lake
from common_metrics.warehouse.build import dbt

# Each engine reads files, and turns text into a day, by functions of its own: what
# macros/engines.sql dispatches is compiled for DuckDB here.
DISPATCHED = {"try_strptime"}
# What sqlglot reads away. Engines disagree where nulls stand if nothing is said.
SPELLED = {
    "a comma before from": re.compile(r",\s*from\b"),
    "varchar without a length": re.compile(r"\bvarchar\b(?!\()"),
}
NO_SQL = re.compile(r"'[^']*'|--[^\n]*")
ORDERED = re.compile(r"\bnulls (?:first|last)\b")


BY_NAME = {
    exp.ArrayOverlaps: "list_has_any",
    exp.ArrayAgg: "list",
    exp.Struct: "struct",
    exp.IntDiv: "//",
    exp.Unnest: "unnest",
    exp.Explode: "unnest",
    exp.GenerateSeries: "generate_series",
}
HUGE = {exp.DataType.Type.INT128, exp.DataType.Type.UINT128}


def untranslated(sql: str) -> list[str]:
    """Return what of DuckDB's SQL has no words in Spark's, as sqlglot tells."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    for table in list(tree.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier):
            table.set("this", exp.to_identifier("files"))
    unknown = {call.name.lower() for call in tree.find_all(exp.Anonymous)} - DISPATCHED
    bare = NO_SQL.sub("", sql)
    unknown |= {*_beyond(tree), *(n for n, p in SPELLED.items() if p.search(bare))}
    if len([*tree.find_all(exp.Ordered)]) != len(ORDERED.findall(bare)):
        unknown.add("order without nulls first or last")
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
        if star.args.get("except_") or star.args.get("except"):
            yield "* exclude"
    for window in tree.find_all(exp.Window):
        if isinstance(window.this, exp.Filter):
            yield "filter over a window"
    for kind, name in BY_NAME.items():
        if tree.find(kind):
            yield name
    if any(kind.this in HUGE for kind in tree.find_all(exp.DataType)):
        yield "hugeint"
    # Its columns are named twice then: findings/sqlglot_qualify_beside_a_star.sh.
    for select in tree.find_all(exp.Select):
        if select.args.get("qualify") and select.is_star and len(select.selects) > 1:
            yield "qualify of a star and more"


class Compiled(NamedTuple):
    """The SQL of every model, and the names of those that lead to the counts."""

    models: dict[str, str]
    students: set[str]
    nodes: list[dict[str, Any]]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    lake = Lake(tmp_path_factory.mktemp("portable") / "lake")
    done = dbt(lake, "compile", "--quiet", "--select", "resource_type:model")
    assert done.returncode == 0, done.stdout + done.stderr
    nodes = json.loads((lake.dbt_target() / "manifest.json").read_text())["nodes"]
    folder = lake.dbt_target() / "compiled/common_metrics"
    files = {n["name"]: folder / n["original_file_path"] for n in nodes.values()}
    models = {name: file.read_text() for name, file in files.items() if _is_sql(file)}
    listed = dbt(lake, "ls", "--quiet", "--selector", "students", "--output", "name")
    chosen = set(listed.stdout.split()) & models.keys()
    return Compiled(models, chosen, [*nodes.values()])


def _is_sql(file: Path) -> bool:
    return file.suffix == ".sql" and "models" in file.parts and file.exists()


def test_nothing_of_the_student_part_is_duckdb_s_alone(compiled: Compiled) -> None:
    assert {"int_computed_counts", "stg_vt__sis_enrollment"} <= compiled.students
    assert "int_computed_outcomes" not in compiled.students
    found = {name: untranslated(compiled.models[name]) for name in compiled.students}
    assert {name: what for name, what in found.items() if what} == {}


def test_every_model_is_read_and_what_is_duckdb_s_alone_is_listed(
    compiled: Compiled,
) -> None:
    found = {name: untranslated(sql) for name, sql in compiled.models.items()}
    # Below the border models are free to use what DuckDB has.
    assert {"* exclude", "//", "hugeint"} <= {*found["int_computed_outcomes"]}


def test_counts_alone_leave_the_student_part(compiled: Compiled) -> None:
    models = [n for n in compiled.nodes if n["resource_type"] == "model"]
    tagged = {n["unique_id"]: n["tags"] for n in models if "students" in n["tags"]}
    for node in models:
        above = {*node["depends_on"]["nodes"]} & tagged.keys()
        if node["unique_id"] not in tagged:
            assert all("counts" in tagged[each] for each in above), node["name"]
    about = {c.key.replace("/", ".") for c in load_contracts().values() if c.protects}
    read = [n for n in models if about & {*map(_source, n["depends_on"]["nodes"])}]
    assert read
    assert [n["name"] for n in read if n["unique_id"] not in tagged] == []


def _source(unique_id: str) -> str:
    return unique_id.removeprefix("source.common_metrics.")


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("select list_has_all(a, b) from t", "list_has_all"),
        ("select list_has_any(a, b) from t", "list_has_any"),
        ("select a from t union all by name select a from u", "union by name"),
        ("select * replace (1 as a) from t", "* replace"),
        ("select * exclude (a) from t", "* exclude"),
        ("select cast(a as hugeint) // 2 as b from t", "hugeint"),
        ("select cast(a as hugeint) // 2 as b from t", "//"),
        ("select list(a) as b from t", "list"),
        ("select a, from t", "a comma before from"),
        ("select cast(a as varchar) as b from t", "varchar without a length"),
        ("select unnest([1, 2]) as a", "unnest"),
        ("select rank() over (order by a) as b from t", "order without nulls"),
        ("select *, 1 as b from t qualify a = 1", "qualify of a star"),
        ("select max(a) filter (where b) over (partition by c) from t", "filter over"),
    ],
)
def test_what_spark_has_no_words_for_is_named(sql: str, what: str) -> None:
    assert [name for name in untranslated(sql) if what in name]
