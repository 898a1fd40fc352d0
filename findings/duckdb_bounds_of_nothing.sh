#!/bin/sh
# What: the usual way to keep a rate between 0 and 1 turns a missing rate into a firm number.
# Versions: duckdb 1.5.5, pandas 3.1.1 (and SQLite of Python)
# Behaviour: greatest() and least() of DuckDB pass over nulls, so greatest(0, least(1, rate))
#   of a suppressed rate is 1. SQLite's max and min, and clip of pandas, leave it missing.
# Expected: missing, as any arithmetic of a null is in all three.
# Seen: DuckDB 1 (1 - null: null); SQLite null; pandas missing
# Source: DuckDB documentation, "Numeric Functions" (greatest, least); SQLite documentation,
#   "Built-In Scalar SQL Functions" (max, min: null if any argument is).
# Here: the rate is asked for null beside greatest and least
#   (wilson_end in dbt_project/macros/rates.sql).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q duckdb==1.5.5 pandas==3.1.1
"$dir/venv/bin/python" - <<'PY'
import sqlite3
import sys

import duckdb
import pandas as pd

firm, difference = duckdb.execute(
    "select greatest(0, least(1, null)), 1 - null"
).fetchone()
(missing,) = (
    sqlite3.connect(":memory:").execute("select max(0, min(1, null))").fetchone()
)
(clipped,) = pd.Series([None], dtype="Float64").clip(0, 1)
print(f"DuckDB {firm} (1 - null: {difference}); SQLite {missing}; pandas {clipped}")
sys.exit(
    not (firm == 1 and difference is None and missing is None and clipped is pd.NA)
)
PY
