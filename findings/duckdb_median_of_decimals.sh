#!/bin/sh
# What: the median of decimals is cut to their scale, whereas their mean is not.
# Versions: duckdb 1.5.5
# Behaviour: median() and quantile_cont() of a decimal(4,1) give a decimal(4,1); what
#   lies between two values is cut off, not even rounded.
# Expected: 87.15 between 87.1 and 87.2, as from doubles and as avg() gives; "Aggregate
#   Functions" calls quantile_cont the interpolated quantile.
# Seen: decimal 87.1, double 87.15, mean 87.15
# Source: DuckDB documentation, "Aggregate Functions"; the type is said to be meant in
#   duckdb/duckdb#13655.
# Here: median() is taken of quotients, which are doubles (plugins/common_metrics/disclosure/attack.sql);
#   a rate in decimals would be cast first.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q duckdb==1.5.5
"$dir/venv/bin/python" - <<'PY'
import sys
from decimal import Decimal

import duckdb

median, quantile, double, mean = duckdb.execute("""
    select median(rate), quantile_cont(rate, 0.5), median(rate::double), avg(rate)
    from (values (87.1::decimal(4, 1)), (87.2)) as schools (rate)
""").fetchone()
print(f"decimal {median}, double {double}, mean {mean}")
as_described = median == quantile == Decimal("87.1") and double == mean == 87.15
sys.exit(not as_described)
PY
