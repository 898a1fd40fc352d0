"""Tables as csv text for people, who will open them in a spreadsheet."""

import csv
from collections.abc import Iterable
from io import StringIO

# A spreadsheet takes a cell that begins so for a formula, and runs it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Return rows as csv in which no text is a formula; every writer of ours is this.

    Numbers stay numbers, a negative one too.
    """
    lines = StringIO()
    csv.writer(lines, lineterminator="\n").writerows(map(_plain, row) for row in rows)
    return lines.getvalue()


def _plain(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    # The csv module leaves a bare \r without quotes, where it ends the row.
    return "'" * cell.startswith(FORMULA_STARTS) + cell.replace("\r", " ")
