"""Contracts: the one place that reads ``expectations/<provider>/<extract>.yml``."""

import hashlib
import re
from collections import Counter
from collections.abc import Container
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple
from unicodedata import category

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from common_metrics import pseudonyms
from common_metrics.errors import ContractError, DeliveryRefused, seen

PACKAGE = Path(__file__).parents[1]
CONTRACTS = PACKAGE.parents[1] / "expectations"
CODE_FORMS = CONTRACTS / "code_forms.yml"
# Header names that carry the school year, such as ALL_RATE_1415, are written
# with this mark in a contract.
YEAR_CODE = "{year_code}"
# Marks in the patterns of a contract, for a school year as people write it (2014-15,
# 2014-2015, 2014_15, 2014 - 2015), and for one that may be its end year alone, 2015.
_DASH = r"\s?[-_/\u2010-\u2015]\s?"
_TWO_YEARS = f"[0-9]{{4}}(?:{_DASH}[0-9]{{4}}|{_DASH}[0-9]{{2}}|(?:19|20)[0-9]{{2}})"
_END = "(?!-?[0-9])"  # else a day, 2016-11-29, would be the years 2016-11
YEARS = {
    "{school_year}": f"(?<![0-9])(?P<school_year>{_TWO_YEARS}){_END}",
    "{year}": f"(?<![0-9])(?P<school_year>{_TWO_YEARS}|[0-9]{{4}}){_END}",
}
# Of the headers that no contract knows, what a message names.
NAMED_HEADERS, LONGEST_NAME = 20, 80
# The modules that decide what becomes of a delivery.
JUDGES = ("contracts/model.py", "pseudonyms.py", "landing", "reading", "validation")


# Written in C it takes a fifth of the time, of which every task of Airflow pays some.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Match(NamedTuple):
    """Which layout a file has, where each canonical column stands, what is left out."""

    layout: str
    position: dict[str, int]
    additional: list[str]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Origin(_Block):
    """Who publishes the extract, where, under which licence."""

    publisher: str
    page: str
    licence: str
    definition_id: str


class SchoolYears(_Block):
    """The school years that are due, as end years, and how many files a year has.

    ``states`` are those that the extract is due from, unless it is one state's own.
    ``not_collected`` gives the reason for a year that will never come.
    """

    first: int
    last: int
    files: int = 1
    states: list[str] = []
    not_collected: dict[int, str] = {}


def _with_years(pattern: str | None) -> str | None:
    """Return the pattern with the mark of a school year filled in."""
    for mark, years in YEARS.items():
        pattern = pattern and pattern.replace(mark, years)
    return pattern


def _check_year_pattern(pattern: str | None) -> str | None:
    """Return the pattern; raise ValueError if it cannot find a school year."""
    pattern = _with_years(pattern)
    try:
        groups = re.compile(pattern or "(?P<school_year>)").groupindex
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    if "school_year" not in groups:
        raise ValueError(f"{pattern!r} has no group (?P<school_year>...)")
    return pattern


def _check_below_the_drop_folder(patterns: list[str]) -> list[str]:
    """Return the patterns; raise ValueError if one could lead anywhere else.

    There is no source on a network: whoever fetches files puts them there.
    """
    for pattern in patterns:
        parts = pattern.split("/")
        if {"", ".", "..", "~"} & set(parts) or re.search(r"[:\\\x00-\x1f]", pattern):
            raise ValueError(
                f"{pattern!r} is no path below the drop folder, such as "
                "ct_edsight/*.csv"
            )
    return patterns


class Landing(_Block):
    """Where deliveries come from, how often, and how large they may be.

    ``export`` says how to export a file with all its columns, where a publisher lets
    people choose; it is told to whoever delivers a file without some of them.
    """

    drop: list[str]
    schedule: str
    school_years: SchoolYears | None = None
    name_year: str | None = None
    export: str | None = None
    max_bytes: int = 50_000_000

    _year = field_validator("name_year")(_check_year_pattern)
    _drop = field_validator("drop")(_check_below_the_drop_folder)


class Section(_Block):
    """A line between stacked tables: its first group fills a column until the next."""

    column: str
    pattern: str


class Unpivot(_Block):
    """Headers that are values, such as years: each becomes a row of its own.

    ``name`` takes the first group of the header, ``value`` the cell below it.
    """

    header: str
    name: str
    value: str


class Read(_Block):
    """How the bytes become cells.

    ``header`` names the columns of a file without a header row. ``furniture`` are rows
    that are no data: sub-totals, repeated headers, foot notes. A column that the
    contract does not know may tell rows apart, so that it refuses the file;
    ``harmless`` are those that may be left out, each with the reason (* stands for any
    characters).
    """

    format: Literal["csv", "workbook"] = "csv"
    sheet: str | None = None
    encoding: str = "utf-8"
    delimiter: str = ","
    final_newline: bool = True
    header: list[str] | None = None
    short_rows: bool = False
    furniture: list[str] = []
    section: Section | None = None
    fill_down: list[str] = []
    unpivot: Unpivot | None = None
    harmless: dict[str, str] = {}

    @property
    def filled(self) -> list[str]:
        """The columns that no header names."""
        unpivoted = [self.unpivot.name, self.unpivot.value] if self.unpivot else []
        return unpivoted + ([self.section.column] if self.section else [])

    def harmless_as(self, header: str) -> str | None:
        """Return the name under which a header may be left out, if it may."""
        header = clean_header(header)
        patterns = {n: re.escape(clean_header(n)) for n in self.harmless}
        return next(
            (
                n
                for n, p in patterns.items()
                if re.fullmatch(p.replace(r"\*", ".*"), header)
            ),
            None,
        )


class Identity(_Block):
    """Where the file says which school year it is of.

    In a line above the header, in a column's name, in a column of each row, or, where
    nothing inside tells, in the file's name. A pattern's group ``school_year`` gives
    the year (and ``year_code`` the form it has in column names). ``undated`` marks
    reference data that belong to no year. ``all_students`` is a line above the header
    that says that the rows are of all students; a file may lack it only where it has a
    column of ``groups``.
    """

    preamble: str | None = None
    header: str | None = None
    column: str | None = None
    file_name: str | None = None
    undated: bool = False
    all_students: str | None = None
    groups: list[str] = []

    _years = field_validator("preamble", "header", "file_name")(_with_years)

    @model_validator(mode="after")
    def _exactly_one(self) -> "Identity":
        kinds = ("preamble", "header", "column", "file_name", "undated")
        if sum(bool(getattr(self, kind)) for kind in kinds) != 1:
            raise ValueError(f"give exactly one of {', '.join(kinds)}")
        _check_year_pattern(self.preamble or self.header or self.file_name)
        return self


class Column(_Block):
    """A canonical column, the headers it is known by, and what it holds.

    A cell that ``protect`` names is replaced by a keyed hash before it is written
    anywhere; ``pattern`` is what it must look like before. ``filled`` is a column that
    each row fills where a file has it, such as a student group: without one, a row
    would be taken for that of all students.
    """

    headers: list[str]
    description: str
    identifier: bool = False
    optional: bool = False
    filled: bool = False
    protect: str | None = None
    pattern: str | None = None


class Whole(_Block):
    """A count and counts of it, each with the rate that is printed of it, or null.

    No part is above the whole, nor are all together, unless the parts ``overlap``;
    with ``add_up`` they make the whole.
    """

    whole: str
    parts: dict[str, str | None]
    overlap: bool = False
    add_up: bool = False


class Periods(_Block):
    """Rows valid from ``first`` to ``last``; of each key in ``of`` one at a time."""

    of: list[list[str]]
    first: str
    last: str


class Contract(_Block):
    """One extract: everything that is known about it before a file arrives."""

    key: str
    sha256: str
    title: str
    origin: Origin
    visibility: Literal["public", "restricted"]
    landing: Landing
    read: Read = Read()
    identity: Identity
    columns: dict[str, Column]
    layouts: dict[str, list[str]]
    grain: list[str]
    plausible: list[Whole] = []
    periods: list[Periods] = []
    expectations: list[dict[str, Any]] = Field(min_length=1)

    def __hash__(self) -> int:
        return hash((self.key, self.sha256))

    @property
    def provider(self) -> str:
        return self.key.split("/")[0]

    @property
    def extract(self) -> str:
        return self.key.split("/")[1]

    @property
    def path(self) -> str:
        """The contract's path inside the repository, for messages."""
        return f"expectations/{self.key}.yml"

    @model_validator(mode="after")
    def _names_exist(self) -> "Contract":
        used = {name for names in self.layouts.values() for name in names}
        used |= {*self.grain, *self.read.fill_down, *self.read.filled}
        used |= {self.identity.column} if self.identity.column else set()
        used |= set(self.identity.groups)
        for whole in self.plausible:
            used |= {whole.whole, *whole.parts, *filter(None, whole.parts.values())}
        for periods in self.periods:
            used |= {periods.first, periods.last, *sum(periods.of, [])}
        unknown = used - set(self.columns) - {"_school_year"}
        if unknown:
            raise ValueError(f"no such column: {sorted(unknown)}")
        return self

    @model_validator(mode="after")
    def _students_are_restricted(self) -> "Contract":
        if self.protects and self.visibility == "public":
            raise ValueError("columns are protected: visibility must be restricted")
        return self

    @property
    def protects(self) -> dict[str, Column]:
        """The columns that tell of a single student."""
        return {n: column for n, column in self.columns.items() if column.protect}


def load_contract(file: Path, root: Path = CONTRACTS) -> Contract:
    """Return the contract in ``file``; raise ContractError with the path of a typo."""
    text = file.read_bytes()
    _refuse_guesses(file, root, text)
    key = file.relative_to(root).with_suffix("").as_posix()
    try:
        content = yaml.load(text, _LOADER)
        contract = Contract(key=key, sha256=_digest(text), **content)
    except (ValidationError, yaml.YAMLError, TypeError) as error:
        raise _unreadable(file, root, error) from error
    if not contract.protects:
        return contract
    # Under another key no student would be joined with what was hashed before.
    keyed = contract.sha256 + pseudonyms.fingerprint()
    digest = hashlib.sha256(keyed.encode()).hexdigest()
    return contract.model_copy(update={"sha256": digest})


def _digest(text: bytes) -> str:
    """Return a digest of the contract and of the code that reads and judges by it.

    A delivery is judged again when either changes.
    """
    code = [file.read_bytes() for file in judging_files()]
    judges = [text, CODE_FORMS.read_bytes(), *code]
    return hashlib.sha256(b"".join(judges)).hexdigest()


def judging_files(package: Path = PACKAGE) -> list[Path]:
    """Return the files of the code that decides what becomes of a delivery."""
    named = [package / name for name in JUDGES]
    inside = [file for folder in named for file in folder.glob("*.py")]
    return sorted(inside + [file for file in named if file.suffix])


def contract_keys(root: Path = CONTRACTS) -> list[str]:
    """Return the key ``<provider>/<extract>`` of every contract, without reading it."""
    files = (file.relative_to(root) for file in root.glob("*/*.yml"))
    return sorted(file.with_suffix("").as_posix() for file in files)


@cache
def load_contracts(root: Path = CONTRACTS) -> dict[str, Contract]:
    """Return every contract by its key."""
    return {key: load_contract_of(key, root) for key in contract_keys(root)}


def load_contract_of(key: str, root: Path = CONTRACTS) -> Contract:
    """Return the contract of a key; raise ContractError."""
    return load_contract(root / f"{key}.yml", root)


def _refuse_guesses(file: Path, root: Path, text: bytes) -> None:
    """A drafted line counts once a person has confirmed it and taken its mark away."""
    lines = [n for n, line in enumerate(text.splitlines(), 1) if b"TODO" in line]
    if lines:
        raise ContractError(
            f"expectations/{file.relative_to(root)} line {lines[0]}",
            "lines that a person has confirmed",
            f"the mark TODO in {len(lines)} lines: {', '.join(map(str, lines))}",
            "Correct what is guessed there and take the marks away.",
        )


def _unreadable(file: Path, root: Path, error: Exception) -> ContractError:
    items = [{"loc": (), "msg": f"{error}", "type": ""}]
    if isinstance(error, ValidationError):
        items = error.errors(include_url=False, include_input=False)
    found = [
        f"  {'.'.join(map(str, item['loc'])) or 'contract'}: {item['msg']}. "
        f"{_nearest_block(item)}\n"
        for item in items
    ]
    return ContractError(
        f"expectations/{file.relative_to(root)}",
        "YAML with the blocks of a contract",
        "\n" + "".join(found),
        "Mend the contract and run again.",
    )


def _nearest_block(item: dict[str, Any]) -> str:
    if item["type"] != "extra_forbidden":
        return ""
    *inside, name = item["loc"]
    block = next((BLOCKS[p] for p in reversed(inside) if p in BLOCKS), Contract)
    near = get_close_matches(str(name), block.model_fields, n=1)
    return f"Did you mean {near[0]!r}?" if near else "Remove it."


BLOCKS: dict[object, type[BaseModel]] = {
    "origin": Origin,
    "landing": Landing,
    "school_years": SchoolYears,
    "read": Read,
    "section": Section,
    "unpivot": Unpivot,
    "identity": Identity,
    "columns": Column,
}


def match_columns(
    contract: Contract,
    header: list[str],
    year_code: str | None,
    above: list[str] | None = None,
    empty: Container[int] = (),
) -> Match:
    """Return which column of the file is which; raise DeliveryRefused if unclear.

    Fails closed: the columns found must be exactly those of one layout, and any other
    must be ``empty`` or harmless as the contract says. ``above`` is the row above the
    header, which may hold headings over several columns.
    """
    known = known_headers(contract, year_code)
    names = told_apart(header, set().union(*known), above or [])
    cleaned = [clean_header(name) for name in names]
    found: dict[str, int] = {}
    for name, accepted in zip(contract.columns, known, strict=True):
        hits = [i for i, cell in enumerate(cleaned) if cell in accepted]
        if len(hits) > 1:
            raise DeliveryRefused(
                expected=f"one column for {name}",
                found=f"{len(hits)} columns headed {header[hits[0]]!r}",
                todo="Ask the publisher which one counts, or add a layout to "
                f"{contract.path}.",
            )
        if hits:
            found[name] = hits[0]
    values = unpivoted(contract, header)
    rest = [i for i in range(len(header)) if i not in {*found.values(), *values}]
    additional = [names[i] for i in rest if header[i] or i not in empty]
    strange = [name for name in additional if not contract.read.harmless_as(name)]
    layout = _layout(contract, found, strange)
    filled = {i: names[i] for i in rest if i not in empty}
    refused = set(strange)
    unknown = {i: name for i, name in filled.items() if name in refused}
    if unknown:
        raise _unknown_columns(contract, found, unknown)
    return Match(layout, found, additional)


def _unknown_columns(
    contract: Contract, found: dict[str, int], unknown: dict[int, str]
) -> DeliveryRefused:
    """Return the refusal of columns that no layout knows, with the lines to add."""
    first = list(unknown.items())[:NAMED_HEADERS]
    meant = {at: near for at, name in first if (near := _meant(contract, found, name))}
    others = {at: name for at, name in unknown.items() if at not in meant}
    title = {at: f'"{seen(name)[:LONGEST_NAME]}"' for at, name in first}
    listed = [f'{title[at]} (nearest: "{near}")' for at, (_, near) in meant.items()]
    renamed = [
        f'If {title[at]} is "{near}", correct it, or add it to columns.{name}.headers '
        f"in {contract.path}."
        for at, (name, near) in meant.items()
    ]
    named = [name_headers(contract, others)] if others else []
    return DeliveryRefused(
        expected=f"the columns of {contract.path} and no other",
        found=f"additional columns: {', '.join([*listed, *named])}",
        todo=" ".join([*renamed, *_what_to_add(contract, found, others)]),
    )


def _what_to_add(
    contract: Contract, found: dict[str, int], unknown: dict[int, str]
) -> list[str]:
    """Return where in the contract unknown columns belong."""
    if not unknown:
        return []
    if contract.visibility != "public":
        return [
            "Remove them and send the file again: they may not be sent, unless "
            f"read.harmless in {contract.path} lists them."
        ]
    groups = [name for name in contract.columns if name.endswith("group_label")]
    free = [name for name in groups if name not in found]
    where = f"columns.{free[0]}.headers" if free else "columns, layouts and grain"
    title = f'"{seen(next(iter(unknown.values())))[:LONGEST_NAME]}"'
    bare = any(name.startswith("[") for name in unknown.values())
    return [
        f"A column may tell rows apart, such as student groups: then add {title} to "
        f"{where} in {contract.path}. If no number depends on it, add it with the "
        "reason to read.harmless there.",
        *["A letter in brackets is a column without a header."] * bare,
    ]


def _meant(
    contract: Contract, found: Container[str], title: str
) -> tuple[str, str] | None:
    """Return the column and the header that an unknown one is a letter away from."""
    titles = {
        clean_header(h): (name, h)
        for name, column in contract.columns.items()
        for h in column.headers
        if name not in found
    }
    near = get_close_matches(clean_header(title), titles, n=1, cutoff=0.85)
    return titles[near[0]] if near else None


def known_headers(contract: Contract, year_code: str | None) -> list[list[str]]:
    """Return, for each column of the contract, its headers as they are compared."""
    return [
        [clean_header(h.replace(YEAR_CODE, year_code or "")) for h in column.headers]
        for column in contract.columns.values()
    ]


def unpivoted(contract: Contract, header: list[str]) -> dict[int, str]:
    """Return the positions of the headers that are values, and these values."""
    if not contract.read.unpivot:
        return {}
    pattern = contract.read.unpivot.header
    hits = [re.search(pattern, plain_header(cell)) for cell in header]
    return {at: hit[1] for at, hit in enumerate(hits) if hit}


def told_apart(header: list[str], known: set[str], above: list[str]) -> list[str]:
    """Return the headers with names for those that are blank or stand there twice.

    A blank one is known by its letter in a spreadsheet, [C]; a repeated one, such as
    the % beside each count, by its left neighbour: "Level 1 Count > %"; or, where that
    is no name either, by the heading above: "Level 1 > Count", "Level 1 > %".
    """
    cleaned = [clean_header(cell) for cell in header]
    times = Counter(cleaned)
    names, left = [], ""
    for at, cell in enumerate(header):
        if not cleaned[at]:
            names.append(f"[{_letters(at)}]")
        elif times[cleaned[at]] > 1 and cleaned[at] not in known:
            names.append(f"{left} > {cell}")
        else:
            left = cell
            names.append(cell)
    return _by_heading(header, names, above)


def _by_heading(header: list[str], names: list[str], above: list[str]) -> list[str]:
    """Return the names, those that still stand there twice by the heading above."""
    times, heading, told = Counter(names), "", []
    for at, name in enumerate(names):
        heading = (above[at] if at < len(above) else "") or heading
        is_alike = times[name] > 1 and name != header[at]
        told.append(f"{heading} > {header[at]}" if is_alike and heading else name)
    return told


def _letters(at: int) -> str:
    """Return a column's letters in a spreadsheet: 0 is A, 26 is AA."""
    return (_letters(at // 26 - 1) if at >= 26 else "") + chr(ord("A") + at % 26)


def _layout(contract: Contract, found: dict[str, int], unknown: list[str]) -> str:
    for layout, names in contract.layouts.items():
        if set(_required(contract, names)) <= set(found) <= set(names):
            return layout
    raise _no_layout(contract, found, unknown)


def _required(contract: Contract, names: list[str]) -> list[str]:
    found_in_header = [name for name in names if contract.columns[name].headers]
    return [name for name in found_in_header if not contract.columns[name].optional]


def _no_layout(
    contract: Contract, found: dict[str, int], unknown: list[str]
) -> DeliveryRefused:
    def distance(names: list[str]) -> int:
        required = set(_required(contract, names))
        return len(required - set(found)) + len(set(found) - set(names))

    layout, names = min(contract.layouts.items(), key=lambda item: distance(item[1]))
    missing = [name for name in _required(contract, names) if name not in found]
    if not missing:
        beside = ", ".join(sorted(set(found) - set(names)))
        return DeliveryRefused(
            expected=f"the columns of one layout of {contract.path}",
            found=f"layout {layout} with {beside} beside it",
            todo=f"If the publisher merged two files, add a layout to {contract.path}.",
        )
    name = missing[0]
    accepted = [h.replace(YEAR_CODE, "<yy>") for h in contract.columns[name].headers]
    expected = f"a column for {' and for '.join(missing)}: one of " + ", ".join(
        f'"{h}"' for h in accepted
    )
    if not unknown:
        return DeliveryRefused(
            expected=expected,
            found="no such column, and no unknown header: nothing was renamed",
            todo=f"{contract.landing.export or 'Ask for the file with this column.'} "
            "If it is printed no more, add a layout without it to "
            f"{contract.path}.",
        )
    alike = 0.3 if contract.visibility == "public" else 0.7
    near = get_close_matches(accepted[0], unknown, n=1, cutoff=alike)
    suggestion = near[0] if near else "<the new header>"
    return DeliveryRefused(
        expected=expected,
        found="no such header; unknown headers in the file: "
        + name_headers(contract, unknown)
        + (f' (nearest: "{near[0]}")' if near else ""),
        todo=f'If the publisher renamed it, add "{suggestion}" to '
        f"columns.{name}.headers in {contract.path}.",
    )


def name_headers(contract: Contract, headers: list[str] | dict[int, str]) -> str:
    """Return headers for a message: by name, or only their number where restricted.

    What stands in the place of a header may be a student's data in a broken file.
    Where their positions are given, it is said in which columns they stand.
    """
    if contract.visibility != "public":
        at = [f"[{_letters(i)}]" for i in headers if isinstance(i, int)]
        where = f", in {', '.join(at[:NAMED_HEADERS])}" if at else ""
        return f"{len(headers)} not named here{where}" if headers else ""
    more = len(headers) - NAMED_HEADERS
    titles = [*(headers.values() if isinstance(headers, dict) else headers)]
    named = [f'"{header}"' for header in nameable(contract, titles[:NAMED_HEADERS])]
    return ", ".join([*named, *[f"{more} more"] * (more > 0)])


def nameable(contract: Contract, headers: list[str]) -> list[str]:
    """Return headers for a receipt; where restricted, as the contract has them."""
    if contract.visibility == "public":
        return [seen(header)[:LONGEST_NAME] for header in headers]
    return [contract.read.harmless_as(h) or "not named here" for h in headers]


def plain_header(cell: str) -> str:
    """Return a header without signs of no width, and with single blanks."""
    seen_only = "".join(c for c in cell if category(c) != "Cf")
    return re.sub(r"\s+", " ", seen_only).strip()


def clean_header(cell: str) -> str:
    """Return a header for comparison: without case, blanks and underscores."""
    return re.sub(r"[ _]", "", plain_header(cell)).casefold()
