"""Writes the files of a release, beside the current one and out of readers' sight."""

import hashlib
import os
import re
from datetime import datetime
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from common_metrics.lake import Lake, write_json
from common_metrics.publication import changes, release_folders
from common_metrics.publication.audiences import (
    PARTNERS,
    PUBLIC,
    TIERS,
    Audiences,
    Table,
    literal,
)
from common_metrics.publication.site import write_site
from common_metrics.publication.workbook import write_workbooks

# Files of this storage version open in every DuckDB client back to 1.1.
STORAGE = "v1.1.0"
ABOUT = "about_release"
# What the build puts before the name of a table; in a release it has a plain name.
SCHEMA = re.compile(r"\bwarehouse\.\w+\.")
RELEASED_TABLES = (
    "select table_name from duckdb_tables() where database_name = 'release'"
)
RELEASED_VIEWS = (
    "select view_name from duckdb_views() "
    "where database_name = 'release' and not internal"
)


def write(
    lake: Lake, release: str, at: datetime, record: dict, audiences: Audiences
) -> Path:
    """Write all files of a release beside the current one; return their folder."""
    candidate = lake.candidate(release)
    candidate.mkdir(mode=0o700, parents=True)
    (candidate / PARTNERS).mkdir()
    about = {
        "release": release,
        "built_at": at.isoformat(timespec="seconds"),
        "code_version": os.environ.get("COMMON_METRICS_VERSION", "unknown"),
    }
    counts = {
        name: _write_file(lake, candidate, name, tables, about)
        for name, tables in audiences.files.items()
    }
    write_site(candidate / "public.duckdb", candidate / "site", release)
    excel = candidate / "public" / "excel"
    write_workbooks(candidate / "public.duckdb", excel, lake.build().parent)
    numbered = record | {"number": release_folders.next_number(lake)}
    _write_manifest(candidate, about, numbered, counts)
    return candidate


def _write_file(
    lake: Lake, candidate: Path, name: str, tables: list[Table], about: dict[str, str]
) -> dict[str, int]:
    """Write a file afresh, a tier also as Parquet; return the rows of each table."""
    file = candidate / f"{name}.duckdb"
    with duckdb.connect(config={"temp_directory": str(lake.spill())}) as con:
        # Under its own name, by which the build's views refer to their tables.
        build = literal(str(lake.build()))
        con.execute(f"attach {build} as warehouse (read_only)")
        place = literal(str(file))
        con.execute(f"attach {place} as release (storage_version '{STORAGE}')")
        con.execute("use release")
        # As one: of a thousand statements each would wait for the disk.
        con.execute("begin")
        _write_tables(con, tables)
        if ABOUT in {table.name for table in tables}:
            con.execute(f"insert into {ABOUT} values (?, ?, ?)", [*about.values()])
        con.execute("commit")
        if name in TIERS:
            changes.fill(con, lake.current / f"{name}.duckdb", name)
            _write_parquet(con, candidate / name)
        counts = _count_rows(con)
        con.execute("checkpoint release")
        con.execute("use memory; detach release")
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
    return counts


def _write_tables(con: duckdb.DuckDBPyConnection, tables: list[Table]) -> None:
    """Write tables, then views and those with an argument, and what each column is."""
    views = {table.name: table for table in tables if table.view}
    for table in tables:
        if table.name not in views:
            con.execute(
                f"create table {table.name} as from ({table.rows}) order by all"
            )
    read = TopologicalSorter({name: views[name].reads for name in views})
    for name in filter(views.get, read.static_order()):
        con.execute(f"create view {name} as {views[name].view}")
    for table in tables:
        _comment(con, table)
    _write_macros(con)


def _write_macros(con: duckdb.DuckDBPyConnection) -> None:
    """Copy views with an argument, which dbt made beside the published models."""
    found = con.execute(
        "select function_name, array_to_string(parameters, ', '), macro_definition, "
        "comment from duckdb_functions() where database_name = 'warehouse' "
        "and schema_name = 'published' and function_type = 'table_macro'"
    ).fetchall()
    for name, parameters, text, comment in found:
        sql = SCHEMA.sub("", text)
        con.execute(f"create macro {name}({parameters}) as table {sql}")
        con.execute(f"comment on macro table {name} is {literal(comment)}")


def _comment(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    kind = "view" if table.view else "table"
    con.execute(
        f"comment on {kind} {table.name} is {literal(table.description.strip())}"
    )
    for name, column in table.columns.items():
        unit = f" [{column['unit']}]" if column["unit"] else ""
        said = literal(column["description"].strip() + unit)
        con.execute(f'comment on column {table.name}."{name}" is {said}')


def _write_parquet(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write tables as they are, and views in an order that does not change."""
    folder.mkdir()
    tables = [name for (name,) in con.execute(RELEASED_TABLES).fetchall()]
    views = [name for (name,) in con.execute(RELEASED_VIEWS).fetchall()]
    rows = {name: f"from {name}" for name in tables}
    rows |= {name: f"from {name} order by all" for name in views}
    for name, query in rows.items():
        place = literal(str(folder / f"{name}.parquet"))
        con.execute(f"copy ({query}) to {place} (format parquet, compression zstd)")


def _count_rows(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    names = sorted(name for (name,) in con.execute(RELEASED_TABLES).fetchall())
    counted = "select '{0}', count(*) from {0}"
    return {
        name: rows
        for table in names
        for name, rows in con.execute(counted.format(table)).fetchall()
    }


def _write_manifest(
    candidate: Path, about: dict[str, str], record: dict, counts: dict
) -> None:
    """Write what the release holds, and apart from it what the public gets of it.

    Digests of partners' files are not for the public: where a table hides few numbers,
    its digest is enough to find them by trial.
    """
    files = _digests(candidate)
    for_all = {name: of for name, of in files.items() if name.split("/")[0] in PUBLIC}
    # Which tests warned; how many rows they found may be of restricted files.
    warned = sorted(record.get("warnings", {}))
    tables = {"public": counts["public"]}
    shown = {**about, "warnings": warned, "files": for_all, "tables": tables}
    write_json(candidate / "public" / "manifest.json", shown)
    tables = {tier: counts[tier] for tier in TIERS}
    # Not _digests anew: a site is thousands of files.
    files |= _digests(candidate, "public/manifest.json")
    whole = {**about, **record, "files": files, "tables": tables}
    write_json(candidate / "manifest.json", whole)


def _digests(folder: Path, found: str = "**/*") -> dict[str, dict[str, str | int]]:
    return {
        file.relative_to(folder).as_posix(): {
            "sha256": _digest(file),
            "bytes": file.stat().st_size,
        }
        for file in sorted(folder.glob(found))
        if file.is_file()
    }


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
