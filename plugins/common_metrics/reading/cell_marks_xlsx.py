"""The marks of an .xlsx workbook's cells, from its XML (docs/decisions/0041)."""

import re
from collections.abc import Iterator
from io import BytesIO
from posixpath import join, normpath
from xml.etree.ElementTree import Element, iterparse, parse
from zipfile import ZipFile

from common_metrics.reading.cell_marks import Marks, Style, has_digit, shows_no_number

LAST_COLUMN = 16_384
# An error, something hidden, a formula, a text of runs.
TELLS = re.compile(rb"""\bt\s*=\s*["']e["']|\bhidden\b|<(?:\w+:)?[fr][\s/>]""")
BOOK, STRINGS, STYLES = "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"


class Xlsx:
    """The parts of an .xlsx workbook that tell how its cells are shown."""

    def __init__(self, data: bytes) -> None:
        self.archive = ZipFile(BytesIO(data))
        names = self.archive.namelist()
        self.names = {name.replace("\\", "/").lower(): name for name in names}
        self.paths = dict(self._paths())
        calculation = next(self._all(BOOK, "calcPr"), None)
        # Whoever writes a workbook without calculating asks whoever opens it to do so.
        self.recalculated = is_on(calculation, "fullCalcOnLoad")
        strings = enumerate(self._all(STRINGS, "si"))
        self.strings = {n: found for n, si in strings if (found := with_runs(si))}
        self.styles = list(self._styles()) or [Style("", False)]

    def marks(self, name: str) -> Marks:
        """Return what is to be told of the cells of a sheet."""
        marks, at = Marks({}, {}, []), -1
        hidden: set[int] = set()
        if not self._tells(self.paths[name]):
            return marks
        for element in self._all(self.paths[name], "col", "row"):
            if local(element) == "row":
                at = int(element.get("r", at + 2)) - 1
                self._mark_row(element, at, hidden, marks)
            elif is_on(element, "hidden"):
                last = min(int(element.get("max", 0)), LAST_COLUMN)
                hidden |= set(range(int(element.get("min", 1)) - 1, last))
        return marks

    def _tells(self, part: str) -> bool:
        """Return whether any cell could have a mark: which one takes far longer."""
        content = self.archive.read(self.names[part.lower()])
        read_as_utf8 = b"\0" not in content[:100]
        styled = any(style.font or style.blank for style in self.styles)
        return bool(self.strings or styled or TELLS.search(content) or not read_as_utf8)

    def _mark_row(self, row: Element, at: int, hidden: set[int], marks: Marks) -> None:
        column = -1
        for cell in row.iterfind("{*}c"):
            column = position(cell.get("r", ""), column + 1)
            style = self.styles[int(cell.get("s", 0))]
            number = cell.get("t", "n") == "n"
            unseen = "hidden" if is_on(row, "hidden") or column in hidden else ""
            if told := style.font or (
                "not shown" if style.blank and number else unseen
            ):
                marks.before[at, column] = told
            parts = {local(part): part for part in cell}
            value = (parts["v"].text or "") if "v" in parts else ""
            empty = value == "" or (self.recalculated and value == "0")
            if "f" in parts and cell.get("t") != "str" and empty:
                marks.uncalculated.append(at + 1)
            if instead := self._instead(cell, value, parts.get("is")):
                marks.instead[at, column] = instead

    def _instead(self, cell: Element, value: str, inline: Element | None) -> str:
        if cell.get("t") == "e":
            return f"(error {value})"
        if cell.get("t") == "s" and value and int(value) in self.strings:
            return self.strings[int(value)]
        return with_runs(inline) if inline is not None else ""

    def _paths(self) -> Iterator[tuple[str, str]]:
        relations = self._all("xl/_rels/workbook.xml.rels", "Relationship")
        targets = {r.get("Id"): r.get("Target", "") for r in relations}
        for sheet in self._all(BOOK, "sheet"):
            ids = [v for name, v in sheet.attrib.items() if name.endswith("}id")]
            yield sheet.get("name", ""), normpath(join("/xl", targets[ids[0]]))[1:]

    def _styles(self) -> Iterator[Style]:
        if STYLES.lower() not in self.names:
            return
        with self.archive.open(self.names[STYLES.lower()]) as stream:
            root = parse(stream).getroot()
        fonts = [font(each) for each in root.iterfind("{*}fonts/{*}font")]
        formats = root.iterfind("{*}numFmts/{*}numFmt")
        codes = {f.get("numFmtId"): f.get("formatCode") or "General" for f in formats}
        for style in root.iterfind("{*}cellXfs/{*}xf"):
            at = int(style.get("fontId", 0))
            code = codes.get(style.get("numFmtId", "0"), "General")
            yield Style(fonts[at] if at < len(fonts) else "", shows_no_number(code))

    def _all(self, part: str, *kinds: str) -> Iterator[Element]:
        """Yield the elements of these kinds, each with what it holds."""
        if part == STRINGS and part.lower() not in self.names:
            return
        with self.archive.open(self.names[part.lower()]) as stream:
            for _, element in iterparse(stream):
                if local(element) in kinds:
                    yield element
                    element.clear()


def local(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def is_on(element: Element | None, name: str) -> bool:
    """Return whether an attribute says yes."""
    return element is not None and element.get(name) in ("1", "true")


def position(reference: str, following: int) -> int:
    """Return the column of a reference such as AB12, or the one that follows."""
    at = 0
    for letter in reference.rstrip("0123456789"):
        at = at * 26 + ord(letter) - ord("A") + 1
    return at - 1 if at else following


def font(properties: Element | None) -> str:
    """Return what a font tells of a number: "struck out", "superscript" or nothing."""
    for part in properties if properties is not None else ():
        if local(part) == "strike" and part.get("val", "1") not in ("0", "false"):
            return "struck out"
        if local(part) == "vertAlign" and part.get("val") != "baseline":
            return part.get("val", "")
    return ""


def with_runs(item: Element) -> str:
    """Return a text whose runs differ with its marks, such as 4(superscript 2).

    Nothing where none is to be told: raised letters (1st) belong to their word.
    """
    plain, told = "", ""
    for run in item.iterfind("{*}r"):
        words = run.findtext("{*}t", "")
        mark = font(run.find("{*}rPr"))
        tells = words.strip() if mark == "struck out" else mark and has_digit(words)
        plain += words
        told += f"({mark} {words})" if tells else words
    return told if told != plain else ""
