"""Tables: the columns of a file that fits no layout, found as the reader finds them."""

import re
from collections import Counter
from typing import Any, NamedTuple

from common_metrics.contracts.headers import (
    YEAR_CODE,
    clean_header,
    known_headers,
    letters,
    plain_header,
    told_apart,
    unpivoted,
)
from common_metrics.contracts.model import Contract
from common_metrics.drift.likeness import ALIKE, Column, likeness, words
from common_metrics.errors import DeliveryRefused, seen
from common_metrics.landing.gate import read_whole
from common_metrics.reading.parsing import data_rows, find_header
from common_metrics.reading.text import Record
from common_metrics.reading.years import SEARCHED_LINES, end_year, first_cells

Edit = tuple[tuple[str, ...], Any]
BY_PLACE = "read.header names the columns by their place: say there which is new."
# Words beside a year that leave it the end year: "Fall 2014" is none.
OF_A_YEAR = {"sy", "school", "year", "years", "students", "enrollment", "count"}


class Change(NamedTuple):
    """A thing that changed: in words, in the contract, or why no contract takes it."""

    said: str
    edit: Edit | None = None
    hurdle: str = ""


class Table(NamedTuple):
    """A table of a file: its columns' names, its rows, what of it as a whole changed.

    ``values`` are the places of headers that are values, such as years. ``is_named`` if
    the file says above the header what it is, where its contract looks for that.
    """

    names: list[str]
    rows: list[list[str]]
    year_code: str
    values: set[int]
    changes: list[Change]
    is_named: bool = True

    def column(self, at: int) -> Column:
        """Return a column; a cell is blank where its row is too short."""
        name = self.names[at]
        titles = [name] + [f"{self.names[at - 1]} > {name}"] * (at > 0)
        return Column(titles, [row[at] if at < len(row) else "" for row in self.rows])


def read_table(contract: Contract, data: bytes) -> Table:
    """Return the table of a file; raise DeliveryRefused where there is none."""
    # Every sheet, whatever it is called: it may have been renamed.
    sheet = {"sheet": ".*"} if contract.read.format == "workbook" else {}
    read = contract.read.model_copy(update=sheet)
    found = read_whole(contract.model_copy(update={"read": read}), data)
    code, changes = _year_code(contract, found)
    sheets: dict[str | None, list[Record]] = {}
    for record in found:
        sheets.setdefault(record.sheet, []).append(record)
    heads: dict[str | None, int] = {}
    for find in (find_header, _like_a_header):
        at = {sheet: find(contract, of, code) for sheet, of in sheets.items()}
        heads = heads or {sheet: n for sheet, n in at.items() if n is not None}
    if not heads:
        raise DeliveryRefused(
            f"a row of names like those of {contract.path}",
            "none within the first rows",
            "If it is another extract, name it: KEY=<provider>/<extract>.",
        )
    meant, renamed = _meant(contract, [*heads])
    cut = [_cut(contract, sheets[of], heads[of], code) for of in meant]
    rows = [row for table in cut if table.names == cut[0].names for row in table.rows]
    changes += renamed + cut[0].changes + _wide(contract, cut[0])
    pattern = contract.identity.preamble or ""
    is_named = any(re.search(pattern, cell) for cell in first_cells(found))
    return cut[0]._replace(rows=rows, changes=changes, is_named=is_named)


def _meant(
    contract: Contract, sheets: list[str | None]
) -> tuple[list[str | None], list[Change]]:
    """Return the sheets that hold the table, and what is new about them."""
    own = contract.read.sheet
    meant = [s for s in sheets if own and re.fullmatch(own, s or "")]
    if meant or len(sheets) == 1 and not own:
        return meant or sheets, []
    names = [str(sheet) for sheet in sheets]
    said = f'renamed  sheet: "{own}" ->' if own else "split    sheet: into"
    if contract.visibility != "public":
        hurdle = "Sheets of a restricted file are not named: change read.sheet by hand."
        return sheets, [Change(f"{said} {len(sheets)} others", hurdle=hurdle)]
    pattern = "|".join([*filter(None, [own]), *map(_plain, names)])
    named = ", ".join(f'"{seen(name)}"' for name in names)
    # The contract chose one of several: which of these it is now, nobody can tell.
    hurdle = "Several sheets have such a table: name the right one in read.sheet."
    hurdle *= bool(own) and len(names) > 1
    return sheets, [Change(f"{said} {named}", (("read", "sheet"), pattern), hurdle)]


def _cut(contract: Contract, found: list[Record], at: int, code: str) -> Table:
    """Return the table below a header; at -1 the contract itself names the columns."""
    rows = [record.cells for record in data_rows(contract, found[at + 1 :])[0]]
    if own := contract.read.header:
        width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
        if contract.read.short_rows:
            width = max(width, len(own))
        names = own[:width] + [f"[{letters(i)}]" for i in range(len(own), width)]
        said, hurdle = f"width    {len(own)} columns -> {width}", BY_PLACE
        changes = [Change(said, hurdle=hurdle)] * (width != len(own))
        return Table(names, rows, code, set(), changes)
    header, known = found[at].cells, set().union(*known_headers(contract, code))
    below = found[at + 1].cells if at + 1 < len(found) else []
    both = [f"{a} {b}".strip() for a, b in zip(header, below, strict=False)]
    changes = []
    if _count(both, known) > _count(header, known):
        header, rows = both, rows[1:]
        said = f"split    header: into rows {found[at].row} and {found[at + 1].row}"
        changes = [Change(said, hurdle="Ask for a header in one row.")]
    names = told_apart(header, known, found[at - 1].cells if at else [])
    return Table(names, rows, code, {*unpivoted(contract, header)}, changes)


def _count(header: list[str], known: set[str]) -> int:
    return sum(clean_header(cell) in known for cell in header)


def _like_a_header(contract: Contract, found: list[Record], code: str) -> int | None:
    """Return which of the first rows is most like a header: of two cells or more."""
    columns, values = contract.columns.values(), _values(contract)
    known = [h.replace(YEAR_CODE, code) for c in columns for h in c.headers]

    def is_like(cell: str) -> bool:
        is_value = bool(values and re.search(values, cell))
        return is_value or any(likeness(header, cell) >= ALIKE for header in known)

    hits = [sum(map(is_like, {*r.cells} - {""})) for r in found[:SEARCHED_LINES]]
    return hits.index(max(hits)) if max(hits, default=0) >= 2 else None


def _year_code(contract: Contract, found: list[Record]) -> tuple[str, list[Change]]:
    """Return the year as headers have it, and whether it is written in another way."""
    marked = [h for c in contract.columns.values() for h in c.headers if YEAR_CODE in h]
    forms = [re.escape(h).replace(re.escape(YEAR_CODE), "(.{4,9})") for h in marked]
    cells = {plain_header(c) for r in found[:SEARCHED_LINES] for c in r.cells}
    hits = [hit[1] for f in forms for c in cells if (hit := re.fullmatch(f, c))]
    years = Counter(hit for hit in hits if end_year(hit))
    if not years:
        return "", []
    ((code, _),), pattern = years.most_common(1), contract.identity.header or ""
    if code in [hit["year_code"] for c in cells if (hit := re.search(pattern, c))]:
        return code, []
    form = re.sub("[0-9]", r"\\d", _plain(code))
    other = pattern.replace("(?P<year_code>", f"(?P<year_code>{form}|")
    said = f'renamed  headers: the year in them is written "{seen(code)}"'
    return code, [Change(said, (("identity", "header"), other))]


def _plain(text: str) -> str:
    """Return a pattern that finds a text."""
    return re.escape(text).replace(r"\ ", " ")


def _values(contract: Contract) -> str | None:
    """Return the form of headers that are values, where they are nothing else."""
    unpivot = contract.read.unpivot
    whole = re.fullmatch(r"\^(\(.*\))\$", unpivot.header) if unpivot else None
    return whole and whole[1]


def _wide(contract: Contract, table: Table) -> list[Change]:
    """Return what is new about headers that are values: a text before or behind them.

    Their places become those of values.
    """
    own = _values(contract)
    if not own or table.values or contract.visibility != "public":
        return []
    hits = {at: hit for at, n in enumerate(table.names) if (hit := re.search(own, n))}
    ends = {(h.string[: h.start()], h.string[h.end() :]) for h in hits.values()}
    if len(ends) != 1:
        return []
    ((before, behind),) = ends
    table.values.update(hits)
    ways = [f"(?:{_plain(part)})?" * bool(part) for part in (before, behind)]
    pattern = f"^{ways[0]}{own}{ways[1]}$"
    said = f'renamed  headers that are values: "{seen(before)}<value>{seen(behind)}"'
    hurdle = "It may say that the year is another: change read.unpivot by hand."
    odd = (words(before) | words(behind)) - OF_A_YEAR
    edit = ("read", "unpivot", "header"), pattern
    return [Change(said, edit, hurdle * bool(odd))]
