"""Maine's assessments, broken: one file for each way."""

from collections.abc import Iterator

import me
from records import Delivery, Fault
from world import World


def deliveries(world: World) -> Iterator[Delivery]:
    """Every broken delivery; none is of a school year that a good one holds."""
    good = me.assessment(world, 2021).content
    renamed = good.replace(b"Achievement Level,Total", b"Level Reached,Total")
    path = "me_assessment/me_assessment_2024_broken_renamed_column.csv"
    expected = "file refused: no column Achievement Level"
    yield Delivery(path, renamed, [], [Fault(path, 1, "renamed_column", expected)])
    path = "me_assessment/me_assessment_broken_no_year.csv"
    expected = "file refused: neither name nor content says the year"
    # Other bytes than the good file's: those would only count as delivered again.
    other = good.replace(b",0.95,", b",0.94,")
    yield Delivery(path, other, [], [Fault(path, "", "no_year", expected)])
