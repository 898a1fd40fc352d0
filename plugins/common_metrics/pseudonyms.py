"""Pseudonyms: what tells of one student becomes a keyed hash, the same for the same.

The key comes from the environment alone. Without it a hash can neither be made nor be
tried out, as a bare hash of a birth date could.
"""

import hmac
import os
import re
from collections.abc import Iterable
from functools import lru_cache

from common_metrics.errors import Refused

VARIABLE = "COMMON_METRICS_STUDENT_KEY"
SHORTEST_KEY = 16
MALFORMED = "malformed"


class KeyMissing(Refused):
    """No key, or one that can be guessed; nothing of a student is written."""


def pseudonym(kind: str, value: str | None, pattern: str | None) -> str | None:
    """Return 32 hex digits for a cell, None for an empty one."""
    (told,) = pseudonyms(kind, [value], pattern)
    return told


def pseudonyms(
    kind: str, values: Iterable[str | None], pattern: str | None
) -> list[str | None]:
    """Return 32 hex digits for each cell, None for an empty one; raise KeyMissing.

    A cell that does not match ``pattern`` becomes ``malformed``: validation sees the
    fault and nobody the cell. Clearing houses return an id with an underscore behind.
    """
    is_formed = re.compile(pattern or "", re.ASCII | re.IGNORECASE).fullmatch
    told: list[str | None] = []
    key = b""
    for value in values:
        cell = (value or "").strip().rstrip("_").upper()
        if not cell:
            told.append(None)
        elif pattern and not is_formed(cell):
            told.append(MALFORMED)
        else:
            key = key or require_key()
            told.append(_keyed(key, f"{kind}\0{cell}"))
    return told


def fingerprint() -> str:
    """Return what tells one key from another and nothing of the key; "" without one."""
    if not os.environ.get(VARIABLE):
        return ""
    return _keyed(require_key(), "fingerprint")[:8]


# A student has a row a day: each id is hashed once.
@lru_cache(maxsize=500_000)
def _keyed(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()[:32]


def require_key() -> bytes:
    """Return the key; raise KeyMissing with what to do."""
    key = os.environ.get(VARIABLE, "")
    if len(key) < SHORTEST_KEY:
        found = f"one of {len(key)} characters" if key else "none"
        raise KeyMissing(
            "environment",
            f"a secret of {SHORTEST_KEY} or more characters in {VARIABLE}",
            found,
            "Student files stay where they are: set the key that the lake was begun "
            "with (docs/runbook.md) and run again.",
        )
    return key.encode()
