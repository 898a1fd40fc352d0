"""The server of docker-compose.yml, run: from S3 to a release, if workers die too."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import boto3
import pytest
import yaml
from tests import releases, servers
from tests.conftest import FIXTURES, ROOT
from tests.server import (
    GIVEN,
    Metrics,
    Server,
    ask_postgres,
    postgres,
    project_with_sources,
    wait,
)

from common_metrics.contracts.loading import load_contracts
from common_metrics.lake import Lake
from common_metrics.landing import receiving
from common_metrics.publication import release

# The whole sample, from an undisturbed server too: `make server-test`.
WHOLE = bool(os.environ.get("WHOLE_SAMPLE"))
# A lake that `make run` made of it by this code, if there is one.
MADE = os.environ.get("SAMPLE_LAKE", "") if WHOLE else ""
KEYS = ("ct/graduation_4yr", "us/edfacts_acgr", "nessc/student_enrollment")
LANDING = "land_ct_graduation_4yr"
SECRETS = {"aws_access_key_id": "nobody", "aws_secret_access_key": "word-of-nobody"}
RESTIC = {"RESTIC_PASSWORD": "of the tests", "AWS_ACCESS_KEY_ID": "nobody"}
RESTIC |= {"AWS_SECRET_ACCESS_KEY": "word-of-nobody"}
# So that a worker is missed soon, and no other one; the server waits five minutes.
SOON = f"""
AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT={60 if WHOLE else 20}
AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL=2
OTEL_METRIC_EXPORT_INTERVAL=3000
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drop folder: of a few extracts, or of the whole sample."""
    if MADE:
        return Path(MADE) / "sample/extracts"
    folder = tmp_path_factory.mktemp("files")
    if WHOLE:
        command = [sys.executable, ROOT / "tests/sample/generate.py", folder]
        subprocess.run(command, check=True)
        return folder / "extracts"
    for key in KEYS:
        (pattern, *_) = load_contracts()[key].landing.drop
        place = folder / PurePosixPath(pattern).parent
        place.mkdir(parents=True)
        for file in (f for f in (FIXTURES / key).iterdir() if f.is_file()):
            shutil.copy(file, place)
    return folder


@pytest.fixture(scope="module")
def bucket() -> Iterator[int]:
    """An S3 server with empty buckets; the port."""
    with servers.moto() as port:
        for name in ("deliveries", "logs", "copies"):
            client_of(port).create_bucket(Bucket=name)
        yield port


def client_of(port: int):  # type: ignore[no-untyped-def]
    address = f"http://127.0.0.1:{port}"
    return boto3.client("s3", endpoint_url=address, region_name="us-east-1", **SECRETS)


def sources_of(files: Path) -> dict[str, list[dict[str, str]]]:
    """Return for each contract with files here where in the bucket they lie."""
    found = {}
    for key, contract in load_contracts().items():
        names = map(PurePosixPath, receiving.find_deliveries(contract, files))
        patterns = {PurePosixPath(p).name for p in contract.landing.drop}
        asked = {
            (n.parent, p.replace("?", "*"))
            for n in names
            for p in patterns
            if n.match(p)
        }
        its_own = [
            {
                "address": f"s3://deliveries/{quote(f'{folder}/{pattern}', '/*[]!')}",
                "file": f"{folder}/{{name}}",
                "conn_id": "store",
            }
            for folder, pattern in sorted(asked)
        ]
        found |= {key: its_own} if its_own else {}
    return found


@pytest.fixture(scope="module")
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture(scope="module")
def server(
    tmp_path_factory, compose_config, files, bucket, metrics, embedded_run
) -> Iterator[Server]:
    """The services of the compose file, which know where everything is on S3."""
    place = tmp_path_factory.mktemp("server")
    for file in (f for f in files.rglob("*") if f.is_file()):
        name = file.relative_to(files).as_posix()
        client_of(bucket).upload_file(str(file), "deliveries", name)
    project = project_with_sources(place / "project", sources_of(files))
    settings = place / "settings.env"
    settings.write_text(further_settings(bucket, metrics) + SOON)
    done = compose_config(GIVEN | {"SETTINGS": str(settings)})
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    with postgres() as database:
        server = Server(services, place, project, database)
        try:
            server.begin()
            # A DAG can be triggered once it is written whole, after its row.
            known = "select count(distinct dag_id) from dag "
            known += "inner join serialized_dag using (dag_id) where not is_stale"
            due = len(load_contracts()) + 4
            wait(lambda: server.rows(known) == [(due,)], 240, f"{due} DAGs")
            yield server
        finally:
            server.end()


def further_settings(bucket: int, metrics: Metrics) -> str:
    """Return the settings that docs/server.md shows, with addresses of the tests."""
    text = (ROOT / "docs/server.md").read_text()
    (shown,) = re.findall(r"```ini\n(.*?)```", text, re.DOTALL)
    endpoint = quote(f"http://127.0.0.1:{bucket}", "")
    own = {
        "AIRFLOW_CONN_STORE": "aws://nobody:word-of-nobody@/"
        f"?region_name=us-east-1&endpoint_url={endpoint}",
        "OTEL_EXPORTER_OTLP_ENDPOINT": metrics.address,
    }
    lines = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    assert own.keys() <= lines.keys()
    return "".join(f"{key}={text}\n" for key, text in (lines | own).items())


@pytest.fixture(scope="module")
def embedded_run(tmp_path_factory, files: Path) -> Iterator[subprocess.Popen | None]:
    """`make run` of the same files, from a drop folder.

    It runs while the server starts, which waits more than it works.
    """
    if MADE:
        yield None
        return
    running = begun(tmp_path_factory.mktemp("embedded") / "lake", files, ROOT)
    yield running
    running.terminate()


@pytest.fixture(scope="module")
def embedded(embedded_run: subprocess.Popen | None) -> Path:
    """The release of the embedded run."""
    if not embedded_run:
        return Path(MADE) / "published/current"
    lake = Path(embedded_run.args[embedded_run.args.index("--lake") + 1])
    code = embedded_run.wait(timeout=1800)
    assert code == 0, lake.with_suffix(".log").read_text()
    return lake / "published/current"


def run(lake: Path, drop: Path, project: Path, **settings: str) -> str:
    """Run `make run` on a lake, without a fault; return what it said."""
    code = begun(lake, drop, project, **settings).wait(timeout=1800)
    said = lake.with_suffix(".log").read_text()
    assert code == 0, said
    return said


def begun(lake: Path, drop: Path, project: Path, **settings: str) -> subprocess.Popen:
    words = ["-m", "common_metrics.cli", "run", "--lake", lake, "--drop", drop]
    own = ("AIRFLOW_", "COMMON_METRICS")
    environment = {k: t for k, t in os.environ.items() if not k.startswith(own)}
    environment |= {
        "PYTHONPATH": str(project / "plugins"),
        "COMMON_METRICS_STUDENT_KEY": GIVEN["STUDENT_KEY"],
        "COMMON_METRICS_VERSION": "of the tests",
    }
    log = lake.with_suffix(".log").open("w")
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        env=environment | settings,
        stdout=log,
        stderr=log,
    )


def publish(server: Server, landing: list[str], disturb: bool = False) -> Path:
    """Land, build and publish; return the release. ``disturb`` kills both workers."""
    runs = server.trigger(*landing)
    if disturb:
        wait(lambda: server.running(LANDING, "receive"), 300, "a landing")
        server.kill("worker")
        server.start("worker")
    ended = wait(lambda: server.ended(runs), 3600, "landings that ended")
    assert {*ended.values()} == {"success"}, ended
    published = len(server.rows(PUBLISHED))
    server.ask("PATCH", "/api/v2/dags/publish_release", {"is_paused": False})
    runs = server.trigger("build_warehouse")
    if disturb:
        wait(lambda: models_begun(server.lake) > 20, 300, "a build of some models")
        server.kill("warehouse-worker")
        server.start("warehouse-worker")
    ended = wait(lambda: server.ended(runs), 1800, "a build that ended")
    assert {*ended.values()} == {"success"}, ended
    wait(lambda: len(server.rows(PUBLISHED)) > published, 600, "a release by asset")
    return server.lake / "published/current"


def models_begun(lake: Path) -> int:
    """Return how many models and tests the build on the lake has begun."""
    log = lake / "logs/build.log"
    return log.read_text().count(" START ") if log.exists() else 0


PUBLISHED = """select run_id from dag_run where (dag_id, run_type, state)
    = ('publish_release', 'asset_triggered', 'success')"""


@pytest.fixture(scope="module")
def disturbed(server: Server, files: Path, embedded: Path) -> Path:
    """The release of a server whose two workers were killed, one after the other."""
    landing = [f"land_{key.replace('/', '_')}" for key in sources_of(files)]
    if WHOLE:
        assert differences(publish(server, landing), embedded) == []
        # Once more, of an extract without rows, and without a build and a release.
        landing = [LANDING]
        for name in ("validated/ct/graduation_4yr", "build", "logs", "published"):
            shutil.rmtree(server.lake / name)
    return publish(server, landing, disturb=True)


def differences(served: Path, embedded: Path) -> list[str]:
    """Return what differs, but for the digests of contracts: sources and the student
    key are of them."""
    found = releases.differences(served, embedded)
    return [said for said in found if " rule_digests: " not in said]


def test_killed_workers_change_no_number(server, disturbed, embedded):
    assert differences(disturbed, embedded) == []
    # Both were in the middle of it: who was lost was tried again.
    assert server.tries(LANDING, "receive") == 2
    assert server.tries("build_warehouse", "dbt_build") == 2


def test_each_task_went_to_the_worker_that_is_for_it(server, disturbed):
    at_work = server.rows(
        "select distinct queue, dag_id from task_instance where state = 'success'"
    )
    warehouse = {dag for queue, dag in at_work if queue == "warehouse"}
    assert warehouse == {"build_warehouse", "publish_release"}
    assert not warehouse & {dag for queue, dag in at_work if queue == "default"}


def test_logs_lie_on_s3_and_metrics_are_sent(server, disturbed, bucket, metrics):
    listed = client_of(bucket).get_paginator("list_objects_v2").paginate(Bucket="logs")
    keys = [each["Key"] for page in listed for each in page.get("Contents", [])]
    (log,) = [k for k in keys if "task_id=dbt_build" in k and "attempt=2" in k]
    text = client_of(bucket).get_object(Bucket="logs", Key=log)["Body"].read()
    assert b"dbt_build" in text
    wanted = {"airflow.scheduler_heartbeat", "airflow.ti_successes"}
    wait(lambda: wanted <= metrics.names, 30, f"{wanted}")


def test_a_copy_restored_on_an_empty_machine_is_the_same_release(
    server, disturbed, bucket, tmp_path
):
    place = {"RESTIC_REPOSITORY": f"s3:http://127.0.0.1:{bucket}/copies/lake"}
    environment = os.environ | RESTIC | place
    lake, drop = tmp_path / "lake", tmp_path / "drop"
    drop.mkdir()
    for words in (["restic", "init"], ["make", "backup", f"LAKE={server.lake}"]):
        subprocess.run(words, cwd=ROOT, env=environment, check=True)
    words = ["make", "restore", f"LAKE={lake}"]
    subprocess.run(words, cwd=ROOT, env=environment, check=True)
    assert (lake / "published/current").resolve().name == disturbed.resolve().name
    assert releases.differences(lake / "published/current", disturbed) == []
    # It is sound, and there is nothing to build, with nothing in the drop folder.
    settings = server.environment("worker")
    asked = f"""from common_metrics import doctor; from common_metrics.lake import Lake
from common_metrics.publication import release; from pathlib import Path
lake = Lake({str(lake)!r})
print([*doctor.wrong(lake, Path({str(drop)!r}))], release.is_needed(lake))"""
    words = [sys.executable, "-c", asked]
    said = subprocess.run(words, env=settings, check=True, capture_output=True)
    assert said.stdout == b"[] False\n"
    if WHOLE:
        # Filled again from S3, nothing in it is new.
        run(lake, drop, server.project, **settings)
        assert [*release.manifests(Lake(lake))] == [disturbed.resolve().name]
        rotate_the_key(server, lake, drop)
        assert len(release.manifests(Lake(lake))) == 2
        assert differences(lake / "published/current", disturbed) == []


def rotate_the_key(server: Server, lake: Path, drop: Path) -> None:
    """Give a lake another student key in a worker's container, and publish anew."""
    settings = server.environment("worker")
    settings |= {"COMMON_METRICS_STUDENT_KEY": "of the sample, the second key"}
    words = ["-m", "common_metrics.cli", "rotate-key", "--lake", str(lake)]
    subprocess.run([sys.executable, *words], env=settings, check=True)
    run(lake, drop, server.project, **settings)


def test_the_database_is_dumped_and_restored(server, disturbed):
    """Users, connections and the history of runs, as docs/server.md says."""
    port = server.ports["postgres"]
    dump = ask_postgres(port, "pg_dump", "-Fc", "airflow")
    ask_postgres(port, "createdb", "again")
    ask_postgres(port, "pg_restore", "-d", "again", given=dump)
    history = "select dag_id, run_id, state from dag_run order by dag_id, run_id"
    assert server.rows(history) == server.rows(history, database="again") != []
