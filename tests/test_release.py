"""Publishing: readers are never blocked, nothing half-written is seen, N are kept."""

import json
import multiprocessing
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from test_attack import RULES, SEEDS, TABLES

from common_metrics.lake import Delivery, Lake, write_json
from common_metrics.publication import release
from common_metrics.warehouse import build


@pytest.fixture
def built(lake: Lake) -> Lake:
    """A lake with a small finished build of two described tables."""
    with duckdb.connect(str(lake.build())) as con:
        con.execute("create schema published")
        con.execute("use published")
        # As in a public file, since the attack on a candidate reads all of them.
        for table, columns in TABLES.items():
            con.execute(f"create table {table} ({columns})")
        for table in (*RULES, "suppression_minimums"):
            con.execute(f"create table {table} as from '{SEEDS}/{table}.csv'")
        con.execute("alter table school_outcomes add column version integer")
        con.execute(
            "insert into school_outcomes by name select 'CT' as state, "
            "'public' as visibility, 'reported' as value_status, 1 as numerator, "
            "2 as denominator, i as version from range(1000) as t(i)"
        )
    write_json(lake.build_record(), {"fingerprint": "a" * 64})
    write_json(lake.dbt_target() / "manifest.json", {"nodes": _nodes(lake)})
    return lake


def _nodes(lake: Lake) -> dict:
    with duckdb.connect(str(lake.build())) as con:
        sql = "select table_name, column_name from duckdb_columns() where not internal"
        columns = con.execute(sql).fetchall()
    nodes: dict = {}
    for table, column in columns:
        node = nodes.setdefault(
            table,
            {
                "name": table,
                "schema": "published",
                "description": f"about {table}",
                "config": {"meta": {"tiers": ["public", "partner"]}},
                "columns": {},
            },
        )
        node["columns"][column] = {"description": f"about {column}", "config": {}}
    return nodes


@pytest.fixture(autouse=True)
def no_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """These small releases lack what page, workbooks and views are made from."""
    none = tmp_path / "views.sql"
    none.write_text("select 1")
    monkeypatch.setattr(release, "VIEWS", none)
    monkeypatch.setattr(release, "write_site", lambda *_: None)
    monkeypatch.setattr(release, "write_workbooks", lambda *_: None)


def _publish(lake: Lake, minute: int) -> str:
    made_from = f"{minute:064x}"
    write_json(lake.build_record(), {"fingerprint": made_from})
    with duckdb.connect(str(lake.build())) as con:
        con.execute(f"update published.school_outcomes set version = {minute}")
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    return release.publish(lake, at)


def _read(path: str, stop, results) -> None:
    """Open the published file again and again; report each release's versions."""
    seen = []
    while not stop.is_set():
        with duckdb.connect(path, read_only=True) as con:
            sql = "select distinct version from school_outcomes"
            seen.append(tuple(v for (v,) in con.execute(sql).fetchall()))
    results.put(seen)


def test_readers_see_whole_releases_while_others_are_published(built: Lake) -> None:
    _publish(built, 0)
    context = multiprocessing.get_context("spawn")
    stop, results = context.Event(), context.Queue()
    path = str(built.current / "public.duckdb")
    readers = [
        context.Process(target=_read, args=(path, stop, results)) for _ in range(2)
    ]
    for reader in readers:
        reader.start()
    time.sleep(1)
    for minute in range(1, 9):
        _publish(built, minute)
    stop.set()
    seen = [version for _ in readers for version in results.get(timeout=30)]
    for reader in readers:
        reader.join(timeout=30)
        assert reader.exitcode == 0
    assert all(len(versions) == 1 for versions in seen), "a mixture of releases"
    assert len(set(seen)) > 2, "readers saw the swaps"


def test_an_open_reader_keeps_its_release_and_does_not_block(built: Lake) -> None:
    _publish(built, 0)
    with duckdb.connect(str(built.current / "public.duckdb"), read_only=True) as con:
        _publish(built, 1)
        assert con.execute("select max(version) from school_outcomes").fetchone() == (
            0,
        )
    assert built.current.resolve().name.startswith("20260101T0001")


def test_the_last_releases_are_kept_and_nothing_unfinished_is_left(built: Lake) -> None:
    names = [_publish(built, minute) for minute in range(release.KEPT_RELEASES + 2)]
    left = {path.name for path in built.published.iterdir()}
    assert left == {*names[2:], "current"}
    assert not list(built.published.rglob("*.wal"))


def test_rollback_names_what_is_kept_when_it_cannot(built: Lake) -> None:
    first, second = _publish(built, 0), _publish(built, 1)
    assert release.rollback(built) == first
    with pytest.raises(release.ReleaseRefused, match=f"Found .*{second}"):
        release.rollback(built)
    assert release.rollback(built, second) == second
    assert built.current.resolve().name == second


def test_a_rolled_back_build_is_not_published_again_by_itself(built: Lake) -> None:
    _publish(built, 0)
    write_json(built.build_record(), {"fingerprint": build.fingerprint(built)})
    release.publish(built, datetime(2026, 1, 2, tzinfo=UTC))
    release.rollback(built)
    assert not release.is_needed(built)
    built.record(Delivery("ct", "x", "new.csv", "b" * 64, 1, "2026-01-03T00:00:00Z"))
    assert release.is_needed(built)


def test_an_undeclared_column_stops_the_release_and_leaves_the_current(
    built: Lake,
) -> None:
    _publish(built, 0)
    before = built.current.resolve()
    manifest = built.dbt_target() / "manifest.json"
    nodes = json.loads(manifest.read_text())
    del nodes["nodes"]["school_outcomes"]["columns"]["version"]
    write_json(manifest, nodes)
    with pytest.raises(release.ReleaseRefused, match="declared columns only.*version"):
        _publish(built, 1)
    assert built.current.resolve() == before


def test_a_small_restricted_cell_stops_the_release_without_being_printed(
    built: Lake,
) -> None:
    _publish(built, 0)
    before = built.current.resolve()
    with duckdb.connect(str(built.build())) as con:
        con.execute(
            "insert into published.school_outcomes by name select 'VT' as state, "
            "'restricted' as visibility, 'reported' as value_status, "
            "737 as numerator, 739 as denominator, 1 as version"
        )
    with pytest.raises(release.ReleaseRefused) as refused:
        _publish(built, 1)
    assert "Found 1" in str(refused.value) and "737" not in str(refused.value)
    assert built.current.resolve() == before


def test_an_old_client_s_storage_version_is_written(built: Lake) -> None:
    _publish(built, 0)
    with duckdb.connect() as con:
        file = Path(built.current / "public.duckdb")
        con.execute(f"attach '{file}' as published (read_only)")
        tags = con.execute(
            "select tags from duckdb_databases() where database_name = 'published'"
        ).fetchone()[0]
    assert tags["storage_version"].startswith("v1.0.0")
    # Clients 1.1 read files of version 64, and no later ones.
    assert int.from_bytes(file.read_bytes()[12:20], "little") == 64
