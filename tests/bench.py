"""What this code costs beside an earlier commit, on the same machine in the same run.

``make bench [DROP=<folder>] [BEFORE=<commit>] [RUNS=3]`` runs both in turn with one
environment, over the sample or a folder of extracts, and prints medians: processor
seconds (of all processes that were started), wall seconds, and the largest process.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
# Lands and validates a folder without Airflow, by the names of 336eb0e or of today.
LAND = """
import sys
from pathlib import Path
try:
    from common_metrics import batching
except ImportError:
    batching = None
    from common_metrics import landing, validation
    from common_metrics.contract import load_contracts
else:
    try:
        from common_metrics.contracts.loading import load_contracts
    except ImportError:
        from common_metrics.contracts.loading import load_contracts
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Lake
drop, lake = Path(sys.argv[1]), Lake(Path(sys.argv[2]))
AT = "2016-03-01T06:00:00+00:00"
def one(contract, name):
    try:
        landed = landing.land(contract, drop, name, lake, AT)
        validation.validate(contract, landed, lake)
    except DeliveryRefused:
        pass
for contract in load_contracts().values():
    if batching:
        for names in batching.new_batches(contract, drop, lake):
            batching.receive(contract, drop, names, lake, AT)
    else:
        for name in landing.find_deliveries(contract, drop):
            one(contract, name)
"""
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
# A refused delivery ends a run with 1.
failed = done.returncode not in (0, 1)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, failed)
"""
# The students of the sample are invented, and so may be the key that hashes them.
KEY = {"COMMON_METRICS_STUDENT_KEY": "of the sample, no secret"}
STAGES = ("land and validate", "first run", "second run", "one file changed")


class Cost(NamedTuple):
    """Processor seconds, wall seconds, megabytes of the largest process."""

    processor: float
    wall: float
    megabytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--drop", type=Path)
    parser.add_argument("--before", default="336eb0e")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    work = args.lake / "bench"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(args.drop or _sample(work), work / "drop")
    with checked_out(args.before, work / "before") as before:
        trees = {args.before: before, "now": ROOT}
        # In turn, so that what else the machine does meets both.
        costs = [
            {name: list(_costs(tree, work)) for name, tree in trees.items()}
            for _ in range(args.runs)
        ]
    _print(costs, args.before)


@contextmanager
def checked_out(commit: str, place: Path) -> Iterator[Path]:
    """Yield a folder in which an earlier commit stands; it goes afterwards."""
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "prune"], check=True)
    subprocess.run([*git, "add", "--quiet", "--detach", place, commit], check=True)
    try:
        yield place
    finally:
        subprocess.run([*git, "remove", "--force", place], check=True)


def _sample(work: Path) -> Path:
    script = ROOT / "tests/sample/generate.py"
    subprocess.run([sys.executable, script, work / "sample"], check=True)
    return work / "sample/extracts"


def _costs(tree: Path, work: Path) -> Iterator[Cost]:
    """Yield the cost of each stage, in a lake of its own."""
    drop, lake = work / "drop", work / "lake"
    yield _measured(tree, ["-c", LAND, str(drop), str(lake)])
    shutil.rmtree(lake)
    is_new = (tree / "plugins/common_metrics/cli.py").exists()
    run = ["-m", *(["common_metrics.cli", "run"] if is_new else ["common_metrics.run"])]
    run += ["--lake", str(lake), "--drop", str(drop)]
    yield _measured(tree, run)
    yield _measured(tree, run)
    files = drop.glob("ct_edsight/four-year-graduation-rates-school/*.csv")
    file = max(files, key=lambda file: file.stat().st_size)
    content = file.read_bytes()
    # Two rows change places: other bytes with the same cells.
    *head, one, other = content.splitlines()
    file.write_bytes(b"\r\n".join([*head, other, one, b""]))
    yield _measured(tree, run)
    file.write_bytes(content)
    shutil.rmtree(lake)


def _measured(tree: Path, words: list[str]) -> Cost:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, sys.executable, *words],
        cwd=tree,
        env=KEY | os.environ | {"PYTHONPATH": str(tree / "plugins")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    processor, megabytes, failed = done.stdout.split()
    if failed == "True":
        raise SystemExit(f"bench: {tree} did not run {words[:3]}")
    return Cost(float(processor), time.monotonic() - started, float(megabytes))


def _print(costs: list[dict[str, list[Cost]]], before: str) -> None:
    print(f"{'':<20}{'processor s':>26}{'wall s':>26}{'largest MB':>26}")
    print(f"{'':<20}" + f"{before[:9]:>10}{'now':>8}{'ratio':>8}" * 3)
    for n, stage in enumerate(STAGES):
        line = f"{stage:<20}"
        for part in range(3):
            then, now = (
                median(run[name][n][part] for run in costs) for name in (before, "now")
            )
            line += f"{then:>10.1f}{now:>8.1f}{now / then:>8.2f}"
        print(line)


if __name__ == "__main__":
    main()
