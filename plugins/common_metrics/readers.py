"""Readers: the same cells as text under canonical names, with file and row.

Only the representation changes here: the spreadsheet's ``="0026111"`` becomes 0026111
and blanks around a cell go. ``*``, ``N/A``, ``PS`` and ``.`` stay as they are. Only
what tells of one student does not: it becomes a keyed hash (pseudonyms.py). The csv
module reads, since it knows the physical row of each record and its errors quote no
cell (docs/decisions/0002).
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from common_metrics import workbooks
from common_metrics.contract import (
    Contract,
    Match,
    clean_header,
    known_headers,
    match_columns,
    unpivoted,
)
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Delivery
from common_metrics.pseudonyms import pseudonym

SEARCHED_LINES = 40
FORMULA = re.compile(r'^="(.*)"$')
# Spreadsheets show a long number as 2.30005E+11 and save it so: the digits are lost.
EXPONENT = re.compile(r"^\d+([.,]\d+)?E\+\d+$", re.IGNORECASE)
FILE_COLUMNS = pa.schema(
    [
        ("_source_file", pa.string()),
        ("_source_sheet", pa.string()),
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


class Record(NamedTuple):
    """One row of the file as it stands there; ``sheet`` is None in a csv file."""

    sheet: str | None
    row: int
    cells: list[str]


class Rows(NamedTuple):
    """The rows of a delivery: text columns plus lineage, and the headers left out."""

    table: pa.Table
    additional: list[str]


def read(contract: Contract, delivery: Delivery, file: Path) -> Rows:
    """Return the cells of a landed file; raise DeliveryRefused if they are unclear."""
    return parse(contract, delivery, records(contract, file.read_bytes()))


def parse(contract: Contract, delivery: Delivery, found: list[Record]) -> Rows:
    """Return the rows of the records, under canonical names; raise DeliveryRefused."""
    identity = read_identity(contract, found, delivery.file)
    sheets = dict.fromkeys(record.sheet for record in found)
    parts = [
        _sheet(contract, delivery, identity, [r for r in found if r.sheet == sheet])
        for sheet in sheets
    ]
    additional = dict.fromkeys(h for part in parts for h in part.additional)
    return Rows(pa.concat_tables(p.table for p in parts), list(additional))


def records(contract: Contract, data: bytes) -> list[Record]:
    """Return every row of the file, blank ones too; raise DeliveryRefused."""
    if contract.read.format == "workbook":
        found = workbooks.records(contract, data)
        return [Record(*place, [_clean(c) for c in cells]) for *place, cells in found]
    text = decode(contract, data)
    return [Record(None, row, cells) for row, cells in _lines(contract, text)]


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


def read_identity(contract: Contract, found: list[Record], name: str) -> Identity:
    """Return the school year that the file states; its name counts where it must."""
    says = contract.identity
    if says.undated or says.column:
        return Identity(None, None)
    pattern = says.preamble or says.header or says.file_name
    cells = [name] if says.file_name else _first_cells(found)
    hits = [hit for cell in cells if (hit := re.search(pattern, cell))]
    if not hits:
        raise _not_said(contract, pattern)
    groups = hits[0].groupdict()
    return Identity(school_year(groups["school_year"]), groups.get("year_code"))


def _not_said(contract: Contract, pattern: str) -> DeliveryRefused:
    if contract.identity.file_name:
        return DeliveryRefused(
            f"a file name that says the school year, like {pattern}",
            "another name, and nothing inside the file says it",
            "Name the file after its school year and deliver it again.",
        )
    where = "line above the header" if contract.identity.preamble else "column name"
    return DeliveryRefused(
        f"a {where} that says what this is, like {pattern}",
        "none: this is another table, or its head is cut off",
        "Check that the file lies in the right folder; if the publisher changed "
        f"the title, change identity in {contract.path}.",
    )


def school_years(table: pa.Table) -> list[int]:
    """Return the school years that the rows are of."""
    return sorted(year for year in set(table["_school_year"].to_pylist()) if year)


def school_year(text: str) -> int:
    """Return the end year of '2014-15', '2014 - 2015', '1415' or '2015'.

    Raises DeliveryRefused for anything else.
    """
    digits = re.sub("[^0-9]", "", text)
    if len(digits) == 4 and int(digits[2:]) == (int(digits[:2]) + 1) % 100:
        return 2000 + int(digits[2:])
    if len(digits) == 4:
        return int(digits)
    if len(digits) == 8 and int(digits[4:]) == int(digits[:4]) + 1:
        return int(digits[4:])
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


def _lines(contract: Contract, text: str) -> Iterator[tuple[int, list[str]]]:
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


def _first_cells(found: list[Record]) -> list[str]:
    # A title with a comma in it may stand without quotes: the whole row counts too.
    first = [record.cells for record in found[:SEARCHED_LINES]]
    return [cell for cells in first for cell in cells] + [_joined(c) for c in first]


def _joined(cells: list[str]) -> str:
    return ", ".join(cell for cell in cells if cell)


def _sheet(
    contract: Contract, delivery: Delivery, identity: Identity, found: list[Record]
) -> Rows:
    header, below = _split(contract, found, identity.year_code)
    rows = [record for record in below if any(record.cells)]
    rows, sections = _without_furniture(contract, rows)
    _refuse_damaged_ids(contract, header, rows)
    # Before the columns: a header grown together with a row would be quoted as headers.
    rows = _of_width(contract, rows, len(header))
    match = match_columns(contract, header, identity.year_code)
    columns = _columns(contract, match, rows)
    if contract.read.section:
        columns[contract.read.section.column] = sections
    for name in contract.read.fill_down:
        columns[name] = _filled_down(columns[name])
    if contract.read.unpivot:
        columns, rows = _unpivot(contract, header, columns, rows)
    years = _years(contract, identity, columns, len(rows))
    table = _table(contract, delivery, match, columns, rows, years)
    return Rows(table, match.additional)


def _split(
    contract: Contract, found: list[Record], year_code: str | None
) -> tuple[list[str], list[Record]]:
    """Return the header and the records below it."""
    if contract.read.header:
        return contract.read.header, found
    at = _header_at(contract, [record.cells for record in found], year_code)
    return found[at].cells, found[at + 1 :]


def _header_at(
    contract: Contract, records: list[list[str]], year_code: str | None
) -> int:
    """Return the position of the record that holds most of the known headers."""
    known = set().union(*known_headers(contract, year_code))

    def hits(cells: list[str]) -> int:
        years = unpivoted(contract, cells)
        return len(years) + sum(clean_header(cell) in known for cell in cells)

    counts = [hits(cells) for cells in records[:SEARCHED_LINES]]
    if max(counts, default=0) < 2:
        raise DeliveryRefused(
            f"a header row within the first {SEARCHED_LINES} rows",
            "none with two known column names",
            f"If the layout is new, add its headers to columns in {contract.path}.",
        )
    return counts.index(max(counts))


def _without_furniture(
    contract: Contract, rows: list[Record]
) -> tuple[list[Record], list[str | None]]:
    """Return the rows that are data, and the section that each stands in."""
    furniture = [re.compile(pattern) for pattern in contract.read.furniture]
    section = contract.read.section
    kept, sections, current = [], [], None
    for record in rows:
        text = _joined(record.cells)
        if section and (hit := re.search(section.pattern, text)):
            current = hit[1]
        elif not any(pattern.search(text) for pattern in furniture):
            kept.append(record)
            sections.append(current)
    return kept, sections


def _refuse_damaged_ids(
    contract: Contract, header: list[str], rows: list[Record]
) -> None:
    ids = [h for c in contract.columns.values() if c.identifier for h in c.headers]
    known = {clean_header(title) for title in ids}
    for at, title in enumerate(header):
        if clean_header(title) not in known:
            continue
        damaged = [
            record.row
            for record in rows
            if at < len(record.cells) and EXPONENT.match(record.cells[at])
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


def _of_width(contract: Contract, rows: list[Record], width: int) -> list[Record]:
    if contract.read.short_rows:
        rows = [r._replace(cells=r.cells + [""] * (width - len(r.cells))) for r in rows]
    ragged = [record for record in rows if len(record.cells) != width]
    if ragged:
        raise DeliveryRefused(
            f"{width} cells in each row",
            f"{len(ragged[0].cells)} in this one ({len(ragged)} such rows)",
            "A comma stands unquoted in a cell or the file was cut: ask for it again.",
            row=ragged[0].row,
        )
    return rows


Columns = dict[str, list[str | None]]


def _columns(contract: Contract, match: Match, rows: list[Record]) -> Columns:
    """Return the cells of each canonical column, None where empty, hashed where due."""

    def cells(name: str) -> list[str | None]:
        at = match.position.get(name)
        found = [None if at is None else r.cells[at] or None for r in rows]
        column = contract.columns[name]
        if not column.protect:
            return found
        return [pseudonym(column.protect, cell, column.pattern) for cell in found]

    return {name: cells(name) for name in contract.columns}


def _filled_down(cells: list[str | None]) -> list[str | None]:
    filled, above = [], None
    for cell in cells:
        above = cell or above
        filled.append(above)
    return filled


def _unpivot(
    contract: Contract, header: list[str], columns: Columns, rows: list[Record]
) -> tuple[Columns, list[Record]]:
    """Return the columns with one row a value, and the record that each comes from."""
    unpivot, values = contract.read.unpivot, unpivoted(contract, header)
    if not values:
        raise DeliveryRefused(
            f"columns headed like {unpivot.header}",
            "none",
            f"If the layout is new, change read.unpivot in {contract.path}.",
        )
    found = [
        (at, name, cell)
        for at, record in enumerate(rows)
        for position, name in values.items()
        if (cell := record.cells[position])
    ]
    longer = {n: [cells[at] for at, _, _ in found] for n, cells in columns.items()}
    longer[unpivot.name] = [name for _, name, _ in found]
    longer[unpivot.value] = [cell for _, _, cell in found]
    return longer, [rows[at] for at, _, _ in found]


def _years(
    contract: Contract, identity: Identity, columns: Columns, count: int
) -> list[int | None]:
    if not contract.identity.column:
        return [identity.school_year] * count
    return [_year_or_none(cell) for cell in columns[contract.identity.column]]


def _year_or_none(cell: str | None) -> int | None:
    try:
        return school_year(cell or "")
    except DeliveryRefused:
        return None


def _table(
    contract: Contract,
    delivery: Delivery,
    match: Match,
    columns: Columns,
    placed: list[Record],
    years: list[int | None],
) -> pa.Table:
    lineage = [
        [delivery.file] * len(placed),
        [record.sheet for record in placed],
        [record.row for record in placed],
        [match.layout] * len(placed),
        years,
        [delivery.sha8] * len(placed),
    ]
    schema = pa.schema([*_text_fields(contract), *FILE_COLUMNS])
    cells = [columns[name] for name in contract.columns] + lineage
    return pa.Table.from_arrays(
        [pa.array(c, f.type) for c, f in zip(cells, schema, strict=True)],
        schema=schema,
    )


def _text_fields(contract: Contract) -> list[tuple[str, pa.DataType]]:
    return [pa.field(name, pa.string()) for name in contract.columns]
