"""Streaming: a file of students that is too large for memory, block by block.

What parsing.py does to a table, done to some hundred thousand rows at a time: each
distinct cell of a block is cleaned, compared and hashed once, and the rows go to a
Parquet file. What refuses a table is counted on the way, so that the sentence is the
one that a small file gets.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from common_metrics.contracts.headers import Match, clean_header, match_columns
from common_metrics.contracts.model import Contract
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Delivery
from common_metrics.reading import parsing, refusals, text
from common_metrics.reading.blocks import are_rows, blocks
from common_metrics.reading.refusals import Found, Wrong
from common_metrics.reading.text import Record
from common_metrics.reading.years import SEARCHED_LINES, end_year, read_identity

# A csv file of students of more bytes than this is read so.
IN_MEMORY = 8_000_000
# What pyarrow writes as one row group of a table that it has whole.
GROUP = 1_048_576  # rows
CHUNK = 100_000  # rows of a file whose lines are no rows
# Columns of names, of which totals are told by all rows that have the same id.
NAMES = {"school_name", "district_name", "lea_name"}
# What a cell holds that clean() or clean_header() may change.
UNCLEAN = r"^[\s=]|\s$|[^\x20-\x7e]"


class Big(NamedTuple):
    """A file whose bytes were judged, its first rows, and where its rows may lie."""

    stream: BinaryIO
    spool: Path
    first: list[Record]
    are_rows: bool  # each line is a row


class Spooled(NamedTuple):
    """The rows of a delivery in a Parquet file, and which columns were left out."""

    file: Path
    num_rows: int
    school_years: list[int]
    additional: list[str]
    unread: list[str]


class Chunk(NamedTuple):
    """Some rows of a table, none of them blank, and those of another width."""

    rows: pa.Array  # the physical line that each begins in
    cells: list[pa.DictionaryArray]
    ragged: list[Record]

    def record(self, at: int) -> Record:
        cells = [column[at].as_py() for column in self.cells]
        return Record(None, self.rows[at].as_py(), cells)


def takes(contract: Contract, size: int) -> bool:
    """Return whether a file of ``size`` bytes is read in a stream."""
    return size > IN_MEMORY and is_streamable(contract)


def is_streamable(contract: Contract) -> bool:
    """Return whether the rows of a contract can be judged a block at a time.

    So it is of students, whose files have one table and nothing beside it.
    """
    read, identity = contract.read, contract.identity
    of_a_table: list[Any] = [read.section, read.unpivot, read.fill_down, read.furniture]
    of_a_table += [read.short_rows, read.full, contract.periods]
    of_a_table += [identity.preamble, identity.header, identity.all_students]
    of_a_table += [column.filled for column in contract.columns.values()]
    of_a_table += [{*contract.columns} & NAMES]
    is_csv = (read.format, read.encoding) == ("csv", "utf-8")
    return bool(is_csv and contract.protects and not any(of_a_table))


def judged_bytes(
    contract: Contract, stream: BinaryIO, spool: Path, longest: int
) -> Big:
    """Return the file whose bytes are text of the contract; raise DeliveryRefused.

    ``longest`` is the length of its longest line: the csv module refuses long cells.
    """
    row, block, zero = 1, b"", None
    is_simple = longest <= csv.field_size_limit()
    for row, block in blocks(stream):
        _refuse_wrong_byte(contract, row, block)
        if b"\0" in block and not zero:
            zero = row + block[: block.index(b"\0")].count(b"\n")
        is_simple = is_simple and are_rows(block, contract.read.delimiter)
    if zero:
        raise text.zero_byte(contract, zero)
    if contract.read.final_newline and not block.endswith(b"\n"):
        raise text.cut_row(row + block.count(b"\n"))
    beginning = next(blocks(stream))[1]
    parsing.refuse_other_separator(contract, beginning.decode("utf-8-sig"))
    first = list(islice(_records(contract, stream), SEARCHED_LINES))
    if not is_simple:
        # Quotes that do not end are told of before anything of the table.
        for _ in _records(contract, stream):
            pass
    return Big(stream, spool, first, is_simple)


def parse(contract: Contract, delivery: Delivery, big: Big) -> Spooled:
    """Write the rows under canonical names to the spool; raise DeliveryRefused."""
    # A delivery that is read a second time begins anew.
    big.spool.unlink(missing_ok=True)
    found = _found(contract, big)
    sieve, match = _Sieve(found), _match(found, range(len(found.header)))
    year = read_identity(contract, big.first, delivery.file).school_year
    with _Spool(parsing.schema(contract), big.spool) as spool:
        for chunk in _chunks(big, found):
            sieve.see(chunk)
            if match and not sieve.holds():
                spool.write(_table(contract, delivery, year, match, chunk))
    sieve.refuse()
    match = match_columns(contract, found.header, None, _above(found), sieve.empty)
    years = sorted(filter(None, spool.years))
    return Spooled(big.spool, spool.count, years, match.additional, [])


def without(spooled: Spooled, left_out: pa.ChunkedArray) -> Spooled:
    """Return the rows without some, which are given by their numbers, in order."""
    if not len(left_out):
        return spooled
    place, at = spooled.file.with_suffix(".rest.part"), 0
    with pq.ParquetFile(spooled.file) as whole, _Spool(whole.schema_arrow, place) as to:
        for group in range(whole.num_row_groups):
            rows = whole.read_row_group(group)
            numbers = pa.array(np.arange(at, at + rows.num_rows))
            to.write(rows.filter(pc.invert(pc.is_in(numbers, left_out))))
            at += rows.num_rows
    return spooled._replace(file=place, num_rows=pq.read_metadata(place).num_rows)


def _refuse_wrong_byte(contract: Contract, row: int, block: bytes) -> None:
    if block.isascii():
        return
    try:
        block.decode("utf-8-sig" if row == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise text.wrong_byte(contract, error.object, error.start, row) from None


def _records(contract: Contract, stream: BinaryIO) -> Iterator[Record]:
    """Yield every row of the file, blank ones too, with the csv module."""
    stream.seek(0)
    lines = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        yield from text.rows(contract, lines)
    finally:
        with suppress(ValueError):  # closed before all rows were asked for
            lines.detach()


def _found(contract: Contract, big: Big) -> Found:
    """Return the table without its rows; raise DeliveryRefused without a header."""
    at = parsing.header_at(contract, big.first, None, _records(contract, big.stream))
    header = contract.read.header or big.first[at].cells
    return Found(contract, header, big.first[: max(at, 0)], [])


def _above(found: Found) -> list[str]:
    return found.above[-1].cells if found.above else []


def _match(found: Found, empty: Iterable[int]) -> Match | None:
    """Return which column is which, None where that refuses the file.

    Which columns have no cell is known at the end alone, and changes no position.
    """
    try:
        return match_columns(
            found.contract, found.header, None, _above(found), {*empty}
        )
    except DeliveryRefused:
        return None


# Rows


def _chunks(big: Big, found: Found) -> Iterator[Chunk]:
    """Yield the rows below the header."""
    contract = found.contract
    at = 0 if contract.read.header else len(found.above) + 1
    if not big.are_rows:
        rows = islice(_records(contract, big.stream), at, None)
        while some := list(islice(rows, CHUNK)):
            yield _of_records(some, len(found.header))
        return
    below = big.first[at - 1].row + 1 if at else 1
    for row, block in blocks(big.stream):
        if row == 1:
            block = block.removeprefix(b"\xef\xbb\xbf")
        if row < below:
            block = block.split(b"\n", below - row)[-1]
            row = below
        if block:
            yield _of_block(contract, row, block, len(found.header))


def _of_block(contract: Contract, row: int, block: bytes, width: int) -> Chunk:
    """Return the rows of lines, read at once where all have the header's width."""
    names = [str(at) for at in range(width)]
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(block),
            arrow_csv.ReadOptions(column_names=names),
            arrow_csv.ParseOptions(
                delimiter=contract.read.delimiter,
                double_quote=False,
                ignore_empty_lines=False,
            ),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid:
        lines = io.StringIO(block.decode(), newline="")
        return _of_records([*text.rows(contract, lines, row)], width)
    rows = pa.array(np.arange(row, row + table.num_rows))
    cells = [_mapped(column, UNCLEAN, text.clean) for column in table.columns]
    return _without_blank(Chunk(rows, cells, []))


def _of_records(records: list[Record], width: int) -> Chunk:
    filled = [record for record in records if any(record.cells)]
    whole = [record for record in filled if len(record.cells) == width]
    ragged = [record for record in filled if len(record.cells) != width]
    columns = zip(*(r.cells for r in whole), strict=True) if whole else [()] * width
    cells = [pa.array(column, pa.string()).dictionary_encode() for column in columns]
    return Chunk(pa.array([r.row for r in whole], pa.int64()), cells, ragged)


def _without_blank(chunk: Chunk) -> Chunk:
    """Return the rows that have a cell."""
    is_blank = None
    for column in chunk.cells:
        blank = _are(column, [at for at, c in enumerate(_values(column)) if not c])
        is_blank = blank if is_blank is None else pc.and_(is_blank, blank)
        if not pc.any(is_blank).as_py():
            return chunk
    kept = pc.invert(is_blank)
    cells = [column.filter(kept) for column in chunk.cells]
    return Chunk(chunk.rows.filter(kept), cells, chunk.ragged)


def _mapped(column: pa.ChunkedArray, unclean: str, clean: Any) -> pa.DictionaryArray:
    """Return a column of which the distinct cells that need it are cleaned."""
    encoded = column.combine_chunks().dictionary_encode()
    odd = pc.match_substring_regex(encoded.dictionary, unclean)
    if not pc.any(odd).as_py():
        return encoded
    cells = zip(_values(encoded), odd.to_pylist(), strict=True)
    cleaned = [clean(cell) if is_odd else cell for cell, is_odd in cells]
    return pa.DictionaryArray.from_arrays(
        encoded.indices, pa.array(cleaned, pa.string())
    )


def _values(column: pa.DictionaryArray) -> list[str]:
    return column.dictionary.to_pylist()


def _are(column: pa.DictionaryArray, which: list[int]) -> pa.Array:
    """Return which rows hold one of the distinct cells."""
    return pc.is_in(column.indices, pa.array(which, column.indices.type))


# Refusals


class _Sieve:
    """What was seen of a table so far that refuses it, or columns of it."""

    def __init__(self, found: Found):
        self.found, self.count = found, 0
        self.titles = [clean_header(cell) for cell in found.header]
        self.empty = {*range(len(found.header))}
        self.ids = refusals.identifiers(found)
        self.damaged: dict[int, Wrong] = {}
        self.ragged: Wrong | None = None
        self.again: Wrong | None = None

    def holds(self) -> bool:
        """Return whether the table is refused."""
        return bool(self.damaged or self.ragged or self.again)

    def see(self, chunk: Chunk) -> None:
        """Look at some rows more."""
        self.count += len(chunk.rows) + len(chunk.ragged)
        self.ragged = _more(self.ragged, chunk.ragged)
        for at in {*self.empty}:
            if any(_values(chunk.cells[at])):
                self.empty.discard(at)
        for at in self.ids:
            of = [r for r in chunk.ragged if refusals.is_damaged(r.cells, at)]
            wrong = _more(self.damaged.get(at), [*of, *_damaged(chunk, at)])
            self.damaged |= {at: wrong} if wrong else {}
        if not self.found.contract.read.header:
            rows = [*chunk.ragged, *_like_header(chunk, self.titles)]
            again = [r for r in rows if refusals.is_header(self.titles, r.cells)]
            self.again = _more(self.again, again)

    def refuse(self) -> None:
        """Raise DeliveryRefused as a small file is refused, the first reason first."""
        for at in self.ids:
            if at in self.damaged:
                title, wrong = self.found.header[at], self.damaged[at]
                raise refusals.digits_lost(title, wrong, self.count)
        if self.ragged:
            raise refusals.other_width(self.found, self.ragged)
        if self.again:
            raise refusals.second_header(self.found, self.again)


def _more(before: Wrong | None, rows: list[Record]) -> Wrong | None:
    """Return what is wrong with these rows, too; they may stand in any order."""
    if not rows:
        return before
    if before:
        return before._replace(rows_count=before.rows_count + len(rows))
    return Wrong(len(rows), min(rows, key=lambda record: record.row))


def _damaged(chunk: Chunk, at: int) -> list[Record]:
    """Return the rows whose id lost its digits."""
    column = chunk.cells[at]
    like = pc.match_substring(column.dictionary, "E+", ignore_case=True)
    # Almost always there is nothing to look for.
    if not pc.any(like).as_py():
        return []
    cells = enumerate(_values(column))
    which = [n for n, cell in cells if refusals.is_damaged([cell], 0)]
    rows = np.flatnonzero(_are(column, which))
    return [chunk.record(int(row)) for row in rows]


def _like_header(chunk: Chunk, titles: list[str]) -> list[Record]:
    """Return the rows that have a cell which names its column."""
    rows: set[int] = set()
    for column, title in zip(chunk.cells, titles, strict=True):
        plain = pc.replace_substring_regex(column.dictionary, r"[\s_]", "")
        like = pc.equal(pc.utf8_lower(plain), title)
        odd = pc.match_substring_regex(column.dictionary, UNCLEAN)
        which = np.flatnonzero(pc.or_(like, odd)).tolist() if title else []
        cells = {n: column.dictionary[n].as_py() for n in which}
        named = [n for n, cell in cells.items() if clean_header(cell) == title]
        rows |= {*np.flatnonzero(_are(column, named)).tolist()} if named else set()
    return [chunk.record(row) for row in sorted(rows)]


# Parquet


class _Spool:
    """Rows that go to a Parquet file, in groups as of a table that is there whole.

    A group is written while the rows of the next one are being read.
    """

    def __init__(self, schema: pa.Schema, file: Path):
        self.schema, self.file = schema, file
        self.waiting: list[pa.Table] = []
        self.count, self.years = 0, set[int | None]()
        self.writing: Future[None] | None = None

    def __enter__(self) -> "_Spool":
        self.writer = pq.ParquetWriter(self.file, self.schema, compression="zstd")
        self.pool = ThreadPoolExecutor(1)
        return self

    def __exit__(self, error: object, *_: object) -> None:
        with self.pool, self.writer:
            if not error and (self.waiting or not self.count):
                self._put(pa.concat_tables([self.schema.empty_table(), *self.waiting]))
            self._wait()

    def write(self, table: pa.Table) -> None:
        self.count += table.num_rows
        self.years |= {*pc.unique(table["_school_year"]).to_pylist()}
        self.waiting.append(table)
        if sum(each.num_rows for each in self.waiting) >= GROUP:
            whole = pa.concat_tables(self.waiting)
            self._put(whole.slice(0, GROUP))
            self.waiting = [whole.slice(GROUP)] if whole.num_rows > GROUP else []

    def _put(self, table: pa.Table) -> None:
        self._wait()
        whole = table.combine_chunks()
        self.writing = self.pool.submit(self.writer.write_table, whole, GROUP)

    def _wait(self) -> None:
        if self.writing:
            self.writing.result()


def _table(
    contract: Contract,
    delivery: Delivery,
    year: int | None,
    match: Match,
    chunk: Chunk,
) -> pa.Table:
    """Return rows under canonical names, with where each comes from."""
    count = len(chunk.rows)
    columns = {
        name: _column(contract, name, chunk.cells[match.position[name]])
        if name in match.position
        else pa.nulls(count, pa.string())
        for name in contract.columns
    }
    lineage = {
        "_source_file": pa.repeat(delivery.file, count),
        "_source_sheet": pa.nulls(count, pa.string()),
        "_source_row": chunk.rows,
        "_layout": pa.repeat(match.layout, count),
        "_school_year": pa.repeat(pa.scalar(year, pa.int64()), count),
        "_delivery": pa.repeat(delivery.sha8, count),
    }
    if said := contract.identity.column:
        encoded = chunk.cells[match.position[said]]
        years = [end_year(cell or None) for cell in _values(encoded)]
        lineage["_school_year"] = pa.array(years, pa.int64()).take(encoded.indices)
    return pa.Table.from_pydict(columns | lineage, parsing.schema(contract))


def _column(contract: Contract, name: str, encoded: pa.DictionaryArray) -> pa.Array:
    """Return a column, None for an empty cell, hashed where it tells of a student."""
    cells = [cell or None for cell in _values(encoded)]
    column = contract.columns[name]
    hashed = parsing.hashed(column, cells)
    return pa.array(hashed, pa.string()).take(encoded.indices)
