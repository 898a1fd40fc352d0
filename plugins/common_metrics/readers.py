"""Readers: the same cells as text under canonical names, with file and row.

Only the representation changes here: the spreadsheet's ``="0026111"`` becomes 0026111
and blanks around a cell go. ``*``, ``N/A``, ``PS`` and ``.`` stay as they are. The
csv module reads, since it knows the physical row of each record and its errors quote
no cell (docs/decisions/0002).
"""

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from common_metrics.contract import (
    YEAR_CODE,
    Contract,
    Match,
    clean_header,
    match_columns,
)
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Delivery

SEARCHED_LINES = 40
FORMULA = re.compile(r'^="(.*)"$')
# Spreadsheets show a long number as 2.30005E+11 and save it so: the digits are lost.
EXPONENT = re.compile(r"^\d+([.,]\d+)?E\+\d+$", re.IGNORECASE)
FILE_COLUMNS = pa.schema(
    [
        ("_source_file", pa.string()),
        ("_source_row", pa.int64()),
        ("_layout", pa.string()),
        ("_school_year", pa.int64()),
        ("_delivery", pa.string()),
    ]
)


class Identity(NamedTuple):
    """What the file says of itself: its school year, and the year's form in headers."""

    school_year: int | None
    year_code: str | None


class Rows(NamedTuple):
    """The rows of a delivery: text columns plus lineage, and the headers left out."""

    table: pa.Table
    additional: list[str]


def read(contract: Contract, delivery: Delivery, file: Path) -> Rows:
    """Return the cells of a landed csv file; raise DeliveryRefused if unclear."""
    text = decode(contract, file.read_bytes())
    identity = read_identity(contract, text)
    records = list(_records(contract, text))
    at = _header_at(contract, [cells for _, cells in records], identity.year_code)
    header = records[at][1]
    rows = [(row, cells) for row, cells in records[at + 1 :] if any(cells)]
    _refuse_damaged_ids(contract, header, rows)
    # Before the columns: a header grown together with a row would be quoted as headers.
    _refuse_ragged(rows, len(header))
    match = match_columns(contract, header, identity.year_code)
    return Rows(_table(contract, delivery, match, rows), match.additional)


def decode(contract: Contract, data: bytes) -> str:
    """Return the bytes as text; raise DeliveryRefused at the first wrong byte."""
    encoding = contract.read.encoding
    try:
        return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        # A byte order mark is taken off first, so the error's own bytes count.
        read, at = error.object, error.start
        raise DeliveryRefused(
            f"{encoding} text",
            f"a byte that is none (0x{read[at]:02x})",
            "Ask for the file as the contract says, or change read.encoding in "
            f"{contract.path}.",
            row=read[:at].count(b"\n") + 1,
        ) from None


def read_identity(contract: Contract, text: str) -> Identity:
    """Return the school year that stands inside the file; the name is not trusted."""
    if contract.identity.undated:
        return Identity(None, None)
    pattern = contract.identity.preamble or contract.identity.header
    where = "line above the header" if contract.identity.preamble else "column name"
    cells = _first_cells(contract, text)
    hits = [hit for cell in cells if (hit := re.search(pattern, cell))]
    if not hits:
        raise DeliveryRefused(
            f"a {where} that says what this is, like {pattern}",
            "none: this is another table, or its head is cut off",
            "Check that the file lies in the right folder; if the publisher changed "
            f"the title, change identity in {contract.path}.",
        )
    groups = hits[0].groupdict()
    return Identity(school_year(groups["school_year"]), groups.get("year_code"))


def school_year(text: str) -> int:
    """Return the end year of '2014-15', '1415' or '2015'; raise DeliveryRefused."""
    digits = re.sub(r"\D", "", text)
    if len(digits) == 4 and int(digits[2:]) == (int(digits[:2]) + 1) % 100:
        return 2000 + int(digits[2:])
    if len(digits) == 4:
        return int(digits)
    if len(digits) == 6 and int(digits[4:]) == (int(digits[:4]) + 1) % 100:
        return int(digits[:4]) + 1
    raise DeliveryRefused(
        "a school year such as 2014-15", f"{text!r}", "Correct it at the publisher."
    )


def write(table: pa.Table, file: Path) -> None:
    """Write rows as Parquet in one step."""
    part = file.with_name(file.name + ".part")
    pq.write_table(table, part, compression="zstd")
    part.replace(file)


def no_rows(contract: Contract) -> pa.Table:
    """Return an empty table that has every column of the contract."""
    return pa.schema([*_text_fields(contract), *FILE_COLUMNS]).empty_table()


def _records(contract: Contract, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (physical row where the record starts, cleaned cells), blank ones too."""
    # Only \r and \n end a line: splitlines() would also break at U+2028 and \x0c.
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=contract.read.delimiter, strict=True)
    start = 1
    try:
        for cells in reader:
            yield start, [_clean(cell) for cell in cells]
            start = reader.line_num + 1
    except csv.Error:
        raise DeliveryRefused(
            "quotes that close, and cells of a sensible length",
            "a quoted cell that does not end, or one cell of more than "
            f"{csv.field_size_limit():,} characters",
            "The file was cut or edited by hand: ask for it again.",
            row=start,
        ) from None


def _clean(cell: str) -> str:
    cell = cell.strip()
    formula = FORMULA.match(cell)
    return formula[1].strip() if formula else cell


def _first_cells(contract: Contract, text: str) -> list[str]:
    # A title with a comma in it may stand without quotes: the whole row counts too.
    records = [cells for _, cells in islice(_records(contract, text), SEARCHED_LINES)]
    whole = [", ".join(cell for cell in cells if cell) for cells in records]
    return [cell for cells in records for cell in cells] + whole


def _header_at(
    contract: Contract, records: list[list[str]], year_code: str | None
) -> int:
    """Return the position of the record that holds most of the known headers."""
    known = {
        clean_header(header.replace(YEAR_CODE, year_code or ""))
        for column in contract.columns.values()
        for header in column.headers
    }

    def hits(cells: list[str]) -> int:
        return sum(clean_header(cell) in known for cell in cells)

    counts = [hits(cells) for cells in records[:SEARCHED_LINES]]
    if max(counts, default=0) < 2:
        raise DeliveryRefused(
            f"a header row within the first {SEARCHED_LINES} rows",
            "none with two known column names",
            f"If the layout is new, add its headers to columns in {contract.path}.",
        )
    return counts.index(max(counts))


def _refuse_damaged_ids(
    contract: Contract, header: list[str], rows: list[tuple[int, list[str]]]
) -> None:
    ids = [h for c in contract.columns.values() if c.identifier for h in c.headers]
    known = {clean_header(title) for title in ids}
    for at, title in enumerate(header):
        if clean_header(title) not in known:
            continue
        damaged = [
            row for row, cells in rows if at < len(cells) and EXPONENT.match(cells[at])
        ]
        if damaged:
            raise DeliveryRefused(
                f"{title} with all its digits",
                f"ids in exponent form, such as 2.3E+11, in {len(damaged):,} of "
                f"{len(rows):,} rows",
                "A spreadsheet rewrote the ids and lost their digits; they cannot be "
                "restored. Fetch the original file from the publisher and do not open "
                "it in a spreadsheet before delivery.",
                row=damaged[0],
            )


def _refuse_ragged(rows: list[tuple[int, list[str]]], width: int) -> None:
    ragged = [(row, len(cells)) for row, cells in rows if len(cells) != width]
    if ragged:
        row, cells = ragged[0]
        raise DeliveryRefused(
            f"{width} cells in each row",
            f"{cells} in this one ({len(ragged)} such rows)",
            "A comma stands unquoted in a cell or the file was cut: ask for it again.",
            row=row,
        )


def _table(
    contract: Contract,
    delivery: Delivery,
    match: Match,
    rows: list[tuple[int, list[str]]],
) -> pa.Table:
    def text(name: str) -> list[str | None]:
        at = match.position.get(name)
        return [None if at is None else cells[at] or None for _, cells in rows]

    lineage = [
        [delivery.file] * len(rows),
        [row for row, _ in rows],
        [match.layout] * len(rows),
        [delivery.school_year] * len(rows),
        [delivery.sha8] * len(rows),
    ]
    schema = pa.schema([*_text_fields(contract), *FILE_COLUMNS])
    columns = [text(name) for name in contract.columns] + lineage
    return pa.Table.from_arrays(
        [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)],
        schema=schema,
    )


def _text_fields(contract: Contract) -> list[tuple[str, pa.DataType]]:
    return [pa.field(name, pa.string()) for name in contract.columns]
