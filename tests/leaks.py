"""Looks for the planted names, birth dates and ids in whatever a run leaves behind."""

import gzip
import sqlite3
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile, is_zipfile

import duckdb
import numpy as np

START = 6  # bytes of a sentinel by which it is looked up; none is shorter
CHUNK = 4_000_000
PARQUET, DUCKDB = b"PAR1", b"DUCK"
GZIP, SQLITE = b"\x1f\x8b", b"SQLite format 3"


def scan(
    folder: Path, sentinels: set[str], but: tuple[str, ...] = ()
) -> list[tuple[str, str]]:
    """Return (path, sentinel) of every sentinel below a folder, in names of files too.

    Case is no difference. Archives (zip, gzip) and tables (Parquet, DuckDB, SQLite and
    what is packed in its cells) are opened. ``but`` names folders directly below that
    are left out.
    """
    known = Known(sentinels)
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    found = []
    for file in files:
        name = file.relative_to(folder).as_posix()
        if name.split("/")[0] not in but:
            texts = [name.encode(), *readable(file.read_bytes()), *rows_of(file)]
            found += [(name, hit) for text in texts for hit in known.within(text)]
    return found


class Known:
    """The sentinels, ready to be looked for."""

    def __init__(self, sentinels: set[str]) -> None:
        short = [text for text in sentinels if len(text) < START]
        if short or not sentinels:
            raise ValueError(f"no sentinels, or some too short to be told: {short}")
        self.by_start: dict[bytes, list[bytes]] = {}
        for text in sorted(sentinels):
            whole = text.lower().encode()
            self.by_start.setdefault(whole[:START], []).append(whole)
        self.longest = max(len(text.encode()) for text in sentinels)
        starts = np.frombuffer(b"".join(self.by_start), np.uint8).reshape(-1, START)
        self.numbers = np.sort(as_numbers(starts.ravel())[::START])

    def within(self, content: bytes) -> Iterator[str]:
        """Every sentinel in some bytes, each once."""
        found = set()
        content = content.lower()
        for at in range(0, len(content), CHUNK):
            # Chunks overlap, so that none is cut in two.
            found |= set(self.within_chunk(content[at : at + CHUNK + self.longest]))
        yield from sorted(found)

    def within_chunk(self, chunk: bytes) -> Iterator[str]:
        """Every sentinel in a few bytes."""
        if len(chunk) < START:
            return
        numbers = as_numbers(np.frombuffer(chunk, np.uint8))
        place = np.searchsorted(self.numbers, numbers)
        place[place == len(self.numbers)] = 0
        for at in np.flatnonzero(self.numbers[place] == numbers):
            for whole in self.by_start[chunk[at : at + START]]:
                if chunk.startswith(whole, at):
                    yield whole.decode()


def as_numbers(content: np.ndarray) -> np.ndarray:
    """The bytes from each place on, START of them, as one number a place."""
    places = len(content) - START + 1
    numbers = np.zeros(places, np.uint64)
    for n in range(START):
        numbers = numbers * np.uint64(256) + content[n : n + places]
    return numbers


def readable(content: bytes) -> Iterator[bytes]:
    """The bytes, and whatever is packed in them."""
    yield content
    if content.startswith(GZIP):
        yield from readable(gzip.decompress(content))
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield content.decode("utf-16", "replace").encode()
    if content.startswith(PARQUET):
        yield from cells(content, "x.parquet")
    elif content[8:12] == DUCKDB:
        yield from cells(content, "x.duckdb")
    elif is_zipfile(BytesIO(content)):
        with ZipFile(BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from readable(archive.read(name))


def rows_of(file: Path) -> Iterator[bytes]:
    """The tables of an SQLite file, with what its log of changes adds to them."""
    if not file.read_bytes().startswith(SQLITE):
        return
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        listed = connection.execute("select name from sqlite_master where type='table'")
        for (table,) in listed.fetchall():
            rows = connection.execute(f'select * from "{table}"').fetchall()
            yield b"\n".join(as_meant(cell) for row in rows for cell in row)


def as_meant(cell: object) -> bytes:
    """A cell as bytes, unpacked where it is packed."""
    content = cell if isinstance(cell, bytes) else str(cell).encode()
    try:
        return zlib.decompress(content)
    except zlib.error:
        return content


def cells(content: bytes, name: str) -> Iterator[bytes]:
    """Every column of the tables in some bytes, as text."""
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        file = Path(folder) / name
        file.write_bytes(content)
        for table in tables(connection, file):
            rows = connection.sql(f"select cast(t as varchar) from {table} as t")
            while some := rows.fetchmany(10_000):
                yield "\n".join(row[0] for row in some).encode()


def tables(connection: duckdb.DuckDBPyConnection, file: Path) -> list[str]:
    """The tables of a file; views hold nothing of their own."""
    if file.suffix == ".parquet":
        return [f"read_parquet('{file}')"]
    connection.execute(f"attach '{file}' as found (read_only)")
    rows = connection.execute(
        "select schema_name, table_name from duckdb_tables()"
        " where database_name = 'found'"
    ).fetchall()
    return [f'found."{schema}"."{table}"' for schema, table in rows]
