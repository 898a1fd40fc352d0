import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from common_metrics import lease
from common_metrics.lake import Lake

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
TARGETS = (
    "help run check drift report calendar replay doctor rotate-key drill "
    "drill-server fuzz test test-all server-test up backup restore sample rollback "
    "explain letter attack changes what-if bench bench-scale stress docs notebook "
    "metric clients superset new-source sources screenshot lint lock clean"
)
REQUIRED = {
    "FERNET_KEY": "given-key",
    "API_SECRET_KEY": "given-text",
    "JWT_SECRET": "given-text",
    "POSTGRES_PASSWORD": "given-password",
    "REDIS_PASSWORD": "GivenPassword",
    "ADMIN_PASSWORD": "given-password",
    "STUDENT_KEY": "given-key-for-students",
    "DROP": "/given",
}

SETTING = re.compile(r"([A-Z][A-Z_]*)=([A-Za-z0-9.]+)")
LINES = (ROOT / "airflow.env").read_text().splitlines()
SETTINGS = dict(line.split("=", 1) for line in LINES if line[:1].isalpha())

# Put before a probe: refuses and notes every look-up and connection Python makes.
LISTEN_IN = """
import sys
calls = []
def note(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        calls.append(str(args[:2]))
        raise OSError("no network in this test")
sys.addaudithook(note)
"""
GX_PROBE = """
import great_expectations as gx, pandas as pd
context = gx.get_context(mode="ephemeral")
asset = context.data_sources.add_pandas("source").add_dataframe_asset("asset")
batch = asset.add_batch_definition_whole_dataframe("all")
not_null = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}}
suite = gx.ExpectationSuite(name="suite", expectations=[not_null])
frame = pd.DataFrame({"n": [1, None]})
result = batch.get_batch({"dataframe": frame}).validate(suite)
assert not result.success and not context.config.analytics_enabled
print("CALLS", calls)
"""
DBT_PROBE = """
import pathlib
pathlib.Path("dbt_project.yml").write_text("{name: probe, profile: probe}")
profile = "probe: {target: here, outputs: {here: {type: duckdb}}}"
pathlib.Path("profiles.yml").write_text(profile)
from dbt.cli.main import dbtRunner
assert dbtRunner().invoke(["parse"]).success
print("CALLS", calls)
"""
AIRFLOW_PROBE = """
import json, sys
from airflow.configuration import conf
known = conf.configuration_description
found = {}
for key in sys.argv[1:]:
    section, option = key.removeprefix("AIRFLOW__").lower().split("__")
    if option in known.get(section, {}).get("options", {}):
        found[key] = conf.get(section, option)
print("FOUND", json.dumps(found))
"""


def settings_env(**more: str) -> dict[str, str]:
    """The environment without what make put into it, and with `more`."""
    ours = re.compile("AIRFLOW_|COMMON_|MAKE|MFLAGS|DBT_|GX_|DROP|LAKE|PORT|DO_NOT_")
    kept = {key: text for key, text in os.environ.items() if not ours.match(key)}
    return kept | {"PATH": f"{BIN}:{kept['PATH']}"} | more


def probe(code: str, folder: Path, env: dict[str, str], *args: str) -> str:
    """The last line that `code` prints, run in `folder` by this Python."""
    run = subprocess.run(
        [sys.executable, "-c", code, *args],
        cwd=folder,
        env=env | {"AIRFLOW_HOME": str(folder)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout.splitlines()[-1]


def make(*args: str, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["make", "--no-print-directory", *args],
        cwd=ROOT,
        env=settings_env(**env),
        capture_output=True,
        text=True,
    )


def test_settings_read_the_same_by_make_compose_and_shell():
    for line in LINES:
        assert not line or line.startswith("#") or SETTING.fullmatch(line), line


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DO_NOT_TRACK", "1"),
        ("DBT_SEND_ANONYMOUS_USAGE_STATS", "False"),
        ("GX_ANALYTICS_ENABLED", "False"),
        ("AIRFLOW__USAGE_DATA_COLLECTION__ENABLED", "False"),
        ("MARIMO_SKIP_UPDATE_CHECK", "1"),
    ],
)
def test_telemetry_is_switched_off(key, value):
    assert SETTINGS[key] == value


def test_airflow_knows_and_takes_every_setting(tmp_path):
    keys = {key: text for key, text in SETTINGS.items() if key.startswith("AIRFLOW__")}
    # No section of 3.3.2; see airflow.env.
    usage = keys.pop("AIRFLOW__USAGE_DATA_COLLECTION__ENABLED")
    line = probe(AIRFLOW_PROBE, tmp_path, settings_env(**SETTINGS), *keys)
    assert json.loads(line.removeprefix("FOUND ")) == keys
    command = ["airflow", "config", "get-value", "usage_data_collection", "enabled"]
    env = settings_env(**SETTINGS, AIRFLOW_HOME=str(tmp_path))
    run = subprocess.run(command, env=env, capture_output=True, text=True)
    assert run.stdout.split()[-1] == usage, run.stderr


def test_gx_tells_nobody(tmp_path):
    env = settings_env(**SETTINGS)
    assert probe(LISTEN_IN + GX_PROBE, tmp_path, env) == "CALLS []"


def test_dbt_tells_nobody(tmp_path):
    env = settings_env(**SETTINGS)
    assert probe(LISTEN_IN + DBT_PROBE, tmp_path, env) == "CALLS []"


def test_the_probe_would_hear_dbt(tmp_path):
    assert probe(LISTEN_IN + DBT_PROBE, tmp_path, settings_env()) != "CALLS []"


def locked(name: str) -> dict[str, Version]:
    """Each package of a lock with its version; fails where one has no hash."""
    pins = {}
    for entry in re.split(r"\n(?=[a-z])", (ROOT / name).read_text())[1:]:
        requirement = Requirement(entry.split("\\")[0].strip())
        assert "--hash=sha256:" in entry, requirement
        pins[requirement.name] = Version(str(requirement.specifier).removeprefix("=="))
    return pins


CLIENT_LOCKS = sorted(file.stem for file in ROOT.glob("tests/clients/locks/*.in"))


@pytest.mark.parametrize(
    "name",
    [
        *("requirements", "requirements-dev", "requirements-spark"),
        "superset/requirements",
        *(f"tests/clients/locks/{name}" for name in CLIENT_LOCKS),
    ],
)
def test_lock_answers_what_is_asked_and_names_no_registry(name):
    pins = locked(f"{name}.txt")
    for line in (ROOT / f"{name}.in").read_text().splitlines():
        if line[:1].isalpha():
            asked = Requirement(line)
            assert pins[asked.name] in asked.specifier
    for path in ROOT.glob(f"{name}.*"):
        assert not re.search(r"://|--(extra-)?index|--find-links", path.read_text())


def test_the_lock_of_node_names_no_registry():
    lock = (ROOT / "tests/clients/node/package-lock.json").read_text()
    assert '"integrity": "sha512-' in lock and "://" not in lock


def test_both_locks_fit_into_one_environment():
    runtime, dev = locked("requirements.txt"), locked("requirements-dev.txt")
    shared = {name: dev[name] for name in dev if name in runtime}
    assert shared.items() <= runtime.items()


def test_spark_counts_by_the_same_dbt():
    runtime, spark = locked("requirements.txt"), locked("requirements-spark.txt")
    shared = {name: spark[name] for name in spark if name in runtime}
    assert "dbt-core" in shared and shared.items() <= runtime.items()
    assert "pyspark" not in runtime


def test_duckdb_is_one_that_older_clients_read():
    assert locked("requirements.txt")["duckdb"] == Version("1.5.5")


def test_compose_is_valid_and_keeps_to_itself(compose_config):
    run = compose_config(REQUIRED)
    assert run.returncode == 0, run.stderr
    services = yaml.safe_load(run.stdout)["services"]
    # Older programs print a port as text, newer ones as a mapping.
    ports = [port for service in services.values() for port in service.get("ports", [])]
    hosts = [p["host_ip"] if isinstance(p, dict) else p.split(":")[0] for p in ports]
    assert hosts == ["127.0.0.1"]
    assert {name: service["user"] for name, service in services.items()} == {
        name: name if name in ("postgres", "redis") else "airflow" for name in services
    }
    telemetry = {key for key in SETTINGS if not key.startswith("AIRFLOW__")}
    for name in services.keys() - {"postgres", "redis"}:
        assert telemetry <= services[name]["environment"].keys()


@pytest.mark.parametrize("name", REQUIRED)
def test_compose_asks_for_what_has_no_default(compose_config, name):
    run = compose_config({key: REQUIRED[key] for key in REQUIRED if key != name})
    assert run.returncode != 0
    assert f"set {name}" in run.stderr


def pytest_without_make(*words: str) -> str:
    """What pytest says where make has set nothing, and REAL_DATA is not known."""
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *words]
    env = {"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")}
    run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    return run.stdout + run.stderr


def test_programs_and_settings_are_found():
    assert shutil.which("dbt") == str(BIN / "dbt")
    assert str(ROOT / "plugins") in os.environ["PYTHONPATH"].split(os.pathsep)
    assert {name: os.environ[name] for name in SETTINGS} == SETTINGS


def test_pytest_works_without_make():
    here = "tests/test_packaging.py::test_programs_and_settings_are_found"
    assert "1 passed" in pytest_without_make(here)


def test_what_is_missing_fails_with_a_sentence():
    here = "tests/test_banding.py::test_the_rule_prints_the_federal_cells_but_for_four"
    said = pytest_without_make(here)
    assert "Found ''. Name it, or run `make test`, which needs none." in said
    assert "1 error" in said


def test_make_test_needs_python_alone():
    files = [f"tests/test_{name}.py" for name in ("real", "site", "access", "clients")]
    left = pytest_without_make("--collect-only", "-m", "not full", *files)
    assert "test_letter_says_where_we_are" in left
    for needs in ("test_real", "letter_is_one_page", "no_container", "superset_shows"):
        assert needs not in left


def test_no_test_is_skipped():
    words = [f"pytest.{word}" for word in ("skip(", "xfail(", "importorskip")]
    words += [f"mark.{word}" for word in ("skip", "xfail")]
    tests = [f for f in (ROOT / "tests").rglob("*.py") if f != Path(__file__)]
    assert [f.name for f in tests if any(w in f.read_text() for w in words)] == []


def test_image_does_not_run_as_root():
    users = re.findall(r"^USER (\S+)", (ROOT / "Dockerfile").read_text(), re.M)
    assert users and users[-1] not in ("root", "0")


def test_help_lists_every_target():
    listed = re.findall(r"^make ([\w-]+) +\S", make("help").stdout, re.M)
    assert sorted(listed) == sorted(TARGETS.split())


@pytest.fixture
def told(tmp_path):
    """Call make with a Python that prints what it is asked, LAKE and DROP."""
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    python = venv / "bin/python"
    python.write_text('#!/bin/sh\necho "$@|$LAKE|${DROP-none}|$SCHOOL|$KEY"\n')
    python.chmod(0o755)
    for stamp in (".uv", ".runtime"):
        (venv / stamp).touch()
    return lambda *words: make("-o", "requirements.txt", f"VENV={venv}", *words).stdout


def test_folders_may_hold_blanks(told):
    run = "-m common_metrics.cli run"
    words = ("run", "DROP=/a drop", "LAKE=a lake")
    assert told(*words) == f"{run}|a lake|/a drop||\n"
    assert told("run") == f"{run}|lake|none||\n"


def test_make_hands_words_on_as_they_are(told):
    said = told("explain", "SCHOOL=St. Mary's $$HOME", "LAKE=/l")
    assert said == "-m common_metrics.cli explain|/l|none|St. Mary's $HOME|\n"
    assert told("new-source", "LAKE=/l").endswith("/l|none||\n"), "no KEY of its own"


def test_clean_deletes_what_make_made_and_nothing_else(tmp_path):
    """In a copy of the Makefile, beside folders of somebody else."""
    for name in ("Makefile", "airflow.env"):
        shutil.copy(ROOT / name, tmp_path / name)
    for kept in ("mine/__pycache__", ".venv/lib", ".venv-clients/own", "other/lake"):
        (tmp_path / kept).mkdir(parents=True)
    for gone in (".venv-clients/duckdb/.ready", "dags/__pycache__/a", ".ruff_cache/a"):
        (tmp_path / gone).parent.mkdir(parents=True)
        (tmp_path / gone).touch()
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
    left = {f.relative_to(tmp_path).as_posix() for f in tmp_path.rglob("*")}
    assert {"mine/__pycache__", ".venv/lib", ".venv-clients/own", "other/lake"} <= left
    assert not left & {".venv-clients/duckdb", "dags/__pycache__", ".ruff_cache"}
    (tmp_path / ".venv/.uv").touch()
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
    assert not (tmp_path / ".venv").exists()


def below(pid: int) -> list[psutil.Process]:
    if not psutil.pid_exists(pid):
        return []
    return psutil.Process(pid).children(recursive=True)


def listening(processes: list[psutil.Process]) -> set[str]:
    """The addresses on which these processes listen."""
    found = set()
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            sockets = process.net_connections("inet")
            found |= {s.laddr.ip for s in sockets if s.status == psutil.CONN_LISTEN}
    return found


def is_healthy(port: int) -> bool:
    try:
        url = f"http://127.0.0.1:{port}/api/v2/monitor/health"
        states = json.load(urllib.request.urlopen(url, timeout=5)).values()
    except OSError:
        return False
    return len(states) == 4 and all(part["status"] == "healthy" for part in states)


@pytest.fixture
def up(tmp_path):
    """`make up` without DAGs, when it is healthy: it, the processes below it, port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "dags").mkdir()
    # -o: the environment of the tests is taken as it is, wherever it lies.
    command = ["make", "-o", f"{sys.prefix}/.runtime", "up", f"VENV={sys.prefix}"]
    command += [f"PORT={port}", f"LAKE={tmp_path}"]
    command += [f"AIRFLOW__CORE__DAGS_FOLDER={tmp_path}/dags"]
    with (tmp_path / "log").open("w") as log:
        streams = {"stdout": log, "stderr": subprocess.STDOUT}
        run = subprocess.Popen(command, cwd=ROOT, env=settings_env(), **streams)
    deadline = time.monotonic() + 120
    while not is_healthy(port) and run.poll() is None and time.monotonic() < deadline:
        time.sleep(1)
    parts = below(run.pid)
    yield run, parts, port
    for process in parts:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    run.kill()
    run.wait()


@pytest.mark.full
def test_up_listens_on_loopback_only_and_leaves_nothing_behind(up, tmp_path):
    run, parts, port = up
    assert is_healthy(port), (tmp_path / "log").read_text()
    assert listening(parts) == {"127.0.0.1"}
    # Who does not log in sees nothing, and nobody else reads the password.
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/dags", timeout=5)
    assert (tmp_path / "airflow").stat().st_mode & 0o77 == 0
    lake = Lake(tmp_path)
    assert lease.is_held(lake) and lease.owner(lake)["what"] == "make up"
    with pytest.raises(lease.LakeTaken, match="Found make up of user"):
        lease.held(lake, "make run").__enter__()
    run.terminate()
    assert psutil.wait_procs(parts, timeout=30)[1] == []
    assert not lease.is_held(lake) and lease.owner(lake) == {}


def test_the_lake_and_secrets_stay_out_of_git():
    paths = "lake/landing/a.csv .env .venv/bin/python dbt_project/target/a a.duckdb"
    paths += " .venv-clients/a"
    paths += " tests/fixtures/lake/a.csv plugins/common_metrics/lake.py"
    command = ["git", "check-ignore", *paths.split()]
    ignored = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    assert ignored.split() == paths.split()[:6]


@pytest.fixture
def ci(tmp_path):
    """Run a copy of .ci/run whose `make` prints and returns what it is told."""
    (tmp_path / "clone/.ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci/run", tmp_path / "clone/.ci/run")
    tools = ("docker-compose", "chromium", "make", "npm", "nginx", "sshd", "restic")
    for tool in tools:
        script = 'echo "$1: $PYTEST_ADDOPTS"\necho "$SAYS"\nexit $RETURNS\n'
        (tmp_path / tool).write_text(f"#!/bin/sh\n{script}")
        (tmp_path / tool).chmod(0o755)

    def run(says: str, returns: int = 0) -> subprocess.CompletedProcess:
        env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        env |= {"SAYS": says, "RETURNS": str(returns)}
        command = ["bash", tmp_path / "clone/.ci/run"]
        return subprocess.run(command, env=env, capture_output=True, text=True)

    return run


def test_ci_wants_the_real_data(ci):
    run = ci("3 passed in 1.00s")
    assert run.returncode == 1 and "../shared/data/real" in run.stderr


def test_ci_runs_every_test_once_but_the_server_and_lint(ci, tmp_path):
    """What `make test` leaves out is what is left of `make test-all`.

    But for one file, which `make server-test` runs.
    """
    (tmp_path / "shared/data/real").mkdir(parents=True)
    run = ci("=== 3 passed in 1.00s ===")
    told = re.findall("^([a-z-]+): (?:.*(-m .*))?", run.stdout, re.M)
    left = "-m full --ignore=tests/test_server.py"
    assert told == [("test", ""), ("test-all", left), ("lint", "")]
    assert "tests/test_server.py" in make("-n", "server-test").stdout
    assert '-m "not full"' in make("-n", "test").stdout
    assert " -m full" not in make("-n", "test-all").stdout


@pytest.mark.parametrize(
    ("says", "returns", "passes"),
    [
        ("=== 3 passed in 1.00s ===", 0, True),
        ("3 passed, 1 warning in 1.00s", 0, True),
        ("=== 2 passed, 1 skipped in 1.00s ===", 0, False),
        ("3 passed, 1 failed in 1.00s", 2, False),
    ],
)
def test_ci_passes_only_when_every_test_ran(ci, tmp_path, says, returns, passes):
    (tmp_path / "shared/data/real").mkdir(parents=True)
    run = ci(says, returns)
    assert (run.returncode == 0) == passes
    assert run.stdout.splitlines()[-1] == says
