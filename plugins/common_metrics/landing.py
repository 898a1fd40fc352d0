"""Landing: bytes as received, with a receipt; nothing here changes a byte."""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from common_metrics import pseudonyms
from common_metrics.contract import Contract
from common_metrics.errors import (
    DeliveryRefused,
    is_unseen,
    quoting_no_cell,
    seen,
)
from common_metrics.lake import UNMATCHED, Delivery, Lake
from common_metrics.readers import (
    decode,
    parse,
    read_identity,
    records,
    school_years,
    years_in_name,
)

MAX_LINE = 1_000_000
MAX_LINES = 1_000_000
LONGEST_NAME = 200  # bytes; 255 is what a file system takes, and landing adds to it
ARCHIVES = {b"PK\x03\x04": "a zip archive or workbook", b"\x1f\x8b": "a gzip archive"}


def find_deliveries(contract: Contract, drop: Path) -> list[str]:
    """Return the files below ``drop`` that the contract asks for, as sorted paths."""
    return [name for name in _files(drop) if _is_taken(contract, drop, name)]


def require_key(contracts: Iterable[Contract], drop: Path) -> None:
    """Raise KeyMissing if student files wait below ``drop`` and no key is set."""
    if any(c.protects and find_deliveries(c, drop) for c in contracts):
        pseudonyms.require_key()


def record_unmatched(
    contracts: dict[str, Contract], drop: Path, lake: Lake, landed_at: str
) -> list[str]:
    """Record and return the files below ``drop`` that no contract asks for."""
    known = lake.forget_unmatched()
    names = [
        name
        for name in _files(drop)
        if not any(_is_taken(contract, drop, name) for contract in contracts.values())
    ]
    for name in names:
        delivery = _unmatched(drop, name, landed_at)
        lake.record(known.get(delivery.sha256, delivery))
    return [seen(name) for name in names]


@quoting_no_cell
def land(contract: Contract, drop: Path, name: str, lake: Lake, at: str) -> Delivery:
    """Copy one file into the lake and return its record, ``status`` telling the rest.

    ``validated`` means that these bytes went through this very contract before, and
    nothing is to be done. ``landed`` means new (or newly judged) bytes. A file that
    cannot be read as what the contract says raises DeliveryRefused; its bytes are
    kept under refused/ and the refusal is recorded.
    """
    file = _inside(drop, name)
    delivery = Delivery(
        provider=contract.provider,
        extract=contract.extract,
        file=name,
        sha256=_sha256(file),
        bytes=file.stat().st_size,
        landed_at=at,
        contract_sha256=contract.sha256,
    )
    earlier = lake.recorded(contract.key, delivery.sha256)
    if earlier:
        if (earlier.status, earlier.contract_sha256) == ("validated", contract.sha256):
            return _delivered_again(earlier, name, lake, at)
        # Judged anew from here on: what an earlier judgement let pass must not stay.
        lake.rows("validated", earlier).unlink(missing_ok=True)
        delivery = delivery.with_(
            landed_at=earlier.landed_at, landed_before=earlier.landed_before
        )
    try:
        years = _judge(contract, file, delivery)
        year = years[0] if len(years) == 1 else None
        delivery = delivery.with_(school_year=year, school_years=years)
    except DeliveryRefused as error:
        refuse(delivery, error, file, lake)
        raise
    _keep(file, lake.landing(delivery))
    lake.record(delivery)
    return delivery


def _delivered_again(earlier: Delivery, name: str, lake: Lake, at: str) -> Delivery:
    """Return the record of known bytes, made newest again if others came since.

    A publisher who takes a correction back delivers the first bytes once more.
    """
    others = [d for d in lake.recorded_of(earlier.key) if d.file == name]
    if any(d.landed_at > earlier.landed_at for d in others):
        before = [*earlier.landed_before, earlier.landed_at]
        earlier = earlier.with_(landed_at=at, landed_before=before)
        lake.record(earlier)
    return earlier


def refuse(delivery: Delivery, error: DeliveryRefused, file: Path, lake: Lake) -> None:
    """Record why a delivery goes no further, and keep its bytes."""
    if not lake.landing(delivery).exists():
        _keep(file, lake.refused(delivery))
    sentence = error.sentence(f"{delivery.key} {delivery.file}")
    lake.record(delivery.with_(status="refused", message=sentence))


def _judge(contract: Contract, file: Path, delivery: Delivery) -> list[int]:
    """Return the school years that the file states; refuse what is no table."""
    data = _guarded_bytes(contract, file)
    if contract.read.format == "csv":
        _refuse_cut_text(contract, decode(contract, data))
    found = records(contract, data)
    if contract.identity.column:
        years = school_years(parse(contract, delivery, found).table)
    else:
        year = read_identity(contract, found, delivery.file).school_year
        years = [year] if year else []
    _refuse_other_year(contract, delivery.file, years)
    return years


def _guarded_bytes(contract: Contract, file: Path) -> bytes:
    size = file.stat().st_size
    if size == 0:
        raise DeliveryRefused(
            "a table", "an empty file (0 bytes)", "Download it again and deliver it."
        )
    if size > contract.landing.max_bytes:
        raise DeliveryRefused(
            f"at most {contract.landing.max_bytes:,} bytes",
            f"{size:,} bytes",
            f"If the extract has grown, raise landing.max_bytes in {contract.path}.",
        )
    data = file.read_bytes()
    if contract.read.format == "csv":
        _refuse_other_type(data)
    return data


def _refuse_other_type(data: bytes) -> None:
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise DeliveryRefused(
            "a csv table",
            "a web page saved under a csv name",
            "The publisher's site answered with a page, often a log-in or an error: "
            "open the page, download the table itself and deliver that.",
        )
    for magic, what in ARCHIVES.items():
        if data.startswith(magic):
            raise DeliveryRefused(
                "a csv table",
                what,
                "Take the table out of it and deliver that; archives are not opened.",
            )
    if data.count(b"\n") > MAX_LINES:
        raise DeliveryRefused(
            f"at most {MAX_LINES:,} lines",
            f"{data.count(10):,}",
            "An extract of schools is smaller: check what was exported.",
        )
    longest = max(len(line) for line in data.split(b"\n"))
    if longest > MAX_LINE:
        raise DeliveryRefused(
            f"lines of at most {MAX_LINE:,} bytes",
            f"one of {longest:,} bytes",
            "The line ends were lost on the way: ask for the file again.",
        )


def _refuse_cut_text(contract: Contract, text: str) -> None:
    if contract.read.final_newline and not text.endswith("\n"):
        raise DeliveryRefused(
            "a line end after the last row",
            "a file that stops in the middle of a row",
            "The transfer was cut: download it again and compare the size.",
            row=text.count("\n") + 1,
        )


def _refuse_other_year(contract: Contract, name: str, years: list[int]) -> None:
    if not contract.landing.name_year or not years:
        return
    said = years_in_name(contract.landing.name_year, name)
    if said and years not in [[year] for year in said]:
        named, inside = _written(said), _written(years)
        raise DeliveryRefused(
            f"the school year that its name says, {named}",
            f"{inside} inside the file",
            "Find out which one is right, rename the file or fetch the other one.",
        )


def _written(years: list[int]) -> str:
    return ", ".join(f"{year - 1}-{year % 100:02d}" for year in years)


def _files(drop: Path) -> list[str]:
    """Return the files below ``drop``, links among them; linked folders stay closed."""
    found = (p for p in drop.rglob("*") if p.is_file() or p.is_symlink())
    return sorted(path.relative_to(drop).as_posix() for path in found)


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
    digest = "" if outside else _sha256(drop / name)
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
        else f"{name}: no contract asks for it. If it is a source, write "
        "expectations/<provider>/<extract>.yml whose landing.drop matches it.",
    )


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _keep(file: Path, place: Path) -> None:
    """Copy the bytes to ``place`` once; a landed file is never opened for writing."""
    if place.exists():
        return
    part = place.with_name(place.name + ".part")
    shutil.copyfile(file, part)
    part.chmod(stat.S_IRUSR)  # student files are among them
    os.replace(part, place)
