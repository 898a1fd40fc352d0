#!/bin/sh
# What: the first of several Parquet files decides the scale; numbers of the later ones
#   are rounded to it without a word.
# Versions: duckdb 1.5.5
# Behaviour: a decimal(4,1) file before a file of doubles, or of decimal(5,2), turns 87.55
#   into 87.6. In the other order, or with union_by_name, nothing is lost.
# Expected: a number that the type cannot hold ends the query, as one that is too
#   large for it does.
# Seen: by position 87.5 and 87.6; other order 87.5 and 87.55; by name 87.5 and 87.55
# Source: DuckDB documentation, "Combining Schemas" (the schema of the first file is
#   taken); duckdb/duckdb#8146 is the same for a number that is too large.
# Here: every source is read with union_by_name (plugins/common_metrics/contracts/dbt_sources.py),
#   and validated files hold text.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q duckdb==1.5.5
"$dir/venv/bin/python" - "$dir" <<'PY'
import sys

import duckdb

folder = sys.argv[1]
for year, value in {
    "2014": "87.5::decimal(4, 1)",
    "2015": "87.55::double",
    "2016": "87.55::decimal(5, 2)",
}.items():
    duckdb.sql(f"copy (select {value} as rate) to '{folder}/{year}.parquet'")


def rates(*years: str, by_name: bool = False) -> list[str]:
    files = [f"{folder}/{year}.parquet" for year in years]
    read = f"read_parquet({files}, union_by_name = {by_name})"
    return sorted(str(rate) for (rate,) in duckdb.sql(f"from {read}").fetchall())


by_position = rates("2014", "2015")
turned = rates("2015", "2014")
by_name = rates("2014", "2015", by_name=True)
print(f"by position {by_position}, other order {turned}, by name {by_name}")
lost = by_position == rates("2014", "2016") == ["87.5", "87.6"]
kept = turned == by_name == ["87.5", "87.55"]
sys.exit(not (lost and kept))
PY
