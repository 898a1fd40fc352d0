"""What the tests share: a lake and a drop folder, and files to put into them."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from common_metrics import batching
from common_metrics.contracts.loading import load_contracts
from common_metrics.contracts.model import Contract
from common_metrics.lake import Delivery, Lake
from common_metrics.landing import receiving

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests/fixtures"
# Where dbt, airflow and make's other programs stand, beside this Python.
BIN = Path(sys.executable).parent
LANDED_AT = "2016-03-01T06:00:00+00:00"


# Files of tests that take longest come first, so that both workers end together.
LONGEST = ("test_end_to_end.py", "test_real.py", "test_server.py", "test_scheduler.py")
LONGEST += ("test_ct.py",)
# Who asks for one of these needs what not every machine has, or minutes: real files, a
# browser, docker-compose, the environments of BI clients, a second run over broken
# files, a lake of its own that dbt builds, a server of the web, of files or of S3, all
# services of docker-compose.yml, restic.
FURTHER = {"real_data", "browser", "compose_config", "environments", "broken"}
FURTHER |= {"warehouse", "cells", "records", "rates", "web", "ssh", "store"}
FURTHER |= {"server", "copies"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of ``make test-all``, and put the longest files first."""
    for item in items:
        given = item.callspec.params if hasattr(item, "callspec") else {}
        if FURTHER & {*getattr(item, "fixturenames", ())} - {*given}:
            item.add_marker("full")
    order = {name: n for n, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


def _set_up() -> None:
    """Give plain ``pytest`` the environment of ``make test``."""
    lines = (ROOT / "airflow.env").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if line[:1].isalpha())
    # Once for the whole suite, in test_end_to_end.py, and not with each small build.
    settings["DBT_EXCLUDE_RESOURCE_TYPES"] = "unit_test"
    # Student files need a key; no student in the tests is real.
    settings["COMMON_METRICS_STUDENT_KEY"] = "of the tests, no secret"
    for name, text in settings.items():
        os.environ.setdefault(name, text)
    for name, folder in (("PATH", BIN), ("PYTHONPATH", ROOT / "plugins")):
        before = filter(None, [os.environ.get(name)])
        os.environ[name] = os.pathsep.join([str(folder), *before])


_set_up()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """An empty drop folder."""
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    return load_contracts()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the publishers' files, which are no part of the repository."""
    folder = os.environ.get("REAL_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.fail(
            "Expected the folder of the publishers' files in REAL_DATA. "
            f"Found {folder!r}. Name it, or run `make test`, which needs none."
        )
    return Path(folder).resolve()


def program(name: str) -> str:
    """The path of a program that a test needs beside Python."""
    if not (found := shutil.which(name)):
        pytest.fail(
            f"Expected {name} on the path. Found none. Install it, or run "
            "`make test`, which does without."
        )
    return found


@pytest.fixture(scope="session")
def compose_config(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[dict[str, str]], subprocess.CompletedProcess[str]]:
    """Run `docker-compose config` on the project with the given environment."""
    empty = tmp_path_factory.mktemp("compose") / "env"
    empty.touch()
    # What this machine has set, or a .env of the developer's, must not answer.
    command = [program("docker-compose"), "--env-file", str(empty), "config"]

    def config(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"]} | env
        return subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )

    return config


@pytest.fixture(scope="session")
def example() -> Callable[[str, str], bytes]:
    """Return the one fixture file of an extract whose name contains a text."""

    def example(key: str, part: str = "") -> bytes:
        (file,) = (f for f in (FIXTURES / key).glob("*.csv") if part in f.name)
        return file.read_bytes()

    return example


@pytest.fixture(scope="session")
def graduates(example: Callable[..., bytes]) -> bytes:
    """Twenty schools of Connecticut, class of 2014-15, rows 6 to 25 of the file."""
    return example("ct/graduation_4yr", "all-schools_all-students_grad")


@pytest.fixture(scope="session")
def crosswalk(example: Callable[..., bytes]) -> bytes:
    """Four schools with both codes, rows 2 to 5 of the file."""
    return example("nessc/school_crosswalk")


@pytest.fixture(scope="session")
def federal(example: Callable[..., bytes]) -> bytes:
    """Four schools of the federal file of 2014-15, rows 2 to 5 of the file."""
    return example("us/edfacts_acgr", "2015")


@pytest.fixture
def put(drop: Path) -> Callable[..., str]:
    """Write bytes where a contract looks for them; return the name below drop."""

    def put(contract: Contract, content: bytes, name: str = "delivery.csv") -> str:
        file = drop / Path(contract.landing.drop[0]).parent / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file.relative_to(drop).as_posix()

    return put


@pytest.fixture
def run(drop: Path, lake: Lake, put: Callable[..., str]) -> Callable[..., Delivery]:
    """Put, land and validate bytes; return the record, whatever became of them."""

    def run(contract: Contract, content: bytes, name: str = "delivery.csv") -> Delivery:
        names = [put(contract, content, name)]
        (received,) = batching.receive(contract, drop, names, lake, LANDED_AT)
        return received.delivery

    return run


class StudentLake(NamedTuple):
    """A lake with every student extract of the sample, the broken ones too.

    ``sample`` is the folder that the generator filled, ``messages`` are what a log
    says of each file, by its name below the drop folder.
    """

    lake: Lake
    sample: Path
    messages: dict[str, str]

    def truth(self, name: str) -> list[dict[str, str]]:
        """Rows of a truth file."""
        with (self.sample / "truth" / f"{name}.csv").open(newline="") as lines:
            return list(csv.DictReader(lines))


@pytest.fixture(scope="session")
def student_lake(tmp_path_factory: pytest.TempPathFactory) -> StudentLake:
    folder = tmp_path_factory.mktemp("students")
    generate = Path(__file__).parent / "sample/generate.py"
    command = [sys.executable, str(generate), str(folder / "sample")]
    subprocess.run([*command, "--faults", "all"], check=True)
    made = StudentLake(Lake(folder / "lake"), folder / "sample", {})
    for contract in load_contracts().values():
        # Of the contracts that protect nothing, one is about students all the same.
        if contract.protects or contract.key == "nsc/blocked_counts":
            _land_and_validate(contract, made)
    return made


def _land_and_validate(contract: Contract, made: StudentLake) -> None:
    """Every file of a contract, with what is said of it."""
    drop = made.sample / "extracts"
    names = receiving.find_deliveries(contract, drop)
    for each in batching.receive(contract, drop, names, made.lake, LANDED_AT):
        said = f"{each.refusal!r} {each.refusal}" if each.refusal else each.delivery
        made.messages[each.delivery.file] = f"{said!r}"
