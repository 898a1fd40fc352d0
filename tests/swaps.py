"""``python tests/swaps.py``: readers of each kind, while releases are published.

A release holds its own number in every row of two tables. Whoever reads both must find
one number, whatever is swapped meanwhile; an error or two numbers end it with 1.
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow.parquet as pq

from common_metrics.lake import Lake, write_json
from common_metrics.publication import audit, candidate, release

TABLES = ("school_outcomes", "lea_outcomes")
Found = set[int]
PAUSE = 0.1  # seconds between two reads
# The first swaps, and each so many-th, are to a new release; the others to a kept one.
FIRST, NEW = 10, 20


class Seen(NamedTuple):
    """What one reader met with."""

    kind: str
    reads: int
    releases: int
    mixed: int
    errors: list[str]


# A build that is published again and again


def small_build(lake: Lake) -> None:
    """Make a build of described tables, of which two have a column ``version``."""
    from test_attack import RULES, SEEDS
    from test_attack import TABLES as COLUMNS

    with duckdb.connect(str(lake.build())) as con:
        con.execute("create schema published")
        con.execute("use published")
        # As in a public file, since the attack on a candidate reads all of them.
        for table, columns in COLUMNS.items():
            con.execute(f"create table {table} ({columns})")
        for table in (*RULES, "suppression_minimums"):
            con.execute(f"create table {table} as from '{SEEDS}/{table}.csv'")
        for table in TABLES:
            con.execute(f"alter table {table} add column version integer")
        con.execute(
            "insert into school_outcomes by name select 'CT' as state, "
            "'public' as visibility, 'reported' as value_status, 1 as numerator, "
            "2 as denominator, i as version from range(1000) as t(i)"
        )
        con.execute(
            "insert into lea_outcomes by name select 'CT' as state, "
            "'public' as visibility, 0 as version from range(1000)"
        )
    write_json(lake.build_record(), {"fingerprint": "a" * 64})
    write_json(lake.dbt_target() / "manifest.json", {"nodes": nodes(lake)})


def nodes(lake: Lake) -> dict[str, Any]:
    """Return what dbt's manifest would say of the tables of the build."""
    with duckdb.connect(str(lake.build())) as con:
        sql = "select table_name, column_name from duckdb_columns() where not internal"
        columns = con.execute(sql).fetchall()
    found: dict[str, Any] = {}
    for table, column in columns:
        about = {"name": table, "schema": "published", "description": f"about {table}"}
        config = {"meta": {"tiers": ["public", "partner"]}}
        node = found.setdefault(table, about | {"config": config, "columns": {}})
        node["columns"][column] = {"description": f"about {column}", "config": {}}
    return found


def publish(lake: Lake, minute: int) -> str:
    """Publish a release of which every row has this number; return its id."""
    write_json(lake.build_record(), {"fingerprint": f"{minute:064x}"})
    with duckdb.connect(str(lake.build())) as con:
        for table in TABLES:
            con.execute(f"update published.{table} set version = {minute}")
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    return release.publish(lake, at)


# Readers: each opens what is current anew and returns the numbers in both tables


def _attached(current: Path) -> Found:
    with duckdb.connect() as con:
        con.execute(f"attach '{current}/public.duckdb' as release (read_only)")
        return _versions(con, [f"release.{table}" for table in TABLES])


def _opened(current: Path) -> Found:
    with duckdb.connect(str(current / "public.duckdb"), read_only=True) as con:
        return _versions(con, TABLES)


def _of_manifest(current: Path) -> list[Path]:
    """Return the Parquet files of the release that is current now, asked once."""
    manifest = json.loads((current / "public/manifest.json").read_text())
    folder = current.with_name(manifest["release"]) / "public"
    return [folder / f"{table}.parquet" for table in TABLES]


def _scanned(current: Path) -> Found:
    with duckdb.connect() as con:
        return _versions(con, [f"'{file}'" for file in _of_manifest(current)])


def _by_arrow(current: Path) -> Found:
    files = _of_manifest(current)
    return {v for f in files for v in pq.read_table(f)["version"].to_pylist()}


def _versions(con: duckdb.DuckDBPyConnection, tables: Any) -> Found:
    sql = " union ".join(f"select version from {table}" for table in tables)
    return {version for (version,) in con.execute(sql).fetchall()}


KINDS: dict[str, Callable[[Path], Found]] = {
    "DuckDB, attached": _attached,
    "DuckDB, opened read-only": _opened,
    "Parquet by DuckDB, by the manifest": _scanned,
    "Parquet by pyarrow, by the manifest": _by_arrow,
}


def _read(kind: str, current: str, ready: Any, stop: Any, results: Any) -> None:
    found: list[Found] = [KINDS[kind](Path(current))]
    ready.wait()
    errors: list[str] = []
    while not stop.is_set():
        try:
            found.append(KINDS[kind](Path(current)))
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
        time.sleep(PAUSE)
    mixed = sum(len(versions) != 1 for versions in found)
    releases = len(set().union(*found))
    results.put(Seen(kind, len(found), releases, mixed, errors))


def watched(lake: Lake, count: int) -> Iterator[Seen]:
    """Publish so many releases under a reader of each kind; yield what they met."""
    publish(lake, 0)
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(len(KINDS) + 1)
    stop, results = context.Event(), context.Queue()
    told = (str(lake.current), ready, stop, results)
    readers = [context.Process(target=_read, args=(kind, *told)) for kind in KINDS]
    for reader in readers:
        reader.start()
    ready.wait(timeout=120)
    for number in range(1, count + 1):
        if number < FIRST or number % NEW == 0:
            publish(lake, number)
        else:
            kept = [*release.manifests(lake)]
            release.rollback(lake, kept[number % len(kept)])
    stop.set()
    yield from sorted(results.get(timeout=60) for _ in readers)
    for reader in readers:
        reader.join(timeout=60)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--swaps", type=int, default=1000)
    count, wrong = parser.parse_args().swaps, 0
    # These small releases lack what pages and workbooks are made from.
    candidate.write_site = candidate.write_workbooks = lambda *_: None
    audit.refuse_recovered = lambda *_: None
    with tempfile.TemporaryDirectory(prefix="swaps_") as folder:
        small_build(lake := Lake(Path(folder) / "lake"))
        for seen in watched(lake, count):
            said = f"{seen.reads:,} | {seen.releases:,} | {len(seen.errors)}"
            print(f"| {seen.kind} | {said} | {seen.mixed} |", *seen.errors[:1])
            wrong += seen.mixed + len(seen.errors)
    print(f"{count:,} swaps")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
