"""Real clients read published files while releases change; see docs/bi.md."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import duckdb
import pytest
import yaml
from clients import run
from compiled import compile_models
from public_file import create, public_nodes, view_nodes
from python_calamine import CalamineWorkbook

from common_metrics.lake import Lake, write_json
from common_metrics.publication import candidate, release, workbook

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = Path(f"{sys.prefix}-clients")
FORMULA = '=cmd|"/c calc"!A1'
SCHOOLS = {"090000100001": "Alder Falls", "090000100002": FORMULA}
YEARS = (2015, 2016)
OLD = ("duckdb-1.1.3", "duckdb-1.2.2", "duckdb-1.4.4")


def fill(con: duckdb.DuckDBPyConnection) -> None:
    """Two schools of Connecticut, one on its way and one with a name that attacks."""
    rule = "'CT' as state, 'acgr_4yr' as metric_id, 'all' as student_group"
    con.execute("insert into dim_metric by name select 'acgr_4yr' as metric_id")
    for key, name in SCHOOLS.items():
        con.execute(
            "insert into dim_school by name select ? as school_key, "
            "? as school_name, 'CT' as state, true as is_consortium_state",
            [key, name],
        )
    for year in YEARS:
        con.execute(
            "insert into dim_school_year values (?, ?, ?)",
            [year, f"{year - 1}-{year % 100}", f"{year}-01-01"],
        )
        for key, verdict in zip(SCHOOLS, ("at_goal", "off_track"), strict=True):
            grain = (
                f"select '{key}' as school_key, {year} as school_year, {rule}, "
                "'compounding' as target_model, 81.5 as target_pct"
            )
            con.execute(f"insert into school_targets by name {grain}")
            con.execute(
                f"insert into school_target_status by name {grain}, "
                f"'{verdict}' as verdict"
            )


def nodes(con: duckdb.DuckDBPyConnection) -> dict:
    """What dbt's manifest would say of these tables and of the views beside them."""
    columns = {
        node["name"]: [
            name for name, *_ in con.execute(f"describe {node['name']}").fetchall()
        ]
        for node in public_nodes()
    }
    views = {node["name"]: node for node in view_nodes()}
    columns |= {n: [c["name"] for c in view["columns"]] for n, view in views.items()}
    metas = {n["name"]: n["config"]["meta"] for n in [*public_nodes(), *views.values()]}
    return {
        name: {
            "name": name,
            "schema": "published",
            "description": f"about {name}",
            "config": {"meta": meta | {"tiers": ["public", "partner"]}},
            "columns": {
                column: {"description": f"about {column}", "config": {}}
                for column in columns[name]
            },
            "raw_code": views.get(name, {}).get("raw_code", ""),
        }
        for name, meta in metas.items()
    }


def describe(con: duckdb.DuckDBPyConnection, nodes: dict) -> None:
    """Fill the dictionary as its model would."""
    for node in nodes.values():
        table = node["name"]
        for column, about in node["columns"].items():
            con.execute(
                "insert into data_dictionary by name select ? as table_name, "
                "? as column_name, 'varchar' as type, ? as description",
                [table, column, about["description"]],
            )


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Two releases with every public table, the real views and the real metrics."""
    folder = tmp_path_factory.mktemp("clients")
    built = Lake(folder / "built")
    metrics = compile_models(folder, ["semantic_metrics"])["semantic_metrics"]
    with duckdb.connect(str(built.build())) as con:
        con.execute("create schema published; use published")
        for node in public_nodes():
            create(con, node["name"], node)
        con.execute(f"insert into semantic_metrics by name {metrics}")
        fill(con)
        known = nodes(con)
        describe(con, known)
        write_json(built.dbt_target() / "manifest.json", {"nodes": known})
    write_json(built.build_record(), {"fingerprint": "a" * 64})
    with pytest.MonkeyPatch.context() as patch:
        # The page of a release wants more rows than these.
        patch.setattr(candidate, "write_site", lambda *_: None)
        yield run.two_releases(built.build().parent, folder / "lake")


@pytest.fixture(scope="module")
def environments() -> Path:
    """The environments of the clients, as `make test-all` sets them up."""
    kinds = {environment for environment, _ in run.CLIENTS.values()}
    missing = {k for k in kinds if not (ENVIRONMENTS / k / ".ready").exists()}
    assert not missing, f"{missing} are not set up: run `make test-all`"
    return ENVIRONMENTS


@pytest.mark.parametrize("client", [name for name in run.CLIENTS if name != "superset"])
def test_a_client_reads_whole_releases_while_they_change(
    client: str, lake: Lake, environments: Path
) -> None:
    report = run.watch(environments, client, lake, seconds=1.5)
    assert report.is_whole, (report.errors, report.seen)
    assert report.sees_the_next and report.swaps > 2, run.line(report)


@pytest.fixture
def two_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that connects, and one that cannot: its environment lacks a package."""
    monkeypatch.setattr(run, "CLIENTS", {"duckdb": run.CLIENTS["duckdb"]})
    monkeypatch.setitem(run.CLIENTS, "lame", ("duckdb-1.1.3", "sqlalchemy_engine.py"))


def test_a_client_that_cannot_connect_is_told_in_its_row_and_by_the_exit_code(
    two_clients: None,
    lake: Lake,
    environments: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    command = ["clients", "--lake", lake.root, "--environments", environments]
    # As the fixture made them.
    monkeypatch.setattr(run, "two_releases", lambda *_: lake)
    monkeypatch.setattr(sys, "argv", [*map(str, command), "--seconds", "1"])
    with pytest.raises(SystemExit) as ended:
        run.main()
    good, lame = capsys.readouterr().out.splitlines()[-2:]
    assert re.fullmatch(r"\| DuckDB 1.5.5 \| yes \| yes, .* swaps \| yes \|", good)
    assert ended.value.code == 1 and lame == (
        "| lame | NO: lame: expected a client that reads. Found ModuleNotFoundError: "
        "No module named 'sqlalchemy'. Mend its environment. | | |"
    )


def test_a_table_without_a_no_is_well_and_one_old_release_for_ever_is_not(
    two_clients: None,
    lake: Lake,
    environments: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    del run.CLIENTS["lame"]
    assert run.print_table(environments, lake, 1)
    stale = run.Report("old", "1", {("a", 1): 9}, {}, {("a", 1), ("b", 1)}, 4)
    monkeypatch.setattr(run, "watch", lambda *_: stale)
    assert not run.print_table(environments, lake, 1)


def test_superset_sends_no_password_to_who_has_its_port(
    tmp_path: Path, lake: Lake, environments: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        command = [environments / "superset/bin/python", ROOT / "superset/serve.py"]
        command += [tmp_path / "home", lake.current / "public.duckdb", "--port", port]
        said = subprocess.run(command, capture_output=True, text=True, timeout=60)
        other.settimeout(0)
        with pytest.raises(BlockingIOError):
            other.accept()
    assert said.returncode == 2 and not (tmp_path / "home").exists()
    assert said.stdout == (
        f"superset, port {port}: expected a free port. Found Address already in use. "
        "Stop what listens there, or choose another port with SUPERSET_PORT.\n"
    )


def test_superset_shows_the_imported_dashboard_and_the_next_release(
    lake: Lake, environments: Path
) -> None:
    report = run.watch(environments, "superset", lake, seconds=4)
    assert report.is_whole, (report.errors, report.seen)
    assert report.sees_the_next, run.line(report)
    shown = report.charts
    file = lake.published / shown["Which release"][0]["release_id"] / "public.duckdb"
    with duckdb.connect(str(file), read_only=True) as con:
        held = con.execute("select verdict from school_target_status").fetchall()
    verdicts = [(row["verdict"],) for row in shown["Schools and their targets"]]
    assert sorted(verdicts) == sorted(held)
    (year, *_) = shown["Verdicts by year"]
    assert (year["schools_at_goal_pct"], year["schools_judged_count"]) == (50, 2)
    assert "Permission Error: Cannot access file" in report.beside, report.beside
    # Superset's own policy lets its pages ask a counting service.
    assert "default-src 'self'" in report.policy and "https:" not in report.policy


def test_no_text_of_a_workbook_is_a_formula_or_a_link(lake: Lake) -> None:
    with ZipFile(lake.current / "public/excel/CT.xlsx") as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    sheets = [text for name, text in parts.items() if "worksheets/sheet" in name]
    assert any("=cmd|" in text for text in sheets)
    assert not [text for text in sheets if "<f>" in text or "hyperlink" in text]


@pytest.mark.parametrize(
    ("environment", "is_stale"),
    [*((old, True) for old in OLD), ("python", False)],
)
def test_a_pool_shows_the_old_release_until_it_lets_go(
    environment: str, is_stale: bool, lake: Lake, environments: Path
) -> None:
    old, new = sorted(release.manifests(lake))
    release.rollback(lake, old)
    python = environments / environment / "bin/python"
    command = [python, run.HERE / "pooled.py", lake.current / "public.duckdb"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as client:
        assert client.stdout.readline() == "open\n"
        release.rollback(lake, new)
        seen = json.loads(client.communicate("\n")[0])
    assert seen["first"] == old and seen["attached"] == seen["alone"] == new
    assert seen["second"] == (old if is_stale else new)


WAYS = ["file", "session"]
CLOSED = [(e, way) for e in (*OLD, "python") for way in WAYS] + [("python", "engine")]


def asked(environment: str, way: str, lake: Lake, environments: Path) -> list:
    """What a connection opened in that way answers; see clients/closed.py."""
    files = ("public.duckdb", "partner/about_release.parquet", "partner.duckdb")
    python = environments / environment / "bin/python"
    command = [python, run.HERE / "closed.py", way, *(lake.current / f for f in files)]
    return json.loads(subprocess.check_output(command, text=True))


@pytest.mark.parametrize(("environment", "way"), CLOSED)
def test_a_closed_connection_reads_no_partner_file_beside_the_public_one(
    environment: str, way: str, lake: Lake, environments: Path
) -> None:
    held, parquet, other, opening = asked(environment, way, lake, environments)
    assert held == 1
    assert parquet.startswith("Permission Error")
    assert other.startswith("Permission Error")
    assert opening.startswith("Invalid Input Error")


def test_without_the_setting_both_partner_files_are_read(
    lake: Lake, environments: Path
) -> None:
    assert asked("python", "open", lake, environments)[:3] == [1, 1, None]


def test_every_address_of_superset_and_the_page_is_closed() -> None:
    settings = "?access_mode=read_only&enable_external_access=false"
    database = ROOT / "superset/dashboard/databases/common_metrics.yaml"
    assert yaml.safe_load(database.read_text())["sqlalchemy_uri"].endswith(settings)
    page = (ROOT / "docs/bi.md").read_text()
    assert page.count("public.duckdb?") == page.count(f"public.duckdb{settings}") == 1
    tools = re.split(r"^## ", page, flags=re.M)[4:]
    opens = [t for t in tools if not t.startswith(("Excel", "psql", "Parquet"))]
    assert len(opens) == 10 and all("enable_external_access" in t for t in opens)


# What goes wrong, on which client, and what it says; docs/bi.md has each with its cure.
OPEN = "import duckdb; duckdb.connect('{}', read_only=True)"
ENGINE = "import sqlalchemy as sa; sa.create_engine('duckdb:%s').connect()"
ERRORS = {
    "writer": (
        "python",
        OPEN,
        "Could not set lock on file ... Conflicting lock is held",
    ),
    "newer": (
        "duckdb-1.1.3",
        OPEN,
        "Trying to read a database file with version number 65, "
        "but we can only read version 64",
    ),
    "write": (
        "python",
        OPEN + ".execute('create table mine (a integer)')",
        'Cannot execute statement of type "CREATE" on database ... '
        "which is attached in read-only mode",
    ),
    "mixed": (
        "python",
        "import duckdb; con = duckdb.connect('{0}', read_only=True); "
        "duckdb.connect('{0}')",
        "Can't open a connection to same database file with a different "
        "configuration than existing connections",
    ),
    "slashes": (
        "python",
        ENGINE % "//{}?access_mode=read_only",
        "Cannot open database ... in read-only mode: database does not exist",
    ),
    "parameter": (
        "python",
        ENGINE % "///{}?read_only=true",
        'unrecognized configuration parameter "read_only"',
    ),
    "closed": (
        "python",
        "import duckdb; duckdb.connect('{0}', read_only=True, "
        "config=dict(enable_external_access=False)).execute(\"attach 'b.duckdb'\")",
        "Cannot access file ... file system operations are disabled by configuration",
    ),
    "order": (
        "python",
        "import duckdb; duckdb.connect('{0}', read_only=True, "
        "config=dict(temp_directory='b', enable_external_access=False))",
        "Modifying the temp_directory has been disabled by configuration",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_the_errors_of_the_page_are_what_clients_say(
    name: str, tmp_path: Path, environments: Path
) -> None:
    environment, code, text = ERRORS[name]
    file, version = tmp_path / "a.duckdb", "v1.2.0" if name == "newer" else "v1.1.0"
    with duckdb.connect() as con:
        con.execute(f"attach '{file}' as a (storage_version '{version}')")
        con.execute("create table a.t as select 1 as n")
        if name != "writer":
            con.execute("detach a")
        python = environments / environment / "bin/python"
        command = [python, "-c", code.format(file)]
        said = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert said.returncode and all(t in said.stderr for t in text.split(" ... "))


def test_every_error_of_the_page_is_run_but_one() -> None:
    page = (ROOT / "docs/bi.md").read_text()
    (table,) = re.findall(r"^## When it goes wrong$(.*?)^## ", page, re.M | re.S)
    told = set(re.findall(r"^\| `([^`]+)`", table, re.M))
    collation = 'Referenced table "pg_catalog.pg_collation" not found'
    assert told == {text for *_, text in ERRORS.values()} | {collation}


def test_a_workbook_keeps_to_excel_s_rows_and_explains_every_column(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 1)
    workbook.write_workbooks(
        lake.current / "public.duckdb", tmp_path / "made", tmp_path
    )
    book = CalamineWorkbook.from_path(str(tmp_path / "made/CT.xlsx"))
    read = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    assert ["Schools", "1 of 2 rows"] in read["Read me"]
    assert all(len(read[name]) <= 2 for name in workbook.SHEETS)
    explained = {(sheet, head) for sheet, head, *_ in read["Dictionary"][1:]}
    assert explained == {(name, c) for name in workbook.SHEETS for c in read[name][0]}
