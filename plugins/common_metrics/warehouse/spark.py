"""The records of students on Spark, up to the counts of them, which DuckDB takes.

dbt-spark has an environment of its own: Great Expectations imports pyspark where it
finds it. Which models Spark builds, selectors.yml says.
"""

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import duckdb

from common_metrics.errors import Refused
from common_metrics.lake import Lake

# Names the folder of that environment; the default is what make installs.
FOLDER = "COMMON_METRICS_SPARK"
COUNTED = ("build", "--selector", "students")
NOT_COUNTED = ("--selector", "all_but_students")
# What stands in an error of Spark or Java behind its kind may be a cell, but for the
# kinds that are raised before any row is read.
BEFORE_ROWS = "DATATYPE|MISSING|PARSE|PATH_NOT|TABLE_OR_VIEW|UNRESOLVED|JAVA_GATEWAY"
QUOTING = re.compile(
    rf"(\[(?!{BEFORE_ROWS})[A-Z0-9]+_[A-Z0-9_.]+\]|\b(?:\w+\.)+\w*(?:Exception|Error):)"
    r".*?(?=\n\x1b?(?:\[0m)?\d\d:\d\d:\d\d|\n=====|\Z)",
    re.DOTALL,
)
LEFT_OUT = r"\1 (its text is left out, since it may quote a restricted cell)"


class NotOnSpark(Refused):
    """Spark is not there, or dbt did not finish on it."""


def is_chosen() -> bool:
    """Return whether DBT_TARGET says that Spark counts the students."""
    return os.environ.get("DBT_TARGET") == "spark"


def program() -> tuple[Path, Path]:
    """Return how dbt is called on Spark; raise NotOnSpark without pyspark or Java."""
    folder = Path(os.environ.get(FOLDER) or f"{sys.prefix}-spark")
    if not [*folder.glob("lib/python3*/site-packages/pyspark")]:
        todo = f"Run `make {folder.name}/.ready`, or name the folder in {FOLDER}."
        raise NotOnSpark("DBT_TARGET=spark", "pyspark", f"none in {folder}", todo)
    if not shutil.which("java", path=_path_of_java()):
        todo = "Install openjdk-17-jre-headless, or set JAVA_HOME."
        raise NotOnSpark("DBT_TARGET=spark", "Java 17", "none", todo)
    return folder / "bin/python", Path(__file__).with_name("dbt_on_spark.py")


def _path_of_java() -> str:
    home = os.environ.get("JAVA_HOME")
    return f"{home}/bin" if home else os.environ.get("PATH", "")


def environment(lake: Lake) -> dict[str, str]:
    """Return what the environment of dbt has besides, so that all stays in the lake."""
    spill = lake.spark("spill")
    spill.mkdir(exist_ok=True)
    return {
        "DBT_TARGET": "spark",
        "DBT_TARGET_PATH": str(target(lake)),
        "PYSPARK_PYTHON": str(program()[0]),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "TMPDIR": str(spill),
    }


def target(lake: Lake) -> Path:
    """Return where dbt writes what it did on Spark."""
    return lake.spark("target")


def clear(lake: Lake) -> None:
    """Remove the records of students that Spark wrote, and what it spilled."""
    for name in ("warehouse", "spill"):
        shutil.rmtree(lake.spark(name), ignore_errors=True)


def keep_counts(lake: Lake) -> None:
    """Keep the tables of the border, as Parquet, out of all that Spark made."""
    shutil.rmtree(lake.counts, ignore_errors=True)
    lake.counts.mkdir(parents=True)
    for schema, name in _border(lake):
        made = lake.spark("warehouse") / f"{schema}.db" / name
        for beside in (*made.glob(".*.crc"), *made.glob("_*")):
            beside.unlink()
        made.rename(lake.counts / name)


def take_counts(lake: Lake) -> None:
    """Make the border's tables in a new build file, from the Parquet."""
    file = str(lake.build())
    with duckdb.connect(
        file, config={"storage_compatibility_version": "latest"}
    ) as con:
        for schema, name in _border(lake):
            files = str(lake.counts / name / "*.parquet").replace("'", "''")
            con.execute(f"create schema if not exists {schema}")
            con.execute(f"create table {schema}.{name} as from read_parquet('{files}')")


def _border(lake: Lake) -> list[tuple[str, str]]:
    nodes = _written(lake, "manifest.json")["nodes"].values()
    return [(n["schema"], n["name"]) for n in nodes if "counts" in n["tags"]]


def warnings(lake: Lake) -> dict[str, int]:
    """Return how many rows each test on Spark found that warned, by its name."""
    results = _written(lake, "run_results.json")["results"]
    warned = [result for result in results if result["status"] == "warn"]
    return {r["unique_id"].split(".")[2]: r["failures"] for r in warned}


def _written(lake: Lake, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((target(lake) / name).read_text())
    return content
