"""Workbooks of Excel 97 (.xls): records in a compound file, as [MS-XLS] has them."""

from struct import pack

SECTOR = 512
FREE, END_OF_CHAIN, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
FONTS = [(0, 0), (0, 0), (0, 0), (0, 0), (8, 0), (0, 1)]  # flags, raised
PLAIN, STRUCK_OUT, RAISED, SUPPRESSED = range(4)
ERRORS = {"#N/A": 0x2A, "#DIV/0!": 0x07}


def xls(rows: list[list[object]], hidden: int = -1, unused_font: bool = False) -> bytes:
    """A workbook with one sheet of text and numbers, and one row of it hidden.

    A pair is a number and its style; "#N/A" is an error, "=#DIV/0!" a formula with one
    and "=" one that was never calculated.
    """
    fonts = [*FONTS, (8, 0)] if unused_font else FONTS
    shared = bof(5) + b"".join(
        record(
            0x31,
            pack("<HHHHHBBBB", 200, *flags[:1], 8, 400, flags[1], 0, 0, 0, 0)
            + text("A", 1),
        )
        for flags in fonts
    )
    shared += record(0x41E, pack("<H", 164) + text('[<10]"*";0', 2))
    # The fonts 5 and 6: no font has the number 4.
    styles = [(0, 0), (5, 0), (6, 0), (0, 164)]
    shared += b"".join(record(0xE0, pack("<HH16x", *style)) for style in styles)
    start = len(shared) + 4 + 8 + 5 + 4
    shared += record(0x85, pack("<IH", start, 0) + text("Sheet", 1)) + record(0x0A)
    cells = [
        cell(row, column, value)
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
    ]
    out_of_sight = record(0x208, pack("<6HI", max(hidden, 0), 0, 9, 255, 0, 0, 0x20))
    sheet = bof(0x10) + out_of_sight * (hidden >= 0) + b"".join(cells) + record(0x0A)
    return compound(shared + sheet)


def record(kind: int, body: bytes = b"") -> bytes:
    """A record with its length."""
    return pack("<HH", kind, len(body)) + body


def bof(kind: int) -> bytes:
    """The record that begins a part."""
    return record(0x809, pack("<HHHHII", 0x0600, kind, 0, 1997, 0, 6))


def text(words: str, width: int) -> bytes:
    """A text behind its length, which takes one byte or two."""
    return pack("<B" if width == 1 else "<H", len(words)) + b"\0" + words.encode()


def cell(row: int, column: int, value: object) -> bytes:
    """A cell of the kind of its value."""
    number, style = value if isinstance(value, tuple) else (value, PLAIN)
    at = pack("<HHH", row, column, style)
    if isinstance(number, int):
        return record(0x203, at + pack("<d", number))
    if number in ERRORS:
        return record(0x205, at + pack("<BB", ERRORS[number], 1))
    if number.startswith("="):
        kind, error = (2, ERRORS[number[1:]]) if number[1:] else (3, 0)
        result = pack("<BxBxxxH", kind, error, 0xFFFF)
        return record(0x06, at + result + pack("<HIH", 0, 0, 0))
    return record(0x204, at + text(number, 2))


def compound(stream: bytes) -> bytes:
    """The stream as the workbook of a compound file: table, directory, stream."""
    stream = stream.ljust(4096, b"\0")
    count = -(-len(stream) // SECTOR)
    links = [FAT, END_OF_CHAIN, *range(3, count + 2), END_OF_CHAIN]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += pack(
        "<HHHHH6xIIIIIIIII",
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        0,
        1,
        1,
        0,
        4096,
        END_OF_CHAIN,
        0,
        END_OF_CHAIN,
        0,
    )
    head += pack("<109I", 0, *[FREE] * 108)
    table = pack("<128I", *links, *[FREE] * (128 - len(links)))
    entries = entry("Root Entry", 5, END_OF_CHAIN, 0, 1) + entry(
        "Workbook", 2, 2, len(stream)
    )
    return (
        head
        + table
        + entries.ljust(SECTOR, b"\0")
        + stream.ljust(count * SECTOR, b"\0")
    )


def entry(name: str, kind: int, start: int, size: int, child: int = FREE) -> bytes:
    """An entry of the directory."""
    letters = name.encode("utf-16-le") + b"\0\0"
    tree = pack("<HBBIII", len(letters), kind, 1, FREE, FREE, child)
    return letters.ljust(64, b"\0") + tree + bytes(36) + pack("<IQ", start, size)
