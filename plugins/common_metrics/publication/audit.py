"""Refuses a candidate that holds or gives away what its readers must not see."""

import json
from pathlib import Path

import duckdb

from common_metrics.disclosure.attack import recovery
from common_metrics.lake import Lake, write_json
from common_metrics.publication import release_folders
from common_metrics.publication.audiences import (
    PARTNERS,
    Audiences,
    Partner,
    ReleaseRefused,
    Table,
)

SMALL_CELLS = Path(__file__).with_name("small_cells.sql")


def refuse(lake: Lake, candidate: Path, audiences: Audiences) -> None:
    """Try a candidate with nothing but its own files; raise ReleaseRefused."""
    refuse_contents(candidate, audiences.files)
    for partner in audiences.partners:
        _refuse_rows_of_others(candidate, partner)
    refuse_recovered(lake, candidate, audiences.partners)


def refuse_contents(candidate: Path, files: dict[str, list[Table]]) -> None:
    """Refuse columns that nobody declared and small cells in the public file."""
    for name, tables in files.items():
        with duckdb.connect(str(candidate / f"{name}.duckdb"), read_only=True) as con:
            _refuse_undeclared(con, name, tables)
    with duckdb.connect(str(candidate / "public.duckdb"), read_only=True) as con:
        _refuse_small_cells(con)


def _refuse_undeclared(
    con: duckdb.DuckDBPyConnection, tier: str, tables: list[Table]
) -> None:
    declared = {(table.name, name) for table in tables for name in table.columns}
    held = con.execute(
        "select table_name, column_name from duckdb_columns() where not internal"
    ).fetchall()
    stray = [pair for pair in held if pair not in declared]
    if stray:
        raise ReleaseRefused(
            f"{tier}.duckdb",
            "declared columns only",
            f"{stray[:5]}",
            "Describe them in the model's yml, or take them out of the model.",
        )


def _refuse_rows_of_others(candidate: Path, partner: Partner) -> None:
    """A state's file tells of that state alone, a school's rows of that school."""
    key = ("school_key", partner.school_key) if partner.kind == "school" else None
    file = candidate / PARTNERS / f"{partner.id}.duckdb"
    with duckdb.connect(str(file), read_only=True) as con:
        for column, own in filter(None, [("state", partner.state), key]):
            keyed = con.execute(
                "select table_name from duckdb_columns() where column_name = ? "
                "and table_name not in (select view_name from duckdb_views())",
                [column],
            ).fetchall()
            for (table,) in keyed:
                others = f"{column} <> ? and {column} <> '*'"
                sql = f"select count(*) from {table} where {others}"
                ((strange,),) = con.execute(sql, [own]).fetchall()
                if strange:
                    raise ReleaseRefused(
                        f"{PARTNERS}/{partner.id}.duckdb {table}",
                        f"rows of {own} alone",
                        "others",
                        "Nothing was published; look at own_rows in audiences.py.",
                    )


def _refuse_small_cells(con: duckdb.DuckDBPyConnection) -> None:
    """No visible restricted cell may be below its state's minimums."""
    for table, small in con.execute(SMALL_CELLS.read_text()).fetchall():
        raise ReleaseRefused(
            f"public.duckdb {table}",
            "no restricted cell below suppression_minimums",
            f"{small}",
            "Nothing was published; look at int_suppressed_cells in the build file.",
        )


def refuse_recovered(lake: Lake, candidate: Path, partners: list[Partner]) -> None:
    """Attack the candidate beside the kept releases; note counts in the manifest.

    Then once more for each partner, who knows what stands in its own file.
    """
    kept = [
        lake.published / release / "public.duckdb"
        for release in release_folders.manifests(lake)
    ]
    public = candidate / "public.duckdb"
    report = recovery.recovered(public, kept)
    _refuse_report("public.duckdb", report)
    for partner in partners if report.hidden else []:
        file = f"{PARTNERS}/{partner.id}.duckdb"
        _refuse_report(file, recovery.recovered(public, kept, candidate / file))
    manifest = json.loads((candidate / "manifest.json").read_text())
    write_json(candidate / "manifest.json", manifest | {"attack": report.counts()})


def _refuse_report(file: str, report: recovery.Report) -> None:
    if not report.recovered:
        return
    cells = "; ".join(str(cell) for cell in report.recovered[:5])
    raise ReleaseRefused(
        file,
        "no hidden cell that follows from what is published",
        f"{len(report.recovered)}, such as: {cells}",
        "Nothing was published and the current release stays; see 'The attack "
        "refused a release' in docs/runbook.md.",
    )
