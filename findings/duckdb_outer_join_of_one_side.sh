#!/bin/sh
# What: a condition about one side alone, beside equalities, makes an anti or left join
#   compare every row with every row.
# Versions: duckdb 1.5.5
# Behaviour: the plan has BLOCKWISE_NL_JOIN instead of HASH_JOIN, for an anti join with a
#   condition on its left side and for a left join whose condition mixes both sides in one
#   expression; 40,000 students take seconds instead of milliseconds, four times as long for
#   twice as many. As part of the key (a case that is null where the condition is not met)
#   the same join is a hash join.
# Expected: a hash join on the equalities, and the rest as a filter on its matches, as of
#   inner joins and as PostgreSQL plans it.
# Seen: anti BLOCKWISE_NL_JOIN, left BLOCKWISE_NL_JOIN, inner HASH_JOIN, in the key HASH_JOIN;
#   the nested one takes more than 20 times as long
# Source: duckdb/duckdb#13718 and #10387, closed without a change.
# Here: such conditions stand in the key, and a test reads the plans of the student models
#   (tests/test_end_to_end.py).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q duckdb==1.5.5
cat > "$dir/look.py" <<'PY'
import time

import duckdb

con = duckdb.connect()
con.execute(
    "create table spells as select i as student, i % 3 = 0 as is_open, i % 99 as day "
    "from range(40000) as t (i)"
)
con.execute(
    "create table grades as select i as student, i % 50 as begins, "
    "if(i % 2 = 0, null, i % 90) as ends from range(40000) as t (i)"
)
QUERIES = {
    "anti": "from spells anti join grades on spells.student = grades.student "
    "and spells.is_open",
    "left": "select count(grades.student) from spells left join grades "
    "on spells.student = grades.student "
    "and spells.day <= coalesce(grades.ends, spells.day)",
    "inner": "select count(*) from spells join grades "
    "on spells.student = grades.student "
    "and spells.day <= coalesce(grades.ends, spells.day)",
    "in the key": "from spells anti join grades "
    "on case when spells.is_open then spells.student end = grades.student",
}
plans, seconds = {}, {}
for name, query in QUERIES.items():
    (text,) = [plan for _, plan in con.execute(f"explain {query}").fetchall()]
    plans[name] = next(j for j in ("BLOCKWISE_NL_JOIN", "HASH_JOIN") if j in text)
    began = time.monotonic()
    found = con.execute(f"select count(*) from ({query})").fetchall()
    seconds[name] = time.monotonic() - began
print(", ".join(f"{name} {plan}" for name, plan in plans.items()))
print(f"the nested one takes {seconds['anti'] / seconds['in the key']:.0f} times as long")
nested, hashed = ["BLOCKWISE_NL_JOIN"] * 2, ["HASH_JOIN"] * 2
slower = seconds["anti"] > 20 * seconds["in the key"]
raise SystemExit([*plans.values()] != nested + hashed or not slower)
PY
"$dir/venv/bin/python" "$dir/look.py"
