"""House-keeping: what nobody has to keep any more goes, after as long as settings say.

Of a delivery its receipt stays, and says when which bytes went. Nothing goes that a
build or a release is made of: the rows of replaced deliveries are its history.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from common_metrics import settings
from common_metrics.lake import Delivery, Lake

# dbt ends its own logs at this size, too.
LONGEST_LOG = 10_000_000  # bytes


class Gone(NamedTuple):
    """What went: the setting by which, how many files and bytes."""

    setting: str
    files: int
    bytes: int

    def __str__(self) -> str:
        size = f"{self.files:,} files, {self.bytes / 1e6:,.1f} MB"
        return f"house-keeping: {size} gone by {settings.KEEP_}{self.setting}"


def tidy(lake: Lake) -> list[Gone]:
    """Remove what is older than the settings say; return what went."""
    now = datetime.fromisoformat(lake.moment())
    with lake.build_kept():
        gone = [
            _gone("REFUSED_DAYS", [*_refused(lake, now)]),
            _gone("SUPERSEDED_DAYS", [*_superseded(lake, now)]),
            _gone("LOG_DAYS", [*_logs(lake, now)]),
        ]
    return [each for each in gone if each.files]


def _gone(setting: str, files: list[Path]) -> Gone:
    there = [file for file in files if file.exists()]
    size = sum(file.stat().st_size for file in there)
    for file in there:
        file.unlink()
    return Gone(setting, len(there), size)


def _refused(lake: Lake, now: datetime) -> Iterator[Path]:
    """Yield the bytes of files that were refused long ago."""
    refused = (d for d in lake.all_recorded() if d.status == "refused")
    for delivery in refused:
        is_old = _is_past("REFUSED_DAYS", now, delivery.landed_at)
        if is_old and not delivery.same_bytes_as:
            yield from _noted(lake, delivery, [lake.kept(delivery)], now)


def _superseded(lake: Lake, now: datetime) -> Iterator[Path]:
    """Yield the bytes, and the rows set aside, of what others replaced long ago."""
    accepted = [d for d in lake.all_recorded() if d.status == "validated"]
    for _, same in groupby(accepted, attrgetter("key", "file")):
        lives: list[Delivery] = sorted(same, key=attrgetter("landed_at", "sha256"))
        for delivery, newer in pairwise(lives):
            if _is_past("SUPERSEDED_DAYS", now, newer.landed_at):
                files = [lake.landing(delivery), lake.rows("quarantine", delivery)]
                yield from _noted(lake, delivery, files, now)


def _noted(
    lake: Lake, delivery: Delivery, files: list[Path], now: datetime
) -> list[Path]:
    """Note on the receipt, once and first, that files go; what a killed one left too.

    The other way round they would be missed, and called damaged.
    """
    if not delivery.removed:
        removed = {lake.folder(file): str(now) for file in files}
        lake.record(delivery.with_(removed=removed))
    return files


def _logs(lake: Lake, now: datetime) -> Iterator[Path]:
    log = lake.log("airflow.log")
    if log.exists() and log.stat().st_size > LONGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    for folder in (lake.root / "logs", lake.root / "airflow/logs"):
        for file in folder.rglob("*"):
            at = datetime.fromtimestamp(file.lstat().st_mtime, now.tzinfo)
            is_old = _is_past("LOG_DAYS", now, str(at))
            if is_old and file.is_file() and not file.is_symlink():
                yield file


def _is_past(setting: str, now: datetime, since: str) -> bool:
    days = settings.kept(setting)
    return bool(days) and datetime.fromisoformat(since) < now - timedelta(days=days)
