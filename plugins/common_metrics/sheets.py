"""Opens a workbook in a process of its own, since a hostile one may ask for all memory,
for all time, or take the process with it.

python sheets.py [PATTERN] < workbook prints, as JSON, the tables of the sheets whose
names match (the first one without a pattern), each a list of rows of text. The exit
code says why there are none; any other than these is the process's own end.
"""

import json
import re
import resource
import sys
from collections.abc import Iterator
from io import BytesIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

DAMAGED, NO_SHEET, TOO_LARGE = 3, 4, 5
MEMORY = 2_000_000_000  # bytes, of which the largest known extract takes a tenth
SECONDS = 60
LARGEST_TEXT = 100_000_000  # characters
LONGEST_CELL = 131_072  # characters, as in a csv file
MOST_COLUMNS = 16_384


def main() -> None:
    """Print the tables, or exit with the reason."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    # A core file would hold the workbook.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(sys.stdin.buffer.read()))
        names = meant(book.sheet_names, *sys.argv[1:])
        # With the empty rows above: rows count as the sheet shows them.
        tables = {name: list(rows(book.get_sheet_by_name(name))) for name in names}
    except CalamineError:
        sys.exit(DAMAGED)
    except (MemoryError, OverflowError):
        sys.exit(TOO_LARGE)
    if not names:
        sys.exit(NO_SHEET)
    json.dump(tables, sys.stdout)


def meant(names: list[str], pattern: str = "") -> list[str]:
    """Return the names of the sheets that are asked for."""
    return [n for n in names if re.fullmatch(pattern, n)] if pattern else names[:1]


def rows(sheet: CalamineSheet) -> Iterator[list[str]]:
    """Yield a sheet's rows as text; raise OverflowError beyond what is sensible."""
    room = LARGEST_TEXT
    for cells in sheet.to_python(skip_empty_area=False):
        texts = [text(cell) for cell in cells]
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


if __name__ == "__main__":
    main()
