"""A public file made by hand, with the tables that the project declares and rules."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import yaml

from common_metrics.publication.audiences import AUDIENCE, REF
from common_metrics.warehouse.build import DBT_PROJECT

Rows = dict[str, list[dict]]


def write_public_file(file: Path, rows: Rows) -> None:
    """Write a file whose rules are the seeds and whose other tables hold ``rows``."""
    with duckdb.connect(str(file)) as con:
        for node in public_nodes():
            create(con, node["name"], node)
        for name, given in rows.items():
            for row in given:
                con.execute(
                    f"insert into {name} ({', '.join(row)}) "
                    f"values ({', '.join('?' * len(row))})",
                    [*row.values()],
                )


def public_nodes() -> Iterator[dict]:
    """Yield the tables of the public file: models and seeds, as their yml says."""
    yield from nodes("public")


def nodes(tier: str) -> Iterator[dict]:
    """Yield the tables of a tier's file."""
    yield from (node for node in _nodes(tier) if not _is_view(node))


def view_nodes() -> Iterator[dict]:
    """Yield the views of the public file with their text, as dbt's manifest has it."""
    for node in filter(_is_view, _nodes("public")):
        file = DBT_PROJECT / f"models/published/{node['name']}.sql"
        yield node | {"raw_code": file.read_text()}


def _is_view(node: dict) -> bool:
    return "stays_a_view" in node["config"]["meta"]


def _nodes(tier: str) -> Iterator[dict]:
    files = [*DBT_PROJECT.glob("models/**/*.yml"), *DBT_PROJECT.glob("seeds/**/*.yml")]
    for file in files:
        about = yaml.safe_load(file.read_text()) or {}
        for node in [*about.get("models", []), *about.get("seeds", [])]:
            meta = node.get("config", {}).get("meta", {})
            if tier in meta.get("tiers", []):
                seen = [c for c in node["columns"] if c["name"] != AUDIENCE]
                yield node | {"columns": seen}


def create(con: duckdb.DuckDBPyConnection, name: str, node: dict) -> None:
    """Make the table of a node: a seed with its rows, a model without any."""
    columns = {c["name"]: c.get("data_type", "varchar") for c in node["columns"]}
    made = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    con.execute(f"create table {name} ({made})")
    if seed := next(DBT_PROJECT.glob(f"seeds/**/{node['name']}.csv"), None):
        types = node["config"].get("column_types", {})
        rows = f"read_csv('{seed}', types = {types})" if types else f"'{seed}'"
        con.execute(f"create or replace table {name} as from {rows}")


def view_text(name: str) -> str:
    """Return the SQL of a published view on the plain names of a release's tables."""
    text = (DBT_PROJECT / f"models/published/{name}.sql").read_text()
    return REF.sub(r"\1", text)
