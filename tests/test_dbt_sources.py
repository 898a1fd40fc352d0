import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from common_metrics.contracts import dbt_sources
from common_metrics.contracts.dbt_sources import STAGING, source_files, write
from common_metrics.contracts.loading import load_contracts
from common_metrics.reading.parsing import no_rows
from common_metrics.warehouse import build

TYPES = {"string": "varchar", "int64": "bigint"}
TABLES = {
    f"{source['name']}/{table['name']}": (source, table)
    for text in source_files().values()
    for source in yaml.safe_load(text)["sources"]
    for table in source["tables"]
}


@pytest.fixture
def staging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of staging models in which nothing is written yet."""
    monkeypatch.setattr(dbt_sources, "STAGING", tmp_path)
    return tmp_path


def test_git_keeps_none_of_the_files() -> None:
    root = STAGING.parents[2]
    ignored = [
        line.lstrip("/")
        for line in (root / ".gitignore").read_text().splitlines()
        if line.startswith("/dbt_project/models")
    ]
    for path in source_files():
        assert any(path.relative_to(root).match(pattern) for pattern in ignored)


def test_a_file_is_written_only_if_it_is_not_as_the_contracts_say(
    staging: Path,
) -> None:
    assert write() == list(source_files())
    assert write() == []
    ct, vt = staging / "ct/_ct__sources.yml", staging / "vt/_vt__sources.yml"
    ct.write_text("something else")
    os.utime(vt, (1, 1))
    assert write() == [ct]
    assert vt.stat().st_mtime == 1
    assert {path.read_text() for path in source_files()} == {*source_files().values()}
    assert sorted(staging.rglob("*.*")) == sorted(source_files())


def test_no_file_is_left_of_a_provider_that_went(staging: Path) -> None:
    gone, by_hand = staging / "xx/_xx__sources.yml", staging / "yy/_yy__sources.yml"
    for file, text in ((gone, dbt_sources.HEAD), (by_hand, "version: 2")):
        file.parent.mkdir()
        file.write_text(text)
    write()
    assert (gone.exists(), by_hand.exists()) == (False, True)


def test_many_may_write_at_once(staging: Path) -> None:
    code = (
        "import sys, pathlib; from common_metrics.contracts import dbt_sources as d; "
        "d.STAGING = pathlib.Path(sys.argv[1]); d.write()"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, staging]) for _ in range(3)
    ]
    assert [process.wait() for process in started] == [0, 0, 0]
    assert sorted(staging.rglob("*.*")) == sorted(source_files())
    assert write() == []


def test_whether_they_are_written_moves_no_digest_of_the_code() -> None:
    write()
    assert not set(source_files()) & set(build._code())
    assert STAGING / "lake/_lake__sources.yml" in build._code()


@pytest.mark.parametrize("key", load_contracts())
def test_the_columns_are_those_of_the_rows(contracts, key):
    listed = {c["name"]: c["data_type"] for c in TABLES[key][1]["columns"]}
    rows = no_rows(contracts[key]).schema
    assert listed == {field.name: TYPES[str(field.type)] for field in rows}


def test_the_location_is_where_validated_rows_lie(contracts, lake, run, graduates):
    contract = contracts["ct/graduation_4yr"]
    run(contract, graduates)
    location = TABLES[contract.key][0]["config"]["meta"]["external_location"]
    location = location.replace("validated", str(lake.validated))
    found = duckdb.sql(f"select count(*) from {location.format(name=contract.extract)}")
    assert found.fetchone() == (20,)
