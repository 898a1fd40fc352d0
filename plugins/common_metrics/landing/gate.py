"""The gate: only a whole table, of the year that its name says, goes further."""

from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from common_metrics.contracts.model import Contract
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Delivery
from common_metrics.reading import blocks, streaming
from common_metrics.reading.parsing import Rows, parse, records
from common_metrics.reading.streaming import Big, Spooled
from common_metrics.reading.text import Record, save_as
from common_metrics.reading.workbook import workbook_kind
from common_metrics.reading.years import read_identity, years_in_name

MAX_LINE = 1_000_000
ARCHIVES = {b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "a gzip archive"}


def read_records(
    contract: Contract, size: int, stream: BinaryIO, spool: Path
) -> list[Record] | Big:
    """Return the rows of a delivery of ``size`` bytes; raise DeliveryRefused.

    Of one that is read in a stream it is the file itself, whose bytes were judged; its
    rows are going to be written to ``spool``.
    """
    _refuse_size(contract, size)
    if not streaming.takes(contract, size):
        return read_whole(contract, stream.read())
    _refuse_other_type(contract, stream.read(blocks.BLOCK))
    lines, longest = blocks.line_lengths(stream)
    _refuse_too_many(contract, lines, longest)
    return streaming.judged_bytes(contract, stream, spool, longest)


def read_whole(contract: Contract, data: bytes) -> list[Record]:
    """Return the rows of a delivery that is in memory; raise DeliveryRefused."""
    _refuse_size(contract, len(data))
    if contract.read.format == "csv":
        _refuse_other_type(contract, data)
        _refuse_too_many(contract, *blocks.line_lengths(BytesIO(data)))
    return records(contract, data)


def _refuse_size(contract: Contract, size: int) -> None:
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


def read_years(
    contract: Contract, delivery: Delivery, found: list[Record] | Big
) -> tuple[list[int], Rows | Spooled | None]:
    """Return the school years that the file states, and its rows if these state them.

    Raises DeliveryRefused where the file's name says another year.
    """
    rows = read_rows(contract, delivery, found) if contract.identity.column else None
    first = found.first if isinstance(found, Big) else found
    year = read_identity(contract, first, delivery.file).school_year
    years = rows.school_years if rows else [year] if year else []
    _refuse_other_year(contract, delivery.file, years)
    return years, rows


def read_rows(
    contract: Contract, delivery: Delivery, found: list[Record] | Big
) -> Rows | Spooled:
    """Return the rows under canonical names; raise DeliveryRefused."""
    if isinstance(found, Big):
        return streaming.parse(contract, delivery, found)
    return parse(contract, delivery, found)


def is_page(data: bytes) -> bool:
    """Return whether the bytes begin as a web page does."""
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head"))


def _refuse_other_type(contract: Contract, data: bytes) -> None:
    if is_page(data):
        raise DeliveryRefused(
            "a csv table",
            "a web page saved under a csv name",
            "The publisher's site answered with a page, often a log-in or an error: "
            "open the page, download the table itself and deliver that.",
        )
    if kind := workbook_kind(data):
        raise DeliveryRefused(
            "a csv table",
            f"an {kind} workbook",
            save_as(contract),
        )
    for magic, what in ARCHIVES.items():
        if data.startswith(magic):
            raise DeliveryRefused(
                "a csv table",
                what,
                "Take the table out of it and deliver that; archives are not opened.",
            )


def _refuse_too_many(contract: Contract, lines: int, longest: int) -> None:
    if lines > contract.landing.max_lines:
        raise DeliveryRefused(
            f"at most {contract.landing.max_lines:,} lines",
            f"{lines:,}",
            "Check what was exported; if the extract has grown, raise "
            f"landing.max_lines in {contract.path}.",
        )
    if longest > MAX_LINE:
        raise DeliveryRefused(
            f"lines of at most {MAX_LINE:,} bytes",
            f"one of {longest:,} bytes",
            "The line ends were lost on the way: ask for the file again.",
        )


def _refuse_other_year(contract: Contract, name: str, years: list[int]) -> None:
    if not contract.landing.name_year or not years:
        return
    said = years_in_name(contract.landing.name_year, name)
    if said and years not in [[year] for year in said]:
        raise other_year(said, years)


def other_year(said: list[int], years: list[int]) -> DeliveryRefused:
    """Return the refusal of a file whose name says another year than its rows."""
    named, inside = _written(said), _written(years)
    return DeliveryRefused(
        f"the school year that its name says, {named}",
        f"{inside} inside the file",
        "Find out which one is right, rename the file or fetch the other one.",
    )


def _written(years: list[int]) -> str:
    return ", ".join(f"{year - 1}-{year % 100:02d}" for year in years)
