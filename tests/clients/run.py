"""``make clients``: do clients connect, read while releases change, see the next one?

Two releases are made from the build of the lake, in a folder of their own, and
``current`` is swapped between them by what publishes, while a client reads.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from common_metrics.errors import Asked, Refused, told
from common_metrics.lake import Lake
from common_metrics.publication import release

from .reading import VERDICTS, WHERE

HERE = Path(__file__).parent
# The environment that a client runs in, and the client.
CLIENTS = {
    "duckdb-1.1.3": ("duckdb-1.1.3", "duckdb_file.py"),
    "duckdb-1.2.2": ("duckdb-1.2.2", "duckdb_file.py"),
    "duckdb-1.4.4": ("duckdb-1.4.4", "duckdb_file.py"),
    "duckdb": ("python", "duckdb_file.py"),
    "sqlalchemy": ("python", "sqlalchemy_engine.py"),
    "pandas": ("python", "parquet_pandas.py"),
    "polars": ("python", "parquet_polars.py"),
    "pyarrow": ("python", "parquet_pyarrow.py"),
    "calamine": ("python", "excel_calamine.py"),
    "openpyxl": ("python", "excel_openpyxl.py"),
    "node": ("node", "reading.mjs"),
    "superset": ("superset", "superset_rest.py"),
}
ONE_VERDICT_LESS = f"""
    delete from published.school_target_status where rowid = (
        select max(rowid) from published.school_target_status where {WHERE}
    )
"""
# Longer than a swap and a read of the slowest client.
PAUSE = 0.2


@dataclass(frozen=True)
class Report:
    """What a client said, beside what the releases hold."""

    client: str
    version: str
    seen: dict[tuple[str, int], int]
    errors: dict[str, int]
    held: set[tuple[str, int]]
    swaps: int
    charts: dict[str, list[dict]] = field(default_factory=dict)
    policy: str = ""
    beside: str = ""

    @property
    def reads(self) -> int:
        return sum(self.seen.values())

    @property
    def is_whole(self) -> bool:
        """Every read succeeded and got what one release holds."""
        return not self.errors and self.seen.keys() <= self.held

    @property
    def sees_the_next(self) -> bool:
        return self.held <= self.seen.keys()


def two_releases(build: Path, folder: Path) -> Lake:
    """Publish a copy of a build twice, the second time with a verdict less."""
    lake = Lake(folder)
    shutil.copytree(build, lake.build().parent, dirs_exist_ok=True)
    release.publish(lake, datetime.now(UTC))
    with duckdb.connect(str(lake.build())) as con:
        con.execute(ONE_VERDICT_LESS)
    time.sleep(1)  # A release is named by its second.
    release.publish(lake, datetime.now(UTC))
    return lake


def held(lake: Lake) -> set[tuple[str, int]]:
    """Return release and verdicts of each kept release, from its public file."""
    found = set()
    for name in release.manifests(lake):
        file = lake.published / name / "public.duckdb"
        with duckdb.connect(str(file), read_only=True) as con:
            query = f"select release_id, ({VERDICTS}) from about_release"
            found.add(con.execute(query).fetchone())
    return found


@contextmanager
def swapping(lake: Lake) -> Iterator[list[str]]:
    """Point ``current`` at one kept release after the other; yield those so far."""
    done, stop = [], threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for name in release.manifests(lake):
                done.append(release.rollback(lake, name))
                stop.wait(PAUSE)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()


def watch(environments: Path, name: str, lake: Lake, seconds: float) -> Report:
    """Run a client while releases change; raise Refused where it dies."""
    environment, program = CLIENTS[name]
    folder = environments / environment
    command = [str(folder / "bin/python"), str(HERE / program)]
    if environment == "node":
        command = ["node", str(folder / program)]
    command += [str(lake.current), str(seconds)]
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(command, stdout=-1, stderr=log, text=True) as client,
    ):
        client.stdout.readline()
        with swapping(lake) as swaps:
            said = client.stdout.readline()
        if client.wait():
            log.seek(0)
            found = (log.read().splitlines() or ["it said nothing"])[-1]
            raise Refused(name, "a client that reads", found, "Mend its environment.")
    told = json.loads(said)
    seen = {(release, number): times for release, number, times in told.pop("seen")}
    return Report(**told, seen=seen, held=held(lake), swaps=len(swaps))


def main() -> None:
    parser = Asked(prog="clients")
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--environments", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=5)
    args = parser.parse_args()
    if not Lake(args.lake).build_record().exists():
        raise Refused("clients, LAKE", "a build", "none", "Make one with `make run`.")
    build = Lake(args.lake).build().parent
    with tempfile.TemporaryDirectory() as folder:
        lake = two_releases(build, Path(folder))
        if not print_table(args.environments, lake, args.seconds):
            sys.exit(1)


def print_table(environments: Path, lake: Lake, seconds: float) -> bool:
    """Print what each client saw; return whether all is as it should be."""
    print("| client | connects | reads during publishing | sees the next release |")
    print("|---|---|---|---|")
    all_well = True
    for name in CLIENTS:
        try:
            report = watch(environments, name, lake, seconds)
            all_well &= report.is_whole and report.sees_the_next
            print(line(report), flush=True)
        except (Refused, OSError) as error:
            all_well = False
            print(f"| {name} | NO: {error} | | |", flush=True)
    return all_well


def line(report: Report) -> str:
    """Return a row of the table that ``make clients`` prints."""
    whole = f"yes, {report.reads:,} reads, {report.swaps} swaps"
    cells = (
        f"{report.client} {report.version}",
        "yes",
        whole if report.is_whole else f"NO: {report.errors or report.seen}",
        "yes" if report.sees_the_next else "NO",
    )
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    sys.exit(told(main))
