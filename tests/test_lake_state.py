"""What a run goes by is what is really in the lake: bytes, not names or clocks."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from conftest import ROOT

from common_metrics import airflow_db, batching, lease
from common_metrics import lake as lake_module
from common_metrics.errors import in_four_parts, told
from common_metrics.lake import STAGES, Delivery, Lake
from common_metrics.publication import release
from common_metrics.validation import expectations
from common_metrics.warehouse import build

KEY = "ct/graduation_4yr"
HOUR = "2016-03-02T06:00:00+00:00"


@pytest.fixture
def graduation(contracts):
    return contracts[KEY]


@pytest.fixture
def delivered(monkeypatch, run, graduation, graduates) -> Delivery:
    """One file that was received and judged; files count as settled at once."""
    monkeypatch.setattr(batching, "SETTLED", -1)
    return run(graduation, graduates)


def again(contract, drop: Path, lake: Lake) -> None:
    """Do what a landing DAG does."""
    batching.mend(contract, drop, lake)
    for names in batching.new_batches(contract, drop, lake):
        batching.receive(contract, drop, names, lake, lake.moment())


def contents(lake: Lake) -> dict[str, bytes]:
    """Every file that stands for deliveries, with its bytes."""
    folders = [lake.root / name for name in (*STAGES, "landing", "deliveries")]
    files = (f for folder in folders for f in folder.rglob("*") if f.is_file())
    known = {str(f.relative_to(lake.root)): f.read_bytes() for f in files}
    known.pop("deliveries/moment", None)
    return known


# Receipts


def receipt(lake: Lake) -> Path:
    (file,) = lake.deliveries.rglob("*.json")
    return file


@pytest.mark.parametrize("left", [b"", b'{"provider": "ct", "ext', b"[1]", b"\xff"])
def test_a_half_receipt_is_named_and_its_file_lands_again(
    delivered, graduation, drop, lake, left
):
    before = contents(lake)
    receipt(lake).write_bytes(left)
    assert lake.all_recorded() == [] == lake.recorded_of(KEY)
    release.is_needed(lake)
    (aside,) = lake.set_receipts_aside()
    assert aside.name.endswith(".unreadable") and lake.set_receipts_aside() == []
    again(graduation, drop, lake)
    aside.unlink()
    (landed,) = lake.all_recorded()
    assert landed == delivered.with_(landed_at=landed.landed_at)
    assert {*contents(lake)} == {*before}


def test_a_receipt_of_another_version_is_read(delivered, lake):
    known = json.loads(receipt(lake).read_text())
    receipt(lake).write_text(json.dumps(known | {"colour": "green"}))
    assert lake.all_recorded() == [delivered]
    older = {n: known[n] for n in known if n not in ("rows_sha256", "unread_sheets")}
    receipt(lake).write_text(json.dumps(older))
    assert lake.all_recorded() == [delivered.with_(rows_sha256={})]


# Bytes


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def change(file: Path) -> None:
    file.chmod(0o600)
    file.write_bytes(file.read_bytes().replace(b"71.9", b"71.8"))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("harm", [Path.unlink, cut])
@pytest.mark.parametrize("in_drop", [True, False])
def test_rows_that_went_are_made_again(
    delivered, graduation, drop, lake, stage, harm, in_drop
):
    before = contents(lake)
    harm(lake.rows(stage, delivered))
    assert batching.unsound(KEY, lake) == [delivered]
    with pytest.raises(build.BuildFailed, match=f"changed or gone, such as {stage}"):
        build.build(lake)
    if not in_drop:
        (drop / delivered.file).unlink()
    again(graduation, drop, lake)
    assert contents(lake) == before
    assert batching.unsound(KEY, lake) == []


@pytest.mark.parametrize("harm", [Path.unlink, change])
def test_landed_bytes_that_were_changed_are_landed_again(
    delivered, graduation, drop, lake, harm
):
    before = contents(lake)
    harm(lake.landing(delivered))
    again(graduation, drop, lake)
    assert contents(lake) == before


def test_changed_bytes_that_nobody_has_any_more_are_named(
    delivered, graduation, drop, lake
):
    change(lake.landing(delivered))
    (drop / delivered.file).unlink()
    again(graduation, drop, lake)
    (said,) = batching.still_damaged(KEY, drop, lake)
    assert re.search(
        "expected the bytes of its receipt. Found others.*landing/ct", said
    )
    assert lake.all_recorded() == [delivered]


def test_rows_that_are_lost_with_their_bytes_are_said_to_be(
    delivered, graduation, graduates, drop, lake, put
):
    (drop / delivered.file).unlink()
    lake.landing(delivered).unlink()
    cut(lake.rows("validated", delivered))
    again(graduation, drop, lake)
    (lost,) = lake.all_recorded()
    assert lost.status == "refused" and "Deliver the file again" in lost.message
    # Half a Parquet file would stop the build of everybody.
    assert not [*(lake.root / "validated").rglob("*.parquet")]
    assert batching.still_damaged(KEY, drop, lake) == [lost.message]
    put(graduation, graduates)
    again(graduation, drop, lake)
    assert lake.all_recorded() == [delivered]


def test_a_file_that_landed_and_was_never_judged_is_judged_without_the_drop(
    delivered, graduation, drop, lake
):
    lake.record(delivered.with_(status="landed", rows_raw=0, rows_sha256={}))
    (drop / delivered.file).unlink()
    again(graduation, drop, lake)
    assert lake.all_recorded() == [delivered]


# Order


class ClockBack(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime(2001, 1, 1, tzinfo=tz)


def test_a_correction_is_the_newer_file_though_the_clock_went_back(
    delivered, graduation, graduates, drop, lake, put, monkeypatch
):
    lake.record(delivered.with_(landed_at=datetime.now(UTC).isoformat()))
    monkeypatch.setattr(lake_module, "datetime", ClockBack)
    put(graduation, graduates.replace(b",41,71.9", b",42,73.7"))
    again(graduation, drop, lake)
    newest = lake.newest_of(KEY)[delivered.file]
    assert newest.sha256 != delivered.sha256
    put(graduation, graduates)
    again(graduation, drop, lake)
    assert lake.newest_of(KEY)[delivered.file].sha256 == delivered.sha256


def test_a_moment_that_was_cut_is_found_in_the_receipts(delivered, lake):
    late = "2031-03-02T06:00:00.000000+00:00"
    lake.record(delivered.with_(landed_at=late))
    (lake.deliveries / "moment").write_text("")
    assert lake.moment() == "2031-03-02T06:00:00.000001+00:00"


# The lease

HOLD = """
import sys, time
from common_metrics import lease
from common_metrics.lake import Lake
with lease.held(Lake(sys.argv[1]), "make run"):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(lake):
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lake.root)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "plugins")},
        stdout=subprocess.PIPE,
    )
    held.stdout.readline()
    yield held
    held.kill()
    held.wait()


def test_who_comes_second_learns_who_holds_the_lake(holder, lake, drop):
    done = subprocess.run(
        [sys.executable, "-m", "common_metrics.cli", "run"]
        + ["--lake", str(lake.root), "--drop", str(drop)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and not done.stderr
    who = rf"Found make run of user \S+ on \S+, process {holder.pid}, since \d{{4}}-"
    assert re.search(who, done.stdout) and "(0 minutes)" in done.stdout
    assert lease.is_held(lake)


def test_the_lease_of_a_dead_owner_is_taken_over(holder, lake):
    holder.kill()
    holder.wait()
    assert not lease.is_held(lake) and lease.owner(lake)["pid"] == str(holder.pid)
    with lease.held(lake, "another"):
        assert lease.owner(lake)["pid"] == str(os.getpid())
    assert lease.owner(lake) == {}


# Processes

BUILD = """
import os, sys
from pathlib import Path
from common_metrics.lake import Lake
from common_metrics.warehouse import build
lake = Lake(sys.argv[1])
build.DBT = Path(sys.argv[2])
print(build._begun(lake).pid, flush=True)
sys.stdin.read()
"""


def test_dbt_dies_with_the_process_that_began_it(lake, tmp_path):
    """Whose own parent lives on, as when the system ends one for its memory."""
    program = tmp_path / "dbt"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o700)
    lake.private("logs")
    begun = subprocess.Popen(
        [sys.executable, "-c", BUILD, str(lake.root), str(program)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "plugins")},
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
    )
    dbt = psutil.Process(int(begun.stdout.readline()))
    begun.send_signal(signal.SIGKILL)
    begun.communicate()
    assert psutil.wait_procs([dbt], timeout=30)[1] == []


def test_half_a_database_of_airflow_is_made_anew(lake, monkeypatch):
    home = lake.private("airflow")
    with sqlite3.connect(home / "airflow.db") as con:
        con.execute("create table dag_run (id integer)")
    (home / "airflow.db-journal").touch()
    made = []

    def migrate(command, env, **_):
        made.append(command[1:])
        place = env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
        file = Path(place.removeprefix("sqlite:///").partition("?")[0])
        assert file.parent == home and not [*home.glob("airflow.db*")]
        with sqlite3.connect(file) as con:
            con.execute("create table alembic_version as select 'x' as version_num")

    monkeypatch.setattr(subprocess, "run", migrate)
    for _ in range(2):
        airflow_db.make(home, lake.log("airflow_db.log"))
    assert made == [["db", "migrate"]]
    assert [file.name for file in home.iterdir()] == ["airflow.db"]


# The machine


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError(13, "Permission denied", "/a"), "the right to it"),
        (OSError(30, "Read-only file system", "/a"), "a place to write to"),
        (FileNotFoundError(2, "No such file or directory", "/a"), "a file or folder"),
        (OSError(28, "No space left on device"), "room on the disk"),
    ],
)
def test_an_error_of_the_machine_has_four_parts(error, expected, capsys):
    where = error.filename or "the machine"
    found = error.strerror.lower()
    assert f"{in_four_parts(error)}".startswith(
        f"{where}: expected {expected}. Found {found}"
    )

    def fail():
        raise error

    assert told(fail) == 2
    assert capsys.readouterr().out.startswith(f"{where}: expected")


def test_a_file_that_went_since_the_folder_was_listed_stops_no_other(
    delivered, graduation, graduates, drop, lake, put, monkeypatch
):
    gone = put(graduation, graduates + b"\r\n", "gone.csv")
    there = put(graduation, graduates + b"\r\n\r\n", "there.csv")
    (drop / gone).unlink()
    monkeypatch.setattr(batching.receiving, "_listed", lambda _: [gone, there])
    monkeypatch.setattr(batching.receiving, "_is_taken", lambda *_: True)
    assert batching.new_batches(graduation, drop, lake) == [[there]]
    with pytest.raises(batching.NotReceived, match=r"gone.csv: .*went while"):
        batching.receive(graduation, drop, [gone, there], lake, HOUR)
    assert there in {d.file for d in lake.recorded_of(KEY)}


# What it costs


def test_fonts_and_styles_of_all_data_docs_are_kept_once(
    delivered, run, contracts, crosswalk, lake
):
    other = "nessc/school_crosswalk"
    run(contracts[other], crosswalk, "crosswalk.csv")
    for key in (KEY, other, KEY):
        page = expectations.build_data_docs(key, lake) / "index.html"
        assert [*(page.parent / "static").resolve().rglob("*.css")]
    static = lake.root / "data_docs/static"
    found = lake.root.glob("data_docs/**/static")
    assert [folder for folder in found if not folder.is_symlink()] == [static]
    assert len([*lake.root.rglob("*.woff*")]) == len([*static.rglob("*.woff*")])


TRIM = """
import sqlite3, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from common_metrics import airflow_db
home = Path(sys.argv[1])
airflow_db.make(home, home / "log")
with sqlite3.connect(home / "airflow.db") as con:
    for days in (1, 100):
        at = datetime.now(UTC) - timedelta(days=days)
        con.execute("insert into log (dttm, event) values (?, ?)", [str(at), str(days)])
airflow_db.trim()
with sqlite3.connect(home / "airflow.db") as con:
    print("kept", con.execute("select event from log where event <> 'cli'").fetchall())
"""


@pytest.mark.full
def test_airflow_forgets_what_is_old(lake):
    home = lake.private("airflow")
    place = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow_db.address(home)}
    done = subprocess.run(
        [sys.executable, "-c", TRIM, str(home)],
        env=os.environ | place | {"AIRFLOW_HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert "kept [('1',)]" in done.stdout, done.stdout + done.stderr
