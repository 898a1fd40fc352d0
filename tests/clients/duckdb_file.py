"""DuckDB's own client, of whatever version the environment has."""

import duckdb
from reading import RELEASE, VERDICTS, loop


def read(folder):
    with duckdb.connect(str(folder / "public.duckdb"), read_only=True) as con:
        (release,) = con.execute(RELEASE).fetchone()
        (verdicts,) = con.execute(VERDICTS).fetchone()
    return release, verdicts


loop("DuckDB", duckdb.__version__, read)
