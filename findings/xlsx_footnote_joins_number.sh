#!/bin/sh
# What: the sign of a footnote behind a number makes another number.
# Versions: python-calamine 0.9.1, openpyxl 3.1.5, XlsxWriter 3.3.1
# Behaviour: a cell that shows 4 and a raised 2 is text of two runs; both libraries join
#   them to 42. Only openpyxl, and only if rich_text=True is asked for, keeps the runs.
# Expected: 4, or the raised sign apart from it.
# Seen: calamine 42; openpyxl 42; with rich_text 4 and a superscript 2
# Source: tafia/calamine#440 (rich text, open); openpyxl documentation, "Working with Rich
#   Text".
# Here: a raised run is read as such, so that the number is refused, not changed
#   (plugins/common_metrics/reading/cell_marks_xlsx.py).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q python-calamine==0.9.1 openpyxl==3.1.5 XlsxWriter==3.3.1
"$dir/venv/bin/python" - "$dir/dropouts.xlsx" <<'PY'
import sys

import openpyxl
import xlsxwriter
from python_calamine import CalamineWorkbook

file = sys.argv[1]
with xlsxwriter.Workbook(file) as book:
    raised = book.add_format({"font_script": 1})
    book.add_worksheet("dropouts").write_rich_string("A1", "4", raised, "2")
((calamine,),) = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
plain = openpyxl.load_workbook(file).active["A1"].value
runs = openpyxl.load_workbook(file, rich_text=True).active["A1"].value
kept = [
    (str(run), getattr(getattr(run, "font", None), "vertAlign", None)) for run in runs
]
print(f"calamine {calamine}; openpyxl {plain}; with rich_text {kept}")
sys.exit(
    not (calamine == plain == "42" and kept == [("4", None), ("2", "superscript")])
)
PY
