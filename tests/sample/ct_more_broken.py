"""Deliveries of Connecticut's other exports that must not get through.

All are of 2016-17 or 2019-20, which no good delivery of their extract holds.
"""

from collections.abc import Callable, Iterator

import ct_more
from broken import broken_path
from records import Delivery, Fault
from world import World


def deliveries(world: World) -> Iterator[Delivery]:
    """Every broken delivery."""
    for kind, (make, row, was, now, why) in BROKEN.items():
        good = make(world)
        path = broken_path(good.path, kind)
        if good.content.replace(was, now) == good.content:
            raise ValueError(f"{kind}: nothing to break in {good.path}")
        fault = Fault(path, row, kind, f"file refused: {why}")
        yield Delivery(path, good.content.replace(was, now), [], [fault])


Broken = tuple[Callable[[World], Delivery], int | str, bytes, bytes, str]
BROKEN: dict[str, Broken] = {
    "other_title": (
        lambda world: ct_more.enrollment(world, 2017, "ell"),
        "",
        b"School and English Learner Status",
        b"School and Homeless Status",
        "its title does not say what No and Yes mean",
    ),
    "swapped_status": (
        lambda world: ct_more.enrollment(world, 2016, "ell"),
        6,
        b'"No","Yes"',
        b'"Yes","No"',
        "its header is not the contract's",
    ),
    "new_grade_column": (
        lambda world: ct_more.enrollment(world, 2017, "grade"),
        6,
        b'"Pre-Kindergarten"',
        b'"Preschool"',
        'no column "Pre-Kindergarten"',
    ),
    "no_year": (
        lambda world: ct_more.enrollment(world, 2017, "race"),
        3,
        b'"2016-17"',
        b'"All Years"',
        "no line says its school year",
    ),
    "renamed_rate": (
        lambda world: ct_more.district_absence(world, 2020),
        5,
        b'"Student Count","%"',
        b'"Student Count","Rate"',
        "no column for the rate",
    ),
    "one_percent_too_few": (
        lambda world: ct_more.smarter_balanced(world, 2017, "all-grades-combined"),
        5,
        b'"Level 1 Not Met  Count","%"',
        b'"Level 1 Not Met  Count","Percent"',
        'no "%" beside "Level 1 Not Met  Count"',
    ),
    "levels_in_another_order": (
        lambda world: ct_more.science(world, 2017),
        4,
        b'"Below Basic",,"Basic"',
        b'"Basic",,"Below Basic"',
        "the row above the header is not the contract's",
    ),
}
