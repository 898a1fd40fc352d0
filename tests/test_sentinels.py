"""Nothing that tells of a planted student is seen in a lake but where it landed."""

import csv
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import duckdb
import pytest
from leaks import scan

from common_metrics import landing, validation
from common_metrics.contract import Contract, load_contracts
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Lake

GENERATE = Path(__file__).parents[1] / "sample" / "generate.py"
AS_RECEIVED = ("landing", "refused")
AT = "2016-03-01T06:00:00+00:00"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with every broken delivery."""
    out = tmp_path_factory.mktemp("sample")
    command = [sys.executable, str(GENERATE), str(out), "--faults", "all"]
    subprocess.run(command, check=True)
    return out


@pytest.fixture(scope="module")
def sentinels(sample: Path) -> set[str]:
    """Every name, birth date and id of the sample."""
    with (sample / "truth/sentinels.csv").open(newline="") as lines:
        return {row["value"] for row in csv.DictReader(lines)}


@pytest.fixture(scope="module")
def full(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with every student extract of the sample, the broken ones too."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    log = lake.root / "logs" / "messages.log"
    log.parent.mkdir(parents=True)
    with log.open("w") as messages:
        for contract in of_students():
            for name in landing.find_deliveries(contract, sample / "extracts"):
                messages.write(run(contract, sample / "extracts", name, lake) + "\n")
    return lake


def of_students() -> list[Contract]:
    """The contracts that protect anything."""
    return [contract for contract in load_contracts().values() if contract.protects]


def run(contract: Contract, drop: Path, name: str, lake: Lake) -> str:
    """Land and validate one file; return what a log would say of it."""
    try:
        delivery = landing.land(contract, drop, name, lake, AT)
        return repr(validation.validate(contract, delivery, lake))
    except DeliveryRefused as error:
        return f"{error!r} {error}"


def test_every_kind_of_file_of_students_goes_through(full: Lake) -> None:
    providers = {contract.provider for contract in of_students()}
    assert providers == {"vt", "nessc", "nh", "ri", "oneroster", "nsc"}
    for contract in of_students():
        statuses = {d.status for d in full.recorded_of(contract.key)}
        assert "validated" in statuses, contract.key


def test_only_the_landed_bytes_tell_of_a_student(
    full: Lake, sentinels: set[str]
) -> None:
    assert scan(full.root, sentinels, but=AS_RECEIVED) == []


def test_the_scan_sees_what_landed(full: Lake, sentinels: set[str]) -> None:
    seen = {path.split("/")[1] for path, _ in scan(full.root, sentinels)}
    assert seen >= {"vt", "nessc", "nh", "ri", "oneroster", "nsc"}


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Path]:
    """A folder with a name in every kind of file."""
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        words = "select 'Quozzabyzko' as word from range(5000)"
        connection.execute(f"create schema s; create table s.t as {words}")
        connection.execute(f"copy ({words}) to '{tmp_path}/b.parquet'")
    with ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.write(tmp_path / "b.parquet", "inside.parquet")
    (tmp_path / "d.html").write_text("<p>QUOZZABYZKO</p>")
    (tmp_path / "e.log").write_text("x" * 9_999_990 + "quozzabyzko")
    (tmp_path / "Quozzabyzko.json").write_text("{}")
    (tmp_path / "f.txt").write_text("Quozzabyzk")
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing/g.txt").write_text("Quozzabyzko")
    yield tmp_path


def test_the_scan_finds_a_name_in_every_kind_of_file(planted: Path) -> None:
    found = scan(planted, {"Quozzabyzko", "Vrexhomptz"}, but=("landing",))
    files = ("Quozzabyzko.json", "a.duckdb", "b.parquet", "c.zip", "d.html", "e.log")
    assert sorted(set(found)) == [(file, "quozzabyzko") for file in files]


def test_the_scan_refuses_to_look_for_nothing(tmp_path: Path) -> None:
    for sentinels in (set(), {"Bo"}):
        with pytest.raises(ValueError, match="too short"):
            scan(tmp_path, sentinels)


def test_sentinels_are_what_the_files_write(sample: Path, sentinels: set[str]) -> None:
    found = {hit for _, hit in scan(sample / "extracts", sentinels)}
    missing = {text.lower() for text in sentinels} - found
    # Of each birth date only the forms of its student's own files are written.
    assert not {text for text in missing if "/" not in text and "-" not in text}
