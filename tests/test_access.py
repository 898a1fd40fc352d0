"""Who gets in: the server's containers, and Airflow's UI with what they are given."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
COMPOSE = ROOT / "docker-compose.yml"
GIVEN = {
    "FERNET_KEY": "given-fernet",
    "API_SECRET_KEY": "given-session",
    "JWT_SECRET": "given-token-secret-that-is-long-enough-to-sign-with-" + "x" * 20,
    "POSTGRES_PASSWORD": "given-database",
    "REDIS_PASSWORD": "GivenQueue",
    "ADMIN_PASSWORD": "given-admin",
    "STUDENT_KEY": "given-key-for-students",
    "DROP": "/given",
}
PROBE = """
import json
from airflow.api_fastapi.app import create_app
from fastapi.testclient import TestClient
client = TestClient(create_app(), base_url="http://127.0.0.1")

def log_in(password):
    given = {"username": "admin", "password": password}
    return client.post("/auth/token", json=given)

def bare(path):
    return client.get(path).status_code

asked = ("dags", "connections", "variables", "dags/~/dagRuns/~/taskInstances")
token = log_in("given-admin").json()["access_token"]
headers = {"Authorization": f"Bearer {token}"}
print("FOUND", json.dumps({
    "without": [bare(f"/api/v2/{path}") for path in asked],
    "guessed": [log_in(word).is_success for word in ("admin", "airflow", "")],
    "forged": client.get("/api/v2/dags", headers={"Authorization": "Bearer a.b.c"}
        ).status_code,
    "with": client.get("/api/v2/dags", headers=headers).status_code,
    "registration": bare("/auth/register/form"),
}))
"""


@pytest.fixture(scope="module")
def services(compose_config) -> dict[str, dict]:
    """The services as docker-compose understands them."""
    done = compose_config(GIVEN)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)["services"]


def test_every_secret_is_asked_for_and_none_has_a_default() -> None:
    """That the start fails without each is in test_packaging.py."""
    asked = re.findall(r"\$\{(\w+)(:[?-])?", COMPOSE.read_text())
    assert {name for name, kind in asked if kind == ":?"} == set(GIVEN)
    assert {name for name, kind in asked if kind != ":?"} == {
        *("DROP_MODE", "LAKE", "LANDINGS", "OWNER", "PORT", "RUNBOOK", "SETTINGS"),
    }


def test_every_secret_comes_from_the_environment(services) -> None:
    telling = re.compile("KEY|SECRET|PASSWORD|CONN|AUTH$")
    for name, service in services.items():
        for key, text in service["environment"].items():
            if telling.search(key) and not key.endswith("SQL_ALCHEMY_CONN"):
                assert text in GIVEN.values(), (name, key)
    database = services["scheduler"]["environment"]
    address = database["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    assert not re.search(r"//[^/@]*:[^/@]*@", address), "a password in the address"
    assert "ADMIN_PASSWORD" not in database, "used once, by init alone"
    broker = database["AIRFLOW__CELERY__BROKER_URL"]
    assert broker == f"redis://:{GIVEN['REDIS_PASSWORD']}@redis:6379/0"
    # Among the arguments of a process anybody of the machine could read one.
    commands = [str(service.get("command")) for service in services.values()]
    assert not [given for given in GIVEN.values() if given in str(commands)]


def test_no_container_is_root_or_can_become_it(services) -> None:
    for name, service in services.items():
        assert service["user"] not in ("root", "0", 0), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "cap_add", "pid", "network_mode"} & service.keys()


def test_containers_write_to_their_volumes_alone(services) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        mounts = [str(mount) for mount in service.get("volumes", [])]
        for mount in mounts:
            read_only = mount.endswith(":ro") or "'read_only': True" in mount
            assert read_only == ("/drop" in mount), mount
        assert not any("docker.sock" in mount for mount in mounts)


def test_one_port_is_published_and_on_loopback(services) -> None:
    published = {name: s["ports"] for name, s in services.items() if s.get("ports")}
    assert list(published) == ["api-server"]
    assert "127.0.0.1" in str(published["api-server"])
    assert "0.0.0.0" not in COMPOSE.read_text().split("ports:")[1]


def test_the_ui_asks_who_is_there(services, tmp_path: Path) -> None:
    """With the server's own settings, on a database of its own."""
    told = services["api-server"]["environment"]
    environment = {k: str(v) for k, v in told.items() if not k.endswith("_CONN")}
    environment |= {"PATH": os.environ["PATH"], "AIRFLOW_HOME": str(tmp_path)}
    # The given one is no key; any will do here.
    environment["AIRFLOW__CORE__FERNET_KEY"] = ""
    (create,) = re.findall(
        r"airflow users create(.*?)\n +depends_on", COMPOSE.read_text(), re.DOTALL
    )
    create = create.replace("\\\n", " ").replace("$$ADMIN_PASSWORD", "given-admin")
    binary = Path(sys.executable).parent
    for command in ("db migrate", f"users create {create}"):
        subprocess.run(
            f'"{binary}/airflow" {command}',
            shell=True,
            env=environment,
            check=True,
            capture_output=True,
        )
    done = subprocess.run(
        [sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (line,) = [x for x in done.stdout.splitlines() if x.startswith("FOUND ")]
    assert json.loads(line.removeprefix("FOUND ")) == {
        "without": [401] * 4,
        "guessed": [False] * 3,
        "forged": 403,
        "with": 200,
        "registration": 404,
    }


def test_the_settings_that_every_start_reads_switch_no_guard_off() -> None:
    lines = (ROOT / "airflow.env").read_text().splitlines()
    settings = "\n".join(line for line in lines if not line.startswith("#"))
    for word in ("ALL_ADMINS", "AUTH_MANAGER", "PASSWORD", "SECRET", "FERNET", "JWT"):
        assert word not in settings.upper(), word
    everything = settings + COMPOSE.read_text() + (ROOT / "Makefile").read_text()
    assert "simple_auth_manager_all_admins" not in everything.lower()
    assert "EXPOSE_CONFIG" not in everything
