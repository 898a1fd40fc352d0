#!/bin/sh
# What: a blank cell of a dbt seed becomes the word None on Spark by a session.
# Versions: dbt-spark 1.11.0 (session), dbt-core 1.11.16, pyspark 4.3.0, Java 17
# Behaviour: dbt seed succeeds; the text column of the row holds 'None', and is not null.
#   A number in the same place is null.
# Expected: null, as dbt-duckdb and other adapters have it.
# Seen: [Row(code='01', label='known', blank=False), Row(code='02', label='None', blank=False)]
# Source: dbt documentation, "Seeds" (says nothing of blanks); the session's connection of
#   dbt-spark puts the values into the SQL as text.
# Here: dbt_project/macros/engines.sql loads seeds by itself on Spark.
# Needs: Java 17 on the path (openjdk-17-jre-headless).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q "dbt-spark==1.11.0" dbt-core==1.11.16 pyspark==4.3.0
mkdir "$dir/seeds"
cd "$dir"
cat > dbt_project.yml <<'YML'
name: demo
version: "1.0"
profile: demo
flags: {send_anonymous_usage_stats: false}
seeds: {demo: {+column_types: {code: string, label: string}}}
YML
cat > profiles.yml <<'YML'
demo:
  target: here
  outputs:
    here: {type: spark, method: session, host: none, schema: demo, threads: 1}
YML
printf 'code,label\n01,known\n02,\n' > seeds/codes.csv
cat > look.py <<'PY'
import os
from dbt.cli.main import dbtRunner
from pyspark.sql import SparkSession

done = dbtRunner().invoke(["--quiet", "seed"])
assert done.success, done.exception
spark = SparkSession.builder.getOrCreate()
rows = spark.sql(
    "select code, label, label is null as blank from demo.codes order by code"
).collect()
print(rows)
raise SystemExit(rows[1]["label"] != "None")
PY
SPARK_LOCAL_IP=127.0.0.1 DBT_PROFILES_DIR="$dir" "$dir/venv/bin/python" look.py 2>/dev/null
