#!/bin/sh
# What: a database with a valid foreign key cannot be copied.
# Versions: duckdb 1.5.5
# Behaviour: COPY FROM DATABASE stops at the first row that refers to another table, and
#   leaves the connection in an aborted transaction that nobody began. The schema alone,
#   and then each table by hand, can be copied.
# Expected: the copy that "Reclaiming Space" advises.
# Seen: Violates foreign key constraint because key "school: 1" does not exist in the
#   referenced table; after that: Current transaction is aborted; by hand: 1 row
# Source: duckdb/duckdb#24215 (reproduced, open), before it duckdb/duckdb#16785; for the
#   transaction duckdb/duckdb#21171. With duckdb 2.0.1 both are mended.
# Here: no table has a foreign key, dbt tests the relationships instead; a release is
#   written table by table (plugins/common_metrics/publication/release.py).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q duckdb==1.5.5
"$dir/venv/bin/python" - <<'PY'
import sys

import duckdb

con = duckdb.connect()
con.execute("""
    attach ':memory:' as made;
    attach ':memory:' as whole;
    attach ':memory:' as parts;
    use made;
    create table schools (school integer primary key);
    create table rates (school integer references schools (school), rate float);
    insert into schools values (1);
    insert into rates values (1, 87.5);
""")
try:
    con.execute("copy from database made to whole")
    found = "copied"
except duckdb.ConstraintException as error:
    found = str(error)
try:
    con.execute("select 1")
    after = "no transaction is left"
except duckdb.TransactionException as error:
    after = str(error)
    con.execute("rollback")
con.execute("""
    copy from database made to parts (schema);
    insert into parts.schools from made.schools;
    insert into parts.rates from made.rates;
""")
(rows,) = con.execute("select count(*) from parts.rates").fetchone()
print(f"{found}; after that: {after}; by hand: {rows} row")
sys.exit(not ("Violates foreign key" in found and "aborted" in after and rows == 1))
PY
