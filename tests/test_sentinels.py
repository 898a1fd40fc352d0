"""Nothing that tells of a planted student is seen in a lake but where it landed."""

from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import duckdb
import pytest
from conftest import StudentLake
from leaks import scan

from common_metrics.contracts.loading import load_contracts

AS_RECEIVED = ("landing", "refused")
PROVIDERS = {"vt", "nessc", "nh", "ri", "oneroster", "nsc"}


@pytest.fixture(scope="module")
def sentinels(student_lake: StudentLake) -> set[str]:
    """Every name, birth date and id of the sample."""
    return {row["value"] for row in student_lake.truth("sentinels")}


def test_every_kind_of_file_of_students_is_there(student_lake: StudentLake) -> None:
    protected = [c for c in load_contracts().values() if c.protects]
    assert {contract.provider for contract in protected} == PROVIDERS
    for contract in protected:
        deliveries = student_lake.lake.recorded_of(contract.key)
        assert "validated" in {d.status for d in deliveries}, contract.key


def test_only_the_landed_bytes_tell_of_a_student(
    student_lake: StudentLake, sentinels: set[str]
) -> None:
    log = student_lake.lake.root / "logs" / "messages.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text("\n".join(student_lake.messages.values()))
    assert scan(student_lake.lake.root, sentinels, but=AS_RECEIVED) == []


def test_the_scan_sees_what_landed(
    student_lake: StudentLake, sentinels: set[str]
) -> None:
    found = scan(student_lake.lake.root, sentinels)
    assert {path.split("/")[1] for path, _ in found} == PROVIDERS


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
    (tmp_path / "e.log").write_text("x" * 3_999_995 + "quozzabyzko")
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


def test_sentinels_are_what_the_files_write(student_lake: StudentLake) -> None:
    told = student_lake.truth("sentinels")
    texts = {row["value"] for row in told if row["kind"] != "local_id"}
    found = {hit for _, hit in scan(student_lake.sample / "extracts", texts)}
    missing = {text.lower() for text in texts} - found
    # Of each birth date only the forms of its student's own files are written, and New
    # Hampshire's files have no names, but for the graduates'.
    assert not {text for text in missing if text.isdigit()}
    assert len(missing) < len(texts) / 2
