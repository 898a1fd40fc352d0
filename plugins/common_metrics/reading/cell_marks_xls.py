"""The marks of an .xls workbook's cells, from its records ([MS-XLS]).

A formula always has a result there: one without a result has an empty text, so that it
is taken for an error. Of a text with several fonts it is only told that there is one.
"""

from collections.abc import Iterator
from io import BytesIO
from struct import iter_unpack, unpack_from

from olefile import OleFileIO

from common_metrics.reading.cell_marks import RAISED, Marks, Style, shows_no_number

BIFF8 = 0x0600
BOF, EOF, SHEET = 0x809, 0x0A, 0x85
XF, FONT, FORMAT, ROW, COLINFO = 0xE0, 0x31, 0x41E, 0x208, 0x7D
FORMULA, BOOLERR, NUMBER, RK, LABEL, TEXT = 0x06, 0x205, 0x203, 0x27E, 0x204, 0xFD
MANY_RK = 0xBD
ERRORS = {
    **{0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!"},
    **{0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"},
}
STRUCK_OUT = 0x08


class Xls:
    """The records of an .xls workbook that tell how its cells are shown."""

    def __init__(self, data: bytes, names: list[str]) -> None:
        stream = OleFileIO(BytesIO(data)).openstream("Workbook").read()
        parts = dict(_substreams(stream))
        shared = parts[0]
        starts = [unpack_from("<I", body)[0] for kind, body in shared if kind == SHEET]
        self.sheets = {n: parts[at] for n, at in zip(names, starts, strict=True)}
        self.styles = list(_styles(shared))

    def marks(self, name: str) -> Marks:
        """Return what is to be told of the cells of a sheet."""
        marks, rows, columns = Marks({}, {}, []), set(), set()
        cells = []
        for kind, body in self.sheets[name]:
            if kind == ROW and unpack_from("<H", body, 12)[0] & 0x20:
                rows.add(unpack_from("<H", body)[0])
            elif kind == COLINFO and body[8] & 1:
                first, last = unpack_from("<HH", body)
                columns |= set(range(first, last + 1))
            elif kind in (FORMULA, BOOLERR, NUMBER, RK, LABEL, TEXT):
                cells.append((kind, *unpack_from("<HHH", body)))
                if error := _error(kind, body):
                    marks.instead[cells[-1][1:3]] = f"(error {error})"
            elif kind == MANY_RK:
                row, first = unpack_from("<HH", body)
                styles = [style for style, _ in iter_unpack("<HI", body[4:-2])]
                cells += [(RK, row, first + at, s) for at, s in enumerate(styles)]
        for kind, row, column, at in cells:
            style = self.styles[at]
            number = kind in (FORMULA, NUMBER, RK)
            hidden = "hidden" if row in rows or column in columns else ""
            told = style.font or ("not shown" if style.blank and number else hidden)
            if told:
                marks.before[row, column] = told
        return marks


Part = list[tuple[int, bytes]]


def _error(kind: int, body: bytes) -> str:
    if kind == BOOLERR and body[7]:
        return ERRORS.get(body[6], "#?")
    if kind == FORMULA and body[12:14] == b"\xff\xff":
        return {2: ERRORS.get(body[8], "#?"), 3: "without a result"}.get(body[6], "")
    return ""


def _styles(shared: Part) -> Iterator[Style]:
    bodies = {kind: [b for k, b in shared if k == kind] for kind in (FONT, XF, FORMAT)}
    fonts = [_font(body) for body in bodies[FONT]]
    fonts.insert(4, "")  # no font has the number 4
    blank = {unpack_from("<H", b)[0]: shows_no_number(_text(b)) for b in bodies[FORMAT]}
    used = set()
    for body in bodies[XF]:
        font, code = unpack_from("<HH", body)
        used.add(font)
        yield Style(fonts[font], blank.get(code, False))
    if any(mark and at not in used for at, mark in enumerate(fonts)):
        raise ManyFonts


class ManyFonts(Exception):
    """A part of a text, nobody knows which, is struck out or stands higher or lower."""


def _font(body: bytes) -> str:
    flags, raised = unpack_from("<2xH4xH", body)
    return "struck out" if flags & STRUCK_OUT else ("", *RAISED)[raised]


def _text(body: bytes) -> str:
    return body[5:].decode("utf-16-le" if body[4] & 1 else "latin-1")


def _substreams(stream: bytes) -> Iterator[tuple[int, Part]]:
    """Yield where each part begins and its records, without charts inside a sheet."""
    at, start, depth, part = 0, 0, 0, []
    while at + 4 <= len(stream):
        kind, length = unpack_from("<HH", stream, at)
        body = stream[at + 4 : at + 4 + length]
        at += 4 + length
        if kind == BOF:
            if unpack_from("<H", body)[0] != BIFF8:
                raise ValueError("older than Excel 97")
            depth += 1
        if depth == 1:
            part.append((kind, body))
        depth -= kind == EOF
        if kind == EOF and depth == 0:
            yield start, part
            start, part = at, []
