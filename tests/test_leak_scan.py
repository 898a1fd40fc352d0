"""What a restricted file holds stays in it: planted, and looked for in what is said.

The scan of a whole run, with Airflow's database and dbt, is in test_end_to_end.py.
"""

import csv
import gzip
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import traceback
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import staged
from conftest import FIXTURES
from leaks import scan

from common_metrics.check import check
from common_metrics.contracts.loading import load_contracts
from common_metrics.contracts.model import Contract
from common_metrics.errors import DeliveryRefused, quoting_no_cell
from common_metrics.lake import Lake
from common_metrics.pseudonyms import KeyMissing
from common_metrics.reading import parsing
from common_metrics.validation import expectations
from common_metrics.warehouse import build
from workbook import xlsx

RESTRICTED = {k: c for k, c in load_contracts().items() if c.visibility != "public"}
# Of all, the results of the checks are searched; of these also the pages and `check`.
SHOWN = ["nessc/common_metrics_submission", "ri/student_attendance", "vt/sis_identity"]
WORD = "Quozz{}zyk"
AS_RECEIVED = ("landing", "refused")
ROWS = ("validated", "quarantine")
AT = "2016-03-01T06:00:00+00:00"
Table = list[list[str]]


def table_of(key: str) -> tuple[Path, Table]:
    """A fixture file of a contract with its cells."""
    contract, file = RESTRICTED[key], sorted((FIXTURES / key).iterdir())[0]
    if contract.read.format == "workbook":
        read = parsing.records(contract, file.read_bytes())
        return file, [record.cells for record in read]
    text = file.read_text(encoding=contract.read.encoding)
    return file, list(csv.reader(text.splitlines(), delimiter=contract.read.delimiter))


def written(contract: Contract, table: Table, sheet: str = "Sheet1") -> bytes:
    """The cells as a file of the contract's format."""
    if contract.read.format == "workbook":
        return xlsx({sheet: table})
    lines = io.StringIO()
    csv.writer(lines, delimiter=contract.read.delimiter).writerows(table)
    return lines.getvalue().encode(contract.read.encoding, "replace")


def each_cell(table: Table) -> Table:
    """More rows, each with a word in one cell: plain, quoted, with NUL, over-long."""
    last, more = table[-1], []
    for at in range(len(last)):
        word = WORD.format(at)
        forms = [word, f'"{word}"', f"{word}\0", f"{word}{'y' * 9000}"]
        more.append([*last[:at], forms[at % 4], *last[at + 1 :]])
    return table[:-1] + [list(last) for _ in more] + more


def shifted(table: Table) -> Table:
    """The last row with its cells one column to the right, a word before them."""
    return [*table, [WORD.format("left"), *table[-1][:-1]]]


def headless(table: Table) -> Table:
    """Words where the header was: a file whose head was cut off."""
    return [[WORD.format(n) for n in range(len(row))] for row in table[:3]] + table[3:]


def one_header_more(table: Table) -> Table:
    """A column that no contract knows, headed by a word."""
    wide = max(len(row) for row in table)
    head = next(n for n, row in enumerate(table) if len(row) == wide)
    return [
        [*row, WORD.format(n) if n >= head else ""] if n >= head else row
        for n, row in enumerate(table)
    ]


def other_year(table: Table) -> Table:
    """The year that the file is of, everywhere, as one that nobody can read."""
    year = re.compile(r"20\d\d ?[-–] ?(20)?\d\d")
    return [[year.sub("2014-99", cell) for cell in row] for row in table]


WAYS = [each_cell, shifted, headless, one_header_more, other_year]


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, dict[str, str]]:
    """A lake with restricted files that are wrong in every way, and what was said."""
    folder, said = tmp_path_factory.mktemp("spoilt"), {}
    lake, drop = Lake(folder / "lake"), folder / "drop"
    for key, contract in RESTRICTED.items():
        file, table = table_of(key)
        for way in WAYS:
            place = Path(contract.landing.drop[0]).parent / way.__name__ / file.name
            (drop / place).parent.mkdir(parents=True, exist_ok=True)
            (drop / place).write_bytes(written(contract, way(table)))
            said[f"{key} {way.__name__}"] = outcome(contract, drop, str(place), lake)
    for key in SHOWN:
        expectations.build_data_docs(key, lake)
    return lake, said


def outcome(contract: Contract, drop: Path, name: str, lake: Lake) -> str:
    """All that a log could say of a file."""
    try:
        delivery = staged.land(contract, drop, name, lake, AT)
        return repr(staged.validate(contract, delivery, lake))
    except DeliveryRefused as error:
        return "".join(traceback.format_exception(error)) + repr(error)


def test_every_way_is_met_and_nobody_stumbles(spoilt) -> None:
    lake, said = spoilt
    assert len(said) == len(RESTRICTED) * len(WAYS)
    records = [d for key in RESTRICTED for d in lake.recorded_of(key)]
    assert {d.status for d in records} == {"refused", "validated"}
    assert sum(d.rows_quarantined > 0 for d in records) > 10


def test_nothing_that_is_said_of_a_restricted_file_quotes_a_cell(spoilt) -> None:
    lake, said = spoilt
    log = lake.log("said.log")
    log.write_text("\n".join(said.values()))
    found = {path.split("/")[0] for path, _ in scan(lake.root, words())}
    assert {"landing", "refused", "quarantine"} <= found <= {*AS_RECEIVED, *ROWS}


def words() -> set[str]:
    """Every word that was planted."""
    most = max(len(table_of(key)[1][-1]) for key in RESTRICTED) + 50
    return {WORD.format(n) for n in [*range(most), "left"]}


def test_a_word_in_a_protected_column_is_in_no_row_either(spoilt) -> None:
    lake, _ = spoilt
    for key, contract in RESTRICTED.items():
        if not contract.protects:
            continue
        planted = {WORD.format(at) for at in protected(key, contract)}
        for stage in ROWS:
            assert scan(lake.root / stage / key, planted) == [], key


def protected(key: str, contract: Contract) -> list[int]:
    """Where the protected columns of a fixture stand."""
    names = {h.casefold() for c in contract.protects.values() for h in c.headers}
    head = contract.read.header or max(
        table_of(key)[1], key=lambda row: sum(cell.casefold() in names for cell in row)
    )
    return [at for at, cell in enumerate(head) if cell.casefold() in names]


@pytest.mark.parametrize("key", SHOWN)
def test_the_check_before_sending_quotes_no_cell(key: str, tmp_path: Path) -> None:
    contract, (file, table) = RESTRICTED[key], table_of(key)
    wrong = tmp_path / file.name
    wrong.write_bytes(written(contract, each_cell(table)))
    code, lines = check(contract, wrong, Lake(tmp_path / "lake"))
    (tmp_path / "said").mkdir()
    (tmp_path / "said/out.txt").write_text("\n".join(lines))
    assert code and scan(tmp_path / "said", words()) == []


# Errors that nobody foresaw


@quoting_no_cell
def stumbling(contract: Contract, error: Exception) -> None:
    raise error


@pytest.fixture
def stumble() -> Callable[..., str]:
    """All that a log would say of an error in a step."""

    def stumble(key: str, error: Exception) -> str:
        try:
            stumbling(load_contracts()[key], error)
        except Exception as raised:
            return "".join(traceback.format_exception(raised))
        raise AssertionError("nothing was raised")

    return stumble


def test_an_unforeseen_error_on_a_restricted_file_is_named_and_not_quoted(stumble):
    said = stumble("vt/sis_identity", ValueError("no number: 'Quozzabyzko'"))
    assert "Quozz" not in said
    assert "vt/sis_identity: " in said and "ValueError in guarded, line " in said


def test_other_errors_say_all_that_they_know(stumble):
    assert "Quozz" in stumble("ct/enrollment", ValueError("no number: 'Quozzabyzko'"))
    for error in (KeyMissing("a", "key", "none", "Set."), OSError("disk full")):
        assert str(error) in stumble("vt/sis_identity", error)


# dbt


CELLS = "(values ('Quozz1zyk'), ('7717731')) as t(x)"
FAILING = {
    "number": f"select cast(x as integer) as x from {CELLS}",
    "date": f"select strptime(x, '%m/%d/%Y') as x from {CELLS}",
    "small": f"select cast(try_cast(x as bigint) as smallint) as x from {CELLS}",
    "key": f"select case when x > '8' then error(x) end as x from {CELLS}",
}


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake in which models of a small project failed over cells."""
    folder = tmp_path_factory.mktemp("failed")
    lake, project = Lake(folder / "lake"), folder / "project"
    (project / "models").mkdir(parents=True)
    for name, sql in FAILING.items():
        # Tables: a view would be made without looking at a cell.
        head = "{{ config(materialized='table') }}\n"
        (project / f"models/{name}.sql").write_text(
            head + sql.replace(CELLS, f"'{lake.root}/cells.parquet' as t")
        )
    lake.root.mkdir()
    subprocess.run(
        [sys.executable, "-c", "import duckdb, sys; duckdb.sql(sys.argv[1])"]
        + [f"copy (from {CELLS}) to '{lake.root}/cells.parquet'"],
        check=True,
    )
    (project / "dbt_project.yml").write_text("{name: failing, profile: failing}")
    profile = "failing: {target: here, outputs: {here: {type: duckdb, threads: 1}}}"
    (project / "profiles.yml").write_text(profile)
    words = ["build", "--profiles-dir", ".", "--log-format", "json"]
    done = subprocess.run(
        [Path(sys.executable).with_name("dbt"), *words],
        cwd=project,
        env=build.dbt_environment(lake),
        stdout=subprocess.PIPE,
        text=True,
    )
    told = map(build._told, done.stdout.splitlines(keepends=True))
    lake.log("build.log").write_text("".join(told))
    assert done.returncode == 1
    (lake.root / "cells.parquet").unlink()
    return lake


def test_the_logs_of_a_failed_build_quote_no_cell(failed: Lake) -> None:
    """What dbt writes does; what is left when we are done does not."""
    quoted = {path for path, _ in scan(failed.root, {"Quozz1zyk", "7717731"})}
    results = "build/dbt_target/run_results.json"
    assert {"logs/build.log", "logs/dbt.log", results} <= quoted
    build._leave_out_cells(failed)
    assert scan(failed.root, {"Quozz1zyk", "7717731"}) == []
    log = failed.log("build.log").read_text()
    assert log.count("its text is left out") >= len(FAILING)
    assert "Runtime Error in model number" in log and "Done." in log
    json.loads((failed.root / results).read_text())


def test_dbt_does_not_get_the_key(lake: Lake) -> None:
    assert "COMMON_METRICS_STUDENT_KEY" in os.environ
    assert "COMMON_METRICS_STUDENT_KEY" not in build.dbt_environment(lake)


def test_errors_about_the_sql_itself_are_left_whole() -> None:
    said = 'Binder Error: Referenced column "x" not found\n\nLINE 1: select x'
    assert build.without_cells(said) == said


# The scan itself


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[set[str]]:
    """A folder with a word in each of the places that are hard to see into."""
    with sqlite3.connect(tmp_path / "a.db") as con:
        con.execute("pragma journal_mode = wal")
        con.execute("create table xcom (value text)")
        con.execute("create table dag (data_compressed blob)")
        # Longer than a page, so that the file holds the word in two pieces.
        con.executemany(
            "insert into xcom values (?)",
            [["x" * n + "Quozz1zyk" + "x" * 5000] for n in range(3000, 4200, 5)],
        )
        con.execute("insert into dag values (?)", [zlib.compress(b"Quozz2zyk")])
        con.commit()
        con.execute("pragma wal_checkpoint(truncate)")
        (tmp_path / "b.gz").write_bytes(gzip.compress(b"Quozz3zyk"))
        yield {"a.db", "b.gz"}


def test_the_scan_sees_into_databases_and_archives(planted, tmp_path: Path) -> None:
    found = set(scan(tmp_path, {f"Quozz{n}zyk" for n in (1, 2, 3, 4)}))
    assert found == {
        *(("a.db", f"quozz{n}zyk") for n in (1, 2)),
        ("b.gz", "quozz3zyk"),
    }


# What the repository holds


def test_students_in_fixtures_are_invented() -> None:
    """Ids begin with 9, as no state's do; nothing looks like a number or an address."""
    telling = re.compile(
        r"\b\d{3}-\d{2}-\d{4}\b|[\w.]+@(?!example\.)\w+\.\w+|\(\d{3}\) ?\d{3}"
    )
    for key in RESTRICTED:
        for file in (FIXTURES / key).iterdir():
            text = str(table_of(key)[1])
            assert not telling.search(text), file


def test_no_connection_spills_into_the_folder_that_a_command_runs_in() -> None:
    """DuckDB puts what does not fit into memory into ./.tmp unless told where else."""
    package = Path(__file__).parents[1] / "plugins" / "common_metrics"
    sources = {file.name: file.read_text() for file in package.rglob("*.py")}
    assert {n for n, text in sources.items() if "duckdb.connect(" in text} >= {
        "recovery.py",
        "candidate.py",
        "what_if.py",
    }
    assert not [n for n, text in sources.items() if "duckdb.connect()" in text]
