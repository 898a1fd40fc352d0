#!/bin/sh
# What: attach(..., storage_options=...) makes a file system without these options.
# Versions: apache-airflow 3.3.2
# Behaviour: the store keeps the options and never hands them to what makes its file system.
# Expected: the options of attach reach get_fs, as its own parameter of that name does.
# Seen: asked for auto_mkdir=True; attach made auto_mkdir=False, get_fs auto_mkdir=True
# Source: none found in the documentation of the object store.
# Here: the file system is made by get_fs, with the time limits of the source, and attached
#   (plugins/common_metrics/fetching/clients.py).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q apache-airflow==3.3.2
AIRFLOW_HOME="$dir" "$dir/venv/bin/python" - <<'PY'
import sys

from airflow.sdk.io import attach, get_fs

options = {"auto_mkdir": True}
attached = attach("file", storage_options=options).fs.auto_mkdir
made = get_fs("file", storage_options=options).auto_mkdir
print(f"attach made auto_mkdir={attached}, get_fs auto_mkdir={made}")
sys.exit(not (made and not attached))
PY
