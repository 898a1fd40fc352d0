"""Workbooks (.xlsx and .xls): their cells as the text that a csv file would hold."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from common_metrics.contracts.model import Contract
from common_metrics.errors import DeliveryRefused, seen
from common_metrics.reading.text import Record, Records, clean

XLSX, XLS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
CHILD = Path(__file__).with_name("workbook_child.py")
# The exit codes of the child that say why there is no table.
DAMAGED, NO_SHEET, MANY_FONTS = 3, 4, 6
NUMBER = re.compile(r"[\d.,]+%?$")
# How the child and _mark_merged tell of a cell that its text alone would be wrong for:
# no contract takes such a row.
MARK = r"\((?:error|superscript|subscript|struck out|hidden|not shown|merged) "
# Returns which of the rows is the header, None where no row is.
FindHeader = Callable[[list[Record]], int | None]


def records(contract: Contract, data: bytes, find_header: FindHeader) -> Records:
    """Return the rows of the sheets that are asked for, each with sheet and row.

    Without a name for them, the first visible worksheet with a header is meant: a
    cover sheet may stand before it. Raises DeliveryRefused for what is no workbook,
    where no sheet is meant, and where formulas were never calculated.
    """
    _refuse_other_kinds(data)
    pattern = [contract.read.sheet] if contract.read.sheet else []
    command = [sys.executable, "-I", str(CHILD), *pattern]
    # What the child says when it breaks may quote a cell: nobody hears it.
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    if done.returncode:
        raise _refusal(contract, done.returncode)
    told, found = json.loads(done.stdout), Records()
    found.unread, sheets = told["unread"], told["sheets"]
    for sheet in sheets:
        rows = enumerate(sheet["rows"], 1)
        sheet["rows"] = [Record(sheet["name"], at, cells) for at, cells in rows]
    if not contract.read.sheet:
        with_header = [s for s in sheets if find_header(s["rows"]) is not None]
        _refuse_second_table(contract, with_header)
        meant = next(iter(with_header), sheets[0])
        others = [s for s in sheets if s is not meant]
        found.unread += [
            s["name"] for s in others if any(any(r.cells) for r in s["rows"])
        ]
        sheets = [meant]
    for sheet in sheets:
        _refuse_uncalculated(sheet["uncalculated"])
        _mark_merged(sheet["rows"], sheet["merged"], find_header(sheet["rows"]))
        found += [r._replace(cells=[*map(clean, r.cells)]) for r in sheet["rows"]]
    return found


def refuse_marked(rows: list[tuple[int, list[str]]]) -> None:
    """Raise DeliveryRefused if of these rows more than a tenth carry a mark.

    Fewer are set aside row by row (validation/expectations.py).
    """
    marks = [(row, re.findall(MARK, "\n".join(cells))) for row, cells in rows]
    marked = [(row, found) for row, found in marks if found]
    if len(marked) > len(rows) / 10:
        kinds = sorted({mark.strip("( ") for _, found in marked for mark in found})
        raise DeliveryRefused(
            "cells whose text is all that they say",
            f"cells marked {', '.join(kinds)} in {len(marked)} of {len(rows)} rows",
            "Mend them in a spreadsheet: calculate errors, show what is hidden, take "
            "out what is struck out and footnote signs, split merged cells.",
            row=marked[0][0],
        )


def workbook_kind(data: bytes) -> str:
    """Return the name that a workbook has at its end, nothing for another file."""
    if data.startswith(XLS):
        return ".xls"
    # The names of the parts stand unpacked in an archive.
    return ".xlsx" if data.startswith(XLSX) and b"xl/workbook" in data else ""


def _other_kind(data: bytes) -> str:
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<"):
        return ": a web page"
    separators = {b",": "commas", b";": "semicolons", b"\t": "tabs"}
    often = max(separators, key=start.count)
    if b"\0" in start or not start.count(often):
        return ""
    return f": a table of text, separated by {separators[often]}"


def _refuse_other_kinds(data: bytes) -> None:
    if not data.startswith((XLSX, XLS)):
        raise DeliveryRefused(
            "a workbook (.xlsx or .xls)",
            f"a file of another kind under its name{_other_kind(data)}",
            "Download the workbook itself; a table saved as text is not read here.",
        )
    if data.startswith(XLSX) and not is_zipfile(BytesIO(data)):
        raise DeliveryRefused(
            "a whole workbook",
            "one that was cut on the way",
            "Download it again and compare the size.",
        )


def _refuse_second_table(contract: Contract, sheets: list[dict[str, Any]]) -> None:
    if len(sheets) > 1:
        raise DeliveryRefused(
            "one sheet with the columns of the contract",
            f"{len(sheets)} of them{_named(contract, sheets)}",
            "If the others are data too, deliver each as a workbook of its own; else "
            f"delete them, or name the one to read in read.sheet of {contract.path}.",
        )


def _named(contract: Contract, sheets: list[dict[str, Any]]) -> str:
    if contract.visibility != "public":
        return ""
    return ": " + ", ".join(f'"{seen(sheet["name"])}"' for sheet in sheets)


def _refuse_uncalculated(rows: list[int]) -> None:
    if rows:
        raise DeliveryRefused(
            "cells with their numbers",
            f"{len(rows):,} cells that hold formulas that were never calculated",
            "Open it in a spreadsheet, save it, deliver it again.",
            row=rows[0],
        )


def _mark_merged(
    rows: list[Record], merged: list[tuple[int, int]], header: int | None
) -> None:
    """A number merged over rows belongs to none of them; a name does no harm."""
    for row, column in merged:
        below = header is None or row > header
        if below and row < len(rows) and NUMBER.match(rows[row].cells[column]):
            rows[row].cells[column] = f"(merged {rows[row].cells[column]})"


def _refusal(contract: Contract, code: int) -> DeliveryRefused:
    too_large = (
        "a workbook that opens within 2 GB and a minute, with cells as a csv file has",
        "one that does not",
        "No extract is as large: check what was exported.",
    )
    known = {
        DAMAGED: (
            "a workbook that opens",
            "one that is damaged or asks for a password",
            "Open it in a spreadsheet: if it opens, save it without a password and "
            "deliver that; if not, ask for it again.",
        ),
        NO_SHEET: (
            f"a visible sheet called {contract.read.sheet or 'anything'}",
            "only sheets of other names, hidden sheets or charts",
            f"If the publisher renamed it, change read.sheet in {contract.path}.",
        ),
        MANY_FONTS: (
            "texts and numbers that are printed in one piece",
            "an .xls workbook in which parts of some cell are struck out, raised or "
            "lowered; a file of this kind does not say simply which",
            "Open it in a spreadsheet, save it as .xlsx and deliver that.",
        ),
    }
    return DeliveryRefused(*known.get(code, too_large))
