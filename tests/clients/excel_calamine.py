"""The workbook of a state, by calamine: the reader of pandas, polars and many tools."""

from importlib.metadata import version

from python_calamine import CalamineWorkbook
from reading import loop


def read(folder):
    book = CalamineWorkbook.from_path(str(folder / "public/excel/CT.xlsx"))
    (_, (_, release), *_) = book.get_sheet_by_name("Read me").to_python()
    header, *rows = book.get_sheet_by_name("Targets").to_python()
    verdict = header.index("Verdict")
    return release, sum(1 for row in rows if row[verdict])


loop("Excel by calamine", version("python-calamine"), read)
