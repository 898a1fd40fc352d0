"""Workbooks with the standard library alone: the same cells make the same bytes."""

from collections.abc import Iterable, Iterator
from datetime import date
from io import BytesIO
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEETML = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold
DAY_ZERO = date(1899, 12, 30)
IS_DATE = 1  # the second cell format below
STYLES = (
    f'{HEAD}<styleSheet xmlns="{SHEETML}">'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
    '<borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
    '</cellStyleXfs><cellXfs count="2">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0"'
    ' applyNumberFormat="1"/></cellXfs></styleSheet>'
)


def xlsx(sheets: dict[str, list[list[object]]]) -> bytes:
    """A workbook: text, numbers, dates and booleans as such; None and "" no cell."""
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, text in parts(sheets):
            # ZipFile.writestr(name) would stamp the time of the run.
            entry = ZipInfo(name, NO_TIME)
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, text)
    return content.getvalue()


def parts(sheets: dict[str, list[list[object]]]) -> Iterator[tuple[str, str]]:
    """The files inside the workbook."""
    numbers = range(1, len(sheets) + 1)
    sheet_paths = [f"worksheets/sheet{n}.xml" for n in numbers]
    yield "[Content_Types].xml", content_types(sheet_paths)
    yield "_rels/.rels", relations([("officeDocument", "xl/workbook.xml")])
    yield "xl/workbook.xml", workbook(sheets)
    related = [("worksheet", path) for path in sheet_paths]
    yield "xl/_rels/workbook.xml.rels", relations([*related, ("styles", "styles.xml")])
    yield "xl/styles.xml", STYLES
    for path, rows in zip(sheet_paths, sheets.values(), strict=True):
        yield f"xl/{path}", worksheet(rows)


def content_types(sheet_paths: list[str]) -> str:
    """What kind of file each part is."""
    kinds = {"workbook.xml": "sheet.main", "styles.xml": "styles"}
    kinds |= dict.fromkeys(sheet_paths, "worksheet")
    overrides = "".join(
        f'<Override PartName="/xl/{path}" ContentType="{TYPES}.{kind}+xml"/>'
        for path, kind in kinds.items()
    )
    return (
        f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )


def relations(targets: list[tuple[str, str]]) -> str:
    """Which parts belong to a part, numbered from rId1."""
    rows = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, start=1)
    )
    return (
        f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{rows}</Relationships>'
    )


def workbook(names: Iterable[str]) -> str:
    """The list of sheets."""
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>'
        for n, name in enumerate(names, start=1)
    )
    spaces = f'xmlns="{SHEETML}" xmlns:r="{OFFICE}"'
    return f"{HEAD}<workbook {spaces}><sheets>{sheets}</sheets></workbook>"


def worksheet(rows: list[list[object]]) -> str:
    """The cells of one sheet."""
    lines = "".join(
        f'<row r="{n}">{"".join(row_cells(n, row))}</row>'
        for n, row in enumerate(rows, start=1)
    )
    return (
        f'{HEAD}<worksheet xmlns="{SHEETML}"><sheetData>{lines}</sheetData></worksheet>'
    )


def row_cells(row: int, values: list[object]) -> Iterator[str]:
    """The cells of one row that hold something."""
    for position, value in enumerate(values):
        if value is not None and value != "":
            yield cell(f"{letters(position)}{row}", value)


def cell(place: str, value: object) -> str:
    """One cell, of the kind of its value."""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, date):
        return f'<c r="{place}" s="{IS_DATE}"><v>{(value - DAY_ZERO).days}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    text = f'<t xml:space="preserve">{escape(str(value))}</t>'
    return f'<c r="{place}" t="inlineStr"><is>{text}</is></c>'


def letters(position: int) -> str:
    """The letters of a column counted from 0."""
    text = ""
    while position >= 0:
        position, digit = divmod(position, 26)
        text, position = chr(ord("A") + digit) + text, position - 1
    return text
