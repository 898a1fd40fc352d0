"""Models as dbt compiles them, run on rows made by hand, without a lake."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

from common_metrics.lake import Lake
from common_metrics.warehouse.build import DBT_PROJECT, dbt

Rows = list[dict[str, Any]]
SEEDS = DBT_PROJECT / "seeds"
# Tables that the models under test read and that are not made from their own inputs.
GIVEN = {
    "intermediate.int_outcomes_reconciled": """
        provider varchar, extract varchar, level varchar, state varchar,
        school_key varchar, school_id_nces varchar, lea_id_nces varchar,
        school_name varchar,
        school_year bigint, metric_id varchar, student_group varchar,
        numerator bigint, denominator bigint, value_pct decimal(18, 12),
        value_low_pct decimal(18, 12), value_high_pct decimal(18, 12),
        lowest_pct decimal(18, 12), highest_pct decimal(18, 12), value_status varchar,
        definition_id varchar, visibility varchar, source_file varchar,
        source_sheet varchar,
        source_row bigint, delivery varchar, is_preferred boolean""",
    "staging.stg_lake__released_cells": """
        level varchar, place_key varchar, school_year integer, metric_id varchar,
        student_group varchar, numerator bigint, denominator bigint""",
    "intermediate.int_suppressed_cells": """
        provider varchar, level varchar, state varchar, school_key varchar,
        school_year bigint, metric_id varchar, student_group varchar""",
}


def compile_models(folder: Path, models: list[str]) -> dict[str, str]:
    """Return the SQL of each model, as ``dbt compile`` writes it."""
    lake = Lake(folder / "lake")
    done = dbt(lake, "compile", "--quiet", "--select", *models)
    assert done.returncode == 0, done.stdout + done.stderr
    found = (lake.dbt_target() / "compiled").rglob("*.sql")
    return {file.stem: file.read_text() for file in found if file.stem in models}


class Warehouse:
    """A warehouse in memory with the real rules and no outcome."""

    def __init__(self, models: dict[str, str]) -> None:
        self.models = models
        self.con = duckdb.connect()
        self.con.execute("attach ':memory:' as warehouse")
        for schema in ("rules", "staging", "intermediate", "published"):
            self.con.execute(f"create schema warehouse.{schema}")
        for table, columns in GIVEN.items():
            self.con.execute(f"create table warehouse.{table} ({columns})")
        read = " ".join(models.values())
        for seed in yaml.safe_load((SEEDS / "seeds.yml").read_text())["seeds"]:
            if f'"rules"."{seed["name"]}"' in read:
                self._load(seed["name"], seed.get("config", {}).get("column_types"))

    def _load(self, seed: str, types: dict[str, str] | None) -> None:
        typed = f", types = {types}" if types else ""
        self.con.execute(
            f"create table warehouse.rules.{seed} as "
            f"from read_csv('{SEEDS / seed}.csv', header = true{typed})"
        )

    def put(self, table: str, rows: Rows, *, only: bool = True) -> None:
        """Insert rows by column name; ``only``: in the place of what is there."""
        if only:
            self.con.execute(f"delete from warehouse.{table}")
        if rows:
            # All columns of all rows: pyarrow would take those of the first alone.
            names = dict.fromkeys(name for row in rows for name in row)
            blank = dict.fromkeys(names)
            self.con.register("given", pa.Table.from_pylist([blank | r for r in rows]))
            self.con.execute(
                f"insert into warehouse.{table} by name select * from given"
            )

    def make(self, *models: str) -> None:
        """Make each model a table, in order, in the schema that others look in."""
        for model in models:
            schema = "intermediate" if model.startswith("int_") else "published"
            self.con.execute(
                f"create or replace table warehouse.{schema}.{model} as "
                + self.models[model]
            )

    def rows(self, sql: str) -> Rows:
        """Return what a query finds, with the schemas of the warehouse in sight."""
        found = self.con.execute(sql)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
