"""Receiving: what is new in the drop folder, a batch of files at a time.

A file that has not been touched since it was judged is not read again. That is told by
its size and times, which stand in ``looks/`` of the lake.
"""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from common_metrics import student_key
from common_metrics.contracts.model import Contract
from common_metrics.errors import Refused, in_four_parts
from common_metrics.lake import Delivery, Lake, write_json
from common_metrics.landing import receiving
from common_metrics.landing.receiving import Landed
from common_metrics.reading import streaming
from common_metrics.validation import expectations

# How many files are judged in one run; their bytes together are at most what one file
# of the extract may have, or what one may have that is not read in a stream.
FILES = 200
# A file system may give two writes within this time the same stamp.
SETTLED = 2_000_000_000  # nanoseconds
Look = list[int | str]
# Called for each file that was read; ``make run`` counts with them.
ON_READ: list[Callable[[], None]] = []


class NotReceived(Refused):
    """Files of a batch that did not become rows; the others did."""


class Damaged(Refused):
    """Files of the lake that are not what was received, or made of it."""


def new_batches(contract: Contract, drop: Path, lake: Lake) -> list[list[str]]:
    """Return the files that were touched since the last look, in batches."""
    looks, room, most = _looks(contract, lake), 0, contract.landing.max_bytes
    if streaming.is_streamable(contract):
        most = min(most, streaming.IN_MEMORY)
    batches: list[list[str]] = []
    for name in receiving.find_deliveries(contract, drop):
        try:
            look = _look(drop / name)
        except FileNotFoundError:  # it went since the folder was listed
            continue
        if _is_known(contract, look, looks.get(name), lake):
            continue
        room -= (size := int(look[0]))
        if room < 0 or len(batches[-1]) == FILES:
            room = most - size
            batches.append([])
        batches[-1].append(name)
    return batches


def receive(
    contract: Contract, drop: Path, names: list[str], lake: Lake, at: str
) -> list[Landed]:
    """Land the files and judge them in one run; return what became of them.

    ``at`` is when the folder was looked at: what lay there together came together.
    Raises NotReceived at the end where the code itself failed on a file; the others are
    received all the same, and OtherKey where it would hash students.
    """
    if contract.protects:
        student_key.require_own(lake)
    landed: dict[str, Landed] = {}
    looks: dict[str, Look] = {}
    broken: dict[str, Exception] = {}
    for name in names:
        began = time.time_ns()
        try:
            look = _look(drop / name)
            one = receiving.receive(contract, drop, name, lake, at)
            is_settled = look == _look(drop / name)
        except Exception as error:
            broken[name] = error
            continue
        # Of files with the same bytes the last one counts.
        landed[one.delivery.sha256] = one
        if is_settled and began - max(map(int, look[1:])) > SETTLED:
            looks[name] = [*look, one.delivery.sha256]
        for told in ON_READ:
            told()
    done = [one for one in landed.values() if not one.rows]
    done += _judged(contract, [o for o in landed.values() if o.rows], lake, broken)
    if looks:
        write_json(lake.looks(contract.key), _looks(contract, lake) | looks)
    if broken:
        raise _not_received(contract, broken)
    return done


def unsound(key: str, lake: Lake) -> list[Delivery]:
    """Return the deliveries that were never judged, or of which bytes are damaged."""
    found = lake.recorded_of(key)
    return [d for d in found if d.status == "landed" or lake.damaged(d)]


def to_mend(contract: Contract, drop: Path, lake: Lake) -> list[Delivery]:
    """Return the unsound of which no file of the drop folder is read again."""
    looks = _looks(contract, lake).items()
    there = {
        look[-1]
        for name, look in looks
        if (drop / name).exists() and look[:-1] == _look(drop / name)
    }
    return [d for d in unsound(contract.key, lake) if d.sha256 not in there]


def mend(contract: Contract, drop: Path, lake: Lake) -> None:
    """Make rows again from what landed, one delivery after the other."""
    for delivery in to_mend(contract, drop, lake):
        mend_one(contract, delivery, lake)


def mend_one(
    contract: Contract, delivery: Delivery, lake: Lake, judged_at: str = ""
) -> None:
    """Make a delivery's rows again from what landed, or record that they are lost.

    With ``judged_at`` they are judged anew, by the rules of that time. Raises OtherKey
    where it would hash students.
    """
    if contract.protects:
        student_key.require_own(lake)
    broken: dict[str, Exception] = {}
    again = receiving.receive_again(contract, delivery, lake, judged_at)
    _judged(contract, [again] if again.rows else [], lake, broken)
    if broken:
        print(_not_received(contract, broken))


def still_refused(key: str, drop: Path, lake: Lake) -> list[Delivery]:
    """Return the refused among the newest records of the files in the drop folder."""
    newest = lake.newest_of(key).values()
    return [d for d in newest if d.status == "refused" and (drop / d.file).exists()]


def still_wrong(key: str, drop: Path, lake: Lake) -> list[str]:
    """Return in words what of an extract's files is refused or damaged."""
    refused = [delivery.message for delivery in still_refused(key, drop, lake)]
    return refused + still_damaged(key, drop, lake)


def still_damaged(key: str, drop: Path, lake: Lake) -> list[str]:
    """Return a sentence for each delivery that could not be mended."""
    told = still_refused(key, drop, lake)
    return [_damage(d, lake) for d in unsound(key, lake) if d not in told]


def _damage(delivery: Delivery, lake: Lake) -> str:
    if delivery.status == "refused":
        return delivery.message
    files = (str(f.relative_to(lake.root)) for f in lake.damaged(delivery))
    damaged = Damaged(
        f"{delivery.key} {delivery.file}",
        "the bytes of its receipt",
        f"others, or none: {', '.join(files) or 'rows that were never judged'}",
        "Deliver the file again, or put it back from a copy of the lake.",
    )
    return str(damaged)


def _looks(contract: Contract, lake: Lake) -> dict[str, Look]:
    """Return the last look, {} where there is none that can be read."""
    with suppress(FileNotFoundError, ValueError):
        return dict(json.loads(lake.looks(contract.key).read_text()))
    return {}


def _look(file: Path) -> Look:
    """Return what is told of a file without opening it."""
    told = file.stat()
    return [told.st_size, told.st_mtime_ns, told.st_ctime_ns]


def _is_known(contract: Contract, look: Look, last: Look | None, lake: Lake) -> bool:
    """Return whether the contract has judged these very bytes, and they are kept."""
    if not last or last[:-1] != look:
        return False
    known = lake.recorded(contract.key, str(last[-1]))
    if not known or known.status not in ("validated", "refused"):
        return False
    return known.contract_sha256 == contract.sha256 and not lake.damaged(known)


def _not_received(contract: Contract, broken: dict[str, Exception]) -> NotReceived:
    told = {name: in_four_parts(error) for name, error in broken.items()}
    found = "".join(f"\n  {name}: {error}" for name, error in told.items())
    return NotReceived(
        contract.key,
        "files that the code can take",
        f"{len(broken)} that it cannot:{found}\n",
        "The other files were received; mend the code, or take these out.",
    )


def _judged(
    contract: Contract, landed: list[Landed], lake: Lake, broken: dict[str, Exception]
) -> list[Landed]:
    """Judge deliveries together, or one by one where the code fails on one of them."""
    if not landed:
        return []
    try:
        return expectations.judge(contract, landed, lake)
    except Exception as error:
        if len(landed) == 1:
            broken[landed[0].delivery.file] = error
            return []
    return [one for each in landed for one in _judged(contract, [each], lake, broken)]
