"""The lease of a lake: one run works on it at a time, and the second learns who does.

The lock is the system's, which frees it when its owner dies, however that was. What
stands in the file is for people: who holds the lake, and since when.
"""

import fcntl
import getpass
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from common_metrics.errors import Refused
from common_metrics.lake import Lake

# How long the processes of a killed run may take to see that it is gone.
GRACE = 5.0  # seconds


class LakeTaken(Refused):
    """Somebody else works on the lake."""


@contextmanager
def held(lake: Lake, what: str) -> Iterator[None]:
    """Hold the lake alone; raise LakeTaken, with who has it and since when."""
    lake.root.mkdir(parents=True, exist_ok=True)
    with file(lake).open("a+") as lease:
        _take(lake, lease)
        lease.truncate(0)
        json.dump(_myself(what), lease)
        lease.flush()
        try:
            yield
        finally:
            lease.truncate(0)


def hold_for_parent(lake: Lake, what: str, descriptor: int) -> None:
    """Take the lease for who opened ``file(lake)`` as ``descriptor`` and began this.

    It is held while any process has the descriptor open; raises LakeTaken.
    """
    with os.fdopen(descriptor, "a+", closefd=False) as lease:
        _take(lake, lease)
        lease.truncate(0)
        json.dump(_myself(what) | {"pid": str(os.getppid())}, lease)


def file(lake: Lake) -> Path:
    """Return where it stands who holds the lake."""
    return lake.root / "lease.json"


def owner(lake: Lake) -> dict[str, str]:
    """Return what the holder of the lease, or one that was killed, wrote of itself."""
    try:
        return dict(json.loads(file(lake).read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def is_held(lake: Lake) -> bool:
    """Return whether a process that lives holds the lake."""
    if not file(lake).exists():
        return False
    with file(lake).open() as lease:
        return not _is_mine(lease)


def _take(lake: Lake, lease: IO[str]) -> None:
    until = time.monotonic() + GRACE
    while not _is_mine(lease):
        if _lives(owner(lake)) or time.monotonic() > until:
            raise _taken(lake)
        time.sleep(0.1)


def _is_mine(lease: IO[str]) -> bool:
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _taken(lake: Lake) -> LakeTaken:
    by = {"what": "a run", "user": "?", "host": "?", "pid": "?", "since": ""}
    by |= owner(lake)
    return LakeTaken(
        f"LAKE {lake.root}",
        "a lake that nobody works on",
        "{what} of user {user} on {host}, process {pid}, ".format(**by)
        + f"since {by['since'][:19] or '?'} UTC ({age(by['since'])})",
        "Wait until it has ended, or end it; then run again.",
    )


def age(since: str) -> str:
    """Return in words how long ago a moment was."""
    if not since:
        return "of unknown age"
    minutes = (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds() / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"


def _myself(what: str) -> dict[str, str]:
    return {
        "what": what,
        "user": getpass.getuser(),
        "host": socket.gethostname(),
        "pid": str(os.getpid()),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _lives(holder: dict[str, str]) -> bool:
    """Return whether the process that wrote its name may still be there."""
    if holder.get("host") != socket.gethostname():
        return bool(holder)
    return Path(f"/proc/{holder['pid']}").exists() if Path("/proc").exists() else True
