"""The DAGs under a real scheduler: an asset starts the build, the build a release."""

import json
import os
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from common_metrics import airflow_db
from common_metrics.lake import Lake
from common_metrics.publication import release

pytestmark = pytest.mark.full
ROOT = Path(__file__).parents[1]
FIXTURES = Path(__file__).parent / "fixtures"
AIRFLOW = Path(sys.executable).with_name("airflow")
PARTS = (("api-server",), ("dag-processor",), ("scheduler", "--skip-serve-logs"))


@pytest.fixture
def airflow(tmp_path: Path):
    """Airflow's own processes over a lake with a crosswalk and a federal file."""
    drop = tmp_path / "drop"
    for key, folder in (
        ("nessc/school_crosswalk", "crosswalk"),
        ("us/edfacts_acgr", "edfacts_acgr"),
    ):
        shutil.copytree(FIXTURES / key, drop / folder)
    home = tmp_path / "lake" / "airflow"
    home.mkdir(parents=True)
    environment = _environment(tmp_path, home, drop)
    log = (tmp_path / "airflow.log").open("w")
    subprocess.run(
        [AIRFLOW, "db", "migrate"], env=environment, check=True, stdout=log, stderr=log
    )
    answers = partial(_answers, int(environment["AIRFLOW__API__PORT"]))
    started = []
    for part in PARTS:
        started.append(
            subprocess.Popen([AIRFLOW, *part], env=environment, stdout=log, stderr=log)
        )
        # A task that begins before the API answers fails at once.
        _wait(answers, 300, "an answer of the API")
    try:
        yield environment, Lake(tmp_path / "lake"), home / "airflow.db"
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(timeout=180)


def _environment(tmp_path: Path, home: Path, drop: Path) -> dict[str, str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    settings = dict(
        line.split("=", 1)
        for line in (ROOT / "airflow.env").read_text().splitlines()
        if line and not line.startswith("#")
    )
    return {
        **os.environ,
        **settings,
        "PYTHONPATH": str(ROOT / "plugins"),
        # Only what the test is about is let run.
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW_HOME": str(home),
        # A test before this one may have run DAGs in this very process.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow_db.address(home),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "COMMON_METRICS_LAKE": str(tmp_path / "lake"),
        "COMMON_METRICS_DROP": str(drop),
    }


def _answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def _runs(database: Path) -> set[tuple[str, str, str]]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as con:
        return set(con.execute("select dag_id, run_type, state from dag_run"))


def _airflow(environment: dict[str, str], *words: str) -> None:
    command = [AIRFLOW, "dags", *words]
    subprocess.run(command, env=environment, check=True, capture_output=True)


def _wait(condition, seconds: int, what: str):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(1)
    pytest.fail(f"{what} did not happen within {seconds} s")


def test_a_landed_extract_leads_to_a_release_by_assets_alone(airflow) -> None:
    environment, lake, database = airflow

    def known() -> bool:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as con:
            return con.execute("select count(*) from dag").fetchone()[0] >= 8

    _wait(known, 300, "parsing the DAGs")
    wanted = "land_us_edfacts_acgr|build_warehouse|publish_release"
    _airflow(environment, "unpause", "--yes", "--treat-dag-id-as-regex", wanted)
    _airflow(environment, "trigger", "land_us_edfacts_acgr")
    released = ("publish_release", "asset_triggered", "success")
    _wait(lambda: released in _runs(database), 900, "a release by asset")
    assert ("build_warehouse", "asset_triggered", "success") in _runs(database)
    manifest = json.loads((lake.current / "manifest.json").read_text())
    assert manifest["tables"]["public"]["school_outcomes"] > 0

    # An event of the same build, as one that `make run` has left, publishes nothing.
    _airflow(environment, "trigger", "publish_release")
    again = ("publish_release", "manual", "success")
    _wait(lambda: again in _runs(database), 300, "the second publication")
    assert [*release.manifests(lake)] == [lake.current.resolve().name]
