"""The student key of a lake: one at a time, and how another one takes its place.

Under two keys one student would be two, of whom one left and one came, and rates would
be wrong without a sign. So a lake keeps what tells its key from others, and nothing of
a student is read under another one until the key was rotated.
"""

import os
from contextlib import suppress
from pathlib import Path

from common_metrics import lease, pseudonyms
from common_metrics.contracts.loading import load_contracts
from common_metrics.errors import Refused
from common_metrics.lake import STAGES, Delivery, Lake, sha256_of


class OtherKey(Refused):
    """Another key than that of the lake; nothing of a student was read under it."""


class CannotRotate(Refused):
    """The key stays what it was, and so do all rows."""


def require_own(lake: Lake) -> None:
    """Raise OtherKey unless the key is the lake's, which has the first one it sees."""
    own, place = pseudonyms.fingerprint(), _place(lake)
    if not own:
        return  # Who reads a student's file asks for a key in any case.
    if not place.exists():
        _claim(place, own)
    if (theirs := place.read_text().strip()) != own:
        raise OtherKey(
            f"LAKE {lake.root}",
            f"the key in {pseudonyms.VARIABLE} with which its students were hashed "
            f"(fingerprint {theirs})",
            f"another one (fingerprint {own})",
            "Set the key of the lake, or rotate it: docs/server.md.",
        )


def rotate(lake: Lake) -> int:
    """Take the rows of all students away and give the lake the key that is set.

    Returns how many files the next run reads anew from what landed. The key is changed
    last: until then a run under the old one makes the rows again. Raises CannotRotate
    where bytes are missing, and LakeTaken.
    """
    pseudonyms.require_key()
    with lease.held(lake, "make rotate-key"), lake.build_kept():
        deliveries = _of_students(lake)
        _refuse_lost(deliveries, lake)
        for file in [lake.build(), *_rows(deliveries, lake)]:
            file.unlink(missing_ok=True)
        part = _place(lake).with_suffix(".part")
        part.write_text(pseudonyms.fingerprint())
        os.replace(part, _place(lake))
    return len(deliveries)


def _place(lake: Lake) -> Path:
    return lake.private("deliveries") / "student_key"


def _claim(place: Path, own: str) -> None:
    """Write the key's mark where there is none, in one step: two may be the first."""
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    part.write_text(own)
    with suppress(FileExistsError):
        os.link(part, place)
    part.unlink()


def _of_students(lake: Lake) -> list[Delivery]:
    """Return the deliveries whose rows hold hashes."""
    contracts = load_contracts()
    if contracts.barred:
        raise CannotRotate(
            "expectations",
            "contracts that can all be read, so that no student is forgotten",
            f"{len(contracts.barred)} that cannot: {', '.join(contracts.barred)}",
            "Mend them, then rotate the key.",
        )
    keys = [key for key, contract in contracts.items() if contract.protects]
    found = [delivery for key in keys for delivery in lake.recorded_of(key)]
    return [d for d in found if any(file.exists() for file in _rows([d], lake))]


def _rows(deliveries: list[Delivery], lake: Lake) -> list[Path]:
    return [lake.rows(stage, each) for each in deliveries for stage in STAGES]


def _refuse_lost(deliveries: list[Delivery], lake: Lake) -> None:
    lost = [d for d in deliveries if sha256_of(lake.landing(d)) != d.sha256]
    if lost:
        raise CannotRotate(
            f"{lost[0].key} {lost[0].file}",
            "the landed bytes of each file of students, to hash them anew",
            f"{len(lost)} without them",
            "Deliver them again or put them back from a copy; see `make doctor`.",
        )
