import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml
from rich.console import Console

from common_metrics import report
from common_metrics.contracts import dbt_sources
from common_metrics.contracts.dbt_sources import STAGING, source_files, write
from common_metrics.contracts.loading import Contracts, load_contracts
from common_metrics.errors import ContractError
from common_metrics.lake import Lake
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


@pytest.fixture
def barred(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the contract of one extract cannot be read."""
    less = Contracts(load_contracts())
    del less["ct/sat"]
    error = ContractError("expectations/ct/sat.yml", "sense", "none", "Mend it.")
    less.barred = {"ct/sat": error}
    for module in (dbt_sources, build, report):
        monkeypatch.setattr(module, "load_contracts", lambda: less)


def test_a_model_may_read_the_table_of_a_contract_that_is_barred(barred: None) -> None:
    text = dbt_sources.source_files()[dbt_sources.generated("ct")]
    (source,) = yaml.safe_load(text)["sources"]
    assert {"name": "sat"} in source["tables"]


def test_what_landed_under_a_barred_contract_is_seen_as_before(
    lake: Lake, request: pytest.FixtureRequest
) -> None:
    build.write_inputs(lake)
    before = [lake.contracts().read_text(), lake.school_years_due().read_text()]
    columns = lake.empty_rows("ct/sat").read_bytes()
    request.getfixturevalue("barred")
    build.write_inputs(lake)
    after = [lake.contracts().read_text(), lake.school_years_due().read_text()]
    for was, now in zip(before, after, strict=True):
        assert sorted(json.loads(was), key=str) == sorted(json.loads(now), key=str)
    assert lake.empty_rows("ct/sat").read_bytes() == columns


def test_a_run_names_the_contract_that_is_barred(
    barred: None, lake: Lake, tmp_path: Path
) -> None:
    console = Console(record=True, width=200)
    assert report.report(console, lake, tmp_path, []) == 1
    said = console.export_text()
    assert "barred: expectations/ct/sat.yml: expected sense. Found none." in said
    assert "Failed: land_ct_sat. " in said
