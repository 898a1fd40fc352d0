"""Deliveries that must not get through: one file for each way to break one.

All are of the class of 2016-17, which no good delivery holds: a row that slips through
shows up as a year that should not be there.
"""

import csv
import re
from collections.abc import Callable, Iterator

import edfacts
import edsight
from edsight import GRAD, NONGRAD, Sheet
from records import Delivery, Fault, as_csv
from world import World

YEAR = 2017
LONG_LINE = 40_000_000  # bytes
FIRST = b"Alder Falls High School"
FIRST_ROW = 6  # title, scope, blank, super-header and header come before
PAGE = b"""<!DOCTYPE html>
<html><head><title>EdSight - report not available</title></head>
<body><p>This report is not available. Please run it again.</p></body></html>
"""


def deliveries(world: World) -> Iterator[Delivery]:
    """Every broken delivery."""
    for kind, (name, parts, row, damage, why) in BROKEN.items():
        good = edsight.graduation(world, Sheet(4, YEAR, name, parts))
        path = broken_path(good.path, kind)
        fault = Fault(path, row, kind, f"file refused: {why}")
        yield Delivery(path, damage(good.content), [], [fault])
    yield cut_short(world)
    yield two_values(world)
    yield wrong_cells(world)
    yield exponents(world)


def broken_path(path: str, kind: str) -> str:
    """The path of the good file, marked with what is wrong."""
    return path.replace(".csv", f"_broken_{kind}.csv")


def without_last_column(content: bytes) -> bytes:
    """The file without its last column, from the super-header on."""
    lines = content.split(b"\r\n")
    cut = [re.sub(rb",[^,]*$", b"", text) for text in lines[3:]]
    return b"\r\n".join(lines[:3] + cut)


def cut_short(world: World) -> Delivery:
    """A download that stopped in the middle of a school's name."""
    good = edsight.graduation(world, Sheet(4, YEAR, "high-needs", GRAD))
    content = good.content[: good.content.index(b"Hollin Ridge High") + 6]
    path, row = broken_path(good.path, "truncated"), content.count(b"\n") + 1
    fault = Fault(
        path, row, "truncated", "file refused: it ends in the middle of a row"
    )
    return Delivery(path, content, [], [fault])


def two_values(world: World) -> Delivery:
    """A school twice with different counts: both rows are doubtful, no other is."""
    good = edsight.graduation(world, Sheet(4, YEAR, "all-students", GRAD))
    lines = good.content.decode("ascii").split("\r\n")
    row = lines[FIRST_ROW - 1]
    lines.insert(FIRST_ROW, re.sub(r",\d+,\d+,[\d.]+$", ",160,120,75.0", row))
    path, kind = broken_path(good.path, "duplicate_key"), "duplicate_key"
    rows = (FIRST_ROW, FIRST_ROW + 1)
    faults = [Fault(path, row, kind, "row quarantined with its twin") for row in rows]
    kept = [o for o in good.outcomes if o.school_name.encode() != FIRST]
    return Delivery(path, "\r\n".join(lines).encode("ascii"), kept, faults)


def wrong_cells(world: World) -> Delivery:
    """A file with a wrong cell of each kind, a row each; the other rows are sound."""
    good = edsight.graduation(world, Sheet(5, YEAR, "all-students", GRAD))
    lines = good.content.decode("ascii").split("\r\n")
    path, faults = broken_path(good.path, "wrong_cells"), []
    for row, (kind, (pattern, cells)) in enumerate(WRONG.items(), FIRST_ROW):
        lines[row - 1], count = re.subn(pattern, cells, lines[row - 1], count=1)
        assert count, kind
        faults.append(Fault(path, row, kind, "row quarantined"))
    wrong = lines[FIRST_ROW - 1 : FIRST_ROW - 1 + len(WRONG)]
    kept = [o for o in good.outcomes if not any(o.school_name in w for w in wrong)]
    return Delivery(path, "\r\n".join(lines).encode("ascii"), kept, faults)


def exponents(world: World) -> Delivery:
    """A federal file that went through a spreadsheet: its school ids are lost."""
    good = edfacts.national(world, YEAR)
    head, *rows = csv.reader(good.content.decode("ascii").splitlines())
    for row in rows:
        row[2], row[4] = str(int(row[2])), f"{float(row[4]):.5E}"
    path, kind = broken_path(good.path, "exponent_ids"), "exponent_ids"
    fault = Fault(path, "", kind, "file refused: NCESSCH is not 12 digits")
    return Delivery(path, as_csv([head, *rows]), [], [fault])


# Cohort, graduates and rate end a row.
WRONG = {
    "code_without_zeros": ('=""0+', '=""'),
    "more_graduates_than_members": (r",(\d+),\d+,", r",\1,9\1,"),
    "rate_of_other_counts": (r",[\d.]+$", ",12.3"),
    "count_of_no_school": (r",\d+,(\d+),[\d.]+$", r",65000,\1,*"),
    "cell_lost": (r",[\d.]+$", ","),
    "number_below_zero": (r",(\d+),", r",-\1,"),
    "letter_in_number": (r",(\d)\d*,", r",\1O,"),
}
Damage = Callable[[bytes], bytes]
BROKEN: dict[str, tuple[str, dict[str, str], int | str, Damage, str]] = {
    "empty": ("ell", GRAD, "", lambda good: b"", "it is empty"),
    "html": ("gender", GRAD, "", lambda good: PAGE, "it is a web page"),
    "latin1": (
        "lunch",
        GRAD,
        FIRST_ROW,
        lambda good: good.replace(
            FIRST, "Aldér Falls High School".encode("latin-1"), 1
        ),
        "a byte is not ASCII",
    ),
    "other_year": (
        "race",
        GRAD,
        1,
        lambda good: good.replace(b"2016-17", b"2015-16"),
        "its title says 2015-16, its name 2016-17",
    ),
    "renamed_column": (
        "special-education",
        GRAD,
        5,
        lambda good: good.replace(b"Four-Year Cohort Count", b"Cohort N"),
        'no column "Four-Year Cohort Count"',
    ),
    "missing_column": (
        "all-students",
        NONGRAD,
        5,
        without_last_column,
        'no column "Other Rate"',
    ),
    "long_line": (
        "gender",
        NONGRAD,
        FIRST_ROW,
        lambda good: good.replace(FIRST, b"A" * LONG_LINE, 1),
        "a line of 40 MB",
    ),
}
