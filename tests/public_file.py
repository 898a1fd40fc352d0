"""A public file made by hand, with the tables that the project declares and rules."""

from pathlib import Path

import duckdb
import yaml

from common_metrics.build import DBT_PROJECT

Rows = dict[str, list[dict]]


def write_public_file(file: Path, rows: Rows) -> None:
    """Write a file whose rules are the seeds and whose other tables hold ``rows``."""
    with duckdb.connect(str(file)) as con:
        for name, columns in declared().items():
            seed = next(DBT_PROJECT.glob(f"seeds/**/{name}.csv"), None)
            if seed and name not in rows:
                con.execute(f"create table {name} as from read_csv('{seed}')")
            elif not seed:
                listed = ", ".join(f'"{c}" {kind}' for c, kind in columns.items())
                con.execute(f"create table {name} ({listed})")
        for name, given in rows.items():
            for row in given:
                con.execute(
                    f"insert into {name} ({', '.join(row)}) "
                    f"values ({', '.join('?' * len(row))})",
                    [*row.values()],
                )


def declared() -> dict[str, dict[str, str]]:
    """Return the columns of each table of the public file, and their types."""
    files = [*DBT_PROJECT.glob("models/**/*.yml"), *DBT_PROJECT.glob("seeds/**/*.yml")]
    found = {}
    for file in files:
        about = yaml.safe_load(file.read_text()) or {}
        for node in [*about.get("models", []), *about.get("seeds", [])]:
            meta = node.get("config", {}).get("meta", {})
            if "public" in meta.get("tiers", []):
                found[meta.get("publish_as", node["name"])] = {
                    c["name"]: c.get("data_type", "varchar") for c in node["columns"]
                }
    return found
