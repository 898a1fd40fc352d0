"""New Hampshire deliveries that must not get through, of years of no good one."""

import re
from collections.abc import Iterator
from io import BytesIO
from zipfile import ZipFile, ZipInfo

import nh
import nh_assessment
from broken import PAGE
from records import Delivery, Fault
from world import World

YEAR, TESTED = 2017, 2022
SHEET = "xl/worksheets/sheet1.xml"


def deliveries(world: World) -> Iterator[Delivery]:
    """Every broken delivery."""
    good = nh.schools_by_grade(world, YEAR)
    sheet = "School Enrollments by Grade Pub"
    for kind, content, why in (
        ("html", PAGE, "it is a web page under the name of a workbook"),
        ("cut_workbook", good.content[:-200], "the workbook was cut"),
        (
            "renamed_sheet",
            rewritten(good.content, "xl/workbook.xml", sheet, "Sheet1"),
            "no sheet of that name",
        ),
        (
            "renamed_number",
            rewritten(good.content, SHEET, ">School #<", ">School Number<"),
            'no column "School #"',
        ),
        (
            "no_title",
            rewritten(good.content, SHEET, " Public School Enrollments by Grade", ""),
            "no line says which year it is",
        ),
    ):
        yield refused(good, kind, content, why)
    cohorts = nh.cohort_counts(world, YEAR)
    bare = rewritten(cohorts.content, SHEET, r"(\d+\.\d\d)%", r"\1")
    yield refused(cohorts, "bare_percent", bare, "87.90 is no proportion")
    scores = nh_assessment.assessment(world, TESTED)
    levels = scores.content.replace(b" Level,", b",")
    yield refused(scores, "unknown_levels", levels, "District is no known level")


def refused(good: Delivery, kind: str, content: bytes, why: str) -> Delivery:
    """A delivery that is refused as a whole."""
    path = re.sub(r"(\.\w+)$", rf"_broken_{kind}\1", good.path)
    return Delivery(path, content, [], [Fault(path, "", kind, f"file refused: {why}")])


def rewritten(content: bytes, part: str, old: str, new: str) -> bytes:
    """A workbook in which one part has another text."""
    written = BytesIO()
    with ZipFile(BytesIO(content)) as source, ZipFile(written, "w") as target:
        for entry in source.infolist():
            text = source.read(entry).decode()
            if entry.filename == part:
                text = re.sub(old, new, text)
            target.writestr(ZipInfo(entry.filename, entry.date_time), text)
    return written.getvalue()
