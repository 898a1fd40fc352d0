"""Workbooks (.xlsx and .xls): their cells as the text that a csv file would hold."""

import json
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import is_zipfile

from common_metrics.contract import Contract
from common_metrics.errors import DeliveryRefused

XLSX, XLS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
READER = Path(__file__).with_name("sheets.py")
# The exit codes of the reader that say why there is no table.
DAMAGED, NO_SHEET = 3, 4


def records(contract: Contract, data: bytes) -> Iterator[tuple[str, int, list[str]]]:
    """Yield (sheet, row as the sheet counts, cells) of the sheets that are asked for.

    Raises DeliveryRefused for what is no workbook and where no sheet is meant.
    """
    if not data.startswith((XLSX, XLS)):
        raise DeliveryRefused(
            "a workbook (.xlsx or .xls)",
            "a file of another kind under its name",
            "Download the workbook itself; a table saved as text is not read here.",
        )
    if data.startswith(XLSX) and not is_zipfile(BytesIO(data)):
        raise DeliveryRefused(
            "a whole workbook",
            "one that was cut on the way",
            "Download it again and compare the size.",
        )
    pattern = [contract.read.sheet] if contract.read.sheet else []
    command = [sys.executable, "-I", str(READER), *pattern]
    # What the reader says when it breaks may quote a cell: nobody hears it.
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    if done.returncode:
        raise _refusal(contract, done.returncode)
    for name, table in json.loads(done.stdout).items():
        for row, cells in enumerate(table, 1):
            yield name, row, cells


def _refusal(contract: Contract, code: int) -> DeliveryRefused:
    if code == DAMAGED:
        return DeliveryRefused(
            "a workbook that opens",
            "one that is damaged or asks for a password",
            "Open it in a spreadsheet: if it opens, save it without a password and "
            "deliver that; if not, ask for it again.",
        )
    if code == NO_SHEET:
        return DeliveryRefused(
            f"a sheet called {contract.read.sheet}",
            "only sheets of other names",
            f"If the publisher renamed it, change read.sheet in {contract.path}.",
        )
    return DeliveryRefused(
        "a workbook that opens within 2 GB and a minute, with cells as a csv file has",
        "one that does not",
        "No extract is as large: check what was exported.",
    )
