"""What is wrong with a lake is named; what can be mended is."""

import json
import re
import sqlite3

import pytest

from common_metrics import batching, doctor
from common_metrics.lake import Lake, write_json

KEY = "ct/graduation_4yr"


def found(lake: Lake) -> dict[str, bool]:
    """What is wrong, and whether it can be mended."""
    return {each.what: bool(each.mend) for each in doctor.wrong(lake, None)}


def release(lake: Lake, name: str) -> None:
    manifest = {"number": 1, "files": {"public.duckdb": {}}, "fingerprint": "a"}
    write_json(lake.published / name / "manifest.json", manifest)
    (lake.published / name / "public.duckdb").touch()


@pytest.fixture
def harmed(run, contracts, graduates, lake) -> Lake:
    """A lake with one wrong thing of each kind that can be mended."""
    kept = run(contracts[KEY], graduates)
    gone = run(contracts[KEY], graduates + b"\r\n", "gone.csv")
    half = run(contracts[KEY], graduates + b"\r\n\r\n", "half.csv")
    lake.rows("validated", kept).write_bytes(b"PAR1")
    for file in lake.deliveries.rglob("*.json"):
        if half.sha8 in file.name:
            file.write_text('{"provider":')
        if gone.sha8 in file.name:
            file.unlink()
    lake.landing(gone).unlink()
    (lake.private("build") / "build.json.part").touch()
    (lake.root / "lease.json").write_text(
        json.dumps({"what": "make run", "pid": "1", "since": "2026-01-01T00:00+00:00"})
    )
    with sqlite3.connect(lake.private("airflow") / "airflow.db") as con:
        con.execute("create table dag_run (id integer)")
    release(lake, "20260101T000000Z-a")
    (lake.published / "current").symlink_to("20250101T000000Z-b")
    (lake.published / ".candidate-20260102T000000Z-c").mkdir()
    return lake


MENDED = {
    "rows that are not the receipt's",
    "unreadable receipt",
    "half-written file",
    "a run was killed",
    "rows without a receipt",
    "Airflow's database is half-made",
    "current points nowhere",
    "a publication was killed",
}


def test_each_wrong_thing_is_named_and_what_can_be_mended_is(harmed, capsys):
    assert {what for what, mends in found(harmed).items() if mends} == MENDED
    assert doctor.doctor(harmed, None, fix=False) == 1
    assert {what for what, mends in found(harmed).items() if mends} == MENDED
    doctor.doctor(harmed, None, fix=True)
    # The bytes whose receipt was half, a person has to deliver again.
    left = found(harmed)
    assert left == {
        "receipt set aside, not landed again": False,
        "bytes without a receipt": False,
    }
    assert harmed.current.resolve().name == "20260101T000000Z-a"
    assert batching.unsound(KEY, harmed) == []
    printed = capsys.readouterr().out
    assert re.search(r"published.+│ +\d+ │ +\d", printed) and "MB free" in printed


def test_a_sound_lake_has_nothing_wrong(run, contracts, graduates, lake, capsys):
    run(contracts[KEY], graduates)
    assert found(lake) == {}
    assert doctor.doctor(lake, None, fix=True) == 0
    assert "nothing wrong" in capsys.readouterr().out


def test_bytes_that_only_a_person_has_are_left_to_one(run, contracts, graduates, lake):
    kept = run(contracts[KEY], graduates)
    lake.landing(kept).unlink()
    assert found(lake) == {"bytes that are not the receipt's": False}
