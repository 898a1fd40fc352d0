"""Opens a workbook in a process of its own, since a hostile one may ask for all memory,
for all time, or take the process with it.

python workbook_child.py [PATTERN] < workbook prints, as JSON, the visible worksheets
whose names match (all of them without a pattern), each as rows of text, and what
python-calamine tells nobody: it gives an error cell and a formula without a result as
blanks, joins a footnote sign to its number, and shows what the workbook hides. The exit
code says why there is no table; any other than these is the process's own end.
"""

import json
import re
import resource
import struct
import sys
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

# Last, and not this file's own folder, where site.py would hide one of Python's.
sys.path.append(str(Path(__file__).parents[2]))
from common_metrics.reading.cell_marks import RAISED, Marks, Place, has_digit  # noqa: E402
from common_metrics.reading.cell_marks_xls import ManyFonts, Xls  # noqa: E402
from common_metrics.reading.cell_marks_xlsx import Xlsx  # noqa: E402

DAMAGED, NO_SHEET, TOO_LARGE, MANY_FONTS = 3, 4, 5, 6
MEMORY = 2_000_000_000  # bytes, of which the largest known extract takes a tenth
SECONDS = 60
LARGEST_TEXT = 100_000_000  # characters
LONGEST_CELL = 131_072  # characters, as in a csv file
MOST_COLUMNS = 16_384

# What the libraries raise at a part that is missing, cut, locked or no XML.
DAMAGES = (
    *(CalamineError, BadZipFile, zlib.error, struct.error, ParseError),
    *(LookupError, ValueError, OSError),
)


def main() -> None:
    """Print the tables, or exit with the reason."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    # A core file would hold the workbook.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data = sys.stdin.buffer.read()
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(data))
        names = shown(book, *sys.argv[1:])
        told = Xlsx(data) if data.startswith(b"PK") else Xls(data, book.sheet_names)
        sheets = [sheet(book, name, told.marks(name)) for name in names]
    except (MemoryError, OverflowError):
        sys.exit(TOO_LARGE)
    except ManyFonts:
        sys.exit(MANY_FONTS)
    except DAMAGES:
        sys.exit(DAMAGED)
    if not names:
        sys.exit(NO_SHEET)
    unread = [name for name in book.sheet_names if name not in names]
    json.dump({"sheets": sheets, "unread": unread}, sys.stdout)


def shown(book: CalamineWorkbook, pattern: str = ".*") -> list[str]:
    """Return the names of the worksheets that are asked for and not hidden."""
    return [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet
        and sheet.visible == SheetVisibleEnum.Visible
        and re.fullmatch(pattern, sheet.name)
    ]


def sheet(book: CalamineWorkbook, name: str, marks: Marks) -> dict[str, Any]:
    """Return a sheet: its name, rows, merged cells and rows never calculated."""
    found = book.get_sheet_by_name(name)
    ranges = found.merged_cell_ranges or []
    return {
        "name": name,
        "rows": list(rows(found, marks)),
        "merged": [top for top, bottom in ranges if bottom[0] > top[0]],
        "uncalculated": marks.uncalculated,
    }


def rows(sheet: CalamineSheet, marks: Marks) -> Iterator[list[str]]:
    """Yield a sheet's rows as text; raise OverflowError beyond what is sensible."""
    room = LARGEST_TEXT
    # With the empty rows above: rows count as the sheet shows them.
    for row, cells in enumerate(sheet.to_python(skip_empty_area=False)):
        texts = [marked(text(cell), (row, at), marks) for at, cell in enumerate(cells)]
        longest = max(map(len, texts), default=0)
        room -= len(texts) + sum(map(len, texts))
        if room < 0 or longest > LONGEST_CELL or len(texts) > MOST_COLUMNS:
            raise OverflowError
        yield texts


def text(cell: object) -> str:
    """Return a cell as a csv file would hold it."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    midnight = getattr(cell, "hour", None) == 0 and str(cell).endswith(" 00:00:00")
    return str(cell)[:10] if midnight else str(cell)


def marked(shown: str, place: Place, marks: Marks) -> str:
    """Return a cell's text with what has to be known of it, such as (struck out 42)."""
    shown = marks.instead.get(place, shown)
    mark = marks.before.get(place)
    harmless = not shown or (mark in RAISED and not has_digit(shown))
    return f"({mark} {shown})" if mark and not harmless else shown


if __name__ == "__main__":
    main()
