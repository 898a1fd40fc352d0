"""The workbook of a state, by openpyxl."""

import openpyxl
from reading import loop


def read(folder):
    book = openpyxl.load_workbook(folder / "public/excel/CT.xlsx", read_only=True)
    release = book["Read me"]["B2"].value
    header, *rows = book["Targets"].iter_rows(values_only=True)
    verdict = header.index("Verdict")
    book.close()
    return release, sum(1 for row in rows if row[verdict])


loop("Excel by openpyxl", openpyxl.__version__, read)
