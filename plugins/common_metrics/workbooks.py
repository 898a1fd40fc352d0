"""Workbooks (.xlsx and .xls): their cells as the text that a csv file would hold."""

import io
import re
import zipfile
from collections.abc import Iterator

from common_metrics.contract import Contract
from common_metrics.errors import DeliveryRefused

XLSX, XLS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
LARGEST_CONTENT = 500_000_000  # bytes, unpacked


def records(contract: Contract, data: bytes) -> Iterator[tuple[str, int, list[str]]]:
    """Yield (sheet, row as the sheet counts, cells) of the sheets that are asked for.

    Raises DeliveryRefused for what is no workbook and where no sheet is meant.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    _refuse_other(data)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = _sheets(contract, book.sheet_names)
        # With the empty rows above: rows count as the sheet shows them.
        sheets = {name: book.get_sheet_by_name(name) for name in names}
        tables = {n: s.to_python(skip_empty_area=False) for n, s in sheets.items()}
    except CalamineError:
        raise DeliveryRefused(
            "a workbook that opens",
            "one that is damaged or asks for a password",
            "Open it in a spreadsheet: if it opens, save it without a password and "
            "deliver that; if not, ask for it again.",
        ) from None
    for name, table in tables.items():
        for row, cells in enumerate(table, 1):
            yield name, row, [_text(cell) for cell in cells]


def _refuse_other(data: bytes) -> None:
    if not data.startswith((XLSX, XLS)):
        raise DeliveryRefused(
            "a workbook (.xlsx or .xls)",
            "a file of another kind under its name",
            "Download the workbook itself; a table saved as text is not read here.",
        )
    if data.startswith(XLS):
        return
    try:
        unpacked = sum(i.file_size for i in zipfile.ZipFile(io.BytesIO(data)).filelist)
    except zipfile.BadZipFile:
        raise DeliveryRefused(
            "a whole workbook",
            "one that was cut on the way",
            "Download it again and compare the size.",
        ) from None
    if unpacked > LARGEST_CONTENT:
        raise DeliveryRefused(
            f"a workbook of at most {LARGEST_CONTENT:,} bytes unpacked",
            f"one of {unpacked:,}",
            "No extract is as large: check what was exported.",
        )


def _sheets(contract: Contract, names: list[str]) -> list[str]:
    pattern = contract.read.sheet
    meant = [n for n in names if re.fullmatch(pattern, n)] if pattern else names[:1]
    if not meant:
        raise DeliveryRefused(
            f"a sheet called {pattern}",
            f"{len(names)} sheets of other names",
            f"If the publisher renamed it, change read.sheet in {contract.path}.",
        )
    return meant


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    midnight = getattr(cell, "hour", None) == 0 and str(cell).endswith(" 00:00:00")
    return str(cell)[:10] if midnight else str(cell)
