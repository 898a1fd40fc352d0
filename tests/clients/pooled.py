"""What a connection sees that was opened beside an older one, as in a pool.

``pooled.py FILE`` says ``open`` when the first connection is, waits for a line, and
prints the releases that are then seen: by the first, by a second one beside it, by an
attached file, and by one that is opened when all others are closed.
"""

import json
import sys

import duckdb
from reading import RELEASE

file = sys.argv[1]


def seen(con):
    return con.execute(RELEASE).fetchone()[0]


def attached():
    with duckdb.connect() as con:
        con.execute(f"attach '{file}' as published (read_only); use published")
        return seen(con)


first = duckdb.connect(file, read_only=True)
seen(first)
print("open", flush=True)
sys.stdin.readline()
second = duckdb.connect(file, read_only=True)
said = {"first": seen(first), "second": seen(second), "attached": attached()}
first.close()
second.close()
with duckdb.connect(file, read_only=True) as con:
    print(json.dumps({**said, "alone": seen(con)}))
