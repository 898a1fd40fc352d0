"""School years: what a file, its name or a cell says, as the year in which it ends."""

import re
from pathlib import Path
from typing import NamedTuple

from common_metrics.contracts.model import Contract, with_example
from common_metrics.errors import DeliveryRefused
from common_metrics.reading.text import Record

SEARCHED_LINES = 40
FIRST_YEAR, LAST_YEAR = 1950, 2099
TWO_YEARS = re.compile(r"([0-9]{4})[\s/_\u2010-\u2015-]*([0-9]{4}|[0-9]{2})")


class Identity(NamedTuple):
    """What the file says of itself: its school year, and the year's form in headers."""

    school_year: int | None = None
    year_code: str | None = None


def read_identity(contract: Contract, found: list[Record], name: str) -> Identity:
    """Return the school year that the file states; its name counts where it must."""
    says = contract.identity
    if says.undated or says.column:
        return Identity()
    if says.file_name:
        return Identity(_only_year(says.file_name, name))
    pattern = says.preamble or says.header or ""
    hits = [hit for cell in first_cells(found) if (hit := re.search(pattern, cell))]
    if not hits:
        raise _unknown_table(contract, pattern, found)
    groups = hits[0].groupdict()
    return Identity(school_year(groups["school_year"]), groups.get("year_code"))


def _unknown_table(
    contract: Contract, pattern: str, found: list[Record]
) -> DeliveryRefused:
    where = "line above the header" if contract.identity.preamble else "column name"
    expected = f"a {where} that says what this is, like {with_example(pattern)}"
    later = [r.row for r in found if re.search(pattern, joined(r.cells))]
    if later:
        return DeliveryRefused(
            f"{expected}, within the first {SEARCHED_LINES} rows",
            f"the first one in row {later[0]} only",
            "Delete the rows above it, such as a cover or notes, and deliver it again.",
        )
    return DeliveryRefused(
        expected,
        "none: this is another table, or its head is cut off",
        "Check that the file lies in the right folder; if the publisher changed "
        f"the title, change identity in {contract.path}.",
    )


def first_cells(found: list[Record]) -> list[str]:
    """Return the cells of the first rows, and behind them each row as one text.

    A title with a comma in it may stand without quotes.
    """
    first = [record.cells for record in found[:SEARCHED_LINES]]
    return [c for cells in first for c in cells] + [joined(cells) for cells in first]


def joined(cells: list[str]) -> str:
    """Return a row as one text."""
    return ", ".join(filter(None, cells))


def _only_year(pattern: str, name: str) -> int:
    years = years_in_name(pattern, name)
    if len(years) != 1:
        raise DeliveryRefused(
            "a file name that says one school year, such as 2014-15",
            f"{len(years) or 'none'} in it, and nothing inside the file says it",
            "Name the file after its school year and deliver it again.",
        )
    return years[0]


def years_in_name(pattern: str, name: str) -> list[int]:
    """Return the school years that a file's name says, or else the folders' above it.

    Raises DeliveryRefused where what looks like a year is none.
    """
    for part in reversed(Path(name).parts):
        said = [hit["school_year"] for hit in re.finditer(pattern, part)]
        years = [year for text in said if (year := end_year(text))]
        if said and not years:
            raise DeliveryRefused(
                "a school year such as 2014-15 or 2014-2015 in the file's name",
                f"{said[0]!r}",
                "Rename the file so that its name says its school year.",
            )
        if years:
            return list(dict.fromkeys(years))
    return []


def school_year(text: str) -> int:
    """Return the end year of '2014-15', '2014 - 2015', '1415' or '2015'.

    Raises DeliveryRefused for anything else.
    """
    if year := end_year(text):
        return year
    raise DeliveryRefused(
        "a school year such as 2014-15", f"{text!r}", "Correct it at the publisher."
    )


def end_year(text: str | None) -> int | None:
    """Return the year in which a school year ends, None where the text says none."""
    text = (text or "").strip()
    two, year = TWO_YEARS.fullmatch(text), 0
    if two and int(two[2]) in (int(two[1]) + 1, (int(two[1]) + 1) % 100):
        year = int(two[1]) + 1
    elif re.fullmatch("[0-9]{4}", text):
        first, second = divmod(int(text), 100)
        # 1415 ends in 2015; 9899 in 1999.
        century = 1900 if second >= 50 else 2000
        year = century + second if second == (first + 1) % 100 else int(text)
    return year if FIRST_YEAR <= year <= LAST_YEAR else None
