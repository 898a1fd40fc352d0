"""``make drill``: kills a run at every point at which it writes, and runs it again.

A point is an event by which Python tells (``sys.addaudithook``) that a file of the lake
is opened for writing, renamed, linked, removed or changed, or that a program is begun.
No code of ours marks them, so that a new step is a point by itself. A run killed there,
on a full disk, without rights, with the clock put back, beside another one or over
corrupted files is followed by another run, and then every published table and every
file of the lake must be as after an undisturbed run.

The real functions land, judge, build and publish, through forks of one process. Only
dbt is replaced, by a program that makes a table of all rows and one of all receipts: a
real build takes minutes a point. It is killed as one point and removed before the next.
"""

import argparse
import json
import os
import resource
import shutil
import signal
import stat
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

ROOT = Path(__file__).parents[1]
KEYS = ("ct/graduation_4yr", "nessc/school_crosswalk")
WRITING = os.O_WRONLY | os.O_RDWR
EVENTS = {"os.rename", "os.remove", "os.symlink", "os.chmod", "os.mkdir", "os.rmdir"}
EVENTS |= {"shutil.rmtree", "open", "subprocess.Popen"}
NOBODY = 65534


# The run


def run(lake: Any, drop: Path) -> None:
    """Do what ``make run`` does, with the functions that its DAGs call."""
    from common_metrics import batching, lease
    from common_metrics.contracts.loading import load_contracts
    from common_metrics.publication import release
    from common_metrics.warehouse import build

    with lease.held(lake, "drill"):
        lake.set_receipts_aside()
        failed = []
        for key in KEYS:
            contract = load_contracts()[key]
            batching.mend(contract, drop, lake)
            for names in batching.new_batches(contract, drop, lake):
                try:
                    batching.receive(contract, drop, names, lake, lake.moment())
                except batching.NotReceived as error:
                    failed.append(error)
        if release.is_needed(lake):
            build.build(lake)
            release.publish(lake, datetime.now(UTC))
        if failed:
            raise failed[0]


def replace_what_takes_long(folder: Path) -> None:
    """Leave dbt, pages, workbooks and the attack out: none of them keeps state."""
    # Loaded before the forks, since nobody may be barred from root's Python.
    from common_metrics import batching, lease  # noqa: F401
    from common_metrics.contracts import loading
    from common_metrics.contracts.loading import load_contracts
    from common_metrics.publication import audit, candidate
    from common_metrics.validation import expectations
    from common_metrics.warehouse import build, seeds

    sys.path[:0] = [str(ROOT / "tests")]
    from test_attack import RULES, SEEDS, TABLES

    seeds_of_rules = [*RULES, "suppression_minimums"]
    seeds.per_cent_columns("metrics")  # read once, before the forks
    program = folder / "dbt"
    # Written once: the modules that know them take seconds to import.
    (folder / "tables.json").write_text(
        json.dumps([TABLES, str(SEEDS), seeds_of_rules])
    )
    words = f'"{sys.executable}" "{__file__}" --as-dbt "{folder}/tables.json"'
    program.write_text(f"#!/bin/sh\nexec {words}\n")
    program.chmod(0o755)
    few = loading.Contracts({key: load_contracts()[key] for key in KEYS})
    few.barred = {}
    batching.SETTLED = -1
    build.DBT, build.load_contracts = program, lambda: few
    build.dbt_sources.write = lambda: []
    build._lend_what_is_parsed = build._keep_what_is_parsed = lambda _: None
    candidate.write_site = candidate.write_workbooks = lambda *_: None
    audit.refuse_recovered = lambda *_: None
    expectations._context(folder / "warm")


def as_dbt(tables: Path) -> None:
    """Make the tables, in the lake, as dbt would: one of all rows, one of receipts."""
    columns_of, seeds, rules = json.loads(tables.read_text())
    target = Path(os.environ["DBT_TARGET_PATH"])
    rows = "read_parquet('{}/*/*/*/*.parquet', union_by_name = true)"
    with duckdb.connect("build/warehouse.duckdb") as con:
        con.execute("create schema published; use published")
        for table, columns in columns_of.items():
            con.execute(f"create table {table} ({columns})")
        for table in rules:
            con.execute(f"create table {table} as from '{seeds}/{table}.csv'")
        con.execute(f"create table rows_kept as from {rows.format('validated')}")
        con.execute(f"create table rows_aside as from {rows.format('quarantine')}")
        con.execute(
            "create table receipts as select * exclude (landed_at, landed_before) "
            "from read_json('deliveries/**/*.json', union_by_name = true)"
        )
        found = (
            "select table_name, column_name from duckdb_columns() where not internal"
        )
        nodes = _nodes(con.execute(found).fetchall())
    (target / "manifest.json").write_text(json.dumps({"nodes": nodes}))
    (target / "run_results.json").write_text(json.dumps({"results": []}))


def _nodes(columns: list[tuple[str, str]]) -> dict[str, dict]:
    nodes: dict[str, dict] = {}
    meta = {"meta": {"tiers": ["public", "partner"]}}
    for table, column in columns:
        about = {"name": table, "schema": "published", "description": table}
        node = nodes.setdefault(table, about | {"config": meta, "columns": {}})
        node["columns"][column] = {"description": column, "config": {}}
    return nodes


# Its points


class Point(NamedTuple):
    """What is about to be done, by which function of ours."""

    event: str
    by: str


def watch(lake: Path, told: Callable[[Point], None]) -> None:
    """Call for every point that this process comes to from now on."""
    beginning = f"{lake}/"

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event not in EVENTS or (event == "open" and not (args[2] or 0) & WRITING):
            return
        if event != "subprocess.Popen":
            names = [str(a) for a in args[:2] if isinstance(a, str | os.PathLike)]
            if not any(name.startswith(beginning) for name in names):
                return
            # Every path makes its folders; only those that are new are a step.
            if event == "os.mkdir" and os.path.isdir(names[0]):
                return
        told(Point(event, _by()))

    sys.addaudithook(hook)


def _by() -> str:
    frame, ours = sys._getframe(2), "common_metrics/"
    while frame.f_back and ours not in frame.f_code.co_filename:
        frame = frame.f_back
    file = frame.f_code.co_filename.rpartition(ours)[2]
    return f"{file}:{frame.f_code.co_name}"


# Forks


def in_a_fork(what: Callable[[], None]) -> tuple[int, str]:
    """Do something in a fork; return how it ended (0, or a signal) and what it said."""
    reader, writer = os.pipe()
    if not (child := os.fork()):
        code = 1
        try:
            os.close(reader)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(1, 2)
            what()
            code = 0
        except BaseException as error:
            from common_metrics.errors import in_four_parts

            told = in_four_parts(error) if isinstance(error, Exception) else error
            os.write(writer, f"{type(told).__name__}: {told}".encode()[:4000])
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as stream:
        said = stream.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def points_of(lake: Path, drop: Path) -> list[Point]:
    """Run once, undisturbed; return the points in their order."""
    from common_metrics.lake import Lake

    with tempfile.TemporaryFile("w+") as stream:

        def noted() -> None:
            watch(lake, lambda point: print(*point, sep="\t", file=stream, flush=True))
            run(Lake(lake), drop)

        ended = in_a_fork(noted)
        assert ended == (0, ""), ended
        stream.seek(0)
        return [Point(*line.rstrip("\n").split("\t")) for line in stream]


def killed_at(number: int, lake: Path, drop: Path) -> int:
    """Run until a point, and kill the run just before it; return how it ended."""
    from common_metrics.lake import Lake

    left = [number]

    def kill(_: Point) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def begun() -> None:
        watch(lake, kill)
        run(Lake(lake), drop)

    return in_a_fork(begun)[0]


# What must be the same


def state(lake: Path) -> dict[str, object]:
    """Every file that stands for deliveries, and every row of every published table."""
    from common_metrics.lake import STAGES, Lake

    kept: dict[str, object] = {}
    for folder in ("landing", "refused", *STAGES):
        for file in (lake / folder).rglob("*"):
            if file.is_file():
                kept[str(file.relative_to(lake))] = file.read_bytes()
    for record in Lake(lake).all_recorded():
        kept[f"{record.key} {record.file}"] = record.with_(landed_at="")
    for tier in ("public", "partner"):
        file = Lake(lake).released(f"{tier}.duckdb")
        with duckdb.connect(str(file), read_only=True) as con:
            for (table,) in con.execute(
                "select table_name from duckdb_tables() where not internal"
            ).fetchall():
                rows = con.execute(f"from {table}").fetchall()
                if table not in ("about_release", "release_changes"):
                    kept[f"{tier} {table}"] = Counter(map(repr, rows))
    return kept


def faults(lake: Path, drop: Path, truth: dict[str, object]) -> list[str]:
    """Run again and return what is not as after an undisturbed run."""
    from common_metrics import doctor
    from common_metrics.lake import Lake

    code, said = in_a_fork(lambda: run(Lake(lake), drop))
    if code:
        return [f"the next run ended with {code}: {said}"]
    found = state(lake)
    wrong = [key for key in {*truth, *found} if truth.get(key) != found.get(key)]
    code, said = in_a_fork(
        lambda: _raise([str(each[:2]) for each in doctor.wrong(Lake(lake), drop)])
    )
    return sorted(wrong) + [said] * bool(code)


def _raise(found: list[str]) -> None:
    if found:
        raise ValueError(f"doctor finds {found}")


# Other faults


def corrupted(lake: Path) -> Iterator[tuple[str, Path]]:
    """Yield each kind of file of a lake after a run, and one of the kind."""
    kinds = {
        "landed bytes": "landing/*/*/*/*.csv",
        "validated rows": "validated/ct/*/2*/*.parquet",
        "quarantined rows": "quarantine/ct/*/2*/*.parquet",
        "receipt": "deliveries/ct/*/*.json",
        "moment": "deliveries/moment",
        "look": "looks/ct/*.json",
        "build": "build/warehouse.duckdb",
        "build record": "build/build.json",
        "manifest": "published/current/manifest.json",
        "lease": "lease.json",
    }
    for kind, pattern in kinds.items():
        yield kind, min(lake.glob(pattern))


HARMS: dict[str, Callable[[Path], None]] = {
    "gone": Path.unlink,
    "cut": lambda file: _write(file, file.read_bytes()[: file.stat().st_size // 2]),
    "garbage": lambda file: _write(file, b"\xff\x00garbage"),
}


def _write(file: Path, content: bytes) -> None:
    file.chmod(0o600)
    file.write_bytes(content)


def on_a_full_disk(size: int) -> Callable[[], None]:
    """No file may grow beyond a size: writes fail as they do on a full disk."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def as_nobody() -> None:
    """Become a user without rights, who may be told that something is closed."""
    if not os.getuid():
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def give(folder: Path) -> None:
    """Give a folder and all below to nobody, as who runs the drill may be root."""
    for path in [folder, *folder.rglob("*")]:
        if not os.getuid():
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


# The drill


class Tried(NamedTuple):
    """A way in which a run was disturbed, and what was not as it should be after it."""

    what: str
    wrong: list[str]


class Drill:
    """A folder with a drop, and the state that an undisturbed run leaves."""

    def __init__(self, folder: Path):
        self.folder, self.drop = folder, folder / "drop"
        self.number = 0
        folder.chmod(0o755)
        _fill(self.drop)
        replace_what_takes_long(folder)
        undisturbed = self.lake()
        self.points = points_of(undisturbed, self.drop)
        self.truth = state(undisturbed)
        self.done = undisturbed

    def lake(self, of: Path | None = None) -> Path:
        """Return a new lake, empty or a copy."""
        self.number += 1
        lake = self.folder / f"lake{self.number}"
        if of:
            shutil.copytree(of, lake, symlinks=True)
        return lake

    def kills(self, numbers: range) -> Iterator[Tried]:
        """Kill a run before each point."""
        for number in numbers:
            lake, point = self.lake(), self.points[number]
            code = killed_at(number, lake, self.drop)
            wrong = faults(lake, self.drop, self.truth)
            if code != -signal.SIGKILL:
                wrong.append(f"not killed but ended with {code}")
            shutil.rmtree(lake)
            yield Tried(f"kill -9 before {number} {point.event} by {point.by}", wrong)

    def corruptions(self) -> Iterator[Tried]:
        """Harm each kind of file of a finished lake in each way."""
        for kind, _ in corrupted(self.done):
            for name, harm in HARMS.items():
                lake = self.lake(self.done)
                harm(dict(corrupted(lake))[kind])
                yield Tried(f"{kind}: {name}", self._settled(lake))
        lake = self.lake(self.done)
        (lake / "published/current").unlink()
        yield Tried("current: gone", self._settled(lake))

    def _settled(self, lake: Path) -> list[str]:
        """Return what is wrong after the next run, without receipts set aside."""
        from common_metrics.lake import UNREADABLE

        first = faults(lake, self.drop, self.truth)
        for aside in lake.rglob(f"*{UNREADABLE}"):
            if aside.with_suffix(".json").exists():
                aside.unlink()
        return faults(lake, self.drop, self.truth) if first else []

    def disks(self) -> Iterator[Tried]:
        """Run where files cannot grow, then where they can."""
        for size in (0, 100, 1_000, 3_000, 20_000, 300_000):
            lake = self.lake()
            yield self._hindered(
                f"full disk at {size:,} bytes", lake, on_a_full_disk(size)
            )

    def rights(self) -> Iterator[Tried]:
        """Run as a user without rights, on parts of the lake and of the drop folder."""
        for part in ("", "landing", "deliveries", "build", "published"):
            lake = self.lake(self.done)
            shutil.rmtree(lake / "validated")
            shutil.rmtree(lake / "published")
            (lake / "published").mkdir()
            closed = [lake / part, *(lake / part).glob("**/")]
            modes = {path: path.stat().st_mode for path in closed}
            for path in closed:
                path.chmod(0o500)
            give(lake)

            def opened(modes: dict[Path, int] = modes) -> None:
                for path, mode in modes.items():
                    path.chmod(stat.S_IMODE(mode))

            yield self._hindered(
                f"read-only: {part or 'lake'}", lake, as_nobody, opened
            )
        lake, file = self.lake(), next(self.drop.rglob("*grad.csv"))
        lake.mkdir()
        give(lake)
        file.chmod(0)
        tried = self._hindered(
            "unreadable file", lake, as_nobody, lambda: file.chmod(0o644)
        )
        yield tried

    def _hindered(
        self,
        what: str,
        lake: Path,
        hinder: Callable[[], None],
        undo: Callable[[], None] = lambda: None,
    ) -> Tried:
        from common_metrics.errors import Refused
        from common_metrics.lake import Lake

        def begun() -> None:
            hinder()
            run(Lake(lake), self.drop)

        code, said = in_a_fork(begun)
        undo()
        wrong = faults(lake, self.drop, self.truth)
        names = {each.__name__ for each in (Refused, *_below(Refused))}
        four = said.partition(":")[0] in names and "expected" in said
        if not code or not four:
            wrong.append(f"ended with {code}, said {said[:300]!r}")
        return Tried(what, wrong)

    def clock(self) -> Iterator[Tried]:
        """Correct a file after the clock was put back."""
        from common_metrics import lake as lake_module
        from common_metrics.lake import Lake

        corrected = self.folder / "corrected"
        shutil.copytree(self.drop, corrected)
        file = next(corrected.rglob("*grad.csv"))
        file.write_bytes(file.read_bytes().replace(b",41,71.9", b",42,73.7"))
        lakes = []
        for back in (False, True):
            lake = self.lake(self.done)

            def begun(lake: Path = lake, back: bool = back) -> None:
                if back:
                    lake_module.datetime = ClockBack
                run(Lake(lake), corrected)

            ended = in_a_fork(begun)
            lakes.append(state(lake) if not ended[0] else {"ended": ended})
        wrong = [key for key in lakes[0] if lakes[0][key] != lakes[1].get(key)]
        yield Tried("clock put back ten years", wrong)

    def two(self) -> Iterator[Tried]:
        """Begin two runs at once."""
        from common_metrics.lake import Lake

        lake, said = self.lake(), []

        def both() -> None:
            if not (other := os.fork()):
                os._exit(
                    0 if in_a_fork(lambda: run(Lake(lake), self.drop))[0] == 0 else 3
                )
            ended = in_a_fork(lambda: run(Lake(lake), self.drop))
            codes = {os.waitstatus_to_exitcode(os.waitpid(other, 0)[1]), ended[0]}
            if codes not in ({0, 1}, {3, 0}):
                raise ValueError(f"ended with {codes}, {ended[1]}")

        code, words = in_a_fork(both)
        said = [words] if code else []
        yield Tried("two runs at once", faults(lake, self.drop, self.truth) + said)


class ClockBack(datetime):
    """A clock of ten years ago."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return datetime.now(tz) - timedelta(days=3650)


def _below(kind: type) -> Iterator[type]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def _fill(drop: Path) -> None:
    """Two extracts; of one file a row is set aside."""
    from common_metrics.contracts.loading import load_contracts

    for key in KEYS:
        place = drop / Path(load_contracts()[key].landing.drop[0]).parent
        place.mkdir(parents=True)
        for file in (ROOT / "tests/fixtures" / key).glob("*.csv"):
            if "_race_" not in file.name and "_ct" not in file.name:
                shutil.copyfile(file, place / file.name)
    file = next(drop.rglob("*all-students_grad.csv"))
    file.write_bytes(file.read_bytes().replace(b",41,71.9", b",41,171.9", 1))


PARTS = ("kills", "corruptions", "disks", "rights", "clock", "two")


def drill(folder: Path, parts: list[str], step: int) -> Iterator[Tried]:
    """Yield what was tried; of the kills each ``step``-th."""
    made = Drill(folder)
    print(f"{len(made.points)} points", flush=True)
    for part in parts:
        if part == "kills":
            yield from made.kills(range(0, len(made.points), step))
        else:
            yield from getattr(made, part)()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--as-dbt", type=Path)
    parser.add_argument("--list", action="store_true", help="print the points alone")
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=PARTS)
    parser.add_argument("--step", type=int, default=1, help="kill at each n-th point")
    args = parser.parse_args()
    if args.as_dbt:
        as_dbt(args.as_dbt)
        return 0
    import great_expectations  # noqa: F401  once, before the forks

    os.environ.setdefault("COMMON_METRICS_STUDENT_KEY", "of the drill, no secret")
    if args.list:
        with tempfile.TemporaryDirectory(prefix="drill_") as folder:
            for point in Drill(Path(folder)).points:
                print(*point, sep="\t")
        return 0
    began, tried = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="drill_") as folder:
        for each in drill(Path(folder), args.parts, args.step):
            tried.append(each)
            print("survived" if not each.wrong else "LOST    ", each.what, flush=True)
            for line in each.wrong:
                print("    ", line[:400], flush=True)
    lost = [each for each in tried if each.wrong]
    print(
        f"tried {len(tried)}, survived {len(tried) - len(lost)}, lost {len(lost)}; "
        f"{time.monotonic() - began:.0f} s"
    )
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
