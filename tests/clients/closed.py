"""What a connection gets at that is closed to every file but one; see docs/bi.md.

``closed.py WAY FILE PARQUET OTHER`` opens FILE in that way and prints one JSON list:
how many releases it holds, how many rows PARQUET has, and what came of attaching OTHER
and of opening up again. A refusal is told as its text.
"""

import json
import sys

import duckdb

way, file, parquet, other = sys.argv[1:]
CLOSED = {"enable_external_access": "false"}


def opened(**config):
    return duckdb.connect(file, read_only=True, config=config)


def attached():
    con = duckdb.connect()
    con.execute(f"attach '{file}' as public (read_only); use public")
    con.execute("set enable_external_access = false")
    return con


def engine():
    import sqlalchemy as sa

    url = f"duckdb:///{file}?access_mode=read_only&enable_external_access=false"
    return sa.create_engine(url).raw_connection().driver_connection


def asked(query):
    try:
        return (con.execute(query).fetchone() or [None])[0]
    except duckdb.Error as error:
        return str(error)


ways = {"file": lambda: opened(**CLOSED), "session": attached, "engine": engine}
con = {**ways, "open": opened}[way]()
queries = ["select count(*) from about_release", f"select count(*) from '{parquet}'"]
queries += [f"attach '{other}' as other (read_only)"]
queries += ["set enable_external_access = true"]
print(json.dumps([asked(query) for query in queries]))
