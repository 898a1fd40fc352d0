#!/bin/sh
# What: a count that Great Expectations has found to be of digits only is none for DuckDB.
# Versions: great-expectations 1.24.1, pandas 3.1.1, duckdb 1.5.5
# Behaviour: the regex of an expectation is Python's, where \d is a digit of any script;
#   DuckDB casts ASCII digits alone, and its own \d (RE2) means these. A valid
#   file thus ends the build, or becomes null in try_cast: "not reported".
# Expected: what the first of two checks lets pass as a number, the second can read.
# Seen: Great Expectations: 0 of 2 unexpected with \d, 1 of 2 with [0-9]; DuckDB: 12 and null,
#   its own \d matches 1 of 2
# Source: Python documentation, "re: Regular expression operations" (\d); DuckDB
#   documentation, "Regular Expressions" (RE2); no issue found on the two together.
# Here: \d of every contract is read as [0-9] before Great Expectations sees it
#   (plugins/common_metrics/validation/plausibility.py).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q great-expectations==1.24.1 pandas==3.1.1 duckdb==1.5.5
GX_ANALYTICS_ENABLED=False "$dir/venv/bin/python" - <<'PY'
import logging
import sys

import duckdb
import great_expectations as gx
import pandas as pd
from great_expectations import expectations as gxe

logging.disable(logging.CRITICAL)
# The second is 12 as an East Asian keyboard types it (full-width digits).
counts = ["12", "\uff11\uff12"]
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
table = context.data_sources.add_pandas("state").add_dataframe_asset("counts")
batch = table.add_batch_definition_whole_dataframe("all").get_batch(
    batch_parameters={"dataframe": pd.DataFrame({"graduates": counts})}
)


def unexpected(regex: str) -> int:
    asked = gxe.ExpectColumnValuesToMatchRegex(column="graduates", regex=regex)
    return batch.validate(asked).result["unexpected_count"]


python, ascii_only = unexpected(r"^\d+$"), unexpected("^[0-9]+$")
read = duckdb.execute(
    r"select try_cast(c as integer), regexp_full_match(c, '\d+') "
    "from unnest(?) as counts (c)",
    [counts],
).fetchall()
print(rf"Great Expectations: {python} of 2 unexpected with \d, {ascii_only} with [0-9]")
print(f"DuckDB, value and whether its \\d matches: {read}")
as_described = (python, ascii_only, read) == (0, 1, [(12, True), (None, False)])
sys.exit(not as_described)
PY
