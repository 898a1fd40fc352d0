"""Landing: bytes as received, with a receipt; nothing here changes a byte."""

import hashlib
import io
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import BinaryIO, NamedTuple

from common_metrics import pseudonyms
from common_metrics.contracts.model import Contract
from common_metrics.errors import (
    DeliveryRefused,
    is_unseen,
    quoting_no_cell,
    seen,
)
from common_metrics.fetching import states
from common_metrics.lake import (
    STAGES,
    UNMATCHED,
    Delivery,
    Fault,
    Judgement,
    Lake,
    sha256_of,
)
from common_metrics.landing import gate
from common_metrics.reading import streaming
from common_metrics.reading.parsing import Rows
from common_metrics.reading.streaming import Spooled
from common_metrics.reading.years import years_in_name

LONGEST_NAME = 200  # bytes; 255 is what a file system takes, and landing adds to it
BLOCK = 1_000_000  # bytes read at a time
CLOSED = "one that is closed"
# The folder of a drop folder in which files lie that are being fetched.
FETCHING = ".fetching"
ASKED_BY_NONE = "no contract asks for it"
# The files of a drop folder that was listed for a whole run, see list_once.
LISTED: dict[Path, list[str]] = {}


LOST = DeliveryRefused(
    "the bytes that were received, or the rows made of them",
    "neither in the lake any more",
    "Deliver the file again, or put both back from a copy of the lake.",
)


class Landed(NamedTuple):
    """A delivery that was read, with its rows, or with why it is refused.

    With neither it was judged before, and nothing is to be done.
    """

    delivery: Delivery
    rows: Rows | Spooled | None = None
    refusal: DeliveryRefused | None = None


class Taken(NamedTuple):
    """The bytes of one read: their digest and size, and where they lie in the lake.

    ``data`` holds them all unless they are more than goes into memory.
    """

    sha256: str
    size: int
    data: bytes | None
    place: Path

    def opened(self) -> BinaryIO:
        """Return the very bytes of that read as a stream."""
        return self.place.open("rb") if self.data is None else io.BytesIO(self.data)


def list_once(drop: Path) -> None:
    """List the folder now, for all that this process and its forks ask of it."""
    LISTED[drop] = _files(drop)


def find_deliveries(contract: Contract, drop: Path) -> list[str]:
    """Return the files below ``drop`` that the contract asks for, as sorted paths."""
    return [name for name in _listed(drop) if _is_taken(contract, drop, name)]


def require_key(contracts: Iterable[Contract], drop: Path) -> None:
    """Raise KeyMissing if student files wait, or may be fetched, and no key is set."""
    students = (c for c in contracts if c.protects)
    if any(c.landing.sources or find_deliveries(c, drop) for c in students):
        pseudonyms.require_key()


def record_unmatched(
    contracts: dict[str, Contract], drop: Path, lake: Lake, landed_at: str
) -> list[str]:
    """Record and return the files below ``drop`` that no contract asks for.

    Of the refused ones it is noted which are gone: somebody took them back.
    """
    _record_withdrawn(contracts, drop, lake, landed_at)
    known = lake.forget_unmatched()
    names = [
        name
        for name in _listed(drop)
        if not any(_is_taken(contract, drop, name) for contract in contracts.values())
    ]
    for name in names:
        delivery = _unmatched(drop, name, landed_at)
        lake.record(known.get(delivery.sha256, delivery))
    return [seen(name) for name in names]


def _record_withdrawn(
    contracts: Iterable[str], drop: Path, lake: Lake, at: str
) -> None:
    newest = [d for key in contracts for d in lake.newest_of(key).values()]
    refused = [d for d in newest if d.status == "refused"]
    for d in refused:
        is_there = (drop / d.file).exists()
        if is_there == bool(d.withdrawn_at):
            lake.record(d.with_(withdrawn_at="" if is_there else at))


@quoting_no_cell
def receive(contract: Contract, drop: Path, name: str, lake: Lake, at: str) -> Landed:
    """Read one file once: what is kept, recorded and parsed are the same bytes.

    Bytes that went through this very contract before come back as they were recorded,
    unless their name now states another year: a delivery is its bytes and its year.
    Of bytes that cannot be read as what the contract says the refusal is recorded; they
    are kept under refused/, or under landing/ where the year could be read.
    """
    with _taken(contract, _inside(drop, name), lake) as taken:
        earlier = lake.recorded(contract.key, taken.sha256)
        if earlier and (error := _other_year(contract, earlier, name)):
            if not contract.identity.file_name or (drop / earlier.file).exists():
                return _refuse_beside(earlier, name, error, lake, at)
            lake.landing(earlier).unlink(missing_ok=True)
            _forget_rows(earlier, lake)
            earlier = None
        return _received(contract, name, taken, lake, at, earlier, at)


@quoting_no_cell
def receive_again(
    contract: Contract, delivery: Delivery, lake: Lake, judged_at: str = ""
) -> Landed:
    """Read once more the bytes that the lake keeps.

    For the rules of today, ``judged_at``; or as they were judged, where the rows made
    of them are damaged. If both are, the rows are lost: the record says so, and the
    build is without them.
    """
    damaged, kept = lake.damaged(delivery), lake.kept(delivery)
    if sha256_of(kept) == delivery.sha256:
        with _taken(contract, kept, lake) as taken:
            at = delivery.landed_at
            return _received(
                contract, delivery.file, taken, lake, at, delivery, judged_at
            )
    if delivery.status == "refused" or damaged == [kept]:
        return Landed(delivery)
    _forget_rows(delivery, lake)
    # No fault of the file, and no judgement of it.
    lost = refuse(delivery, LOST, lake).with_(faults=[])
    lake.record(lost)
    return Landed(lost, refusal=LOST)


def _received(
    contract: Contract,
    name: str,
    taken: Taken,
    lake: Lake,
    at: str,
    earlier: Delivery | None,
    judged_at: str,
) -> Landed:
    earlier = earlier and _delivered_again(earlier, name, lake, at)
    # What retention took comes back with the file.
    is_whole = earlier and not earlier.removed and not lake.damaged(earlier)
    if earlier and is_judged(earlier, contract) and is_whole:
        return Landed(earlier)
    delivery = Delivery(
        provider=contract.provider,
        extract=contract.extract,
        file=name,
        sha256=taken.sha256,
        bytes=taken.size,
        landed_at=at,
        contract_sha256=contract.sha256,
        source=states.origin(contract.key, name, taken.sha256, lake),
    )
    if earlier:
        # What an earlier judgement let pass must not stay.
        _forget_rows(earlier, lake)
        delivery = delivery.with_(
            landed_at=earlier.landed_at, landed_before=earlier.landed_before
        )
        is_same = is_judged(earlier, contract)
        delivery = _judged_anew(delivery, earlier, "" if is_same else judged_at)
    return _read(contract, delivery, taken, lake)


def _judged_anew(delivery: Delivery, earlier: Delivery, judged_at: str) -> Delivery:
    """Return the delivery with the judgements before; two that said the same are one.

    It is none to make rows again by the same rules, and there is none before it of what
    was killed before it was judged, or lost.
    """
    at, before = earlier.judged_at or earlier.landed_at, earlier.judged_before
    if judged_at <= at or not (earlier.status == "validated" or earlier.faults):
        return delivery.with_(judged_at=earlier.judged_at, judged_before=before)
    last = Judgement(at, earlier.status, earlier.faults)
    if not before or replace(before[-1], judged_at=at) != last:
        before = [*before, last]
    return delivery.with_(judged_at=judged_at, judged_before=before)


def _forget_rows(delivery: Delivery, lake: Lake) -> None:
    for stage in STAGES:
        lake.rows(stage, delivery).unlink(missing_ok=True)


def _other_year(
    contract: Contract, earlier: Delivery, name: str
) -> DeliveryRefused | None:
    """Return what is to be said where a name gives known bytes another year."""
    inside, years = not contract.identity.file_name, earlier.school_years
    pattern = contract.identity.file_name or contract.landing.name_year
    said = years_in_name(pattern, name) if pattern else []
    if not (said and years) or years in [[year] for year in said]:
        return None
    if inside:
        return gate.other_year(said, years)
    return DeliveryRefused(
        "the file of the year that its name says",
        f"the very bytes of {earlier.file}, of another year",
        "Fetch the file of that year. If the earlier name was the wrong one, take that "
        "file out of the drop folder and deliver this one again.",
    )


def _refuse_beside(
    earlier: Delivery, name: str, error: DeliveryRefused, lake: Lake, at: str
) -> Landed:
    """Refuse known bytes under another year's name; the record that they have stays.

    This one is of name and bytes.
    """
    known_by = f"{name} {earlier.sha256}".encode("utf-8", "surrogateescape")
    delivery = Delivery(
        provider=earlier.provider,
        extract=earlier.extract,
        file=name,
        sha256=hashlib.sha256(known_by).hexdigest(),
        bytes=earlier.bytes,
        landed_at=at,
        contract_sha256=earlier.contract_sha256,
        same_bytes_as=earlier.sha256,
    )
    return Landed(refuse(delivery, error, lake), refusal=error)


def is_judged(delivery: Delivery, contract: Contract) -> bool:
    """Return whether the bytes went through this very contract."""
    judged_by = (delivery.status, delivery.contract_sha256)
    return judged_by == ("validated", contract.sha256)


def _read(contract: Contract, delivery: Delivery, taken: Taken, lake: Lake) -> Landed:
    with taken.opened() as stream:
        return _read_stream(contract, delivery, taken, stream, lake)


def _read_stream(
    contract: Contract, delivery: Delivery, taken: Taken, stream: BinaryIO, lake: Lake
) -> Landed:
    try:
        spool = lake.spooled(delivery)
        found = gate.read_records(contract, taken.size, stream, spool)
        years, rows = gate.read_years(contract, delivery, found)
    except DeliveryRefused as error:
        if not lake.landing(delivery).exists():
            _keep(taken.place, lake.refused(delivery))
        return Landed(refuse(delivery, error, lake), refusal=error)
    year = years[0] if len(years) == 1 else None
    delivery = delivery.with_(school_year=year, school_years=years)
    _keep(taken.place, lake.landing(delivery))
    lake.refused(delivery).unlink(missing_ok=True)
    lake.record(delivery)
    try:
        return Landed(delivery, rows or gate.read_rows(contract, delivery, found))
    except DeliveryRefused as error:
        return Landed(refuse(delivery, error, lake), refusal=error)


def refuse(delivery: Delivery, error: DeliveryRefused, lake: Lake) -> Delivery:
    """Record why a delivery goes no further, and return the record."""
    sentence = error.sentence(f"{delivery.key} {delivery.file}")
    faults = [Fault("refused", error.expected)]
    refused = delivery.with_(status="refused", message=sentence, faults=faults)
    lake.record(refused)
    lake.spooled(delivery).unlink(missing_ok=True)
    return refused


def _delivered_again(earlier: Delivery, name: str, lake: Lake, at: str) -> Delivery:
    """Return the record of known bytes, made newest again if others came since.

    A publisher who takes a correction back delivers the first bytes once more, and the
    refused ones may be the first. What is only read again (``at``) came no second time.
    """
    others = [d for d in lake.recorded_of(earlier.key) if d.file == name]
    if at > earlier.landed_at < max(d.landed_at for d in others or [earlier]):
        before = [*earlier.landed_before, earlier.landed_at]
        earlier = earlier.with_(landed_at=at, landed_before=before)
        lake.record(earlier)
    return earlier


def _listed(drop: Path) -> list[str]:
    return LISTED[drop] if drop in LISTED else _files(drop)


def _files(drop: Path) -> list[str]:
    """Return the files below ``drop``, and the folders that nobody looks into.

    These are links, and those that are closed to the user.
    """
    found: list[Path] = []
    for place, folders, files in os.walk(drop):
        here = Path(place)
        shut = [name for name in folders if _is_shut(here / name)]
        found += [here / name for name in (*files, *shut)]
        folders[:] = {*folders} - {*shut, FETCHING}
    return sorted(path.relative_to(drop).as_posix() for path in found)


def _is_shut(folder: Path) -> bool:
    return folder.is_symlink() or not os.access(folder, os.R_OK | os.X_OK)


def _is_taken(contract: Contract, drop: Path, name: str) -> bool:
    asked = any(fnmatch(name, pattern) for pattern in contract.landing.drop)
    return asked and not _fault(drop, name)


def _fault(drop: Path, name: str) -> DeliveryRefused | None:
    """Return why a file is not taken, whatever asks for it."""
    if any(is_unseen(character) for character in name):
        return DeliveryRefused(
            "a name of characters that can be seen", "others in it", "Rename it."
        )
    if len(Path(name).name.encode()) > LONGEST_NAME:
        return DeliveryRefused(
            f"a name of at most {LONGEST_NAME} bytes", "a longer one", "Rename it."
        )
    if (drop / name).is_dir() and not (drop / name).is_symlink():
        return DeliveryRefused(
            "a folder that can be opened",
            CLOSED,
            "Open it for the user that runs this (chmod u+rx), or take it away: "
            "the files in it were passed over.",
        )
    if not _leads_inside(drop, name):
        return DeliveryRefused(
            "a file that lies in the drop folder",
            "a link that leads out of it, or nowhere",
            "Put the file itself there.",
        )
    return None


def _leads_inside(drop: Path, name: str) -> bool:
    file = (drop / name).resolve()
    return file.is_file() and file.is_relative_to(drop.resolve())


def _inside(drop: Path, name: str) -> Path:
    """Return the file's path; raise DeliveryRefused if it leads out of the folder."""
    if fault := _fault(drop, name):
        raise fault
    return drop / name


def _unmatched(drop: Path, name: str, landed_at: str) -> Delivery:
    fault = _fault(drop, name)
    # What a link leads to is not even read.
    outside = not _leads_inside(drop, name)
    digest = "" if outside else sha256_of(drop / name)
    known_by = f"{name} {digest}".encode("utf-8", "surrogateescape")
    return Delivery(
        provider=UNMATCHED,
        extract=UNMATCHED,
        file=seen(name),
        sha256=hashlib.sha256(known_by).hexdigest(),
        bytes=0 if outside else (drop / name).stat().st_size,
        landed_at=landed_at,
        status="unmatched",
        message=fault.sentence(name)
        if fault
        else f"{name}: {ASKED_BY_NONE}. If it is a source, write "
        "expectations/<provider>/<extract>.yml whose landing.drop matches it.",
    )


@contextmanager
def _taken(contract: Contract, file: Path, lake: Lake) -> Iterator[Taken]:
    """Copy a file into the lake in the one read that also gives its digest."""
    place = lake.incoming(contract.key)
    try:
        yield _copied(contract, file, place)
    finally:
        place.unlink(missing_ok=True)


def _copied(contract: Contract, file: Path, place: Path) -> Taken:
    digest, size, blocks, is_big = hashlib.sha256(), 0, [], False
    place.unlink(missing_ok=True)
    # Student files are among them: closed from the first byte on.
    kept = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR)
    with file.open("rb") as source, os.fdopen(kept, "wb") as copy:
        while block := source.read(BLOCK):
            digest.update(block)
            copy.write(block)
            size += len(block)
            blocks.append(block)
            if is_big := is_big or _is_too_big(contract, size):
                blocks.clear()
    data = None if is_big else b"".join(blocks)
    return Taken(digest.hexdigest(), size, data, place)


def _is_too_big(contract: Contract, size: int) -> bool:
    return size > contract.landing.max_bytes or streaming.takes(contract, size)


def _keep(part: Path, place: Path) -> None:
    """Move the bytes to ``place``, over those that came before: they may be damaged."""
    os.replace(part, place)
