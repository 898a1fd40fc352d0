"""The student part of the build on Apache Spark, from the models that dbt compiles.

Above BORDER rows are students, many; below it they are counts, few. Where the variable
``COMMON_METRICS_SPARK`` has a master's address (``local[*]``, ``spark://host:7077``),
the models up to the border run there: sqlglot translates their SQL, Spark reads the
lake's Parquet and writes Parquet, and the build in DuckDB takes the border's tables
instead of its own (docs/decisions/0067).
"""

import json
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from common_metrics.errors import Refused
from common_metrics.lake import Lake

VARIABLE = "COMMON_METRICS_SPARK"
BORDER = (
    *("int_computed_counts", "int_set_aside_counts"),
    *("int_student_rows_by_state", "int_people_under_two_ids"),
)
# Loopback alone, no page, nothing that depends on where it runs.
SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
}
Node = dict[str, Any]


class NotTranslated(Refused):
    """A model of the student part says something that Spark has no words for."""


def master() -> str:
    """Return the address of Spark's master, or nothing where DuckDB does it all."""
    return os.environ.get(VARIABLE, "")


class Graph:
    """The models of a manifest that dbt has written, by their names."""

    def __init__(self, lake: Lake):
        target = lake.dbt_target()
        self.manifest = json.loads((target / "manifest.json").read_text())
        self.compiled = target / "compiled"

    @cached_property
    def models(self) -> dict[str, Node]:
        nodes = self.manifest["nodes"].values()
        return {n["name"]: n for n in nodes if n["resource_type"] == "model"}

    def student_part(self) -> list[str]:
        """Return the models that make the border, each after those that it reads."""
        order: dict[str, None] = {}
        for name in BORDER:
            self._visit(name, order)
        return list(order)

    def on_spark_alone(self) -> list[str]:
        """Return those of the student part that nothing else is made from."""
        part = self.student_part()
        needed: dict[str, None] = dict.fromkeys(BORDER)
        for name in self.models.keys() - {*part}:
            self._visit(name, needed)
        return [name for name in part if name in BORDER or name not in needed]

    def seeds(self) -> list[str]:
        """Return the seeds that the student part reads."""
        read = {p for n in self.student_part() for p in self._parents(n)}
        return sorted(p.split(".")[-1] for p in read if p.startswith("seed."))

    def sql(self, name: str) -> str:
        """Return a model as dbt compiled it."""
        file = self.models[name]["original_file_path"]
        return (self.compiled / "common_metrics" / file).read_text()

    def _visit(self, name: str, order: dict[str, None]) -> None:
        if name in order:
            return
        for parent in self._parents(name):
            if parent.startswith("model."):
                self._visit(parent.split(".")[-1], order)
        order[name] = None

    def _parents(self, name: str) -> list[str]:
        return self.models[name]["depends_on"]["nodes"]


def translated(sql: str, sources: dict[str, str]) -> str:
    """Return DuckDB's SQL in Spark's; what it reads from files is put into ``sources``.

    ``sources`` has the name of a view for each reading function, such as
    ``read_parquet('validated/…')``. Raises ValueError where sqlglot knows no way.
    """
    import sqlglot
    from sqlglot import exp

    def step(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Table):
            return _view(node, sources)
        if isinstance(node, exp.Anonymous) and node.name.lower() == "try_strptime":
            text, form = node.expressions
            day = {"%m/%d/%Y": "M/d/y", "%Y%m%d": "yyyyMMdd"}[form.this]
            return exp.Anonymous(
                this="try_to_timestamp", expressions=[text, exp.Literal.string(day)]
            )
        return node

    tree = sqlglot.parse_one(sql, read="duckdb").transform(step)
    unsupported = sqlglot.ErrorLevel.RAISE
    return tree.sql(dialect="spark", unsupported_level=unsupported)


def _view(table: Any, sources: dict[str, str]) -> Any:
    """Return a table by its bare name; one read from files by that of a view."""
    from sqlglot import exp

    name, alias = table.this, table.args.get("alias")
    if not isinstance(name, exp.Identifier):
        reading = name.sql(dialect="duckdb")
        found = sources.setdefault(reading, f"source_{len(sources)}")
        name = exp.to_identifier(found)
    return exp.Table(this=name, alias=alias)


def build_student_part(lake: Lake, graph: Graph) -> Path:
    """Run the student part on Spark; return the folder of its Parquet."""
    folder = lake.build().with_name("spark")
    spark = _session()
    try:
        _show_seeds(spark, lake, graph, folder)
        for name in graph.student_part():
            _run(spark, lake, graph.sql(name), name, folder)
    finally:
        spark.stop()
    return folder


def take(con: duckdb.DuckDBPyConnection, graph: Graph, folder: Path) -> None:
    """Put the tables of the border, as Spark wrote them, into the file of a build."""
    for name in BORDER:
        schema = graph.models[name]["schema"]
        con.execute(f"create schema if not exists {schema}")
        con.execute(
            f"create or replace table {schema}.{name} as "
            f"from read_parquet('{folder / name}/*.parquet')"
        )


def _session() -> Any:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master()).appName("common metrics")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def _show_seeds(spark: Any, lake: Lake, graph: Graph, folder: Path) -> None:
    """Make the rule tables known to Spark, with the types that dbt gave them."""
    folder.mkdir(exist_ok=True)
    with duckdb.connect(str(lake.build()), read_only=True) as con:
        for name in graph.seeds():
            file = folder / f"{name}.parquet"
            con.execute(f"copy (from rules.{name}) to '{file}'")
            spark.read.parquet(str(file)).createOrReplaceTempView(name)


def _run(spark: Any, lake: Lake, sql: str, name: str, folder: Path) -> None:
    sources: dict[str, str] = {}
    try:
        words = translated(sql, sources)
    except (ValueError, KeyError) as error:
        raise NotTranslated(
            f"model {name}",
            "SQL that sqlglot carries from DuckDB to Spark",
            f"{error}",
            "Spell it otherwise; tests/test_spark.py lists what does not translate.",
        ) from error
    for reading, view in sources.items():
        read = _read(spark, lake, reading, folder / f"{view}.parquet")
        read.createOrReplaceTempView(view)
    place = str(folder / name)
    spark.sql(words).write.mode("overwrite").parquet(place)
    spark.read.parquet(place).createOrReplaceTempView(name)


def _read(spark: Any, lake: Lake, reading: str, copy: Path) -> Any:
    """Return what a reading function of DuckDB reads: Parquet directly, else a copy."""
    if reading.lower().startswith("read_parquet"):
        files = str(lake.root.resolve() / reading.split("'")[1])
        rows = spark.read.option("mergeSchema", "true").parquet(files)
        named = re.search(r"filename = '(\w+)'", reading, re.IGNORECASE)
        path = rows["_metadata.file_path"]
        return rows.withColumn(named[1], path) if named else rows
    # Records of deliveries in JSON, a row a delivery.
    places = {
        "file_search_path": str(lake.root),
        "temp_directory": str(lake.spill()),
    }
    with duckdb.connect(config=places) as con:
        con.execute(f"copy (from {reading}) to '{copy}' (format parquet)")
    return spark.read.parquet(str(copy))
