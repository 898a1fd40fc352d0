"""``make drill-server``: a week of deliveries in fast motion, with nobody watching.

Three servers of different kind (nginx, OpenSSH, an S3 server) hold what publishers put
there; ``faketime`` gives each night its date. Each night runs what a server runs: the
landing DAGs, build and publication, then ``watch_deliveries``. A receiver takes the
alerts. At the end the alerts must be those that are due, each once, and the published
tables must be those of a lake that got the last files at once.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import boto3
import duckdb
import yaml
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "plugins")]

from tests import servers  # noqa: E402
from tests.conftest import program  # noqa: E402

RATES, FEDERAL, SCHOOLS = (
    "ct/graduation_4yr",
    "us/edfacts_acgr",
    "nessc/school_crosswalk",
)
WATCH = """
import sys
from pathlib import Path
from common_metrics import run
from common_metrics.lake import Lake
lake, drop = Lake(Path(sys.argv[1])), Path(sys.argv[2])
with run._pool(lake, drop, []) as (start, _):
    ended = start("watch_deliveries").result()
print(ended.dag_id, ended.state)
"""
# When a file came is another moment in another lake; what the first lake saw before the
# last files is in its history alone.
MOMENTS = "select columns(c -> c not in ('landed_at', 'came_on', 'valid_from'))"
HISTORY = {
    *("about_release", "coverage", "deliveries", "quality_findings"),
    *("outcome_history", "outcome_restatements", "outcome_versions", "release_changes"),
}


class Night(NamedTuple):
    """What publishers did since the night before, and the alerts that are due of it."""

    date: str
    did: str
    do: Callable[["Week"], object]
    due: tuple[str, ...] = ()


class Week:
    """The servers' files, the lake, and what is told."""

    def __init__(self, place: Path, stack: ExitStack):
        self.place, self.lake, self.drop = place, place / "lake", place / "drop"
        self.drop.mkdir()
        self.told: list[str] = []
        self.web, self.sftp = place / "web", place / "sftp_files"
        self.sftp.mkdir()
        self.http, _ = stack.enter_context(servers.nginx(self.web))
        self.s3 = stack.enter_context(servers.moto())
        stack.callback(self.stop_sftp)
        self.ssh = ExitStack()
        self.ssh_port = self.ssh.enter_context(servers.sshd(place / "sshd"))
        hook = stack.enter_context(receiver(self.told))
        words = {"aws_access_key_id": "nobody", "aws_secret_access_key": "word"}
        self.store = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.s3}",
            region_name="us-east-1",
            **words,
        )
        self.store.create_bucket(Bucket="state")
        self.code = deployed(place / "deployed", self)
        self.environment = os.environ | {
            "PYTHONPATH": str(self.code / "plugins"),
            "COMMON_METRICS_STUDENT_KEY": "of the drill, no secret",
            "AIRFLOW_CONN_DESK": json.dumps({"conn_type": "http", "host": hook}),
            "AIRFLOW_CONN_FILES": servers.sftp_connection(place / "sshd"),
            "AIRFLOW_CONN_STORE": servers.s3_connection(self.s3),
        }

    def stop_sftp(self) -> None:
        self.ssh.close()

    def start_sftp(self) -> None:
        """Let the same server answer again, at the port that it had."""
        config = self.place / "sshd/config"
        self.ssh.enter_context(
            servers.running(self.ssh_port, servers._server("sshd"), "-D", "-f", config)
        )

    def http_file(self, year: str, content: bytes) -> None:
        (self.web / f"files/rates_{year}.csv").write_bytes(content)

    def s3_file(self, content: bytes) -> None:
        self.store.put_object(
            Bucket="state", Key="schools/hs_crosswalk.csv", Body=content
        )

    def night(self, date: str) -> list[str]:
        """Run a night; return its alerts."""
        before = len(self.told)
        self.run(date, "-m", "common_metrics.cli", "run", "--drop", self.drop)
        self.run(date, "-c", WATCH, self.lake, self.drop)
        return self.told[before:]

    def run(self, date: str, *words: object, lake: Path | None = None) -> str:
        at = f"{date} 06:00:00"
        given = {"LAKE": str(lake or self.lake)}
        done = subprocess.run(
            [program("faketime"), at, sys.executable, *map(str, words)],
            cwd=self.code,
            env=self.environment | given,
            capture_output=True,
            text=True,
        )
        with (self.place / "log").open("a") as log:
            log.write(f"{at}\n{done.stdout}{done.stderr}\n")
        # 1 is of a night in which a file was refused.
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return done.stdout


@contextmanager
def receiver(told: list[str]) -> Iterator[str]:
    """Take the texts of a webhook."""

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802
            size = int(self.headers["Content-Length"])
            told.append(json.loads(self.rfile.read(size))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Taking)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def deployed(place: Path, week: Week) -> Path:
    """Copy the code, with sources and an owner in three contracts."""
    for name in ("dags", "dbt_project", "expectations", "plugins"):
        left_out = shutil.ignore_patterns("target", "logs", "__pycache__")
        shutil.copytree(ROOT / name, place / name, ignore=left_out)
    folder = "ct_edsight/four-year-graduation-rates-school"
    years = {"first": 2014, "last": 2015}
    changed = {
        RATES: {
            "school_years": years | {"files": 1},
            "due": {"day": "05-31", "grace_days": 2},
            "sources": [
                {
                    "address": f"http://127.0.0.1:{week.http}/rates_{{end_year}}.csv",
                    "file": f"{folder}/rates_{{end_year}}.csv",
                }
            ],
        },
        FEDERAL: {
            "school_years": {"first": 2014, "last": 2014, "states": ["CT"]},
            "sources": [
                {
                    "address": f"sftp://127.0.0.1:{week.ssh_port}{week.sftp}/*.csv",
                    "file": "edfacts_acgr/{name}",
                    "conn_id": "files",
                }
            ],
        },
        SCHOOLS: {
            "sources": [
                {
                    "address": "s3://state/schools/*.csv",
                    "file": "crosswalk/{name}",
                    "conn_id": "store",
                }
            ]
        },
    }
    for key, landing in changed.items():
        file = place / f"expectations/{key}.yml"
        rules = yaml.safe_load(file.read_text())
        rules["landing"] |= landing
        file.write_text(yaml.safe_dump(rules | {"owner": "desk"}, sort_keys=False))
    # What extends one of them would have its owner too.
    for sibling in ("graduation_5yr", "graduation_6yr"):
        with (place / f"expectations/ct/{sibling}.yml").open("a") as file:
            file.write("owner:\n")
    return place


def fixture(key: str, part: str) -> bytes:
    """Return the one fixture file of an extract whose name contains a text."""
    found = [f for f in (ROOT / "tests/fixtures" / key).glob("*.csv") if part in f.name]
    assert len(found) == 1, found
    return found[0].read_bytes()


GRADUATES = fixture(RATES, "all-schools_all-students_grad")
YEAR_BEFORE = GRADUATES.replace(b"2014-15", b"2013-14")
CROSSWALK = fixture(SCHOOLS, "")
BROKEN = CROSSWALK.replace(b"leaid", b"district", 1)
BANDS = fixture(FEDERAL, "2014")
PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"


def monday(week: Week) -> None:
    week.http_file("2014", YEAR_BEFORE)
    week.s3_file(CROSSWALK)
    (week.sftp / "EdFacts 2014.csv").write_bytes(BANDS)


def friday(week: Week) -> None:
    week.start_sftp()
    (week.drop / "new_portal").mkdir()
    (week.drop / "new_portal/rates_2015.csv").write_bytes(GRADUATES)


def saturday(week: Week) -> None:
    week.http_file("2015", PAGE)
    week.s3_file(CROSSWALK)


def sunday(week: Week) -> None:
    week.http_file("2015", GRADUATES)
    shutil.rmtree(week.drop / "new_portal")
    restated = BANDS.replace(b",252,91,", b",252,92,", 1)
    assert restated != BANDS
    (week.sftp / "EdFacts 2014.csv").write_bytes(restated)


WEEK = (
    Night("2016-05-30", "first files at all three servers", monday),
    Night("2016-05-31", "nothing", lambda _: None),
    Night(
        "2016-06-01",
        "the year 2015 is a day late; the SFTP server is down",
        Week.stop_sftp,
        ("ok -> late: ct/graduation_4yr",),
    ),
    Night(
        "2016-06-02",
        "the S3 file comes with another header",
        lambda week: week.s3_file(BROKEN),
        ("ok -> refused: nessc/school_crosswalk",),
    ),
    Night(
        "2016-06-03",
        "the year 2015 is missing; a file lies where no pattern looks; SFTP is back",
        friday,
        (
            "late -> missing: ct/graduation_4yr",
            "ok -> unexpected: new_portal/rates_2015.csv:",
        ),
    ),
    Night(
        "2016-06-04",
        "the year 2015 comes as a log-in page; the S3 file is corrected",
        saturday,
        ("ok -> refused: ct/graduation_4yr", "refused -> ok: nessc/school_crosswalk:"),
    ),
    Night(
        "2016-06-05",
        "the year 2015 comes; the federal file is restated; the stray file is gone",
        sunday,
        (
            "refused -> ok: ct/graduation_4yr:",
            "missing -> delivered: ct/graduation_4yr",
        ),
    ),
)


def alerts(texts: list[str]) -> list[str]:
    """Return of each alert from which state to which what went, in order."""
    lines = (re.findall(r"^(\w+ -> \w+: \S+)", text, re.M) for text in texts)
    return sorted(line for found in lines for line in found)


def differing(one: Path, other: Path) -> list[str]:
    """Return the published tables of which the two lakes have other rows."""
    found = []
    for file in sorted(one.glob("published/current/p*/*.parquet")):
        twin = other / file.relative_to(one)
        for a, b in ((file, twin), (twin, file)):
            asked = f"select count(*) from ({MOMENTS} from '{a}' except all {MOMENTS}"
            ((count,),) = duckdb.sql(f"{asked} from '{b}')").fetchall()
            if count and file.stem not in HISTORY:
                found.append(f"{file.parent.name}/{file.stem}: {count:,} rows")
    return found


def main() -> int:
    """Run the week; 1 where an alert is missing or too much, or a table is another."""
    console = Console(highlight=False, width=140)
    place = Path(tempfile.mkdtemp(prefix="common_metrics_week_"))
    wrong = []
    with ExitStack() as stack:
        week = Week(place, stack)
        table = Table("night", "what publishers did", "alerts", title="A week")
        for night in WEEK:
            night.do(week)
            told = alerts(week.night(night.date))
            if told != sorted(night.due):
                wrong.append(f"{night.date}: expected {[*night.due]}, found {told}")
            table.add_row(night.date, night.did, "\n".join(told) or "none")
            console.print(f"{night.date}: {night.did}: {told or 'no alert'}")
        week.run(
            WEEK[-1].date,
            "-m",
            "common_metrics.cli",
            "run",
            "--drop",
            week.drop,
            lake=place / "other",
        )
        wrong += differing(week.lake, place / "other")
        wrong += differing(place / "other", week.lake)
        console.print(table, landed(week.lake), published(week.lake))
    console.print(*wrong or [f"as it should be; the log is {place / 'log'}"], sep="\n")
    return 1 if wrong else 0


def landed(lake: Path) -> Table:
    """Return every delivery and finding of the week."""
    table = Table("file", "came", "status", "what was wrong", title="Landed")
    with duckdb.connect(str(lake / "published/current/partner.duckdb"), True) as con:
        for row in con.execute(LANDED).fetchall():
            table.add_row(*map(str, row))
    return table


LANDED = """
select file, strftime(landed_at, '%Y-%m-%d'), status, coalesce(string_agg(
    rule || ': ' || finding_status || coalesce(' ' || strftime(closed_at, '%m-%d'), ''),
    '; ' order by rule
), '')
from deliveries left join quality_findings using (provider, extract, file, delivery)
group by all order by 2, 1, 3
"""
PUBLISHED = """
select state, school_year, metric_id, count(*) as schools, max(source_file) as file
from school_outcomes
where student_group = 'all' and value_status <> 'not_reported'
group by all order by all
"""


def published(lake: Path) -> Table:
    """Return what the release holds of it."""
    table = Table("state", "year", "metric", "schools", "file", title="Published")
    with duckdb.connect(str(lake / "published/current/public.duckdb"), True) as con:
        for row in con.execute(PUBLISHED).fetchall():
            table.add_row(*map(str, row))
    return table


if __name__ == "__main__":
    sys.exit(main())
