"""What a delivery was judged for is kept, and the judgement can be made anew."""

from pathlib import Path

import pytest
from conftest import LANDED_AT

from common_metrics import cli, replay
from common_metrics.errors import Refused
from common_metrics.lake import Delivery, Fault, Lake
from common_metrics.landing import receiving
from common_metrics.validation import earlier

KEY = "ct/graduation_4yr"
LATER = "2016-03-05T06:00:00+00:00"


@pytest.fixture
def graduation(contracts):
    return contracts[KEY]


@pytest.fixture
def accepted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The list of deliveries that a person accepts, empty."""
    monkeypatch.setattr(earlier, "ACCEPTED", tmp_path / "accepted.yml")
    earlier.ACCEPTED.write_text("{}")
    return earlier.ACCEPTED


@pytest.fixture
def cut(run, graduation, graduates, accepted, drop) -> Delivery:
    """A refused file that lost rows since it came before; nothing is in the drop."""
    run(graduation, graduates)
    lost = b"\n".join(graduates.split(b"\n")[:15]) + b"\n"
    refused = run(graduation, lost)
    assert refused.status == "refused"
    (drop / refused.file).unlink()
    return refused


def test_a_receipt_says_which_rules_were_broken_and_by_how_many_rows(
    run, graduation, graduates
):
    assert run(graduation, graduates).faults == []
    broken = graduates.replace(b",93.7\r\n", b",193.7\r\n")
    told = run(graduation, broken, "broken.csv")
    assert told.rows_quarantined == 1
    # No such rate can be, and it does not follow from its counts.
    assert [(f.effect, f.rows_count) for f in told.faults] == [("set_aside", 1)] * 2
    assert all(f.rule in told.message for f in told.faults)
    refused = run(graduation, b"nothing", "refused.csv")
    (fault,) = refused.faults
    assert fault.effect == "refused" and f"Expected {fault.rule}." in refused.message


def test_a_refused_file_is_accepted_once_the_rules_accept_it(
    cut, graduation, lake, accepted
):
    replay.again(graduation, lake, LATER)
    (same,) = [d for d in lake.recorded_of(KEY) if d.sha256 == cut.sha256]
    assert same.status == "refused" and same.judged_at == LATER
    accepted.write_text(f'"{cut.sha256}": schools were closed\n')
    replay.again(graduation, lake, "2016-03-06T06:00:00+00:00")
    (now,) = [d for d in lake.recorded_of(KEY) if d.sha256 == cut.sha256]
    assert (now.status, now.landed_at) == ("validated", LANDED_AT)
    # Two judgements that said the same are one, of the first day.
    (before,) = now.judged_before
    assert (before.judged_at, before.status) == (LANDED_AT, "refused")
    assert before.faults == cut.faults and now.faults == []
    assert lake.landing(now).exists() and not lake.refused(now).exists()
    assert lake.damaged(now) == [] == replay.to_replay(graduation, lake)


def test_what_other_rules_judged_is_judged_anew_in_order(
    run, graduation, graduates, lake
):
    first = run(graduation, graduates)
    second = run(graduation, graduates + b"\r\n", "another.csv")
    assert replay.to_replay(graduation, lake) == []
    changed = graduation.model_copy(update={"sha256": "f" * 64})
    due = replay.to_replay(changed, lake)
    assert {d.sha256 for d in due} == {first.sha256, second.sha256}
    replay.again(changed, lake, LATER)
    assert {d.contract_sha256 for d in lake.recorded_of(KEY)} == {"f" * 64}
    assert replay.to_replay(changed, lake) == []


def test_a_refused_file_that_another_replaced_is_left(
    cut, run, graduation, graduates, lake
):
    mended = run(graduation, graduates + b"\r\n")
    lake.record(mended.with_(landed_at=LATER))
    assert replay.to_replay(graduation, lake) == []


def test_bytes_that_are_gone_cannot_be_judged(cut, graduation, lake):
    lake.record(cut.with_(removed={"refused": LATER}))
    assert replay.to_replay(graduation, lake) == []


def test_a_refused_file_that_somebody_took_back_is_noted(
    cut, contracts, drop, lake, put, graduation
):
    receiving.record_unmatched(contracts, drop, lake, LATER)
    assert lake.recorded(KEY, cut.sha256).withdrawn_at == LATER
    receiving.record_unmatched(contracts, drop, lake, "2016-03-06T06:00:00+00:00")
    assert lake.recorded(KEY, cut.sha256).withdrawn_at == LATER
    put(graduation, lake.kept(cut).read_bytes())
    receiving.record_unmatched(contracts, drop, lake, LATER)
    assert lake.recorded(KEY, cut.sha256).withdrawn_at == ""


def test_the_command_says_what_became_of_each_file(
    cut, lake: Lake, accepted, capsys, monkeypatch
):
    monkeypatch.setattr("sys.argv", ["make", "replay", "--lake", str(lake.root)])
    assert cli.main() == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "│ refused │ refused │" in said and "make run" not in said
    accepted.write_text(f'"{cut.sha256}": schools were closed\n')
    assert cli.main() == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "refused │" in said and "rows │" in said and "make run" in said
    assert cli.main() == 0
    assert "nothing to judge anew" in capsys.readouterr().out


def test_a_key_that_is_none_is_refused(lake, monkeypatch):
    monkeypatch.setattr(
        "sys.argv", ["make", "replay", "--key", "x/y", "--lake", str(lake.root)]
    )
    with pytest.raises(Refused, match="expected the key of a contract"):
        cli.main()


def test_a_fault_survives_its_receipt(lake):
    told = Delivery("ct", "x", "f", "a" * 64, 1, LANDED_AT)
    told = told.with_(status="refused", faults=[Fault("refused", "a header")])
    lake.record(told)
    assert lake.recorded("ct/x", told.sha256) == told
