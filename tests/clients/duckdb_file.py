"""DuckDB's own client, of whatever version the environment has."""

import duckdb
from reading import RELEASE, VERDICTS, loop


def read(folder):
    file, closed = str(folder / "public.duckdb"), {"enable_external_access": "false"}
    with duckdb.connect(file, read_only=True, config=closed) as con:
        (release,) = con.execute(RELEASE).fetchone()
        (verdicts,) = con.execute(VERDICTS).fetchone()
    return release, verdicts


loop("DuckDB", duckdb.__version__, read)
