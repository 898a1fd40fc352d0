#!/bin/sh
# What: HttpHook logs the whole address, with its query, of a request that nobody answered.
# Versions: apache-airflow 3.3.2, apache-airflow-providers-http 6.3.0
# Behaviour: run() and run_and_check() log the error of the connection as a warning; its text
#   has path and query, so also the signature of an address to which a server redirected.
#   Of an answer that is an error, run() logs the whole text.
# Expected: the host and the kind of the error.
# Seen: ... Max retries exceeded with url: /file.csv?X-Signature=of-a-redirect ...
# Source: none found in the documentation of the provider.
# Here: the session is the hook's, what it answers is read by us, and of an error the kind
#   alone is told (plugins/common_metrics/fetching/clients.py).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q apache-airflow==3.3.2 apache-airflow-providers-http==6.3.0
AIRFLOW_HOME="$dir" AIRFLOW_CONN_STATE='{"conn_type": "http", "host": "127.0.0.1", "port": 9}' \
    "$dir/venv/bin/python" - >"$dir/log" 2>&1 <<'PY' || true
from airflow.providers.http.hooks.http import HttpHook

HttpHook("GET", "state").run("file.csv?X-Signature=of-a-redirect")
PY
grep "Tenacity will retry" "$dir/log" | grep "X-Signature=of-a-redirect"
