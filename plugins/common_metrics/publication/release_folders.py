"""The folders of releases: which there are, which is current, what goes.

Each step is one rename, and what a killed one left is found and finished by the next:

    link current.new -> release     the release is not there yet
    rename .candidate-<id> -> <id>  from here on the swap is owed
    rename current.new -> current   readers see it
    rename <id> -> .removed-<id>    of those that are too many; then their files
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from common_metrics import settings
from common_metrics.lake import Lake
from common_metrics.publication.audiences import PUBLIC, ReleaseRefused


def manifests(lake: Lake) -> dict[str, dict]:
    """Return the manifest of each kept release by its id, oldest first.

    In the order in which they were made: a clock may go back. A folder that lacks a
    database, as one that was removed in part, is no release, nor is one whose manifest
    cannot be read.
    """
    found = {}
    for file in lake.published.glob("[0-9]*/manifest.json"):
        with suppress(ValueError):
            found[file.parent.name] = dict(json.loads(file.read_text()))
    whole = {
        name: manifest
        for name, manifest in found.items()
        if _is_whole(lake.published / name, manifest)
    }
    return dict(sorted(whole.items(), key=lambda r: (r[1].get("number", 0), r[0])))


def _is_whole(folder: Path, manifest: dict) -> bool:
    files = manifest.get("files", {})
    return all((folder / n).exists() for n in files if n.endswith(".duckdb"))


def next_number(lake: Lake) -> int:
    """Return the number of the next release, of which none kept has a higher one."""
    return 1 + max((m.get("number", 0) for m in manifests(lake).values()), default=0)


def swap_in(lake: Lake, candidate: Path, release: str) -> None:
    """Make an audited candidate the current release; remove those that are too many."""
    _open_to_all(candidate)
    with _alone(lake):
        _link(lake, release)
        _rename_in(candidate, lake.published / release)
        _finish(lake)
    clean(lake)


def point_current_at(lake: Lake, release: str) -> None:
    """One rename: a reader sees the old release or the new one, never a mixture."""
    with _alone(lake):
        _link(lake, release)
        _finish(lake)


def resume(lake: Lake) -> str | None:
    """Finish a swap that was killed half-way; return the release, None if none was.

    Where current leads to no release, as after somebody removed it, it is the newest.
    """
    if not _owed(lake).is_symlink():
        kept = list(manifests(lake))
        if kept and lake.current.resolve().name not in kept:
            point_current_at(lake, kept[-1])
        return None
    with _alone(lake):
        return _finish(lake) if _owed(lake).is_symlink() else None


def rollback(lake: Lake, to: str | None = None) -> str:
    """Point current at release ``to``, or at the one before; return its id."""
    kept = list(manifests(lake))
    now = lake.current.resolve().name
    earlier = kept[: kept.index(now)] if now in kept else kept
    if to is None and not earlier or to is not None and to not in kept:
        raise ReleaseRefused(
            "rollback",
            f"a kept release other than {now}",
            f"{kept}",
            "Name one of them with RELEASE=<id>.",
        )
    target = to or earlier[-1]
    point_current_at(lake, target)
    return target


def clean(lake: Lake) -> None:
    """Remove what is too old and what a killed publication left; never the current."""
    kept, current = list(manifests(lake)), lake.current.resolve().name
    # All of them where the setting is 0.
    newest = kept[-settings.kept("RELEASES") :]
    for folder in lake.published.glob("[0-9]*"):
        if folder.name not in {*newest, current}:
            remove(lake, folder.name)
    for pattern in (".removed-*", ".candidate-*"):
        for left in lake.published.glob(pattern):
            _remove(left)


@contextmanager
def _alone(lake: Lake) -> Iterator[None]:
    """Hold the folder of releases for a swap, which takes no time."""
    folder = os.open(lake.published, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def remove(lake: Lake, release: str) -> None:
    """Take a folder out of the releases by one rename: half of one is none."""
    folder = lake.published / release
    if folder.exists():
        os.replace(folder, folder.with_name(f".removed-{release}"))


def _rename_in(candidate: Path, folder: Path) -> None:
    os.replace(candidate, folder)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder)


def _owed(lake: Lake) -> Path:
    return lake.published / "current.new"


def _link(lake: Lake, release: str) -> None:
    _owed(lake).unlink(missing_ok=True)
    _owed(lake).symlink_to(release, target_is_directory=True)


def _finish(lake: Lake) -> str | None:
    """Move the link that is owed into its place; drop it if its release never came."""
    if not _owed(lake).exists():
        _owed(lake).unlink()
        return None
    os.replace(_owed(lake), lake.current)
    return lake.current.readlink().name


def _open_to_all(candidate: Path) -> None:
    """Let every user of the machine read the public files, and those alone."""
    for path in candidate.iterdir():
        if path.name not in PUBLIC:
            path.chmod(0o700 if path.is_dir() else 0o600)
    candidate.chmod(0o755)
