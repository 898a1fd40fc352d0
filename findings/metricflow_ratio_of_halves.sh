#!/bin/sh
# What: a ratio metric divides sums of different schools where one half of a rate is hidden.
# Versions: dbt-metricflow 0.15.0, dbt-core 1.11.16, dbt-duckdb 1.11.1, duckdb 1.5.5
# Behaviour: numerator and denominator are summed apart, each over its own rows that are not
#   null: 9 of 10, hidden of 10 and 5 of hidden give 14 of 20.
# Expected: 9 of 10, the one school both of whose counts are known; or none.
# Seen: 14 of 20, ratio 0.7
# Source: dbt documentation, "Ratio metrics" (says nothing of rows with one half);
#   dbt-labs/metricflow#1098 asks about nulls of ratios between tables.
# Here: the measures give a number only where the other one is known, or bounded
#   (dbt_project/models/semantic/semantic_outcomes.yml).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q dbt-metricflow==0.15.0 dbt-core==1.11.16 \
    dbt-duckdb==1.11.1 duckdb==1.5.5
mkdir "$dir/models"
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
select school, date '2016-06-30' as class_day, graduates, students
from (values (1, 9, 10), (2, null, 10), (3, 5, null)) as t (school, graduates, students)
SQL
cat > models/days.sql <<'SQL'
{{ config(materialized='table') }}
select date '2016-06-30' as day
SQL
cat > models/metrics.yml <<'YML'
models:
  - name: days
    time_spine: {standard_granularity_column: day}
    columns: [{name: day, granularity: day}]
semantic_models:
  - name: rates
    model: ref('rates')
    defaults: {agg_time_dimension: class_day}
    entities: [{name: school, type: primary}]
    dimensions:
      - {name: class_day, type: time, type_params: {time_granularity: day}}
    measures:
      - {name: graduates, agg: sum, create_metric: true}
      - {name: students, agg: sum, create_metric: true}
metrics:
  - name: graduation_rate
    label: Graduation rate
    type: ratio
    type_params: {numerator: graduates, denominator: students}
YML
PATH="$dir/venv/bin:$PATH"
export PATH DBT_PROFILES_DIR="$dir"
dbt --quiet build
mf query --metrics graduates,students,graduation_rate --csv seen.csv > log
cat seen.csv
[ "$(tail -n 1 seen.csv | tr -d '\r')" = "14,20,0.7" ]
