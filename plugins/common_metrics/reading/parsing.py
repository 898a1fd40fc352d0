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
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from common_metrics.contracts.model import (
    Contract,
    Match,
    clean_header,
    known_headers,
    match_columns,
    name_headers,
    unpivoted,
)
from common_metrics.errors import DeliveryRefused, seen
from common_metrics.lake import Delivery
from common_metrics.pseudonyms import MALFORMED, pseudonym
from common_metrics.reading import workbook

SEARCHED_LINES = 40
FIRST_YEAR, LAST_YEAR = 1950, 2099
TWO_YEARS = re.compile(r"([0-9]{4})[\s/_\u2010-\u2015-]*([0-9]{4}|[0-9]{2})")
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
    """The rows of a delivery: text columns plus lineage, and what was left out."""

    table: pa.Table
    additional: list[str]
    unread: list[str]


class Records(list[Record]):
    """Every row of a file, and the sheets of a workbook that none of them is of."""

    unread: list[str] = []


def parse(contract: Contract, delivery: Delivery, found: list[Record]) -> Rows:
    """Return the rows of the records, under canonical names; raise DeliveryRefused."""
    identity = read_identity(contract, found, delivery.file)
    sheets = dict.fromkeys(record.sheet for record in found)
    parts = [
        _sheet(contract, delivery, identity, [r for r in found if r.sheet == sheet])
        for sheet in sheets
    ]
    additional = dict.fromkeys(h for part in parts for h in part.additional)
    table = pa.concat_tables(part.table for part in parts)
    return Rows(table, list(additional), getattr(found, "unread", []))


def records(contract: Contract, data: bytes) -> Records:
    """Return every row of the file, blank ones too; raise DeliveryRefused."""
    if contract.read.format == "workbook":
        rows, unread = workbook.records(contract, data, partial(_find, contract))
        found = Records(Record(*at, [_clean(c) for c in cells]) for *at, cells in rows)
        found.unread = unread
        return found
    text = decode(contract, data)
    return Records(Record(None, row, cells) for row, cells in _lines(contract, text))


def _find(contract: Contract, rows: list[list[str]]) -> int | None:
    """Return which row of a sheet is its header, if any is; no year is known yet."""
    if contract.read.header or not contract.columns:  # of a draft none is known yet
        return -1
    found = [Record(None, row, cells) for row, cells in enumerate(rows, 1)]
    try:
        return _header_at(contract, found, None)
    except DeliveryRefused:
        return None


def decode(contract: Contract, data: bytes) -> str:
    """Return the bytes as text; raise DeliveryRefused at a wrong byte or a cut row."""
    encoding = contract.read.encoding
    try:
        text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
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
    if contract.read.final_newline and not text.endswith("\n"):
        raise DeliveryRefused(
            "a line end after the last row",
            "a file that stops in the middle of a row",
            "The transfer was cut: download it again and compare the size.",
            row=text.count("\n") + 1,
        )
    return text


def read_identity(contract: Contract, found: list[Record], name: str) -> Identity:
    """Return the school year that the file states; its name counts where it must."""
    says = contract.identity
    if says.undated or says.column:
        return Identity(None, None)
    if says.file_name:
        return Identity(_only_year(contract, name), None)
    pattern = says.preamble or says.header
    hits = [hit for cell in _first_cells(found) if (hit := re.search(pattern, cell))]
    if not hits:
        where = "line above the header" if says.preamble else "column name"
        raise DeliveryRefused(
            f"a {where} that says what this is, like {pattern}",
            "none: this is another table, or its head is cut off",
            "Check that the file lies in the right folder; if the publisher changed "
            f"the title, change identity in {contract.path}.",
        )
    groups = hits[0].groupdict()
    return Identity(school_year(groups["school_year"]), groups.get("year_code"))


def _only_year(contract: Contract, name: str) -> int:
    years = years_in_name(contract.identity.file_name, name)
    if len(years) != 1:
        raise DeliveryRefused(
            "a file name that says one school year, such as 2014-15",
            f"{len(years) or 'none'} in it, and nothing inside the file says it",
            "Name the file after its school year and deliver it again.",
        )
    return years[0]


def years_in_name(pattern: str, name: str) -> list[int]:
    """Return the school years that a file's name says, or else the folders' above it.

    Raises DeliveryRefused where what looks like a year is none.
    """
    for part in reversed(Path(name).parts):
        said = [hit["school_year"] for hit in re.finditer(pattern, part)]
        years = [year for text in said if (year := _year_or_none(text))]
        if said and not years:
            raise DeliveryRefused(
                "a school year such as 2014-15 or 2014-2015 in the file's name",
                f"{said[0]!r}",
                "Rename the file so that its name says its school year.",
            )
        if years:
            return list(dict.fromkeys(years))
    return []


def school_years(table: pa.Table) -> list[int]:
    """Return the school years that the rows are of."""
    return sorted(year for year in set(table["_school_year"].to_pylist()) if year)


def school_year(text: str) -> int:
    """Return the end year of '2014-15', '2014 - 2015', '1415' or '2015'.

    Raises DeliveryRefused for anything else.
    """
    two = TWO_YEARS.fullmatch(text.strip())
    if two and int(two[2]) in (int(two[1]) + 1, (int(two[1]) + 1) % 100):
        year = int(two[1]) + 1
    elif re.fullmatch("[0-9]{4}", text.strip()):
        year = _end_year(int(text))
    else:
        year = 0
    if FIRST_YEAR <= year <= LAST_YEAR:
        return year
    raise DeliveryRefused(
        "a school year such as 2014-15", f"{text!r}", "Correct it at the publisher."
    )


def _end_year(number: int) -> int:
    """Return the year that 2015 or 1415 says; 98 begins the one that ends in 1999."""
    first, second = divmod(number, 100)
    if second != (first + 1) % 100:
        return number
    return second + (1900 if second >= 50 else 2000)


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
    header, above, below = _split(contract, found, identity.year_code)
    rows = [record for record in below if any(record.cells)]
    rows, sections = _without_furniture(contract, rows)
    _refuse_damaged_ids(contract, header, rows)
    # Before the columns: a header grown together with a row would be quoted as headers.
    rows = _of_width(contract, rows, len(header))
    _refuse_repeated_header(contract, header, rows)
    empty = _empty(rows, len(header))
    heading = above[-1].cells if above else []
    match = match_columns(contract, header, identity.year_code, heading, empty)
    _refuse_chosen_students(contract, match, above)
    if contract.read.format == "workbook":
        read = {*match.position.values(), *unpivoted(contract, header)}
        workbook.refuse_marked([(r.row, [r.cells[at] for at in read]) for r in rows])
    columns = _columns(contract, match, rows)
    _refuse_unfilled(contract, match, columns, rows)
    _refuse_told_apart_by_what_is_left_out(contract, header, match, columns, rows)
    if contract.read.section:
        columns[contract.read.section.column] = sections
    for name in contract.read.fill_down:
        columns[name] = _filled_down(columns[name])
    if contract.read.unpivot:
        columns, rows = _unpivot(contract, header, columns, rows)
    years = _years(contract, identity, columns, len(rows))
    table = _table(contract, delivery, match, columns, rows, years)
    return Rows(table, match.additional, [])


def _split(
    contract: Contract, found: list[Record], year_code: str | None
) -> tuple[list[str], list[Record], list[Record]]:
    """Return the header, the records above it and those below it."""
    if contract.read.header:
        return contract.read.header, [], found
    at = _header_at(contract, found, year_code)
    return found[at].cells, found[:at], found[at + 1 :]


def _header_at(contract: Contract, found: list[Record], year_code: str | None) -> int:
    """Return the position of the record that holds most of the known headers."""
    known = set().union(*known_headers(contract, year_code))

    def hits(record: Record) -> int:
        years = unpivoted(contract, record.cells)
        return len(years) + sum(clean_header(cell) in known for cell in record.cells)

    counts = [hits(record) for record in found[:SEARCHED_LINES]]
    if max(counts, default=0) >= 2:
        return counts.index(max(counts))
    later = next((r.row for r in found[SEARCHED_LINES:] if hits(r) >= 2), None)
    raise DeliveryRefused(
        f"a header row within the first {SEARCHED_LINES} rows",
        f"the first one with two known column names in row {later} only"
        if later
        else f"none with two known column names{_in_sheet(contract, found)}",
        "Delete the rows above it, such as a cover or notes, and deliver it again."
        if later
        else "If a cover or another table was delivered, deliver the table itself; if "
        f"the layout is new, add its headers to columns in {contract.path}.",
    )


def _in_sheet(contract: Contract, found: list[Record]) -> str:
    """Return which sheet it is, for a message, where its name may be told."""
    sheet = found[0].sheet if found and contract.visibility == "public" else None
    return f' in sheet "{seen(sheet)}"' if sheet else ""


def _refuse_repeated_header(
    contract: Contract, header: list[str], rows: list[Record]
) -> None:
    """Refuse rows that name the columns once more: half of their cells do so.

    Of a contract that itself names the columns, the expectations judge such a row.
    """
    if contract.read.header:
        return
    titles = [clean_header(cell) for cell in header]

    def is_header(cells: list[str]) -> bool:
        filled = [at for at, cell in enumerate(cells) if cell]
        alike = [at for at in filled if clean_header(cells[at]) == titles[at]]
        return len(alike) > 1 and 2 * len(alike) >= len(filled)

    again = [record.row for record in rows if is_header(record.cells)]
    if again:
        raise DeliveryRefused(
            "one row of column names, above the data",
            f"{len(again)} more below it",
            "If another table begins there, deliver it as a file of its own; if it is "
            "a page of this one, delete the row, or add its pattern to read.furniture "
            f"in {contract.path}.",
            row=again[0],
        )


def _empty(rows: list[Record], width: int) -> set[int]:
    """Return the positions of the columns that hold nothing in any row."""
    return {at for at in range(width) if not any(r.cells[at] for r in rows)}


def _refuse_chosen_students(
    contract: Contract, match: Match, above: list[Record]
) -> None:
    """Refuse rows of students that were chosen: no column tells which they are."""
    says, groups = contract.identity.all_students, contract.identity.groups
    lines = _first_cells(above)
    if not says or {*groups} & {*match.position}:
        return
    if not any(re.search(says, line) for line in lines):
        raise DeliveryRefused(
            f"a line above the header like {says}",
            "another one, and no column that says of which students the rows are",
            "They would count for all students: export the table of all students, or "
            "the one by student group.",
        )


def _refuse_unfilled(
    contract: Contract, match: Match, columns: "Columns", rows: list[Record]
) -> None:
    """Refuse rows that leave a column blank that tells them from those of others."""
    for name in match.position:
        cells = columns[name] if contract.columns[name].filled else []
        blank = [r.row for r, cell in zip(rows, cells, strict=False) if cell is None]
        if blank:
            raise DeliveryRefused(
                f"a {name} in each row",
                f"{len(blank):,} of {len(rows):,} rows without one",
                "Without it the row would count for all students: fill it in, or ask "
                "for the file again.",
                row=blank[0],
            )


def _refuse_told_apart_by_what_is_left_out(
    contract: Contract,
    header: list[str],
    match: Match,
    columns: "Columns",
    rows: list[Record],
) -> None:
    """Refuse rows of counts that would repeat each other without a column left out.

    Of students the rows may: a student counts once, whatever else is said of them.
    """
    used = {*match.position.values(), *unpivoted(contract, header)}
    left = [at for at in range(len(header)) if at not in used]
    if not left or contract.protects:
        return
    known = list(zip(*columns.values(), strict=True))
    whole = {
        (*k, *(r.cells[a] for a in left)) for k, r in zip(known, rows, strict=True)
    }
    if alike := len(whole) - len(set(known)):
        raise DeliveryRefused(
            "rows that differ in a column of the contract",
            f"{alike} that differ from another in nothing but a column that is left "
            f"out: {name_headers(contract, match.additional)}",
            "Such a column tells rows apart and is not harmless: make it one of "
            f"columns, layouts and grain in {contract.path}.",
        )


def left_out(deliveries: Iterable[Delivery]) -> list[str]:
    """Return a line an extract for the columns of its files that were left out."""
    counts: dict[str, Counter[str]] = {}
    for delivery in deliveries:
        if delivery.status == "validated" and delivery.additional_columns:
            of_key = counts.setdefault(delivery.key, Counter())
            of_key.update(dict.fromkeys(delivery.additional_columns, 1))
    return [
        f"columns left out of {key}: "
        + ", ".join(f"{name} ({n} files)" for name, n in sorted(names.items()))
        for key, names in sorted(counts.items())
    ]


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
        return [
            # The hash of a cell that could not be read would look like any other.
            MALFORMED
            if cell and re.search(workbook.MARK, cell)
            else pseudonym(column.protect, cell, column.pattern)
            for cell in found
        ]

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
