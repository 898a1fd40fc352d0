"""Bytes as text: a csv file's rows of cells, each with the line that it begins in.

The csv module reads, since it knows the physical row of each record and its errors
quote no cell (docs/decisions/0002).
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from common_metrics.contracts.model import Contract
from common_metrics.errors import DeliveryRefused

# What a byte order mark says of the text behind it.
MARKS = {b"\xef\xbb\xbf": "UTF-8", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
FORMULA = re.compile(r'^="(.*)"$')


class Record(NamedTuple):
    """One row of the file as it stands there; ``sheet`` is None in a csv file."""

    sheet: str | None
    row: int
    cells: list[str]


class Records(list[Record]):
    """Every row of a file, and the sheets of a workbook that none of them is of."""

    unread: list[str] = []


def lines(contract: Contract, text: str) -> Records:
    """Return the rows with cleaned cells, blank rows too; raise DeliveryRefused."""
    # Only \r and \n end a line: splitlines() would also break at U+2028 and \x0c.
    return Records(rows(contract, io.StringIO(text, newline="")))


def rows(
    contract: Contract, physical: Iterable[str], start: int = 1
) -> Iterator[Record]:
    """Yield the same rows of physical lines, of which ``start`` is the first one's."""
    reader = csv.reader(physical, delimiter=contract.read.delimiter, strict=True)
    before = start - 1
    try:
        for cells in reader:
            yield Record(None, start, [clean(cell) for cell in cells])
            start = before + reader.line_num + 1
    except csv.Error:
        raise DeliveryRefused(
            "quotes that close, and cells of a sensible length",
            "a quoted cell that does not end, or one cell of more than "
            f"{csv.field_size_limit():,} characters",
            "The file was cut or edited by hand: ask for it again.",
            row=start,
        ) from None


def clean(cell: str) -> str:
    """Return a cell without blanks around it, and out of a formula such as ="007"."""
    cell = cell.strip()
    formula = FORMULA.match(cell)
    return formula[1].strip() if formula else cell


def decode(contract: Contract, data: bytes) -> str:
    """Return the bytes as text; raise DeliveryRefused at a wrong byte or a cut row."""
    encoding = contract.read.encoding
    try:
        text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        # A byte order mark is taken off first, so the error's own bytes count.
        raise wrong_byte(contract, error.object, error.start) from None
    if "\0" in text:
        raise zero_byte(contract, text[: text.index("\0")].count("\n") + 1)
    if "\r" in text and "\n" not in text:
        raise DeliveryRefused(
            "lines that end in LF, or CR and LF",
            "lines that end in CR alone, as old programs for the Mac write them",
            save_as(contract),
        )
    if contract.read.final_newline and not text.endswith("\n"):
        raise cut_row(text.count("\n") + 1)
    return text


def zero_byte(contract: Contract, row: int) -> DeliveryRefused:
    """Return the refusal of text with bytes of zero, from that row on."""
    return DeliveryRefused(
        f"{contract.read.encoding} text",
        "bytes of zero, as UTF-16 text or a damaged file has them",
        f"{save_as(contract)} If it is so already, ask for the file again.",
        row=row,
    )


def cut_row(row: int) -> DeliveryRefused:
    """Return the refusal of a file whose last row has no line end."""
    return DeliveryRefused(
        "a line end after the last row",
        "a file that stops in the middle of a row",
        "The transfer was cut: download it again and compare the size.",
        row=row,
    )


def save_as(contract: Contract) -> str:
    """Return how a spreadsheet saves what the contract reads."""
    kind = "CSV UTF-8" if contract.read.encoding == "utf-8" else "CSV"
    return f'Open it in a spreadsheet and save it as "{kind}", or export it so.'


def wrong_byte(
    contract: Contract, data: bytes, at: int, first_row: int = 1
) -> DeliveryRefused:
    """Return the refusal of bytes in another encoding, which it names if it can."""
    begins_with = (mark for mark in MARKS if data.startswith(mark) and first_row == 1)
    mark = next(begins_with, b"")
    kind = MARKS.get(mark) or ("UTF-8" if _is_utf_8(data) else "perhaps Windows-1252")
    begins = ", which begins with a byte order mark" * bool(mark)
    todo = save_as(contract)
    if kind == "UTF-8":
        todo = (
            "Look at that row." if not mark else 'Save it as "CSV", without the mark.'
        )
    return DeliveryRefused(
        f"{contract.read.encoding} text",
        f"{kind} text{begins}: byte 0x{data[at]:02x} is not {contract.read.encoding}",
        f"{todo} If the publisher changed it for good, change read.encoding in "
        f"{contract.path}.",
        row=data[:at].count(b"\n") + first_row,
    )


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
