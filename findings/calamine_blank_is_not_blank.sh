#!/bin/sh
# What: three different cells of a workbook come as the same blank.
# Versions: python-calamine 0.9.1, openpyxl 3.1.5
# Behaviour: an error (#DIV/0!) and a formula without a stored result, as openpyxl and other
#   libraries write it, are read as '', like an empty cell.
# Expected: the error's name, and a sign of the formula; openpyxl reads both.
# Seen: calamine '', '', ''; openpyxl '#DIV/0!', '=B1+1', None
# Source: dimastbk/python-calamine#105 (errors, open); openpyxl documentation, "Simple
#   usage" (formulas are not evaluated); no issue found on formulas without a result.
# Here: errors and formulas without a result are looked for beside calamine, since a blank
#   would be a number that is not reported (plugins/common_metrics/reading/cell_marks_xlsx.py).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q python-calamine==0.9.1 openpyxl==3.1.5
"$dir/venv/bin/python" - "$dir/rates.xlsx" <<'PY'
import sys

import openpyxl
from python_calamine import CalamineWorkbook

file = sys.argv[1]
book = openpyxl.Workbook()
book.active.append(["Hill High", 34, "#DIV/0!", "=B1+1", None, "2016"])
book.save(file)
(calamine,) = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
by_openpyxl = [cell.value for cell in openpyxl.load_workbook(file).active[1]]
print(f"calamine {calamine[2:5]}; openpyxl {by_openpyxl[2:5]}")
as_described = calamine == ["Hill High", 34, "", "", "", "2016"]
sys.exit(not (as_described and by_openpyxl[2:5] == ["#DIV/0!", "=B1+1", None]))
PY
