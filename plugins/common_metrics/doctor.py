"""``make doctor``: what is wrong with a lake, and with FIX=1 what can be mended of it.

Nothing is mended that a person has to decide. What the next run makes anew anyway, such
as files that still lie in the drop folder, is said to be.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from common_metrics import airflow_db, batching, lease, report, settings
from common_metrics.contracts.loading import load_contracts
from common_metrics.errors import Refused
from common_metrics.fetching import states
from common_metrics.lake import STAGES, UNREADABLE, Delivery, Lake, sha256_of
from common_metrics.publication import release_folders

BY_HAND = "deliver the file again, or put it back from a copy of the lake"
FOLDERS = (
    *("landing", "refused", *STAGES, "deliveries", "looks", "sources", "data_docs"),
    *("build", "published", "airflow", "logs", "sample"),
)


# So many of a kind are listed.
SHOWN = 10


class Wrong(NamedTuple):
    """Something that is wrong, where, and what to do; ``mend`` does it where it can."""

    what: str
    where: object
    todo: str
    mend: Callable[[], object] | None = None


def doctor(lake: Lake, drop: Path | None, fix: bool) -> int:
    """Print what is wrong, mend what can be if asked; 1 where something is left."""
    if not lake.root.is_dir():
        todo = "Give its folder as LAKE=, or make one by `make run`."
        raise Refused(f"LAKE={lake.root}", "the folder of a lake", "none", todo)
    console = Console(highlight=False, width=None if Console().is_terminal else 120)
    found = [*wrong(lake, drop)]
    console.print(_found(lake, found))
    if fix and any(each.mend for each in found):
        with lease.held(lake, "make doctor"):
            for each in found:
                if each.mend:
                    each.mend()
        found = [*wrong(lake, drop)]
        console.print(_found(lake, found, " after mending"))
    if asked := [*states.rows(load_contracts().values(), lake)]:
        console.print(report.sources(asked))
    console.print(_sizes(lake))
    return 1 if found else 0


def wrong(lake: Lake, drop: Path | None) -> Iterator[Wrong]:
    """Yield what is wrong."""
    yield from _receipts(lake)
    yield from _deliveries(lake, drop)
    yield from _left_behind(lake)
    yield from _releases(lake)
    home = lake.root / "airflow"
    if (home / "airflow.db").exists() and not airflow_db.is_whole(home / "airflow.db"):
        todo = "remove it, the next run makes it"
        mend = partial(airflow_db.remove, home)
        yield Wrong("Airflow's database is half-made", home / "airflow.db", todo, mend)
    needed = _size(lake.root / "build") + _size(lake.current.resolve())
    if (free := shutil.disk_usage(lake.root).free) < 2 * needed:
        yield Wrong("little room on the disk", f"{_mb(free)} MB free", "free some")


def _receipts(lake: Lake) -> Iterator[Wrong]:
    for file in lake.unreadable_receipts():
        todo = "set it aside: its file lands again, if it is in the drop folder"
        yield Wrong("unreadable receipt", file, todo, lake.set_receipts_aside)
    for file in lake.deliveries.rglob(f"*{UNREADABLE}"):
        if file.with_suffix(".json").exists():
            yield Wrong("receipt set aside, landed again", file, "remove", file.unlink)
        else:
            yield Wrong("receipt set aside, not landed again", file, BY_HAND)


def _deliveries(lake: Lake, drop: Path | None) -> Iterator[Wrong]:
    contracts, now = load_contracts(), time.time()
    for delivery in lake.all_recorded():
        if delivery.landed_at > time.strftime("%Y-%m-%dT~", time.gmtime(now)):
            todo = "see to the clock; the order of deliveries stays right"
            yield Wrong("received in the future", delivery.file, todo)
        damaged = lake.damaged(delivery)
        contract = contracts.get(delivery.key)
        if not damaged and delivery.status != "landed":
            continue
        where = ", ".join(str(f.relative_to(lake.root)) for f in damaged)
        if lake.landing(delivery) not in damaged and contract:
            mend = partial(batching.mend_one, contract, delivery, lake)
            todo = "make the rows anew from landing"
            yield Wrong("rows that are not the receipt's", where, todo, mend)
        elif drop and (drop / delivery.file).exists():
            yield Wrong(
                "bytes that are not the receipt's", where, "run: it lands again"
            )
        else:
            yield Wrong("bytes that are not the receipt's", where, BY_HAND)


def _left_behind(lake: Lake) -> Iterator[Wrong]:
    """Yield what a killed run left: its lease, half files, rows without a receipt."""
    if lease.is_held(lake):
        return
    if owner := lease.owner(lake):
        where = f"{owner['what']}, process {owner['pid']}, {lease.age(owner['since'])}"
        yield Wrong("a run was killed", where, "forget it", lease.file(lake).unlink)
    for part in lake.root.rglob("*.part"):
        yield Wrong("half-written file", part, "remove it", part.unlink)
    known = {
        path for delivery in lake.all_recorded() for path in _files(lake, delivery)
    }
    for stage in (*STAGES, "landing"):
        for file in sorted((lake.root / stage).glob("*/*/*/*")):
            is_rows = stage in STAGES and file.parent.name != "none"
            if file not in known and is_rows:
                yield Wrong("rows without a receipt", file, "remove them", file.unlink)
            elif file not in known and stage == "landing":
                yield Wrong("bytes without a receipt", file, BY_HAND)


def _files(lake: Lake, delivery: Delivery) -> list[Path]:
    return [lake.landing(delivery), *(lake.rows(stage, delivery) for stage in STAGES)]


def _releases(lake: Lake) -> Iterator[Wrong]:
    kept = release_folders.manifests(lake)
    if not kept:
        return
    for pattern in (".candidate-*", ".removed-*", "current.new"):
        for left in lake.published.glob(pattern):
            mend = partial(_tidy, lake)
            yield Wrong("a publication was killed", left, "finish or remove it", mend)
    for name, manifest in kept.items():
        for file, of in manifest["files"].items():
            if of and sha256_of(lake.published / name / file) != of["sha256"]:
                where, todo = lake.published / name / file, "remove it, and run again"
                mend = partial(release_folders.remove, lake, name)
                yield Wrong("a release's file was changed", where, todo, mend)
    if lake.current.resolve().name not in kept:
        newest = [*kept][-1]
        mend = partial(release_folders.point_current_at, lake, newest)
        yield Wrong("current points nowhere", lake.current, f"to {newest}", mend)


def _tidy(lake: Lake) -> None:
    release_folders.resume(lake)
    release_folders.clean(lake)


def _found(lake: Lake, found: list[Wrong], after: str = "") -> Table | str:
    title = f"{lake.root}{after}: {len(found) or 'nothing'} wrong"
    if not found:
        return title
    table = Table("what", "where", "to do", "FIX=1", title=title)
    for what, group in groupby(sorted(found, key=itemgetter(0)), itemgetter(0)):
        of_it = [*group]
        for each in of_it[:SHOWN]:
            where = str(each.where).removeprefix(f"{lake.root}/")
            table.add_row(what, where, each.todo, "yes" if each.mend else "by hand")
        if of_it[SHOWN:]:
            table.add_row(what, f"and {len(of_it) - SHOWN} more")
    return table


def _sizes(lake: Lake) -> Table:
    free = shutil.disk_usage(lake.root).free
    table = Table("folder", title=f"Sizes; {_mb(free)} MB free")
    for name in ("files", "MB"):
        table.add_column(name, justify="right")
    table.add_column("kept")
    for name in FOLDERS:
        files = sum(1 for file in (lake.root / name).rglob("*") if file.is_file())
        table.add_row(name, f"{files:,}", _mb(_size(lake.root / name)), _kept(name))
    return table


# By which setting something of a folder goes, and what.
KEPT = {
    "landing": ("SUPERSEDED_DAYS", "days what another file replaced"),
    "quarantine": ("SUPERSEDED_DAYS", "days what another file replaced"),
    "refused": ("REFUSED_DAYS", "days"),
    "published": ("RELEASES", "releases"),
    "airflow": ("HISTORY_DAYS", "days"),
    "logs": ("LOG_DAYS", "days"),
}


def _kept(folder: str) -> str:
    setting, of = KEPT.get(folder, ("", ""))
    count = settings.kept(setting) if setting else 0
    return f"{count} {of}" if count else ""


def _size(folder: Path) -> int:
    """Return the bytes below a folder; what is linked there counts where it lies."""
    files = (file for file in folder.rglob("*") if not file.is_symlink())
    return sum(file.stat().st_size for file in files if file.is_file())


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f}"
