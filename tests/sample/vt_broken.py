"""Vermont deliveries that must not get through, of years of no good one."""

from collections.abc import Iterator

import vt
import vt_rates
from broken import PAGE
from records import Delivery, Fault
from workbook import xlsx
from world import World

YEAR = 2017


def deliveries(world: World) -> Iterator[Delivery]:
    """Every broken delivery."""
    yield from broken_reports(world)
    yield from broken_csv(world)
    yield percentages(world)


def broken_reports(world: World) -> Iterator[Delivery]:
    """A report that is a web page, was cut, or says no year."""
    good = vt.workbook(world, YEAR)
    rows = vt.report(world, YEAR, "enrollment_report", good.path)[0]
    untitled = [row for row in rows if not any("School Year" in c for c in row)]
    moved = [["", *row] for row in rows]
    for kind, content, why in (
        ("html", PAGE, "it is a web page under the name of a workbook"),
        ("cut_workbook", good.content[:-200], "the workbook was cut"),
        ("no_year", xlsx({"Report": untitled}), "no line says which year it is"),
        ("moved_columns", xlsx({"Report": moved}), "its names stand elsewhere"),
    ):
        yield refused(good.path, kind, content, why)


def broken_csv(world: World) -> Iterator[Delivery]:
    """Renamed headers, in the file with codes and among the tests."""
    counts = vt.head_count(world)
    yield refused(
        counts.path,
        "renamed_code",
        counts.content.replace(b"ORGID", b"ORG", 1).replace(b"2013", b"2017"),
        'no column "ORGID"',
    )
    tests = vt_rates.assessment(world)
    yield refused(
        tests.path.replace("2016", str(YEAR)),
        "renamed_value",
        tests.content.replace(b"SchoolValue", b"School Result", 1),
        'no column "SchoolValue"',
    )


def percentages(world: World) -> Delivery:
    """Rates in per cent where proportions are due: a rate of 0.9 would be 90."""
    header, *rows = rates(world)
    for row in rows:
        row[0], row[5:] = YEAR, [cell if cell == "NULL" else 85.9 for cell in row[5:]]
    why = "85.9 is no proportion of 1"
    content = xlsx({"Student Information": [header, *rows]})
    return refused(vt_rates.INFORMATION, "per_cent", content, why)


def rates(world: World) -> list[list[object]]:
    """The rows of one year and rate."""
    rows = vt_rates.information_rows(world, vt_rates.TAKEN[0], 4)
    return [vt_rates.INFORMATION_HEADER, *rows]


def refused(path: str, kind: str, content: bytes, why: str) -> Delivery:
    """The delivery, marked with what is wrong with it."""
    stem, dot, ending = path.rpartition(".")
    broken = f"{stem}_broken_{kind}{dot}{ending}"
    return Delivery(
        broken, content, [], [Fault(broken, "", kind, f"file refused: {why}")]
    )
