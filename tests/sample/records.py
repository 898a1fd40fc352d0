"""What a part of the generator hands over: files, with the truth that they carry."""

import csv
import re
from collections.abc import Iterable
from io import StringIO
from typing import NamedTuple


class Outcome(NamedTuple):
    """One cell as a correct warehouse holds it after reading what was printed."""

    provider: str
    extract: str
    state: str
    school_id_nces: str
    school_id_state: str
    school_name: str
    school_year: int
    metric_id: str
    student_group: str
    numerator: str = ""
    denominator: str = ""
    value_pct: str = ""
    value_low_pct: str = ""
    value_high_pct: str = ""
    value_status: str = ""
    lea_id_state: str = ""  # in rows of a district only


class HeadCount(NamedTuple):
    """One head count as a correct warehouse holds it; no school = district or state."""

    provider: str
    extract: str
    state: str
    lea_id_state: str
    school_id_nces: str
    school_id_state: str
    school_name: str
    school_year: int
    grade: str
    student_group: str
    student_count: str = ""
    value_status: str = "reported"


class Fault(NamedTuple):
    """One planted fault; row is the physical line counted from 1, "" = whole file."""

    file: str
    row: int | str
    what: str
    expected: str


class Delivery(NamedTuple):
    """One file to write below the output folder."""

    path: str
    content: bytes
    outcomes: list[Outcome]
    faults: list[Fault]
    head_counts: tuple[HeadCount, ...] = ()


def nobody(student_id: str) -> str:
    """An id of the same length that no student of the sample has.

    Who has a wrong row is set aside as a whole, and makes a range of each rate: what is
    planted in rates is of other students.
    """
    return "9" * len(student_id)


def years_ago(content: bytes, years: int) -> bytes:
    """The same rows with all their days years earlier, before any rate."""
    return re.sub(
        rb"/((?:19|20)\d\d)\b", lambda day: b"/%d" % (int(day[1]) - years), content
    )


def as_csv(
    rows: Iterable[Iterable[object]], line_end: str = "\n", encoding: str = "ascii"
) -> bytes:
    """Plain CSV, quoted only where a comma or a quote makes it necessary."""
    text = StringIO()
    csv.writer(text, lineterminator=line_end).writerows(rows)
    return text.getvalue().encode(encoding)
