"""A copy of a lake, made by restic while tasks run, and put back."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from tests.conftest import ROOT, program

from common_metrics.lake import Lake

KEY = "nessc/school_crosswalk"


@pytest.fixture
def copies(tmp_path: Path) -> dict[str, str]:
    """An empty repository of restic, as its variables."""
    program("restic")
    of = {"RESTIC_REPOSITORY": f"{tmp_path}/copies", "RESTIC_PASSWORD": "of the tests"}
    environment = os.environ | of
    subprocess.run(["restic", "init", "--quiet"], env=environment, check=True)
    return environment


@pytest.fixture
def landing(contracts, run: Callable, crosswalk: bytes) -> Iterator[Callable[[], int]]:
    """Land one file after the other, without an end; say how many have landed."""
    contract, ended, count = contracts[KEY], Event(), [0]

    def land() -> None:
        while not ended.is_set():
            count[0] += 1
            run(contract, crosswalk + b"\n" * count[0], f"crosswalk_{count[0]}.csv")

    thread = Thread(target=land)
    thread.start()
    yield lambda: count[0]
    ended.set()
    thread.join()


def make(copies: dict[str, str], target: str, lake: Path) -> subprocess.Popen[bytes]:
    words = ["make", target, f"LAKE={lake}"]
    return subprocess.Popen(words, cwd=ROOT, env=copies, stdout=subprocess.DEVNULL)


def test_each_receipt_of_a_copy_has_its_bytes_also_while_files_land(
    copies, landing, lake: Lake, tmp_path: Path
):
    while landing() < 5:
        time.sleep(0.1)
    meanwhile = 0
    for number in range(20):
        before = landing()
        assert make(copies, "backup", lake.root).wait(60) == 0
        meanwhile += landing() - before
        back = Lake(tmp_path / f"back {number}")
        assert make(copies, "restore", back.root).wait(60) == 0
        kept = back.recorded_of(KEY)
        assert len(kept) >= before - 1
        assert {d.status for d in kept} <= {"landed", "validated"}
        assert [d for d in kept if back.damaged(d)] == []
        assert not [*back.root.rglob("*.part")]
        if meanwhile and number >= 3:
            break
    assert meanwhile, "nothing landed while a copy was made"


def test_no_build_is_published_while_a_copy_is_made(copies, lake: Lake):
    lake.moment()
    with lake.build_kept():
        making = make(copies, "backup", lake.root)
        with pytest.raises(subprocess.TimeoutExpired):
            making.wait(2)
    assert making.wait(60) == 0


def test_a_lake_that_is_there_is_not_written_over(copies, lake: Lake):
    lake.moment()
    assert make(copies, "backup", lake.root).wait(60) == 0
    moment = (lake.deliveries / "moment").read_bytes()
    lake.moment()
    assert make(copies, "restore", lake.root).wait(60) == 2
    assert (lake.deliveries / "moment").read_bytes() != moment


def test_a_copy_that_was_changed_is_not_put_back(copies, lake: Lake, tmp_path: Path):
    lake.moment()
    assert make(copies, "backup", lake.root).wait(60) == 0
    for file in Path(copies["RESTIC_REPOSITORY"], "data").rglob("*"):
        if file.is_file():
            file.chmod(0o600)
            file.write_bytes(b"x" * file.stat().st_size)
    assert make(copies, "restore", tmp_path / "back").wait(60) != 0
