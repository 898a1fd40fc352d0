"""Alerts: once for each change of state, to whom the contract names, without a cell.

Mails and webhooks are taken by servers of their own on this machine.
"""

import fcntl
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from time import sleep

import pytest
from aiosmtpd.controller import Controller
from airflow.sdk.exceptions import AirflowFailException

from common_metrics import alerts, batching, notify
from common_metrics.alerts import News
from common_metrics.calendar import Entry
from common_metrics.contracts.sources import Source
from common_metrics.errors import Refused
from common_metrics.fetching import states
from common_metrics.lake import Lake
from common_metrics.landing.receiving import ASKED_BY_NONE

ROOT = Path(__file__).parents[1]
OWNER = "owner@example.org"
LATE = Entry("late", "ct", "graduation_4yr", "CT", 2015)
Mails = list[tuple[list[str], str, str]]


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mails]:
    """Take mails, as recipients, subject and text, for the connection of Airflow."""
    taken: Mails = []

    class Taking:
        async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
            mail = message_from_bytes(envelope.content, policy=policy.default)
            text = mail.get_body(("html",)).get_content()
            taken.append((envelope.rcpt_tos, mail["Subject"], text))
            return "250 taken"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(Taking(), hostname="127.0.0.1", port=port)
    server.start()
    settings = {"from_email": "metrics@example.org", "disable_tls": True}
    extra = {**settings, "disable_ssl": True, "timeout": 10}
    connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": port}
    connection["extra"] = extra
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))
    yield taken
    server.stop()


@pytest.fixture
def hooked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Take what a webhook sends, as its texts; its connection is called desk."""
    taken: list[str] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802
            size = int(self.headers["Content-Length"])
            taken.append(json.loads(self.rfile.read(size))["text"])
            self.send_response(200 if self.path == "/hook/x" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Taking)
    Thread(target=server.serve_forever, daemon=True).start()
    host = f"http://127.0.0.1:{server.server_port}/hook/x"
    connection = json.dumps({"conn_type": "http", "host": host})
    monkeypatch.setenv("AIRFLOW_CONN_DESK", connection)
    yield taken
    server.shutdown()
    server.server_close()


@pytest.fixture
def sent() -> list[tuple[str, str, str]]:
    return []


@pytest.fixture
def tell(lake: Lake, sent: list) -> Callable[..., None]:
    """Tell news, each time as a process would that has just started."""

    def tell(*news: News, all_of: str = "") -> None:
        alerts.tell(Lake(lake.root), [*news], lambda *of: sent.append(of), all_of)

    return tell


def news(state: str, subject: str = "a", owner: str = OWNER, **of: str) -> News:
    return News(subject, state, owner, f"{subject}: text.", "a-year-is-late", **of)


def test_a_state_is_told_once_and_its_end_too(tell, sent) -> None:
    for state in ("ok", "late", "late", "missing", "missing", "delivered", "delivered"):
        tell(news(state))
    told = [text.split(": ")[0] for _, _, text in sent]
    assert told == ["ok -> late", "late -> missing", "missing -> delivered"]


def test_another_refusal_of_the_same_extract_is_told(tell, sent) -> None:
    for version in ("1", "1", "2", ""):
        tell(news("refused" if version else "ok", version=version))
    told = [text.split(": ")[0] for _, _, text in sent]
    assert told == ["ok -> refused", "refused -> refused", "refused -> ok"]


def test_an_owner_gets_one_message_and_nobody_none(tell, sent) -> None:
    tell(news("late"), news("missing", "b"), news("late", "c", "desk"))
    tell(news("late", "d", ""))
    assert [owner for owner, _, _ in sent] == ["desk", OWNER]
    assert sent[1][1] == "Common metrics: late, missing (2)"


def test_what_could_not_be_sent_is_tried_again_and_stops_no_other(
    tell, lake, sent, capsys
) -> None:
    def fails(owner: str, subject: str, text: str) -> None:
        if owner == "desk":
            raise OSError("nobody answers")
        sent.append((owner, subject, text))

    both = [news("late"), news("late", "c", "desk")]
    alerts.tell(lake, both, fails)
    printed = capsys.readouterr().out
    assert "alert to desk: expected a notifier that sends. Found OSError" in printed
    # An error's text may hold the address of a webhook.
    assert "nobody answers" not in printed
    tell(*both)
    assert [owner for owner, _, _ in sent] == [OWNER, "desk"]


def test_who_has_nothing_to_tell_waits_for_no_receiver_that_hangs(tell, lake) -> None:
    tell(news("late"))
    with (lake.root / "alerts/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waits = [news("late"), news("ok", "b"), news("late", "c", "")]
        other = Thread(target=tell, args=waits, daemon=True)
        other.start()
        other.join(5)
        assert not other.is_alive()


def test_two_at_once_tell_a_state_once(lake, sent) -> None:
    def slow(*of: str) -> None:
        sleep(0.2)
        sent.append(of)

    of = (lake, [news("late")], slow)
    both = [Thread(target=alerts.tell, args=of) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert len(sent) == 1


def test_what_left_the_calendar_is_forgotten_and_can_come_again(tell, sent) -> None:
    late, other = news("late", f"{alerts.CALENDAR}x"), news("failed", "build")
    tell(late, other)
    tell(all_of=alerts.CALENDAR)
    tell(late, other)
    assert [subject for _, subject, _ in sent] == [
        "Common metrics: failed, late (2)",
        "Common metrics: late (1)",
    ]


@pytest.mark.parametrize("half", ['{"a": "la', "null"])
def test_half_a_record_is_no_record(tell, lake, sent, half) -> None:
    tell(news("late"))
    (lake.root / "alerts/told.json").write_text(half)
    tell(news("late"))
    assert len(sent) == 2
    assert (lake.root / "alerts").stat().st_mode & 0o77 == 0


def test_a_year_is_told_in_four_parts_to_its_owner(monkeypatch) -> None:
    monkeypatch.setenv("COMMON_METRICS_OWNER", "desk")
    (year,) = alerts.of_calendar([LATE._replace(due_on="2016-05-31")])
    assert (year.owner, year.state, year.section) == ("desk", "late", "a-year-is-late")
    assert year.text.startswith(
        "ct/graduation_4yr CT 2015: expected its files by 2016-05-31, missing from "
        "None. Found it late. Ask Connecticut State Department of Education"
    )
    monkeypatch.delenv("COMMON_METRICS_OWNER")
    assert alerts.of_calendar([LATE])[0].owner == ""


def test_a_stray_file_is_told_again_with_what_is_late(tell, sent, monkeypatch) -> None:
    monkeypatch.setenv("COMMON_METRICS_OWNER", "desk")
    message = f"a.csv: {ASKED_BY_NONE}. Write a contract."
    stray = Entry("unexpected", file="ct_edsight/a.csv", message=message)
    came = LATE._replace(calendar_status="delivered", school_year=2014)
    for found in ([stray, came], [stray, came], [stray, came, LATE], [stray, LATE]):
        tell(*alerts.of_calendar(found), all_of=alerts.CALENDAR)
    first, second, *_ = (text for _, _, text in sent)
    assert first.startswith(f"ok -> unexpected: {message}")
    assert "ct_edsight/a.csv: expected a name that a contract takes" in second
    assert "ct/graduation_4yr (landing.drop: ct_edsight/" in second
    assert "ok -> late: ct/graduation_4yr CT 2015" in second


def test_who_waits_for_a_file_is_told_of_one_that_may_be_it(
    contracts, monkeypatch
) -> None:
    monkeypatch.delenv("COMMON_METRICS_OWNER", raising=False)
    waits = contracts["ct/graduation_4yr"].model_copy(update={"owner": "desk"})
    monkeypatch.setattr(alerts, "load_contracts", lambda: {waits.key: waits})
    message = f"a.csv: {ASKED_BY_NONE}. Write a contract."
    stray = Entry("unexpected", file="ct_edsight/a.csv", message=message)
    came = LATE._replace(calendar_status="delivered", school_year=2014)
    owners = [
        each.owner
        for found in ([stray, came], [stray, came, LATE])
        for each in alerts.of_calendar(found)
        if each.state == "unexpected"
    ]
    # Before anything is late it may be anybody's.
    assert owners == ["", "desk"]


def test_an_error_that_is_not_ours_is_not_quoted() -> None:
    of = ("build", "the-build-failed", OWNER, {})
    said = alerts.of_task(*of, ValueError("Quindlefar")).text
    assert "ValueError" in said and "Quindlefar" not in said
    ours = Refused("dbt build", "every model to pass", "one that fails", "Mend it.")
    assert alerts.of_task(*of, ours).text == str(ours)


def test_a_refused_year_is_nothing_to_ask_its_publisher_for() -> None:
    (year,) = alerts.of_calendar([LATE._replace(message="Refused; see deliveries.")])
    assert "late. Refused; see deliveries. Mend the file" in year.text
    assert "Ask " not in year.text


def test_a_task_that_gives_up_in_our_words_is_quoted() -> None:
    said = "COMMON_METRICS_STUDENT_KEY: expected a key. Found none. Set it."
    error = AirflowFailException(said)
    assert alerts.of_task("vt/sis", "x", OWNER, {}, error).text == said


def test_two_sources_that_refuse_are_told_once_and_not_in_turns(
    hooked, lake, drop, contracts, monkeypatch
) -> None:
    contract = contracts["ct/graduation_4yr"]
    file = "ct_edsight/four-year-graduation-rates-school/{school_year}.csv"
    source = Source(file=file, address="https://example.org/{end_year}.csv")
    landing = contract.landing.model_copy(update={"sources": [source]})
    contract = contract.model_copy(update={"landing": landing})
    for name, folder in (("LAKE", lake.root), ("DROP", drop)):
        monkeypatch.setenv(f"COMMON_METRICS_{name}", str(folder))
    monkeypatch.setenv("COMMON_METRICS_OWNER", "desk")
    for one in contract.landing.asked[:2]:
        states.note(contract.key, one, lake, "refused", message=f"{one.year}: no.")
    told = notify.task(contract.key, "a-delivery-was-refused", contract)
    for text in ("2011: no.", "2012: no.", "2011: no."):
        told({"exception": AirflowFailException(text)})
    # What is refused in other words the next day is refused as before.
    for one in contract.landing.asked[:2]:
        states.note(contract.key, one, lake, "refused", message=f"{one.year}: never.")
    told({"exception": AirflowFailException("2011: never.")})
    (text,) = hooked
    assert "2011: no.\n2012: no." in text
    states.note(contract.key, one, lake, "fetched")
    told({"exception": AirflowFailException("2011: never.")})
    assert len(hooked) == 2


def test_bytes_that_were_refused_and_come_back_are_told_again(
    hooked, lake, drop, put, contracts, crosswalk, monkeypatch
) -> None:
    contract = contracts["nessc/school_crosswalk"]
    for name, folder in (("LAKE", lake.root), ("DROP", drop)):
        monkeypatch.setenv(f"COMMON_METRICS_{name}", str(folder))
    monkeypatch.setenv("COMMON_METRICS_OWNER", "desk")
    told = notify.task(contract.key, "a-delivery-was-refused", contract)
    for day, content in enumerate((b"<html>", b"<html>", crosswalk, b"<html>"), 1):
        at = f"2016-03-0{day}T00:00:00Z"
        batching.receive(contract, drop, [put(contract, content)], lake, at)
        told({})
    said = [text.split("\n\n")[1].split(": ")[0] for text in hooked]
    assert said == ["ok -> refused", "refused -> ok", "ok -> refused"]


def test_no_student_is_in_what_is_told_of_a_refused_file(
    mails, run, lake, drop, contracts, example, monkeypatch
) -> None:
    contract = contracts["vt/sis_identity"]
    planted = example("vt/sis_identity").replace(b"3/4/1997", b"Zebulonia")
    header, *rows = planted.splitlines(keepends=True)
    broken = header + b"".join(r.replace(b'"2015"', b'"Zebulonia"') for r in rows)
    refused = run(contract, broken, "identity_2014-15.csv")
    assert refused.status == "refused"
    monkeypatch.setenv("COMMON_METRICS_LAKE", str(lake.root))
    monkeypatch.setenv("COMMON_METRICS_DROP", str(drop))
    monkeypatch.setenv("COMMON_METRICS_OWNER", OWNER)
    error = ValueError("Zebulonia")
    notify.task(contract.key, "a-delivery-was-refused", contract)({"exception": error})
    ((_, subject, page),) = mails
    assert subject == "Common metrics: refused (1)" and "Expected" in page
    assert not [w for w in ("Zebulonia", "Quindlefar", "Odalys") if w in page]


def test_a_mail_comes_as_it_was_written(mails, lake) -> None:
    # A file may be called like a template, or like a tag.
    text = "x{{ 7 * 7 }}<b>.csv: expected a name. Found another. Rename it."
    year = news("late")._replace(text=text)
    alerts.tell(lake, [year], notify.send)
    alerts.tell(Lake(lake.root), [year], notify.send)
    ((to, subject, page),) = mails
    assert (to, subject) == ([OWNER], "Common metrics: late (1)")
    assert "ok -&gt; late: x{{ 7 * 7 }}&lt;b&gt;.csv: expected a name" in page
    assert "See docs/runbook.md#a-year-is-late" in page


def test_a_webhook_gets_the_same_text(hooked, lake) -> None:
    for _ in range(2):
        alerts.tell(Lake(lake.root), [news("late", owner="desk")], notify.send)
    (text,) = hooked
    assert text == (
        "Common metrics: late (1)\n\n"
        "ok -> late: a: text. See docs/runbook.md#a-year-is-late"
    )


def test_without_a_connection_nothing_is_sent_and_nothing_fails(lake, capsys) -> None:
    alerts.tell(lake, [news("late"), news("late", owner="desk")], notify.send)
    assert capsys.readouterr().out.count("expected a notifier that sends") == 2


def test_a_build_is_late_as_long_as_it_runs(hooked, lake, monkeypatch) -> None:
    monkeypatch.setenv("COMMON_METRICS_LAKE", str(lake.root))
    monkeypatch.setenv("COMMON_METRICS_DROP", str(lake.root))
    monkeypatch.setenv("COMMON_METRICS_OWNER", "desk")
    of = ("build_warehouse", "the-build-failed")
    due = {"deadline_time": "2016-03-01 08:00"}
    for state in ("failed", "success", "running"):
        notify.late(*of, {"dag_run": {"state": state}, "deadline": due})
    notify.task(*of)({})
    late, well = hooked
    assert "build_warehouse: expected an end by 2016-03-01 08:00. Found none" in late
    assert "failed -> ok: build_warehouse" in well


# Through Airflow itself, in a process of its own, as `make run` does it.
RUN = """
import sys
from pathlib import Path
from common_metrics import run
from common_metrics.lake import Lake
lake, drop = Lake(Path(sys.argv[1])), Path(sys.argv[2])
with run._pool(lake, drop, []) as (start, _):
    for dag in sys.argv[3:]:
        print(start(dag).result().state)
"""


def airflow(lake: Lake, drop: Path, *dags: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(lake.root), str(drop), *dags],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_a_landing_tells_of_a_refusal_and_of_its_end(
    hooked, lake, drop, put, contracts, crosswalk, monkeypatch
) -> None:
    monkeypatch.setenv("COMMON_METRICS_OWNER", "desk")
    contract, land = contracts["nessc/school_crosswalk"], "land_nessc_school_crosswalk"
    put(contract, b"<html>log in</html>")
    assert airflow(lake, drop, land, land) == ["failed", "failed"]
    put(contract, crosswalk)
    assert airflow(lake, drop, land, land)[0] == "done"
    first, second = hooked
    assert "ok -> refused: nessc/school_crosswalk" in first
    assert "a web page saved under a csv name" in first
    assert "See docs/runbook.md#a-delivery-was-refused" in first
    assert "refused -> ok: nessc/school_crosswalk: expected what it needs" in second


def test_a_morning_has_a_line_and_a_failed_step_is_told(
    mails, lake, drop, monkeypatch
) -> None:
    monkeypatch.setenv("COMMON_METRICS_OWNER", OWNER)
    (drop / "notes.txt").write_text("hello")
    steps = ("watch_deliveries", "watch_deliveries", "publish_release")
    assert airflow(lake, drop, *steps) == ["done", "done", "failed"]
    log = (lake.root / "logs/airflow.log").read_text()
    line = "calendar: 0 late, 0 missing, 1 unexpected; see `make calendar`"
    assert log.count(line) >= 2
    stray, failed = (page for _, _, page in mails)
    assert "ok -&gt; unexpected: notes.txt: no contract asks for it" in stray
    assert "ok -&gt; failed: " in failed and "#the-release-was-refused" in failed


def test_a_landing_ends_well_although_nobody_takes_its_alert(
    lake, drop, put, contracts, crosswalk, monkeypatch
) -> None:
    """The first run is refused and cannot say so; the second one lands."""
    monkeypatch.setenv("COMMON_METRICS_OWNER", "nowhere")
    contract, land = contracts["nessc/school_crosswalk"], "land_nessc_school_crosswalk"
    put(contract, b"")
    assert airflow(lake, drop, land) == ["failed"]
    put(contract, crosswalk)
    assert airflow(lake, drop, land) == ["done"]
    log = (lake.root / "logs/airflow.log").read_text()
    assert "alert to nowhere: expected a notifier that sends" in log


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        ("common_metrics.alerts, common_metrics.calendar", "airflow"),
        ("land_extracts, watch_deliveries", "airflow.providers.smtp.notifications"),
        ("land_extracts, build_warehouse", "airflow.providers.http.notifications"),
    ],
)
def test_nothing_that_sends_is_loaded_before_something_is_sent(modules, absent) -> None:
    code = (
        f"import sys; sys.path[:0] = ['plugins', 'dags']; import {modules}; "
        f"print({absent!r} in sys.modules)"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "False"
