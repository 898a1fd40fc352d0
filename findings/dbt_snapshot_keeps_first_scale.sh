#!/bin/sh
# What: a dbt snapshot of a rate that gains a decimal place adds a version in every run, and
#   all of them are wrong.
# Versions: dbt-core 1.11.16, dbt-duckdb 1.11.1, duckdb 1.5.5
# Behaviour: the column of the snapshot stays decimal(5,1); 88.65 is stored as 88.7, so it
#   differs from the model's 88.65 in the next run, and so on.
# Expected: an error, a wider column, or at least one version of one change.
# Seen: model 88.65; snapshot decimal(5,1): 88.6, 88.7, 88.7, 88.7 after 1 + 3 runs
# Source: dbt documentation, "What happens if I add new columns to my snapshot query?" (a
#   column's type is not changed); no issue found on versions without end.
# Here: no dbt snapshots; a replaced number stays as a version of its file
#   (docs/decisions/0016-a-replaced-number-stays-as-a-version.md).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q dbt-core==1.11.16 dbt-duckdb==1.11.1 duckdb==1.5.5
mkdir "$dir/models" "$dir/snapshots"
cd "$dir"
cat > dbt_project.yml <<'YML'
name: demo
version: "1.0"
profile: demo
flags: {send_anonymous_usage_stats: false}
YML
cat > profiles.yml <<'YML'
demo: {target: here, outputs: {here: {type: duckdb, path: demo.duckdb, threads: 1}}}
YML
cat > models/rates.sql <<'SQL'
{{ config(materialized='table') }}
select 1 as school, cast({{ var('rate') }} as decimal(5, {{ var('scale') }})) as rate
SQL
cat > snapshots/rates_seen.yml <<'YML'
snapshots:
  - name: rates_seen
    relation: ref('rates')
    config: {unique_key: school, strategy: check, check_cols: [rate]}
YML
venv/bin/dbt --quiet build --vars '{rate: 88.6, scale: 1}'
for _ in 1 2 3; do venv/bin/dbt --quiet build --vars '{rate: 88.65, scale: 2}'; done
venv/bin/python - <<'PY'
import sys

import duckdb

con = duckdb.connect("demo.duckdb", read_only=True)
(rate,) = con.execute("select rate::text from rates").fetchone()
seen = con.sql(
    "select rate::text, typeof(rate) from rates_seen order by dbt_valid_from"
).fetchall()
print(f"model {rate}; snapshot {seen}")
described = [(rate, "DECIMAL(5,1)") for rate in ("88.6", "88.7", "88.7", "88.7")]
sys.exit(not (rate == "88.65" and seen == described))
PY
