"""The student key of a lake: another one is refused, a rotation loses no student."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from tests.conftest import FIXTURES

from common_metrics import batching, student_key
from common_metrics.contracts.loading import load_contract_of
from common_metrics.contracts.model import Contract
from common_metrics.lake import Lake
from common_metrics.pseudonyms import VARIABLE

KEYS = ("nessc/student_enrollment", "nessc/student_attendance")
OLD, NEW = "the first key of the tests", "the second key of the tests"


@pytest.fixture
def contracts_under(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], list[Contract]]:
    """Set a student key; return the contracts of students, as a run under it has."""

    def under(key: str) -> list[Contract]:
        monkeypatch.setenv(VARIABLE, key)
        return [load_contract_of(key) for key in KEYS]

    return under


@pytest.fixture
def landed(contracts_under, drop: Path, lake: Lake) -> list[Contract]:
    """Two extracts of the same students, landed under the old key."""
    contracts = contracts_under(OLD)
    (drop / "nessc_students").mkdir()
    for contract in contracts:
        (file,) = (FIXTURES / contract.key).glob("*.csv")
        (drop / "nessc_students" / file.name).write_bytes(file.read_bytes())
        for names in batching.new_batches(contract, drop, lake):
            batching.receive(contract, drop, names, lake, lake.moment())
    return contracts


def hashes(lake: Lake) -> dict[str, list[tuple]]:
    """The rows of each extract, in the order of their files."""
    return {
        key: duckdb.sql(
            f"from '{lake.validated}/{key}/2*/*.parquet' order by _source_row"
        ).fetchall()
        for key in KEYS
        if [*(lake.validated / key).rglob("2*/*.parquet")]
    }


def forget_the_drop_folder(drop: Path) -> None:
    for file in drop.rglob("*.csv"):
        file.unlink()


def test_another_key_reads_nothing_of_a_student(landed, contracts_under, drop, lake):
    before = hashes(lake)
    assert [*before] == [*KEYS] and all(before.values())
    contract, _ = contracts_under(NEW)
    (names,) = batching.new_batches(contract, drop, lake)
    with pytest.raises(student_key.OtherKey, match="Found another one"):
        batching.receive(contract, drop, names, lake, lake.moment())
    # Nor does what mends a lake, from what landed.
    (delivery,) = lake.recorded_of(contract.key)
    lake.rows("quarantine", delivery).unlink()
    with pytest.raises(student_key.OtherKey):
        batching.mend_one(contract, delivery, lake)
    with pytest.raises(student_key.OtherKey):
        student_key.require_own(lake)
    assert hashes(lake) == before


def test_a_run_under_another_key_begins_nothing(landed, lake, drop, monkeypatch):
    from tests.test_student_key import started

    run = started(lake.root, drop, NEW)
    assert run.returncode == 2
    assert "Set the key of the lake, or rotate it" in run.stdout
    assert NEW not in run.stdout and OLD not in run.stdout


def test_a_rotation_hashes_each_student_anew_and_the_same_everywhere(
    landed, contracts_under, drop, lake
):
    before = hashes(lake)
    lake.build().touch()
    contracts_under(NEW)
    assert student_key.rotate(lake) == len(KEYS)
    # No build can be of both keys: of the old one nothing is left.
    assert hashes(lake) == {} and not lake.build().exists()
    for contract in contracts_under(OLD):
        with pytest.raises(student_key.OtherKey):
            batching.mend(contract, drop, lake)
    forget_the_drop_folder(drop)  # what landed is enough
    for contract in contracts_under(NEW):
        batching.mend(contract, drop, lake)
    after = hashes(lake)
    pairs = {
        (old, new)
        for key in KEYS
        for was, now in zip(before[key], after[key], strict=True)
        for old, new in zip(was, now, strict=True)
        if old != new
    }
    assert len(pairs) > 2 and all(len(text) == 32 for pair in pairs for text in pair)
    # One to one, over all extracts: no student was split, and no two became one.
    assert {len({*of}) for of in zip(*pairs, strict=True)} == {len(pairs)}
    assert not [d for key in KEYS for d in batching.unsound(key, lake)]


def test_a_rotation_that_was_killed_begins_again(
    landed, contracts_under, drop, lake, monkeypatch
):
    """The mark of the key is written last: until then the old key mends the lake."""
    before = hashes(lake)
    contracts_under(NEW)
    monkeypatch.setattr(student_key.os, "replace", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        student_key.rotate(lake)
    monkeypatch.undo()
    for contract in contracts_under(OLD):
        batching.mend(contract, drop, lake)
    assert hashes(lake) == before


def test_a_rotation_is_refused_where_bytes_are_missing(landed, contracts_under, lake):
    before = hashes(lake)
    contracts_under(NEW)
    (delivery,) = lake.recorded_of(KEYS[1])
    lake.landing(delivery).unlink()
    with pytest.raises(student_key.CannotRotate, match="Found 1 without them"):
        student_key.rotate(lake)
    assert hashes(lake) == before
