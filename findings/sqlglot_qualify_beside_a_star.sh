#!/bin/sh
# What: QUALIFY written for an engine that has none gives a table of other columns.
# Versions: sqlglot 30.30.0, duckdb 1.5.5
# Behaviour: a select of a star and one more column, with QUALIFY, becomes a subquery whose
#   outer list repeats the column beside the star; the row number of the filter stays in it.
# Expected: the columns of the query as it was written; the function that rewrites it says
#   that it filters equivalently. Without a star it does.
# Seen: id, name, big before; id, name, big, _w, big after, for Spark and PostgreSQL alike.
# Source: eliminate_qualify in sqlglot/transforms.py; the rewriting is described in
#   tobymao/sqlglot#2338.
# Here: the models of students have no such select (tests/test_portable.py).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q sqlglot==30.30.0 duckdb==1.5.5
"$dir/venv/bin/python" - <<'PY'
import sys

import duckdb
import sqlglot

ROWS = "with t as (select 1 as id, 'a' as name union all select 1, 'b') "
ONE = "qualify row_number() over (partition by id order by name) = 1"


def columns(query: str, *, rewritten: bool) -> list[str]:
    if rewritten:
        query = sqlglot.transpile(query, read="duckdb", write="postgres")[0]
    return duckdb.sql(query).columns


star = f"{ROWS}select *, upper(name) as big from t {ONE}"
named = f"{ROWS}select id, name, upper(name) as big from t {ONE}"
before, after = columns(star, rewritten=False), columns(star, rewritten=True)
print(f"before {before}, after {after}")
is_sound_without = columns(named, rewritten=True) == before
sys.exit(not (before != after and "_w" in after and is_sound_without))
PY
