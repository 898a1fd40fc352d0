"""Contracts: what is known about an extract before a file of it arrives."""

import re
from datetime import date
from fnmatch import fnmatch
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from common_metrics.contracts.forms import Block, Cells, Forms
from common_metrics.contracts.sources import Asked, Source, asked

# Marks in the patterns of a contract, for a school year as people write it (2014-15,
# 2014-2015, 2014_15, 2014 - 2015), and for one that may be its end year alone, 2015.
_DASH = r"\s?[-_/\u2010-\u2015]\s?"
_TWO_YEARS = f"[0-9]{{4}}(?:{_DASH}[0-9]{{4}}|{_DASH}[0-9]{{2}}|(?:19|20)[0-9]{{2}})"
_END = "(?!-?[0-9])"  # else a day, 2016-11-29, would be the years 2016-11
YEARS = {
    "{school_year}": f"(?<![0-9])(?P<school_year>{_TWO_YEARS}){_END}",
    "{year}": f"(?<![0-9])(?P<school_year>{_TWO_YEARS}|[0-9]{{4}}){_END}",
}

# What an expectation of a contract's own may say.
STATED = {"type", "kwargs", "severity", "meta"}


class Origin(Block):
    """Who publishes the extract, where, under which licence."""

    publisher: str
    page: str
    licence: str
    definition_id: str


class SchoolYears(Block):
    """The school years that are due, as end years, and how many files a year has.

    ``states`` are those that the extract is due from, unless it is one state's own.
    ``not_collected`` gives the reason for a year that will never come.
    """

    first: int
    last: int
    files: int = 1
    states: list[str] = []
    not_collected: dict[int, str] = {}


class Due(Block):
    """By when a school year's files are to be there, and days of grace after it.

    ``day`` is a month and day, 05-31: the first one after the end of the school year,
    30 June, or so many ``years_later``; -1 for what is published before it ends.
    """

    day: str = Field(pattern="^[0-9]{2}-[0-9]{2}$")
    years_later: int = Field(0, ge=-1)
    grace_days: int | None = Field(None, ge=0)

    @field_validator("day")
    @classmethod
    def _is_a_day_of_each_year(cls, day: str) -> str:
        date.fromisoformat(f"2015-{day}")
        return day

    def on(self, school_year: int) -> date:
        """Return the last day on which the files of the school year are not late."""
        year = school_year + self.years_later + (self.day <= "06-30")
        return date.fromisoformat(f"{year}-{self.day}")


def _finds_a_year(pattern: str) -> str:
    """Return the pattern with its mark filled in; raise ValueError if it has none."""
    for mark, years in YEARS.items():
        pattern = pattern.replace(mark, years)
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    if "school_year" not in groups:
        raise ValueError(f"{pattern!r} has no group (?P<school_year>...)")
    return pattern


def with_example(pattern: str) -> str:
    """Return a pattern for people: with a school year for the mark of one."""
    for years in YEARS.values():
        pattern = pattern.replace(years, "2014-15")
    return pattern


def _is_below_the_drop_folder(pattern: str) -> str:
    """Return the pattern; raise ValueError if it could lead anywhere else."""
    parts = set(pattern.split("/"))
    if {"", ".", "..", "~"} & parts or re.search(r"[:\\\x00-\x1f]", pattern):
        raise ValueError(
            f"{pattern!r} is no path below the drop folder, such as ct_edsight/*.csv"
        )
    return pattern


YearPattern = Annotated[str, AfterValidator(_finds_a_year)]
DropPattern = Annotated[str, AfterValidator(_is_below_the_drop_folder)]


class Landing(Block):
    """Where deliveries come from, how often, and how large they may be.

    ``export`` says how to export a file with all its columns, where a publisher lets
    people choose; it is told to whoever delivers a file without some of them.
    ``sources`` are addresses from which files are fetched into the drop folder.
    """

    drop: list[DropPattern]
    sources: list[Source] = []
    schedule: str
    school_years: SchoolYears | None = None
    due: Due | None = None
    name_year: YearPattern | None = None
    export: str | None = None
    max_bytes: int = 50_000_000
    max_lines: int = 1_000_000

    @property
    def asked(self) -> list[Asked]:
        """The addresses to ask, one for each year of each source."""
        due = self.school_years
        years = range(due.first, due.last + 1) if due else ()
        collected = [y for y in years if due and y not in due.not_collected]
        return asked(self.sources, collected)

    @model_validator(mode="after")
    def _is_looked_for_where_it_is_put(self) -> "Landing":
        for one in self.asked:
            _is_below_the_drop_folder(one.file)
            if not any(fnmatch(one.looked_for, each) for each in self.drop):
                raise ValueError(f"sources: no pattern of drop finds {one.file!r}")
        return self

    @model_validator(mode="after")
    def _due_years_are_named(self) -> "Landing":
        if self.due and not self.school_years:
            raise ValueError("due: say in school_years which years are")
        return self


class Section(Block):
    """A line between stacked tables: its first group fills a column until the next."""

    column: str
    pattern: str


class Unpivot(Block):
    """Headers that are values, such as years: each becomes a row of its own.

    ``name`` takes the first group of the header, ``value`` the cell below it.
    """

    header: str
    name: str
    value: str


class Read(Block):
    """How the bytes become cells.

    ``header`` names the columns of a file without a header row. ``furniture`` are rows
    that are no data: sub-totals, repeated headers, foot notes. A column that the
    contract does not know may tell rows apart, so that it refuses the file;
    ``harmless`` are those that may be left out, each with the reason (* stands for any
    characters). Of a publisher that leaves no cell empty (``full``), a row with one has
    lost a cell, and others have moved.
    """

    format: Literal["csv", "workbook"] = "csv"
    sheet: str | None = None
    encoding: str = "utf-8"
    delimiter: str = ","
    final_newline: bool = True
    header: list[str] | None = None
    short_rows: bool = False
    full: bool = False
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


class Identity(Block):
    """Where the file says which school year it is of.

    In a line above the header, in a column's name, in a column of each row, or, where
    nothing inside tells, in the file's name. A pattern's group ``school_year`` gives
    the year (and ``year_code`` the form it has in column names). ``undated`` marks
    reference data that belong to no year. ``all_students`` is a line above the header
    that says that the rows are of all students; a file may lack it only where it has a
    column of ``groups``.
    """

    preamble: YearPattern | None = None
    header: YearPattern | None = None
    column: str | None = None
    file_name: YearPattern | None = None
    undated: bool = False
    all_students: str | None = None
    groups: list[str] = []

    @model_validator(mode="after")
    def _exactly_one(self) -> "Identity":
        kinds = ("preamble", "header", "column", "file_name", "undated")
        if sum(bool(getattr(self, kind)) for kind in kinds) != 1:
            raise ValueError(f"give exactly one of {', '.join(kinds)}")
        return self


class Column(Block):
    """A canonical column, the headers it is known by, and what it holds.

    Without ``headers`` it is headed by its own name; an empty list is that of a column
    which no header names. ``required`` says what stands in each row, or where; ``form``
    what a cell looks like that is not empty; ``empty`` where there must be none.

    A cell that ``protect`` names is replaced by a keyed hash before it is written
    anywhere; ``pattern`` is what it must look like before. ``filled`` is a column that
    each row fills where a file has it, such as a student group: without one, a row
    would be taken for that of all students.
    """

    headers: list[str]
    description: str
    required: Cells = []
    form: Forms = []
    empty: Cells = []
    identifier: bool = False
    optional: bool = False
    filled: bool = False
    protect: str | None = None
    pattern: str | None = None


class Rows(Block):
    """How many rows a file has, or what its rows are."""

    min: int = 1
    max: int
    of: str = "rows"


class Whole(Block):
    """A count and counts of it, each with the rate that is printed of it, or null.

    No part is above the whole, nor are all together, unless the parts ``overlap``;
    with ``add_up`` they make the whole.
    """

    whole: str
    parts: dict[str, str | None]
    overlap: bool = False
    add_up: bool = False


class Periods(Block):
    """Rows valid from ``first`` to ``last``; of each key in ``of`` one at a time."""

    of: list[list[str]]
    first: str
    last: str


class Contract(Block):
    """One extract: everything that is known about it before a file arrives.

    ``layouts`` has the columns of each kind of file: a file has exactly those of one.
    Without any, there is one with all columns that a header names. ``sha256`` decides
    what is judged again, ``rules_sha256`` is the same without the students' key and may
    be published. ``owner`` is told
    what becomes of it: a mail address or a connection; no file is judged by it.
    ``expectations`` has what no column says, in the form of Great Expectations; of a
    loaded contract, all that is expected.
    """

    key: str
    sha256: str = ""
    rules_sha256: str = ""
    title: str
    origin: Origin
    visibility: Literal["public", "restricted"]
    owner: str | None = Field(None, exclude=True)
    landing: Landing
    read: Read = Read()
    identity: Identity
    rows: Rows | None = None
    columns: dict[str, Column]
    layouts: dict[str, list[str]] = {}
    grain: list[str]
    plausible: list[Whole] = []
    periods: list[Periods] = []
    expectations: list[dict[str, Any]] = []

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

    @field_validator("columns", mode="before")
    @classmethod
    def _headed_by_their_names(cls, columns: Any) -> Any:
        if not isinstance(columns, dict):
            return columns
        return {
            name: {"headers": [name]} | column if isinstance(column, dict) else column
            for name, column in columns.items()
        }

    @field_validator("expectations")
    @classmethod
    def _are_taken_by_great_expectations(
        cls, stated: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Else the library stops at the first file that comes."""
        for each in stated:
            if "type" not in each or {*each} - STATED:
                raise ValueError(f"give type, and of {sorted(STATED)} what it needs")
        return stated

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
