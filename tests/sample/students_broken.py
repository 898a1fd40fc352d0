"""Student extracts that must not get through, and must not tell of a student either.

A file without its header, or with the names in a wrong column, has a person where the
reader expects a word of the layout: neither message nor lake may repeat it.
"""

import csv
from collections.abc import Callable, Iterator
from typing import NamedTuple

import nh_i4see
import nsc
import oneroster
import ri_students
import school_template
import vt_sis
from broken import PAGE
from records import Delivery, Fault, as_csv
from world import World

PARTS = (school_template, vt_sis, nh_i4see, ri_students, oneroster, nsc)
YEARS = {  # 2011-12, and the year that no good delivery is of
    "2011-12": "2016-17",
    "2012": "2017",
}
Rows = list[list[str]]
Damage = Callable[[Rows], Rows]


class Break(NamedTuple):
    """A good file, the path of the broken one, what is wrong, and why it is refused."""

    source: str
    path: str
    kind: str
    damage: Damage
    why: str


def deliveries(world: World) -> Iterator[Delivery]:
    """Every broken delivery of students."""
    good = {d.path: d.content for part in PARTS for d in part.deliveries(world)}
    for source, path, kind, damage, why in BROKEN:
        content = damage(moved(good[source]))
        fault = Fault(path, "", kind, f"file refused: {why}")
        yield Delivery(path, as_csv(content, "\r\n"), [], [fault])
    path = "nsc/student_tracker_ct_2017_broken_html.csv"
    fault = Fault(path, "", "html", "file refused: it is a web page")
    yield Delivery(path, PAGE, [], [fault])


def moved(content: bytes) -> Rows:
    """The rows, said to be of a year that no good delivery is of."""
    rows = csv.reader(content.decode("ascii").splitlines())
    return [[YEARS.get(cell, cell) for cell in row] for row in rows]


def without(name: str) -> Damage:
    """Leave out a column."""

    def damage(rows: Rows) -> Rows:
        at = rows[0].index(name)
        return [row[:at] + row[at + 1 :] for row in rows]

    return damage


def says(name: str, text: str) -> Damage:
    """Write the same into each cell of a column."""

    def damage(rows: Rows) -> Rows:
        at = rows[0].index(name)
        return [rows[0], *([*row[:at], text, *row[at + 1 :]] for row in rows[1:])]

    return damage


def turned(rows: Rows) -> Rows:
    """Header names one column to the right of where they belong."""
    return [[rows[0][-1], *rows[0][:-1]], *rows[1:]]


def renamed(rows: Rows) -> Rows:
    """One column under a name that nobody has announced."""
    return [[name.replace("exit_type", "left_because") for name in rows[0]], *rows[1:]]


def headerless(rows: Rows) -> Rows:
    """The first student in the place of the header."""
    return rows[1:]


def narrower(rows: Rows) -> Rows:
    """A file without header, and without its last column."""
    return [row[:-1] for row in rows]


def unchanged(rows: Rows) -> Rows:
    """The same rows: the name of the file is what is wrong."""
    return rows


def rounded(rows: Rows) -> Rows:
    """State ids as a spreadsheet writes long numbers."""
    return [
        rows[0],
        *([f"{float(row[0].strip('_')):.5E}", *row[1:]] for row in rows[1:]),
    ]


IDENTITY = "vt_sis/2012/04_0_Student_Identity.csv"
SPELLS = "nessc_students/me_1934_student_enrollment.csv"
BROKEN = [
    Break(
        IDENTITY,
        "vt_sis/2017_broken_no_header.04_0_Student_Identity.csv",
        "no_header",
        headerless,
        "no row has the names of the columns",
    ),
    Break(
        IDENTITY,
        "vt_sis/2017_broken_shifted_header.04_0_Student_Identity.csv",
        "shifted_header",
        turned,
        "what stands in the column of state ids is none",
    ),
    Break(
        "vt_sis/2012/04_4_PS_Enroll.csv",
        "vt_sis/2017_broken_missing_column.04_4_PS_Enroll.csv",
        "missing_column",
        without("EXITTYPE"),
        'no column "EXITTYPE"',
    ),
    Break(
        "vt_sis/2012/04_5_PS_GradeProg.csv",
        "vt_sis/2017_broken_no_year.04_5_PS_GradeProg.csv",
        "no_year",
        says("SY", "FALL"),
        "no row says its school year",
    ),
    Break(
        SPELLS,
        "nessc_students/me_1934_student_enrollment_broken_renamed_column.csv",
        "renamed_column",
        lambda rows: [
            [n.replace("exit_type", "withdrawal") for n in rows[0]],
            *rows[1:],
        ],
        'no column "exit_type"',
    ),
    Break(
        SPELLS,
        "nessc_students/me_1934_student_enrollment_broken_other_codes.csv",
        "other_codes",
        says("entry_type", "E1"),
        "no entry type is of the code list",
    ),
    Break(
        "nessc_students/me_1934_student_attendance.csv",
        "nessc_students/me_1934_student_assessment_broken_other_extract.csv",
        "other_extract",
        unchanged,
        "it holds days, not results",
    ),
    Break(
        "nh_i4see/sau91_eoy_enrollment_2011-12.csv",
        "nh_i4see/sau91_eoy_enrollment_2016-17_broken_column_fewer.csv",
        "column_fewer",
        narrower,
        "its rows have 26 cells",
    ),
    Break(
        "nh_i4see/sau91_eoy_enrollment_2011-12.csv",
        "nh_i4see/sau91_eoy_enrollment_broken_no_year.csv",
        "no_year_in_name",
        headerless,  # one student fewer: the same bytes would be known already
        "its name says no school year",
    ),
    Break(
        "ri_eride/97_enrollment_census_2010-11.csv",
        "ri_eride/97_enrollment_census_2016-17_broken_missing_column.csv",
        "missing_column",
        without("SASID"),
        'no column "SASID"',
    ),
    Break(
        "ri_eride/cohort_listing_2013_after_4_years.csv",
        "ri_eride/cohort_listing_2017_broken_other_codes.csv",
        "other_codes",
        says("EXIT_CLASS", "6"),
        "no exit class is of the code list",
    ),
    Break(
        "ri_eride/97_enrollment_census_2010-11.csv",
        "ri_eride/student_attendance_2016-17_broken_no_workbook.xlsx",
        "no_workbook",
        unchanged,
        "it is no workbook",
    ),
    Break(
        "oneroster/2015/users.csv",
        "oneroster/2017_broken_missing_column/users.csv",
        "missing_column",
        without("identifier"),
        'no column "identifier"',
    ),
    Break(
        "nsc/student_tracker_ct_2013.csv",
        "nsc/student_tracker_ct_2017_broken_exponent_ids.csv",
        "exponent_ids",
        rounded,
        "its ids went through a spreadsheet",
    ),
]
