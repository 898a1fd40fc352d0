"""What of a table refuses its file: what its rows would say wrongly, however judged."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from common_metrics.contracts.headers import Match, clean_header, name_headers
from common_metrics.contracts.model import Contract
from common_metrics.errors import DeliveryRefused
from common_metrics.reading.text import Record
from common_metrics.reading.years import first_cells

# Spreadsheets show a long number as 2.30005E+11 and save it so: the digits are lost.
EXPONENT = re.compile(r"^\d+([.,]\d+)?E\+\d+$", re.IGNORECASE)
Columns = dict[str, list[str | None]]


class Found(NamedTuple):
    """A table as it stands in the file: its header, what is above it, its rows."""

    contract: Contract
    header: list[str]
    above: list[Record]
    rows: list[Record]


class Wrong(NamedTuple):
    """How many rows of a table are wrong in one way, and what the first of them is."""

    rows_count: int
    first: Record


def identifiers(found: Found) -> list[int]:
    """Return where in the header the columns of ids stand."""
    ids = [
        h for c in found.contract.columns.values() if c.identifier for h in c.headers
    ]
    known = {clean_header(title) for title in ids}
    return [at for at, t in enumerate(found.header) if clean_header(t) in known]


def damaged_ids(found: Found) -> None:
    """Refuse ids that a spreadsheet rewrote."""
    for at in identifiers(found):
        if damaged := counted(r for r in found.rows if is_damaged(r.cells, at)):
            raise digits_lost(found.header[at], damaged, len(found.rows))


def is_damaged(cells: list[str], at: int) -> bool:
    """Return whether an id lost its digits; a ragged row may have none there."""
    return bool(EXPONENT.match("".join(cells[at : at + 1])))


def counted(rows: Iterable[Record]) -> Wrong | None:
    """Return how many rows there are and the first one, None of none."""
    first, count = None, 0
    for row in rows:
        first, count = first or row, count + 1
    return Wrong(count, first) if first else None


def digits_lost(title: str, damaged: Wrong, rows: int) -> DeliveryRefused:
    """Return the refusal of ids under a header that lost their digits."""
    return DeliveryRefused(
        f"{title} with all its digits",
        f"ids in exponent form, such as 2.3E+11, in {damaged.rows_count:,} of "
        f"{rows:,} rows",
        "A spreadsheet rewrote the ids and lost their digits; they cannot be "
        "restored. Fetch the original file from the publisher and do not open "
        "it in a spreadsheet before delivery.",
        row=damaged.first.row,
    )


def ragged(found: Found) -> None:
    """Refuse rows that have more or fewer cells than the header."""
    width = len(found.header)
    if wrong := counted(r for r in found.rows if len(r.cells) != width):
        raise other_width(found, wrong)


def other_width(found: Found, wrong: Wrong) -> DeliveryRefused:
    """Return the refusal of rows of another width than the header's."""
    titles = [record.cells for record in found.above if any(record.cells)]
    if wrong.first.cells in titles:
        return DeliveryRefused(
            "one table in the file",
            "the line above the table once more: a second table begins there",
            "Deliver each table as a file of its own.",
            row=wrong.first.row,
        )
    return DeliveryRefused(
        f"{len(found.header)} cells in each row",
        f"{len(wrong.first.cells)} in this one ({wrong.rows_count} such rows)",
        "A comma stands unquoted in a cell or the file was cut: ask for it again.",
        row=wrong.first.row,
    )


def repeated_header(found: Found) -> None:
    """Refuse rows that name the columns once more.

    Of a contract that itself names the columns, the expectations judge such a row.
    """
    titles = [clean_header(cell) for cell in found.header]
    rows = () if found.contract.read.header else found.rows
    if again := counted(r for r in rows if is_header(titles, r.cells)):
        raise second_header(found, again)


def is_header(titles: list[str], cells: list[str]) -> bool:
    """Return whether a row names the columns: half of its cells do so."""
    filled = [at for at, cell in enumerate(cells) if cell]
    alike = sum(clean_header(cells[at]) == titles[at] for at in filled)
    return alike > 1 and 2 * alike >= len(filled)


def second_header(found: Found, again: Wrong) -> DeliveryRefused:
    """Return the refusal of rows that name the columns below their header."""
    return DeliveryRefused(
        "one row of column names, above the data",
        f"{again.rows_count} more below it",
        "If another table begins there, deliver it as a file of its own; if it is "
        "a page of this one, delete the row, or add its pattern to read.furniture "
        f"in {found.contract.path}.",
        row=again.first.row,
    )


def chosen_students(found: Found, match: Match) -> None:
    """Refuse rows of students that were chosen: no column tells which they are."""
    says, groups = found.contract.identity.all_students, found.contract.identity.groups
    if not says or {*groups} & {*match.position}:
        return
    if not any(re.search(says, line) for line in first_cells(found.above)):
        raise DeliveryRefused(
            f"a line above the header like {says}",
            "another one, and no column that says of which students the rows are",
            "They would count for all students: export the table of all students, or "
            "the one by student group.",
        )


def unfilled(found: Found, match: Match, columns: Columns) -> None:
    """Refuse rows that leave a column blank that tells them from those of others."""
    for name in match.position:
        cells = columns[name] if found.contract.columns[name].filled else []
        blank = [found.rows[at].row for at, cell in enumerate(cells) if cell is None]
        if blank:
            raise DeliveryRefused(
                f"a {name} in each row",
                f"{len(blank):,} of {len(found.rows):,} rows without one",
                "Without it the row would count for all students: fill it in, or ask "
                "for the file again.",
                row=blank[0],
            )


def told_apart_by_the_rest(
    found: Found, match: Match, columns: Columns, left: list[int]
) -> None:
    """Refuse rows of counts that would repeat each other without the columns ``left``.

    Of students the rows may: a student counts once, whatever else is said of them.
    """
    if not left or found.contract.protects:
        return
    known = list(zip(*columns.values(), strict=True))
    more = ([r.cells[at] for at in left] for r in found.rows)
    whole = {(*cells, *others) for cells, others in zip(known, more, strict=True)}
    if alike := len(whole) - len({*known}):
        raise DeliveryRefused(
            "rows that differ in a column of the contract",
            f"{alike} that differ from another in nothing but a column that is left "
            f"out: {name_headers(found.contract, match.additional)}",
            "Such a column tells rows apart and is not harmless: make it one of "
            f"columns, layouts and grain in {found.contract.path}.",
        )
