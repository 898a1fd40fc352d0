"""What is older than the settings goes, and nothing else; what went is known."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from common_metrics import batching, doctor, housekeeping
from common_metrics.errors import Refused
from common_metrics.lake import Delivery, Lake
from common_metrics.warehouse import build

KEY = "ct/graduation_4yr"
DAYS = "COMMON_METRICS_KEEP_{}_DAYS"


@pytest.fixture
def graduation(contracts):
    return contracts[KEY]


def ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


@pytest.fixture
def replaced(run, graduation, graduates, lake) -> tuple[Delivery, Delivery]:
    """A delivery with rows set aside, and the one that replaced it 30 days ago."""
    broken = graduates.replace(b",93.7\r\n", b",193.7\r\n")
    first = run(graduation, broken).with_(landed_at=ago(40))
    second = run(graduation, graduates).with_(landed_at=ago(30))
    for delivery in (first, second):
        lake.record(delivery)
    return first, second


def rows_and_bytes(lake: Lake) -> set[str]:
    folders = ("landing", "refused", "validated", "quarantine")
    files = (f for name in folders for f in (lake.root / name).rglob("*.*"))
    return {f.relative_to(lake.root).as_posix() for f in files}


def test_by_default_nothing_goes_that_was_accepted(replaced, lake):
    before = rows_and_bytes(lake)
    assert housekeeping.tidy(lake) == [] and rows_and_bytes(lake) == before


def test_what_another_file_replaced_goes_after_its_days(
    replaced, lake, graduation, drop, monkeypatch
):
    first, second = replaced
    monkeypatch.setenv(DAYS.format("SUPERSEDED"), "31")
    assert housekeeping.tidy(lake) == []
    before, made_from = rows_and_bytes(lake), build.fingerprint(lake)
    monkeypatch.setenv(DAYS.format("SUPERSEDED"), "29")
    (gone,) = housekeeping.tidy(lake)
    assert gone.files == 2 and gone.bytes > 0 and DAYS.format("SUPERSEDED") in str(gone)
    went = {lake.landing(first), lake.rows("quarantine", first)}
    assert before - rows_and_bytes(lake) == {
        f.relative_to(lake.root).as_posix() for f in went
    }
    # It is no damage, no reason to build, and is done once.
    assert lake.damaged(lake.recorded(KEY, first.sha256)) == []
    assert build.fingerprint(lake) == made_from
    assert [each.what for each in doctor.wrong(lake, drop)] == []
    assert batching.to_mend(graduation, drop, lake) == []
    assert housekeeping.tidy(lake) == [] and lake.damaged(second) == []


def test_replaced_bytes_that_come_again_are_kept_again(
    replaced, run, graduation, graduates, lake, monkeypatch
):
    first, _ = replaced
    monkeypatch.setenv(DAYS.format("SUPERSEDED"), "1")
    housekeeping.tidy(lake)
    again = run(graduation, graduates.replace(b",93.7\r\n", b",193.7\r\n"))
    assert again.sha256 == first.sha256 and not again.removed
    assert lake.landing(again).exists() and lake.damaged(again) == []


def test_what_a_killed_one_left_goes_the_next_time(
    replaced, run, graduation, lake, monkeypatch
):
    first, _ = replaced
    refused = run(graduation, b"nothing of use")
    lake.record(refused.with_(landed_at=ago(401)))
    monkeypatch.setenv(DAYS.format("SUPERSEDED"), "1")

    class Killed(Exception):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(housekeeping, "_gone", killed)
        housekeeping.tidy(lake)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr("pathlib.Path.unlink", killed)
        housekeeping.tidy(lake)
    known = lake.recorded(KEY, refused.sha256)
    assert known.removed and lake.refused(refused).exists()
    assert lake.damaged(known) == []
    assert sum(gone.files for gone in housekeeping.tidy(lake)) == 3
    assert not lake.refused(refused).exists() and not lake.landing(first).exists()
    assert housekeeping.tidy(lake) == []


def test_refused_bytes_go_after_their_days(run, graduation, lake, monkeypatch):
    refused = run(graduation, b"nothing of use")
    lake.record(refused.with_(landed_at=ago(401)))
    (gone,) = housekeeping.tidy(lake)
    assert gone.files == 1 and not lake.refused(refused).exists()
    known = lake.recorded(KEY, refused.sha256)
    assert known.status == "refused" and [*known.removed] == ["refused"]
    assert known.message == refused.message and lake.damaged(known) == []
    monkeypatch.setenv(DAYS.format("REFUSED"), "0")
    later = run(graduation, b"nothing of use either")
    lake.record(later.with_(landed_at=ago(4000)))
    assert housekeeping.tidy(lake) == [] and lake.refused(later).exists()


def test_old_logs_go_and_a_long_one_begins_anew(lake):
    old, young = lake.log("old.log"), lake.log("young.log")
    task = lake.root / "airflow/logs/dag_id=x/task.log"
    task.parent.mkdir(parents=True)
    for file in (old, young, task):
        file.write_text("said")
    for file in (old, task):
        at = (datetime.now(UTC) - timedelta(days=91)).timestamp()
        os.utime(file, (at, at))
    lake.log("airflow.log").write_bytes(b"x" * (housekeeping.LONGEST_LOG + 1))
    assert [(g.setting, g.files) for g in housekeeping.tidy(lake)] == [("LOG_DAYS", 2)]
    assert {f.name for f in (lake.root / "logs").iterdir()} == {
        "young.log",
        "airflow.log.1",
    }


@pytest.mark.parametrize("said", ["-1", "a year", "1.5"])
def test_a_setting_that_is_no_number_is_refused(said, replaced, lake, monkeypatch):
    monkeypatch.setenv(DAYS.format("SUPERSEDED"), said)
    with pytest.raises(Refused, match="expected a whole number from 0"):
        housekeeping.tidy(lake)


def test_the_doctor_says_how_long_what_is_kept(replaced, lake, capsys, monkeypatch):
    monkeypatch.setenv(DAYS.format("SUPERSEDED"), "900")
    doctor.doctor(lake, None, fix=False)
    said = " ".join(capsys.readouterr().out.split())
    assert "900 days what another file replaced" in said
    assert "400 days" in said and "5 releases" in said
