"""Parsing: the same cells as text under canonical names, with file and row.

Only the representation changes here: the spreadsheet's ``="0026111"`` becomes 0026111
and blanks around a cell go. ``*``, ``N/A``, ``PS`` and ``.`` stay as they are. Only
what tells of one student does not: it becomes a keyed hash (pseudonyms.py).
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from functools import cache, partial
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from common_metrics.contracts.headers import (
    Match,
    clean_header,
    known_headers,
    match_columns,
    unpivoted,
)
from common_metrics.contracts.model import Column, Contract
from common_metrics.errors import DeliveryRefused, seen
from common_metrics.lake import Delivery
from common_metrics.pseudonyms import MALFORMED, pseudonyms
from common_metrics.reading import refusals, text, workbook
from common_metrics.reading.refusals import Columns, Found
from common_metrics.reading.text import Record, Records
from common_metrics.reading.years import (
    SEARCHED_LINES,
    Identity,
    end_year,
    joined,
    read_identity,
)

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MOST_ABOVE = 100_000  # characters that a header and what is above it take
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


class Rows(NamedTuple):
    """The rows of a delivery: text columns plus lineage, and what was left out."""

    table: pa.Table
    additional: list[str]
    unread: list[str]

    @property
    def school_years(self) -> list[int]:
        """The school years that the rows are of."""
        return sorted(filter(None, set(self.table["_school_year"].to_pylist())))


def records(contract: Contract, data: bytes) -> Records:
    """Return every row of the file, blank ones too; raise DeliveryRefused."""
    if contract.read.format == "workbook":
        # Of a draft no column is known yet.
        find = partial(find_header, contract) if contract.columns else lambda rows: -1
        return workbook.records(contract, data, find)
    decoded = text.decode(contract, data)
    refuse_other_separator(contract, decoded)
    return text.lines(contract, decoded)


def parse(contract: Contract, delivery: Delivery, found: list[Record]) -> Rows:
    """Return the rows of the records, under canonical names; raise DeliveryRefused."""
    identity = read_identity(contract, found, delivery.file)
    sheets: dict[str | None, list[Record]] = {}
    for record in found:
        sheets.setdefault(record.sheet, []).append(record)
    parts = [_sheet(contract, delivery, identity, of) for of in sheets.values()]
    additional = dict.fromkeys(header for part in parts for header in part.additional)
    table = pa.concat_tables(part.table for part in parts)
    return Rows(table, list(additional), getattr(found, "unread", []))


def write(table: pa.Table, file: Path) -> None:
    """Write rows as Parquet in one step."""
    part = file.with_name(file.name + ".part")
    pq.write_table(table, part, compression="zstd")
    part.replace(file)


def no_rows(contract: Contract) -> pa.Table:
    """Return an empty table that has every column of the contract."""
    return schema(contract).empty_table()


def left_out(deliveries: Iterable[Delivery]) -> list[str]:
    """Return a line an extract for the columns of its files that were left out."""
    validated = [d for d in deliveries if d.status == "validated"]
    counts = Counter((d.key, n) for d in validated for n in {*d.additional_columns})
    named: dict[str, list[str]] = {}
    for (key, name), files in sorted(counts.items()):
        named.setdefault(key, []).append(f"{name} ({files} files)")
    return [f"columns left out of {key}: {', '.join(of)}" for key, of in named.items()]


def schema(contract: Contract) -> pa.Schema:
    return pa.schema([*((n, pa.string()) for n in contract.columns), *FILE_COLUMNS])


def _filled(above: str | None, cell: str | None) -> str | None:
    return cell or above


def _sheet(
    contract: Contract, delivery: Delivery, identity: Identity, records: list[Record]
) -> Rows:
    found, sections = _found(contract, records, identity.year_code)
    match, columns = _columns(found, identity.year_code)
    if contract.read.section:
        columns[contract.read.section.column] = sections
    for name in contract.read.fill_down:
        columns[name] = list(accumulate(columns[name], _filled))
    columns, rows = _one_row_a_value(found, columns)
    table = _table(contract, delivery, identity, match, columns, rows)
    return Rows(table, match.additional, [])


def _found(
    contract: Contract, records: list[Record], year_code: str | None
) -> tuple[Found, list[str | None]]:
    """Return the table with rows as wide as its header, and the section of each."""
    at = header_at(contract, records, year_code, records)
    header = contract.read.header or records[at].cells
    rows, sections = data_rows(contract, records[at + 1 :])
    found = Found(contract, header, records[: max(at, 0)], rows)
    refusals.damaged_ids(found)
    if contract.read.short_rows:
        blank = [""] * len(header)
        rows = [r._replace(cells=r.cells + blank[len(r.cells) :]) for r in rows]
        found = found._replace(rows=rows)
    # Before the columns: a header grown together with a row would be quoted as headers.
    refusals.ragged(found)
    refusals.repeated_header(found)
    return found, sections


def refuse_other_separator(contract: Contract, decoded: str) -> None:
    """Refuse a file whose header is one only if another sign separates its cells."""
    own = contract.read.delimiter
    lines = decoded[:MOST_ABOVE].splitlines()[:SEARCHED_LINES]

    def has_header(separator: str) -> bool:
        rows = csv.reader(lines, delimiter=separator)
        # Cells that are too long are told of later.
        with suppress(csv.Error):
            return any(_names_columns(contract, cells) for cells in rows)
        return False

    if not contract.columns or has_header(own):
        return
    for other in filter(has_header, SEPARATORS):
        due = SEPARATORS.get(own, repr(own))
        raise DeliveryRefused(
            f"cells separated by {due}",
            f"cells separated by {SEPARATORS[other]}",
            f"Export it with {due}. If the publisher changed it for good, change "
            f"read.delimiter in {contract.path}.",
        )


def _names_columns(contract: Contract, cells: list[str]) -> bool:
    """Return whether cells are a header, or a row where the contract has none."""
    if contract.read.header:
        return len(cells) == len(contract.read.header) > 1
    return _hits(contract, Record(None, 0, [*map(text.clean, cells)]), None) >= 2


def header_at(
    contract: Contract,
    found: list[Record],
    year_code: str | None,
    rows: Iterable[Record],
) -> int:
    """Return which record is the header, -1 where the contract itself names columns.

    ``rows`` are all of the table, if there are more than the records ``found``.
    """
    at = find_header(contract, found, year_code)
    if at is not None:
        return at
    hits = (r.row for r in rows if _hits(contract, r, year_code) >= 2)
    later = next(hits, None)
    sheet = found[0].sheet if found and contract.visibility == "public" else None
    where = f' in sheet "{seen(sheet)}"' if sheet else ""
    raise DeliveryRefused(
        f"a header row within the first {SEARCHED_LINES} rows",
        f"the first one with two known column names in row {later} only"
        if later
        else f"none with two known column names{where}",
        "Delete the rows above it, such as a cover or notes, and deliver it again."
        if later
        else "If a cover or another table was delivered, deliver the table itself; if "
        f"the layout is new, add its headers to columns in {contract.path}.",
        layout_of=contract.key,
    )


def find_header(
    contract: Contract, found: list[Record], year_code: str | None = None
) -> int | None:
    """Return which of the first records holds most known headers, if any holds two."""
    if contract.read.header:
        return -1
    counts = [_hits(contract, record, year_code) for record in found[:SEARCHED_LINES]]
    return counts.index(max(counts)) if max(counts, default=0) >= 2 else None


def _hits(contract: Contract, record: Record, year_code: str | None) -> int:
    known = _known(contract, year_code)
    years = unpivoted(contract, record.cells)
    return len(years) + sum(clean_header(cell) in known for cell in record.cells)


@cache
def _known(contract: Contract, year_code: str | None) -> set[str]:
    return set().union(*known_headers(contract, year_code))


def data_rows(
    contract: Contract, below: list[Record]
) -> tuple[list[Record], list[str | None]]:
    """Return the rows that are data, and the section that each stands in."""
    furniture = [re.compile(pattern) for pattern in contract.read.furniture]
    section = contract.read.section
    kept, sections, current = [], [], None
    for record in filter(lambda record: any(record.cells), below):
        words = joined(record.cells)
        if section and (hit := re.search(section.pattern, words)):
            current = hit[1]
        elif not any(pattern.search(words) for pattern in furniture):
            kept.append(record)
            sections.append(current)
    return kept, sections


def _columns(found: Found, year_code: str | None) -> tuple[Match, Columns]:
    """Return which column is which, and the cells of each canonical one.

    A cell is None where it is empty, hashed where it tells of a student.
    """
    contract, header, rows = found.contract, found.header, found.rows
    empty = {at for at in range(len(header)) if not any(r.cells[at] for r in rows)}
    heading = found.above[-1].cells if found.above else []
    match = match_columns(contract, header, year_code, heading, empty)
    refusals.chosen_students(found, match)
    used = {*match.position.values(), *unpivoted(contract, header)}
    if contract.read.format == "workbook":
        workbook.refuse_marked([(r.row, [r.cells[at] for at in used]) for r in rows])
    columns: Columns = {name: [None] * len(rows) for name in contract.columns}
    for name, at in match.position.items():
        cells = [record.cells[at] or None for record in rows]
        columns[name] = hashed(contract.columns[name], cells)
    refusals.unfilled(found, match, columns)
    left = [at for at in range(len(header)) if at not in used]
    refusals.told_apart_by_the_rest(found, match, columns, left)
    return match, columns


def hashed(column: Column, cells: list[str | None]) -> list[str | None]:
    """Return the cells, or what stands in their place where they tell of a student."""
    if not column.protect:
        return cells
    # The hash of a cell that could not be read would look like any other.
    is_marked = re.compile(workbook.MARK).search
    read = [None if cell and is_marked(cell) else cell for cell in cells]
    told = pseudonyms(column.protect, read, column.pattern)
    pairs = zip(cells, read, told, strict=True)
    return [MALFORMED if cell and not kept else hash_ for cell, kept, hash_ in pairs]


def _one_row_a_value(found: Found, columns: Columns) -> tuple[Columns, list[Record]]:
    """Return the columns, one row a value if asked, and the record of each row."""
    unpivot = found.contract.read.unpivot
    if not unpivot:
        return columns, found.rows
    values = unpivoted(found.contract, found.header)
    if not values:
        raise DeliveryRefused(
            f"columns headed like {unpivot.header}",
            "none",
            f"If the layout is new, change read.unpivot in {found.contract.path}.",
            layout_of=found.contract.key,
        )
    cells = [
        (at, name, cell)
        for at, record in enumerate(found.rows)
        for position, name in values.items()
        if (cell := record.cells[position])
    ]
    longer = {n: [column[at] for at, _, _ in cells] for n, column in columns.items()}
    longer[unpivot.name] = [name for _, name, _ in cells]
    longer[unpivot.value] = [cell for _, _, cell in cells]
    return longer, [found.rows[at] for at, _, _ in cells]


def _table(
    contract: Contract,
    delivery: Delivery,
    identity: Identity,
    match: Match,
    columns: Columns,
    rows: list[Record],
) -> pa.Table:
    """Return the columns with where each row comes from."""
    said = columns.get(contract.identity.column or "")
    lineage = {
        "_source_file": [delivery.file] * len(rows),
        "_source_sheet": [record.sheet for record in rows],
        "_source_row": [record.row for record in rows],
        "_layout": [match.layout] * len(rows),
        "_school_year": [identity.school_year] * len(rows)
        if said is None
        else [end_year(cell) for cell in said],
        "_delivery": [delivery.sha8] * len(rows),
    }
    return pa.Table.from_pydict(columns | lineage, schema(contract))
