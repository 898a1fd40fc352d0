#!/bin/sh
# What: dbt-spark's session runs without ANSI SQL although the profile turns it on.
# Versions: dbt-spark 1.11.0 (session), dbt-core 1.11.16, pyspark 4.3.0, Java 17
# Behaviour: spark.sql.ansi.enabled: "true" among server_side_parameters is put to "false";
#   a cast of a text that is no number gives null, and the model succeeds.
# Expected: the profile's setting, which is also Spark 4's default: the cast is an error.
# Seen: false, [Row(number=None)]
# Source: dbt documentation, "Apache Spark configurations" (server_side_parameters);
#   Spark documentation, "ANSI Compliance" (on by default since 4.0).
# Here: plugins/common_metrics/warehouse/dbt_on_spark.py turns it on again.
# Needs: Java 17 on the path (openjdk-17-jre-headless).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q "dbt-spark==1.11.0" dbt-core==1.11.16 pyspark==4.3.0
mkdir "$dir/models"
cd "$dir"
cat > dbt_project.yml <<'YML'
name: demo
version: "1.0"
profile: demo
flags: {send_anonymous_usage_stats: false}
YML
cat > profiles.yml <<'YML'
demo:
  target: here
  outputs:
    here:
      type: spark
      method: session
      host: none
      schema: demo
      threads: 1
      server_side_parameters: {spark.sql.ansi.enabled: "true"}
YML
echo "select cast('12 students' as int) as number" > models/counted.sql
cat > look.py <<'PY'
from dbt.cli.main import dbtRunner
from pyspark.sql import SparkSession

done = dbtRunner().invoke(["--quiet", "run"])
spark = SparkSession.builder.getOrCreate()
rows = spark.sql("select * from demo.counted").collect() if done.success else []
ansi = spark.conf.get("spark.sql.ansi.enabled")
print(f"{ansi}, {rows}")
raise SystemExit((ansi, [tuple(row) for row in rows]) != ("false", [(None,)]))
PY
SPARK_LOCAL_IP=127.0.0.1 DBT_PROFILES_DIR="$dir" "$dir/venv/bin/python" look.py 2>/dev/null
