"""The server of docker-compose.yml, run here: Debian's PostgreSQL and Redis, and
Airflow's processes with the commands and settings that the file gives them.

Only what a container has of its own is another: addresses, folders and its home. All
listens on loopback, on free ports, and is ended by its process id.
"""

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psutil
import psycopg2
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from tests.conftest import BIN, ROOT, program
from tests.servers import free_port

Services = dict[str, dict[str, Any]]
DAEMON = "postgres"  # the user of Debian's package, for who is root
PARTS = ("dag-processor", "scheduler", "triggerer", "worker", "warehouse-worker")
# What ``docker-compose.yml`` asks for.
GIVEN = {
    "FERNET_KEY": "lVVnUnVlbkM0cS1tYWRlLWZvci10aGUtdGVzdHMtMDE=",
    "API_SECRET_KEY": "session-key-of-the-tests-" + "x" * 40,
    "JWT_SECRET": "token-key-of-the-tests-" + "x" * 60,
    "POSTGRES_PASSWORD": "it's a database of the tests",
    "REDIS_PASSWORD": "QueueOfTheTests",
    "ADMIN_PASSWORD": "admin of the tests",
    "DROP": "/drop",
    "STUDENT_KEY": "of the sample, no secret",
}


def wait(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Return what the condition gives once it is true; fail after some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.2)
    raise AssertionError(f"expected {what} within {seconds:g} s. Found none.")


def of_postgres(name: str) -> str:
    """Return the path of a program of PostgreSQL, which Debian keeps by its version."""
    places = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")))
    os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *places[-1:]])
    return program(name)


def ask_postgres(port: int, name: str, *words: str, given: bytes = b"") -> bytes:
    """Return what a program of PostgreSQL says, as the user of the database."""
    as_airflow = ["-h", "127.0.0.1", "-p", str(port), "-U", "airflow"]
    return subprocess.run(
        [of_postgres(name), *as_airflow, *words],
        env=os.environ | {"PGPASSWORD": GIVEN["POSTGRES_PASSWORD"]},
        input=given,
        check=True,
        capture_output=True,
    ).stdout


@contextmanager
def postgres() -> Iterator[int]:
    """A database ``airflow``, with the password of the tests; yield the port."""
    place, port = Path(tempfile.mkdtemp(prefix="postgres-")), free_port()
    as_user = (
        []
        if os.getuid()
        else ["setpriv", f"--reuid={DAEMON}", f"--regid={DAEMON}", "--clear-groups"]
    )
    (place / "password").write_text(GIVEN["POSTGRES_PASSWORD"])
    if as_user:
        for path in (place, place / "password"):
            shutil.chown(path, DAEMON)
    data, started = place / "data", None
    words = ["--username=airflow", "--auth=scram-sha-256", "--no-sync"]
    words += [f"--pwfile={place}/password", "--encoding=UTF8", "--locale=C"]
    serve = ["-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", place, "-F"]
    try:
        make = [*as_user, of_postgres("initdb"), *words, data]
        subprocess.run(make, cwd="/", check=True, capture_output=True)
        log = (place / "log").open("w")
        started = subprocess.Popen(
            [*as_user, of_postgres("postgres"), *serve], cwd="/", stdout=log, stderr=log
        )
        ready = [of_postgres("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        wait(lambda: subprocess.run(ready).returncode == 0, 60, "a database")
        ask_postgres(port, "createdb", "airflow")
        yield port
    finally:
        if started:
            started.send_signal(signal.SIGINT)  # without waiting for those connected
            started.wait(timeout=60)
        shutil.rmtree(place)


class Metrics:
    """What the processes tell of themselves, by OpenTelemetry's protocol."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        told = self.names

        class Collector(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                for resource in ExportMetricsServiceRequest.FromString(
                    body
                ).resource_metrics:
                    for scope in resource.scope_metrics:
                        told.update(metric.name for metric in scope.metrics)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


class Server:
    """The processes of one server, by the names of their services."""

    def __init__(self, services: Services, place: Path, project: Path, database: int):
        self.services, self.place, self.project = services, place, project
        self.ports = {"postgres": database, "redis": free_port(), "api": free_port()}
        self.lake, self.drop = place / "lake", place / "drop"
        self.started: dict[str, subprocess.Popen[bytes]] = {}
        self.token = ""

    def environment(self, name: str) -> dict[str, str]:
        """Return the settings of a service, with the addresses of this machine."""
        given = self.services[name]["environment"]
        to = {
            "@postgres/": f"@127.0.0.1:{self.ports['postgres']}/",
            "@redis:6379/": f"@127.0.0.1:{self.ports['redis']}/",
            "//api-server:8080/": f"//127.0.0.1:{self.ports['api']}/",
            "0.0.0.0": "127.0.0.1",
        }
        settings = {key: str(text).replace("$$", "$") for key, text in given.items()}
        for here, there in to.items():
            settings = {k: text.replace(here, there) for k, text in settings.items()}
        home = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.place))
        # As in the Dockerfile.
        return settings | {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(home),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__API__PORT": str(self.ports["api"]),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.project / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(self.project / "plugins"),
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.lake / "airflow/logs"),
            "COMMON_METRICS_LAKE": str(self.lake),
            "COMMON_METRICS_DROP": str(self.drop),
            "COMMON_METRICS_VERSION": "of the tests",
            "PYTHONPATH": str(self.project / "plugins"),
        }

    def command(self, name: str) -> list[str]:
        command = self.services[name]["command"]
        words = shlex.split(command) if isinstance(command, str) else command
        port = self.ports["redis"]
        on_loopback = f"redis-server - --bind 127.0.0.1 --port {port}"
        return [
            word.replace("$$", "$").replace("redis-server -", on_loopback)
            for word in words
        ]

    def start(self, name: str) -> None:
        with (self.place / f"{name}.log").open("a") as log:
            self.started[name] = subprocess.Popen(
                self.command(name),
                env=self.environment(name),
                cwd=self.place,
                stdout=log,
                stderr=log,
            )

    def kill(self, name: str) -> None:
        """End a container as a machine that stops does: all of it, without a word."""
        started = self.started.pop(name)
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(started.pid)
            process.suspend()  # it begins no other child
            for each in [*process.children(recursive=True), process]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
        started.wait(timeout=60)

    def begin(self) -> None:
        """Start all services in the order that ``depends_on`` gives them."""
        for folder in (self.lake, self.drop):
            folder.mkdir(exist_ok=True)
        self.start("redis")
        with (self.place / "init.log").open("w") as log:
            subprocess.run(
                self.command("init"),
                env=self.environment("init"),
                check=True,
                stdout=log,
                stderr=log,
            )
        self.start("api-server")
        for name in PARTS:
            self.start(name)
        wait(self._answers, 180, "an answer of the API")

    def end(self) -> None:
        """End all that was started."""
        for name in reversed([*self.started]):
            self.kill(name)

    def _answers(self) -> bool:
        gone = [n for n, process in self.started.items() if process.poll() is not None]
        assert not gone, f"{gone} ended: see their logs in {self.place}"
        with contextlib.suppress(OSError):
            body = {"username": "admin", "password": GIVEN["ADMIN_PASSWORD"]}
            self.token = self.ask("POST", "/auth/token", body)["access_token"]
        return bool(self.token)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask the API, as its user admin."""
        request = Request(
            f"http://127.0.0.1:{self.ports['api']}{path}",
            json.dumps(body).encode() if body is not None else None,
            {
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.token}",
            },
            method=method,
        )
        with urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def rows(
        self, query: str, *given: object, database: str = "airflow"
    ) -> list[tuple[Any, ...]]:
        """Ask Airflow's database."""
        words = {"user": "airflow", "dbname": database, "host": "127.0.0.1"}
        words |= {"password": GIVEN["POSTGRES_PASSWORD"]}
        connection = psycopg2.connect(port=self.ports["postgres"], **words)
        with contextlib.closing(connection) as con, con.cursor() as cursor:
            cursor.execute(query, given)
            return cursor.fetchall()

    def trigger(self, *dags: str) -> set[str]:
        """Turn DAGs on and run each once; return the ids of the runs."""
        runs = set()
        for dag in dags:
            self.ask("PATCH", f"/api/v2/dags/{dag}", {"is_paused": False})
            of = f"/api/v2/dags/{dag}/dagRuns"
            runs.add(self.ask("POST", of, {"logical_date": None})["dag_run_id"])
        return runs

    def ended(self, runs: set[str]) -> dict[str, str]:
        """Return the states of the runs, {} until all of them have ended."""
        found = self.rows(
            "select dag_id || ' ' || run_id, state from dag_run where run_id = any(%s)",
            [*runs],
        )
        over = [state in ("success", "failed") for _, state in found]
        return dict(found) if len(found) >= len(runs) and all(over) else {}

    def running(self, dag: str, task: str) -> list[tuple[Any, ...]]:
        return self.rows(
            "select run_id from task_instance where (dag_id, task_id, state) "
            "= (%s, %s, 'running')",
            *(dag, task),
        )

    def tries(self, dag: str, task: str) -> int:
        """Return the most tries that an instance of a task took to succeed."""
        ((most,),) = self.rows(
            "select coalesce(max(try_number), 0) from task_instance "
            "where (dag_id, task_id, state) = (%s, %s, 'success')",
            *(dag, task),
        )
        return int(most)


def project_with_sources(place: Path, sources: dict[str, list[dict[str, str]]]) -> Path:
    """Return the project with these contracts alone, and sources in them."""
    import yaml

    from common_metrics.contracts import forms

    place.mkdir()
    for name in ("dags", "plugins", "dbt_project"):
        (place / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "expectations", place / "expectations")
    for key, its_own in sources.items():
        file = place / f"expectations/{key}.yml"
        content = yaml.load(file.read_bytes(), forms.LOADER)
        content.setdefault("landing", {})["sources"] = its_own
        file.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
    return place
