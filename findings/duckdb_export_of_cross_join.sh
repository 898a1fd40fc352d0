#!/bin/sh
# What: the text of a view that was read from a file has a comma for a cross join.
# Versions: duckdb 1.5.5
# Behaviour: once a file was closed, duckdb_views().sql and EXPORT DATABASE write
#   `a cross join b left join c on ...` as `a , b LEFT JOIN c ON ...`. The left join now
#   binds b and c, its condition on a makes it a lateral join, and some of these are refused.
#   The view itself, which is kept as a tree, answers as it should.
# Expected: the text of a view makes the same view.
# Seen: the view: [(1, 2016, 85.7)]; its text: Not implemented Error: Non-inner join on
#   correlated columns not supported
# Source: SQL standard: a comma binds less tightly than a join.
# Here: the cross join stands last (dbt_project/models/published/outcome_history.sql), and a
#   release takes the text of its views from dbt (publication/audiences.py).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q duckdb==1.5.5
"$dir/venv/bin/python" - "$dir/rates.duckdb" <<'PY'
import sys

import duckdb

with duckdb.connect(sys.argv[1]) as con:
    con.execute("create table schools as select 1 as school")
    con.execute("create table newest as select 2016 as school_year")
    con.execute("create table rates as select 1 as school, 85.7 as rate")
    con.execute(
        "create view joined as select s.school, n.school_year, r.rate "
        "from schools as s cross join newest as n "
        "left join rates as r on r.rate > 0 and s.school is not distinct from r.school"
    )
con = duckdb.connect(sys.argv[1])
print("the view:", con.execute("from joined").fetchall())
(text,) = con.execute(
    "select sql from duckdb_views() where view_name = 'joined'"
).fetchone()
try:
    con.execute(text.replace("VIEW joined", "VIEW again"))
    print("its text makes the same view")
    sys.exit(1)
except duckdb.Error as error:
    print("its text:", str(error).splitlines()[0])
PY
