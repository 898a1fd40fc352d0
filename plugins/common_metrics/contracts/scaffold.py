"""Drafts a source from a sample file: contract, staging model, its yml and a fixture.

``make new-source KEY=me/dropout FILE=<file>``. No cell of the file is copied. A column
is named as in other contracts with its header. What the sample does not prove is marked
TODO, and nothing loads a draft before it is renamed.
"""

import re
from itertools import permutations
from pathlib import Path

import xlsxwriter
import yaml

from common_metrics.contracts.headers import clean_header, plain_header, told_apart
from common_metrics.contracts.loading import CODE_FORMS, load_contracts
from common_metrics.contracts.model import YEARS, Contract, Read
from common_metrics.errors import DeliveryRefused, Refused
from common_metrics.files import csv_text
from common_metrics.publication.site import environment
from common_metrics.reading.parsing import records
from common_metrics.reading.workbook import XLS, XLSX
from common_metrics.reading.years import SEARCHED_LINES

ROOT = Path(__file__).parents[3]
OF_A_STUDENT = re.compile(
    r"((first|last|middle|given|family|student|pupil).*|^)name$|birth|\bdob\b|\bssn\b"
    r"|social security|(student|pupil|sasid|lasid).*(id|no|number|key)?$|e-?mail|phone"
)
SSN = re.compile(r"\d{3}-\d{2}-\d{4}")
NUMBER = re.compile(r"\d+(\.\d+)?(%?)")
DECIMAL = re.compile(r"\d+(\.\d+)?")
NO_NAME = re.compile(r"[\d/.*-]+")
# What a cell is made up as, by the name of its column; the first that fits.
INVENTED = {"school_?year": "2014-15", "_count$": "10", "_pct$": "10.0"}
INVENTED |= {"_id": "0009901", "_label$": "All Students", "": "Invented"}
DRAFTS = ("contract.yml", "model.sql", "model.yml")


class NotDrafted(Refused):
    """No draft can be made, and nothing was written."""


def draft(key: str, file: Path, root: Path = ROOT) -> list[str]:
    """Write the four drafts below ``root``; return their paths; raise NotDrafted."""
    if not re.fullmatch("[a-z][a-z0-9]*/[a-z0-9]+(_[a-z0-9]+)*", key):
        expected = "<provider>/<extract> in small letters, such as me/dropout"
        todo = "Name it so; a provider is a state's two letters or a publisher."
        raise NotDrafted(f"KEY={key}", expected, "something else", todo)
    provider, extract = key.split("/")
    read, rows = _read(key, file)
    table = _table(file, rows)
    columns = _columns(provider, table)
    kind = "xlsx" if read.format == "workbook" else "csv"
    model = f"dbt_project/models/staging/{provider}/stg_{provider}__{extract}"
    fixture = f"tests/fixtures/{key}/{extract}_2014-15.{kind}"
    names = [f"expectations/{key}.yml", f"{model}.sql", f"{model}.yml"]
    drafts = [str(Path(n).with_suffix(f".draft{Path(n).suffix}")) for n in names]
    if there := [n for n in [*drafts, *names, fixture] if (root / n).exists()]:
        raise NotDrafted(f"KEY={key}", "a new source", there[0], "Take another key.")
    names = [*drafts, fixture]
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
    values = {"provider": provider, "extract": extract, "columns": columns}
    values |= _guesses(file, [*columns], table[1:])
    # dbt's own marks stay as they are.
    marks = {"variable_start_string": "[[", "variable_end_string": "]]"}
    jinja = environment(Path(__file__).with_name("drafts"), **marks)
    for name, of in zip(names, DRAFTS, strict=False):
        text = jinja.get_template(f"{of}.j2").render(values, read=read, kind=kind)
        (root / name).write_text(f"{text}\n")
    headers = [column["header"] for column in columns.values()]
    _write_fixture(root / fixture, [headers, [cell(name, key) for name in columns]])
    return names


def cell(name: str, key: str) -> str:
    """Return a made-up cell of the column of this name, a code in its state's form."""
    forms = yaml.safe_load(CODE_FORMS.read_text())
    own = forms.get(key.split("/")[0].upper(), {}).get(name)
    if isinstance(own, dict):
        return own["example"]
    return next(made for part, made in INVENTED.items() if re.search(part, name))


def _read(key: str, file: Path) -> tuple[Read, list[list[str]]]:
    """Return how the file is read, and the cells of its rows."""
    if not file.is_file():
        raise NotDrafted(f"FILE={file}", "a sample file", "none", "Give its path.")
    data = file.read_bytes()
    read = Read(final_newline=data.endswith(b"\n"))
    if data.startswith((XLSX, XLS)):
        read = Read(format="workbook")
    # There is no contract yet, and the readers ask for no more than this of one.
    contract = Contract.model_construct(key=key, read=read, columns={})
    try:
        return read, [record.cells for record in records(contract, data)]
    except DeliveryRefused as error:
        where, todo = f"FILE={file.name}", "Give another sample."
        raise NotDrafted(where, error.expected, error.found, todo) from None


def _table(file: Path, rows: list[list[str]]) -> list[list[str]]:
    """Return the rows from the header on: two names, and a row below of as many cells.

    What is no name of a column may be a student's: it must not reach a draft.
    """
    for at, (row, below) in enumerate(zip(rows, rows[1:SEARCHED_LINES], strict=False)):
        if len(set(filter(None, row))) > 1 and len(row) == len(below):
            if any(map(NO_NAME.fullmatch, row)):
                break
            if not _are_headings(row, below):
                above = rows[at - 1] if at else []
                return [told_apart(row, set(), above), *rows[at + 1 :]]
    raise NotDrafted(
        f"FILE={file.name}",
        f"a row of column names within the first {SEARCHED_LINES}, and a row below",
        "none of as many cells, or one with numbers in it",
        "Give a sample that begins with its header.",
    )


def _are_headings(row: list[str], below: list[str]) -> bool:
    """Return whether a row names groups of columns: half blank, over a row of names."""
    filled = len(list(filter(None, row)))
    return (
        2 * filled < len(row) and all(below) and not any(map(NO_NAME.fullmatch, below))
    )


def _columns(provider: str, rows: list[list[str]]) -> dict[str, dict[str, object]]:
    """Return header, and whether it tells of one student, by the column's name."""
    # Of two names, the one that the same provider's contracts have.
    known = {
        clean_header(text): (name, bool(column.protect))
        for c in sorted(load_contracts().values(), key=lambda c: c.provider == provider)
        for name, column in c.columns.items()
        for text in column.headers
    }
    drafted: dict[str, dict[str, object]] = {}
    for at, title in enumerate(rows[0]):
        cells = [row[at] for row in rows[1:] if at < len(row) and row[at]]
        text = plain_header(title).casefold()
        name, hashed = known.get(clean_header(title), (_slug(text, cells), False))
        hashed = hashed or bool(OF_A_STUDENT.search(text) or any(map(SSN.match, cells)))
        name = f"{name}_{at + 1}" if name in drafted else name
        drafted[name] = {"header": title, "is_of_a_student": hashed}
    return drafted


def _guesses(file: Path, names: list[str], rows: list[list[str]]) -> dict[str, object]:
    """Return what the sample proves: where the year is, the grain and the numbers."""
    cells = {
        name: [r[at] for r in rows if at < len(r)] for at, name in enumerate(names)
    }
    grain = [n for n in names if not n.endswith(("_count", "_pct", "_name"))]
    keys = list(zip(*(cells[name] for name in grain), strict=False))
    numbers = _numbers(cells)
    return {
        "grain": grain,
        "is_grain": 0 < len(keys) == len({*keys}),
        "numbers": numbers or ("TODO_numerator", "TODO_denominator", "TODO_value"),
        "is_year_named": bool(re.search(YEARS["{school_year}"], file.name)),
    }


def _numbers(cells: dict[str, list[str]]) -> tuple[str, ...] | None:
    """Return numerator, denominator and rate, where all rows prove that they are so."""
    counts = [name for name in cells if name.endswith("_count")]
    rates = [name for name in cells if name.endswith("_pct")]
    of = [(n, d, r) for n, d in permutations(counts, 2) for r in rates]
    return next((one for one in of if _proven(*(cells[name] for name in one))), None)


def _proven(parts: list[str], wholes: list[str], rates: list[str]) -> bool:
    printed = [cells for cells in zip(parts, wholes, rates, strict=True)]
    numbers = [
        [*map(float, cells)] for cells in printed if all(map(DECIMAL.fullmatch, cells))
    ]
    # A rate of 0 or 100 holds for other counts too.
    proofs = [(n, d, r) for n, d, r in numbers if d and 0 < r < 100]
    return len(proofs) > 1 and all(abs(100 * n / d - r) <= 0.1 for n, d, r in proofs)


def _slug(header: str, cells: list[str]) -> str:
    """Return a name for a header that no contract knows, with the unit at its end."""
    name = re.sub(r"\W+", "_", header).strip("_") or "column"
    numbers = [NUMBER.fullmatch(text) for text in cells if text[:1].isdigit()]
    if not numbers or None in numbers:
        return name
    unit = "pct" if any(n[1] or n[2] for n in numbers) else "count"
    return name if name.endswith(unit) else f"{name}_{unit}"


def _write_fixture(place: Path, rows: list[list[str]]) -> None:
    if place.suffix == ".csv":
        place.write_text(csv_text(rows))
        return
    with xlsxwriter.Workbook(str(place)) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
