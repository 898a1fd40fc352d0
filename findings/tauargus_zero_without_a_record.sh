#!/bin/sh
# What: the ZERO rule protects a zero only if a record says it; a count of zero students, for
#   whom there is no record, is published.
# Versions: pytauargus 0.6.0
# Behaviour: counted from records of students, the cell "Hill, left" (0) has status E
#   (empty) under ZERO(20), and all is published. One more record whose value is 0 gives
#   the same table, but now the cell is U (unsafe) and is hidden with others.
# Expected: the same protection for the same table: that nobody left tells of each student.
# Seen: without a record E, 0 cells hidden; with one U, 7 cells hidden
# Source: sdcTools/UserSupport#115 (an empty cell and a zero are different things) and #88
#   (zeros are treated as safe).
# Here: a zero is hidden as any small count is
#   (dbt_project/seeds/suppression_minimums.csv).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q pytauargus==0.6.0
cd "$dir"  # the engine leaves its logs where it runs
"$dir/venv/bin/python" - "$dir" <<'PY'
import sys

from pytauargus import protect

CLASSES = {
    "Hill": {"graduated": 30, "left": 0, "enrolled": 4},
    "Lake": {"graduated": 25, "left": 9, "enrolled": 7},
    "Pond": {"graduated": 40, "left": 8, "enrolled": 12},
}
students = [
    {"school": school, "outcome": outcome, "students": 1.0}
    for school, counts in CLASSES.items()
    for outcome, count in counts.items()
    for _ in range(count)
]
nobody = {"school": "Hill", "outcome": "left", "students": 0.0}


def protected(records: list[dict], name: str) -> tuple[float, str, int]:
    (table,) = protect(
        records,
        ["school", "outcome"],
        response="students",
        safety_rules="ZERO(20)",
        workdir=f"{sys.argv[1]}/{name}",
    ).tables
    (zero,) = [
        (row["students"], row["status"])
        for row in table.rows
        if (row["school"].strip(), row["outcome"].strip()) == ("Hill", "left")
    ]
    return *zero, table.safe().count("x")


without, given = protected(students, "without"), protected([*students, nobody], "given")
print(f"value, status, cells hidden: without a record {without}, with one {given}")
sys.exit(not (without == (0.0, "E", 0) and given[:2] == (0.0, "U") and given[2] > 0))
PY
