"""Two releases of the same files, compared table by table, both ways."""

from pathlib import Path

import duckdb

# When a file came, a version was seen and a release was made is of each run its own.
OF_A_RUN = ("landed_at", "valid_from", "valid_to", "first_seen_at", "superseded_at")
OF_A_RUN += ("release_id", "built_at", "code_version")
TIERS = ("public", "partner")


def differences(one: Path, other: Path) -> list[str]:
    """Return which tables of two folders of releases differ, and by how many rows."""
    return [said for tier in TIERS for said in _of_tier(tier, one, other)]


def _of_tier(tier: str, one: Path, other: Path) -> list[str]:
    with duckdb.connect() as con:
        for name, folder in (("one", one), ("other", other)):
            con.execute(f"attach '{folder / f'{tier}.duckdb'}' as {name} (read_only)")
        tables = _tables(con, "one")
        if tables != _tables(con, "other"):
            return [f"{tier}: other tables or columns"]
        found = {name: _rows(con, name, tables[name]) for name in tables}
    return [f"{tier} {name}: {rows}" for name, rows in found.items() if any(rows)]


def _tables(con: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[str]]:
    """Return the columns of each table that are compared, by its name."""
    return dict(
        con.execute(
            "select table_name, list(column_name order by column_index) from "
            "duckdb_columns() inner join duckdb_tables() using (table_oid, "
            "database_name, table_name) where database_name = $1 and "
            "not list_contains($2, column_name) group by all order by all",
            [database, [*OF_A_RUN]],
        ).fetchall()
    )


def _rows(
    con: duckdb.DuckDBPyConnection, table: str, columns: list[str]
) -> tuple[int, int]:
    """Return how many rows are in the one alone, and in the other alone."""
    names = ", ".join(f'"{name}"' for name in columns)
    both = [f"select {names} from {of}.main.{table}" for of in ("one", "other")]
    alone = [f"{a} except all {b}" for a, b in (both, reversed(both))]
    first, second = (con.sql(f"select count(*) from ({rows})") for rows in alone)
    return first.fetchall()[0][0], second.fetchall()[0][0]
