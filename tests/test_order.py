"""No answer depends on the order in which rows come: SQL that picks says which row."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlglot
from compiled import compile_models
from sqlglot import exp

from common_metrics.lake import Lake
from common_metrics.warehouse.build import DBT_PROJECT, PLUGINS

PACKAGE = PLUGINS / "common_metrics"
RELEASE = sorted(
    [*PACKAGE.glob("*/*.sql"), *PACKAGE.glob("disclosure/attack/sql/*.sql")]
)
PICKS = (exp.ArgMax, exp.ArgMin)
TAKES = (exp.AnyValue, exp.First, exp.Last)
LISTS = (exp.ArrayAgg, exp.GroupConcat, exp.ArrayUniqueAgg)
# rank and dense_rank give equals the same number.
MOVES = (exp.RowNumber, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue)
# A row of a file, which no other row shares with its delivery.
ROW = {"source_row", "_source_row"}
# What needs no order of its own, each with the reason.
ALLOWED = {
    "1_numbers": "the order is the whole key of a number",
    "4_told": "any_value of columns that the grain of school_targets makes equal",
    "5_relations": "the order is the whole key of a relation",
    "changes": "a row has one old key, and a file arrived once",
    "int_baselines": "a school has one preferred outcome of a cell and year",
    "network_rates": "a state has one outcome of a cell from each provider",
    "int_fault_spans": "a file has one judgement a moment, see int_judgements",
    "supplier_scores": "a file has one judgement a moment, see int_judgements",
    "int_outcome_versions": "a cell has one row a moment and one a version",
    "int_outcomes_missing": "the rows of one cell, year and extract are equal",
    "int_outcomes_reconciled": "a provider has one row of a cell",
    "int_protected_counts": "the order is the whole key of a count",
    "int_school_head_counts": "an extract has one row of a school and year",
    "int_school_verdicts": "a provider has one row of a cell",
    "int_school_outlook": "one target model, and a rule version has one verdict a year",
    "int_vt_sis__attendance": "the order is the whole key of a member",
}


class Query(NamedTuple):
    """SQL, where it stands, and which columns are a key of what it reads."""

    name: str
    sql: str
    keys: list[set[str]]


def queries(folder: Path) -> Iterator[Query]:
    models = {file.stem: file for file in DBT_PROJECT.glob("models/**/*.sql")}
    compiled = compile_models(folder, list(models))
    manifest = json.loads(
        (Lake(folder / "lake").dbt_target() / "manifest.json").read_text()
    )
    grains: dict[str, list[set[str]]] = {}
    for node in manifest["nodes"].values():
        kind = (node.get("test_metadata") or {}).get("name")
        if kind == "unique_grain":
            columns = node["test_metadata"]["kwargs"]["columns"]
            grains.setdefault(node["attached_node"], []).append(set(columns))
        elif kind == "unique":
            grains.setdefault(node["attached_node"], []).append({node["column_name"]})
    for name, sql in compiled.items():
        node = manifest["nodes"][f"model.common_metrics.{name}"]
        parents = node["depends_on"]["nodes"]
        # Who reads as one audience has one row of what is unique for each.
        one = {"audience"} if "where audience = '" in sql else set()
        yield Query(name, sql, [k - one for p in parents for k in grains.get(p, [])])
    for file in RELEASE:
        yield Query(file.stem, file.read_text(), [])


def names(parts: list[exp.Expression]) -> set[str]:
    return {column.name for part in parts for column in part.find_all(exp.Column)}


def undecided(query: Query) -> Iterator[str]:
    """Yield each expression whose answer the order of rows can change."""
    # It does not know "comment on macro", which picks nothing.
    level = sqlglot.ErrorLevel.IGNORE
    for tree in sqlglot.parse(query.sql, dialect="duckdb", error_level=level):
        for node in tree.walk() if tree else ():
            if not decides(node, query.keys):
                yield f"{query.name}: {node.sql(dialect='duckdb')[:160]}"


def decides(node: exp.Expression, keys: list[set[str]]) -> bool:
    if isinstance(node, PICKS):
        return holds(node.expression, node.this)
    if isinstance(node, TAKES):
        return ordered_by_itself(node.this, keys)
    if isinstance(node, LISTS):
        in_order = node.find_ancestor(exp.ArraySort, exp.Select)
        return isinstance(in_order, exp.ArraySort) or ordered_by_itself(node.this, keys)
    if isinstance(node, exp.Limit):
        return node.expression.name == "0" or node.parent.args.get("order") is not None
    if isinstance(node, exp.Distinct):
        return not node.args.get("on")
    if isinstance(node, exp.Window) and isinstance(of_window(node), MOVES):
        return window_decides(node, keys)
    return True


def holds(order: exp.Expression, answer: exp.Expression) -> bool:
    """Whether the answer is part of the order, so that equals are the same answer."""
    return order != answer and names([answer]) <= names([order])


def ordered_by_itself(within: exp.Expression, keys: list[set[str]]) -> bool:
    if not isinstance(within, exp.Order):
        return False
    by = names(within.expressions)
    return names([within.this]) <= by or any(key <= by for key in keys)


def of_window(node: exp.Window) -> exp.Expression:
    inside = node.this
    while isinstance(inside, exp.IgnoreNulls | exp.RespectNulls | exp.Filter):
        inside = inside.this
    return inside


def window_decides(node: exp.Window, keys: list[set[str]]) -> bool:
    picked = of_window(node)
    if node.args.get("alias"):
        windows = node.find_ancestor(exp.Select).args["windows"]
        (node,) = (w for w in windows if w.name == node.alias)
    order = names([node.args["order"]] if node.args.get("order") else [])
    # The neighbours of rows that are equal in the order are equal too.
    if isinstance(picked, exp.Lag | exp.Lead) and names([picked.this]) <= order:
        return True
    by = names(node.args.get("partition_by") or []) | order
    return bool(by & ROW) or any(key <= by for key in keys)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    all_of = queries(tmp_path_factory.mktemp("order"))
    return {query.name: list(undecided(query)) for query in all_of}


def test_whatever_picks_a_row_has_an_order_that_decides(
    found: dict[str, list[str]],
) -> None:
    assert len(found) > 150
    missing = [x for name, of in found.items() if name not in ALLOWED for x in of]
    assert missing == []


def test_no_exception_is_out_of_use(found: dict[str, list[str]]) -> None:
    assert [name for name in ALLOWED if not found.get(name)] == []


@pytest.mark.parametrize(
    "sql",
    [
        "select max_by(name, year) from t",
        "select arg_min(name, year) from t",
        "select first(name) from t",
        "select any_value(name) from t",
        "select list(name) from t",
        "select string_agg(name, ', ') from t",
        "select name from t limit 1",
        "select distinct on (year) name from t",
        "select name from t qualify row_number() over (partition by year) = 1",
        "select lag(name) over (partition by school order by year) from t",
    ],
)
def test_an_order_that_does_not_decide_is_found(sql: str) -> None:
    assert list(undecided(Query("t", sql, [{"school", "year", "grade"}])))


@pytest.mark.parametrize(
    "sql",
    [
        "select max_by(name, row(year, name)) from t",
        "select list_sort(list(distinct name)) from t",
        "select string_agg(name, ', ' order by name) from t",
        "select name from t order by name limit 1",
        "select row_number() over (partition by year order by source_row) from t",
        "select lag(name) over (partition by school order by year, grade) from t",
    ],
)
def test_an_order_that_decides_passes(sql: str) -> None:
    assert not list(undecided(Query("t", sql, [{"school", "year", "grade"}])))
