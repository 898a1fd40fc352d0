"""Drafts a source from a sample file: contract, staging model, its yml and a fixture.

``make new-source KEY=me/dropout FILE=<file> [PUBLIC=yes]``. Columns get the names that
their headers have in other contracts; each guess is marked TODO for a person.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from common_metrics.contract import Contract, Read, clean_header, load_contracts
from common_metrics.errors import Asked, Refused, told
from common_metrics.readers import SEARCHED_LINES, Record, records
from common_metrics.spreadsheets import csv_text
from common_metrics.workbooks import XLS, XLSX

ROOT = Path(__file__).parents[2]
OF_A_STUDENT = re.compile(
    r"((first|last|middle|given|family|student|pupil).*|^)name$|birth|\bdob\b|\bssn\b"
    r"|social security|(student|pupil|sasid|lasid).*(id|no|number|key)?$|e-?mail|phone"
)
# What a cell of a column is made up as, by the end of the column's name.
INVENTED = {"_count": "10", "_pct": "10.0", "_label": "All Students"}


class NotDrafted(Refused):
    """No draft can be made, and nothing was written."""


class Drafted(NamedTuple):
    """A column as it is guessed, and whether it may tell of one student."""

    name: str
    header: str
    is_of_a_student: bool

    @property
    def invented(self) -> str:
        """A cell of its kind."""
        kinds = (cell for end, cell in INVENTED.items() if self.name.endswith(end))
        return next(kinds, "0009901" if "_id" in self.name else "Invented")


def draft(key: str, file: Path, public: bool, root: Path = ROOT) -> list[str]:
    """Write the four drafts below ``root``; return their paths; raise NotDrafted."""
    names = _names(key)
    if there := [name for name in names if (root / name).exists()]:
        raise NotDrafted(f"KEY={key}", "a new source", there[0], "Take another key.")
    read, found = _read(key, file)
    at = _header_at(file, found)
    columns = _columns(key, found[at].cells, [r.cells for r in found[at + 1 :]])
    if public and any(column.is_of_a_student for column in columns):
        raise NotDrafted(
            f"FILE={file.name}",
            "no column of single students in a public file",
            "one that looks so, by its header or its cells",
            "Leave PUBLIC=yes away.",
        )
    rows = [[c.header for c in columns], *[[c.invented for c in columns]]]
    if public:
        rows = [record.cells for record in found[: at + 6]]
    texts = [*_texts(key, columns, read, public), csv_text(rows)]
    for name, text in zip(names, texts, strict=True):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return names


def _names(key: str) -> list[str]:
    if not re.fullmatch("[a-z][a-z0-9]*/[a-z0-9]+(_[a-z0-9]+)*", key):
        raise NotDrafted(
            f"KEY={key}",
            "<provider>/<extract> in small letters, such as me/dropout",
            "something else",
            "Name it so; a provider is a state's two letters or a publisher.",
        )
    provider, extract = key.split("/")
    model = f"dbt_project/models/staging/{provider}/stg_{provider}__{extract}"
    fixture = f"tests/fixtures/{key}/{extract}_2014-15.csv"
    return [f"expectations/{key}.yml", f"{model}.sql", f"{model}.yml", fixture]


def _read(key: str, file: Path) -> tuple[Read, list[Record]]:
    """Return how the file is read, and its rows; raise DeliveryRefused."""
    if not file.is_file():
        raise NotDrafted(f"FILE={file}", "a sample file", "none", "Give its path.")
    data = file.read_bytes()
    read = Read(final_newline=data.endswith(b"\n"))
    if data.startswith((XLSX, XLS)):
        read = Read(format="workbook")
    # There is no contract yet, and the readers ask for no more than this of one.
    return read, records(Contract.model_construct(key=key, read=read), data)


def _header_at(file: Path, found: list[Record]) -> int:
    """Return where the header stands: the first row with most words in it."""
    words = [len(set(filter(None, r.cells))) for r in found[:SEARCHED_LINES]] or [0]
    at = words.index(max(words))
    widths = {len(record.cells) for record in found[at : at + 2]}
    # What is no name of a column may be a student's: it must not reach a draft.
    numbers = [
        re.fullmatch(r"[\d/.*-]+", cell) for r in found[at:][:1] for cell in r.cells
    ]
    if words[at] < 2 or any(numbers) or len(found) < at + 2 or len(widths) > 1:
        raise NotDrafted(
            f"FILE={file.name}",
            f"a row of column names within the first {SEARCHED_LINES}, and a row below",
            "none of as many cells, or one with numbers in it",
            "Give a sample that has its header.",
        )
    return at


def _columns(key: str, header: list[str], rows: list[list[str]]) -> list[Drafted]:
    provider = key.split("/")[0]
    # Of two names, the one that the same provider's contracts have.
    contracts = sorted(load_contracts().values(), key=lambda c: c.provider == provider)
    known = {
        clean_header(text): (name, bool(column.protect))
        for contract in contracts
        for name, column in contract.columns.items()
        for text in column.headers
    }
    drafted: dict[str, Drafted] = {}
    for at, title in enumerate(header):
        cells = [row[at] for row in rows if at < len(row) and row[at]]
        text = clean_header(title)
        name, hashed = known.get(text, (_slug(text, cells), False))
        name = f"{name}_{at + 1}" if name in drafted else name
        ssn = any(re.fullmatch(r"\d{3}-\d{2}-\d{4}", cell) for cell in cells)
        told_of = hashed or ssn or bool(OF_A_STUDENT.search(text))
        drafted[name] = Drafted(name, title, told_of)
    return list(drafted.values())


def _slug(header: str, cells: list[str]) -> str:
    """Return a name for a header that no contract knows, with the unit at its end."""
    name = re.sub(r"\W+", "_", header).strip("_") or "column"
    numbers = [cell.rstrip("%") for cell in cells if cell[:1].isdigit()]
    if not numbers or not all(re.fullmatch(r"\d+(\.\d+)?", n) for n in numbers):
        return name
    is_pct = any("." in n for n in numbers) or any("%" in cell for cell in cells)
    return name + ("_pct" if is_pct else "_count")


def _texts(key: str, columns: list[Drafted], read: Read, public: bool) -> list[str]:
    """Return contract, model and the model's yml."""
    names = [column.name for column in columns]
    provider, extract = key.split("/")
    values = {
        "provider": provider,
        "extract": extract,
        "columns": columns,
        "names": names,
        "grain": [n for n in names if not n.endswith(("_count", "_pct", "_name"))],
        "read": read,
        "visibility": "public" if public else "restricted",
    }
    # dbt's own marks stay as they are.
    marks = {"variable_start_string": "[[", "variable_end_string": "]]"}
    folder = FileSystemLoader(Path(__file__).with_name("drafts"))
    jinja = Environment(
        loader=folder,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        **marks,
    )
    drafts = ("contract.yml.j2", "model.sql.j2", "model.yml.j2")
    return [jinja.get_template(name).render(values) for name in drafts]


def main() -> None:
    """Write the drafts and print what is left to do."""
    parser = Asked(prog="new_source", description=__doc__.split("\n")[0])
    parser.add_argument("key")
    parser.add_argument("file", type=Path)
    parser.add_argument("--public", choices=["yes", ""], default="")
    args = parser.parse_args()
    for name in draft(args.key, args.file, args.public == "yes"):
        print(name)
    print(
        "Next: put each TODO right and take its mark away; one ref in "
        "int_outcomes_unioned.sql;\nmake sources; make check "
        f"KEY={args.key} FILE={args.file.name}; make test. README.md, 'Add a source'."
    )


if __name__ == "__main__":
    sys.exit(told(main))
