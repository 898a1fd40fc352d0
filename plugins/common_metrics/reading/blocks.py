"""Blocks: whole lines of a file, some megabytes at a time, and what they show."""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

BLOCK = 16_000_000  # bytes
LINE_END, QUOTE = 10, 34


def blocks(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file in blocks, each with the number of its first line.

    Only where a line is longer than a block does a block grow.
    """
    stream.seek(0)
    row, rest = 1, b""
    while read := stream.read(BLOCK):
        cut = read.rfind(b"\n") + 1
        if cut:
            block = rest + read[:cut]
            yield row, block
            row += block.count(b"\n")
            rest = b""
        rest += read[cut:]
    if rest:
        yield row, rest


def line_lengths(stream: BinaryIO) -> tuple[int, int]:
    """Return how many lines end in a file, and the bytes of the longest line."""
    stream.seek(0)
    count = longest = carried = 0
    while read := stream.read(BLOCK):
        ends = np.flatnonzero(np.frombuffer(read, np.uint8) == LINE_END)
        if not ends.size:
            carried += len(read)
            continue
        within = int(np.diff(ends).max(initial=0)) - 1
        longest = max(longest, carried + int(ends[0]), within)
        count, carried = count + ends.size, len(read) - int(ends[-1]) - 1
    return count, max(longest, carried)


def are_rows(block: bytes, delimiter: str) -> bool:
    """Return whether each line of a block is a row that can be cut at its delimiters.

    So it is without quotes, and where each pair of quotes holds a whole cell: none
    spans lines, none is doubled or stands within a cell.
    """
    if block.count(b"\r") != block.count(b"\r\n"):
        return False
    if QUOTE not in block:
        return True
    # What stands before the first byte and behind the last one is a line's end.
    signs = np.frombuffer(b"\n" + block + b"\n", np.uint8)
    quotes = np.flatnonzero(signs == QUOTE)
    if quotes.size % 2:
        return False
    opening, closing = quotes[::2], quotes[1::2]
    beside = np.frombuffer(delimiter.encode() + b"\r\n", np.uint8)
    outside = np.concatenate([signs[opening - 1], signs[closing + 1]])
    lines = np.flatnonzero(signs == LINE_END)
    spans = np.searchsorted(lines, opening) != np.searchsorted(lines, closing)
    return bool(np.isin(outside, beside).all() and not spans.any())
