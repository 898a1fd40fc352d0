"""The marks of an .xlsx workbook's cells, from its XML."""

import re
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from posixpath import join, normpath
from xml.etree.ElementTree import Element, iterparse
from zipfile import ZipFile

from common_metrics.reading.cell_marks import (
    Marks,
    Place,
    Style,
    has_digit,
    shows_no_number,
)

LAST_COLUMN = 16_384
# An error, something hidden, a formula, a text of runs.
TELLS = re.compile(rb"""\bt\s*=\s*["']e["']|\bhidden\b|<(?:\w+:)?[fr][\s/>]""")
PARTS_OF_STYLES = ("fonts", "cellStyleXfs", "cellXfs", "dxfs")


class Xlsx:
    """The parts of an .xlsx workbook that tell how its cells are shown."""

    def __init__(self, data: bytes) -> None:
        self.archive = ZipFile(BytesIO(data))
        names = self.archive.namelist()
        self.names = {name.replace("\\", "/").lower(): name for name in names}
        self.paths = dict(self._paths())
        calculation = next(self._all("xl/workbook.xml", "calcPr"), None)
        # Whoever writes a workbook without calculating asks whoever opens it to do so.
        self.recalculated = is_on(calculation, "fullCalcOnLoad")
        strings = enumerate(self._all("xl/sharedStrings.xml", "si"))
        self.strings = {n: found for n, si in strings if (found := with_runs(si))}
        self.styles = list(self._styles()) or [Style("", False)]

    def marks(self, name: str) -> Marks:
        """Return what is to be told of the cells of a sheet."""
        marks, hidden = Marks({}, {}, []), set()
        if not self._tells(self.paths[name]):
            return marks
        row, column, out_of_sight = -1, -1, False
        for event, element in self._events(self.paths[name]):
            kind = local(element)
            if event == "start" and kind == "row":
                row = int(element.get("r", row + 2)) - 1
                column, out_of_sight = -1, is_on(element, "hidden")
            elif event == "end" and kind == "col" and is_on(element, "hidden"):
                last = min(int(element.get("max", 0)), LAST_COLUMN)
                hidden |= set(range(int(element.get("min", 1)) - 1, last))
            elif event == "end" and kind == "c":
                column = position(element.get("r", ""), column + 1)
                place = (row, column)
                if out_of_sight or column in hidden:
                    marks.before[place] = "hidden"
                self._mark(element, place, marks)
                element.clear()
            elif event == "end" and kind == "row":
                element.clear()
        return marks

    def _tells(self, part: str) -> bool:
        """Return whether any cell could have a mark: which one takes far longer."""
        content = self.archive.read(self.names[part.lower()])
        read_as_utf8 = b"\0" not in content[:100]
        styled = any(style.font or style.blank for style in self.styles)
        return bool(self.strings or styled or TELLS.search(content) or not read_as_utf8)

    def _mark(self, cell: Element, place: Place, marks: Marks) -> None:
        parts = {local(part): part for part in cell}
        value = (parts["v"].text or "") if "v" in parts else ""
        kind, style = cell.get("t", "n"), self.styles[int(cell.get("s", 0))]
        empty = value == "" or (self.recalculated and value == "0")
        if "f" in parts and kind != "str" and empty:
            marks.uncalculated.append(place[0] + 1)
        if kind == "e":
            marks.instead[place] = f"(error {value})"
        elif kind == "s" and value and int(value) in self.strings:
            marks.instead[place] = self.strings[int(value)]
        elif "is" in parts and (found := with_runs(parts["is"])):
            marks.instead[place] = found
        if style.font:
            marks.before[place] = style.font
        elif style.blank and kind == "n":
            marks.before[place] = "not shown"

    def _paths(self) -> Iterator[tuple[str, str]]:
        relations = self._all("xl/_rels/workbook.xml.rels", "Relationship")
        targets = {r.get("Id"): r.get("Target", "") for r in relations}
        for sheet in self._all("xl/workbook.xml", "sheet"):
            ids = [
                value for name, value in sheet.attrib.items() if name.endswith("}id")
            ]
            yield sheet.get("name", ""), normpath(join("/xl", targets[ids[0]]))[1:]

    def _styles(self) -> Iterator[Style]:
        fonts: list[str] = []
        blank: dict[str, bool] = defaultdict(bool)
        inside = ""
        for event, element in self._events("xl/styles.xml"):
            kind = local(element)
            if event == "start" and kind in (
                "fonts",
                "cellXfs",
                "cellStyleXfs",
                "dxfs",
            ):
                inside = kind
            elif event == "end" and kind == "numFmt" and inside != "dxfs":
                number, code = element.get("numFmtId", ""), element.get("formatCode")
                blank[number] = shows_no_number(code or "General")
            elif event == "end" and kind == "font" and inside == "fonts":
                fonts.append(font(element))
            elif event == "end" and kind == "xf" and inside == "cellXfs":
                at = int(element.get("fontId", 0))
                mark = fonts[at] if at < len(fonts) else ""
                yield Style(mark, blank[element.get("numFmtId", "0")])

    def _all(self, part: str, kind: str) -> Iterator[Element]:
        for event, element in self._events(part):
            if event == "end" and local(element) == kind:
                yield element
                element.clear()

    def _events(self, part: str) -> Iterator[tuple[str, Element]]:
        optional = part in ("xl/sharedStrings.xml", "xl/styles.xml")
        if optional and part.lower() not in self.names:
            return
        with self.archive.open(self.names[part.lower()]) as stream:
            yield from iterparse(stream, ("start", "end"))


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
    texts, told = [], False
    for run in item:
        if local(run) != "r":
            continue
        parts = {local(part): part for part in run}
        words = (parts["t"].text or "") if "t" in parts else ""
        mark = font(parts.get("rPr"))
        tells = bool(
            mark == "struck out" and words.strip() or mark and has_digit(words)
        )
        texts.append(f"({mark} {words})" if tells else words)
        told |= tells
    return "".join(texts) if told else ""
