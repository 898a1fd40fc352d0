"""Rhode Island's files, broken: one file for each way."""

from collections.abc import Iterator

import ri
from records import Delivery, Fault
from workbook import xlsx
from world import World


def deliveries(world: World) -> Iterator[Delivery]:
    """Every broken delivery; none is of a school year that a good one holds."""
    good = ri.assessment(world, "sat_math").content
    renamed = good.replace(b"StudentTestedNumber", b"N Tested")
    yield broken(
        "ri_assessment/sat_math_broken_renamed_column.csv",
        renamed.replace(b"2017-18", b"2023-24").replace(b"2018-19", b"2024-25"),
        1,
        "file refused: no column StudentTestedNumber",
    )
    yield broken(
        "ri_assessment/math_broken_no_test.csv",
        good.replace(b"2017-18", b"2023-24").replace(b"2018-19", b"2024-25"),
        "",
        "file refused: its name says no test",
    )
    sheet = [["(No column name)", "Fall 2030"], ["TOTAL", 9999], ["FRL", 99]]
    yield broken(
        "ri_enrollment/State-Demo_broken_renamed_years.xlsx",
        xlsx({"sheet1": sheet}),
        "",
        "file refused: no column that is a year",
    )


def broken(path: str, content: bytes, row: int | str, expected: str) -> Delivery:
    """A delivery of which nothing may get through."""
    kind = path.split("_broken_")[1].split(".")[0]
    return Delivery(path, content, [], [Fault(path, row, kind, expected)])
