"""Student extracts that must not get through, and must not tell of a student either.

A file without its header, or with the names in a wrong column, has a person where the
reader expects a word of the layout: neither message nor lake may repeat it.
"""

import csv
from collections.abc import Callable, Iterator

import nsc
import vt_sis
from broken import PAGE, broken_path
from records import Delivery, Fault, as_csv
from world import World

YEAR = 2017  # no good delivery is of it
Rows = list[list[str]]
Damage = Callable[[Rows], Rows]


def deliveries(world: World) -> Iterator[Delivery]:
    """Every broken delivery of students."""
    good = {delivery.path: delivery for part in PARTS for delivery in part(world)}
    for source, kind, damage, why in BROKEN:
        content = moved(good[source].content)
        lines = [row for row in csv.reader(content.decode("ascii").splitlines())]
        path = marked(source, kind)
        fault = Fault(path, "", kind, f"file refused: {why}")
        yield Delivery(path, as_csv(damage(lines), "\r\n"), [], [fault])
    yield page(world)


PARTS = (vt_sis.deliveries, nsc.deliveries)


def marked(path: str, kind: str) -> str:
    """The path of the good file, marked; its end is what a contract looks for."""
    folder, year, name = path.split("/")
    return f"{folder}/{YEAR}_broken_{kind}.{name}"


def moved(content: bytes) -> bytes:
    """The rows of 2012 said to be of a year that no good delivery is of."""
    return content.replace(b",2012\r\n", b",%d\r\n" % YEAR)


def page(world: World) -> Delivery:
    """A page of the clearing house saved under the name of its file."""
    path = broken_path(next(nsc.deliveries(world)).path, "html")
    fault = Fault(path, "", "html", "file refused: it is a web page")
    return Delivery(path, PAGE, [], [fault])


def without(name: str) -> Damage:
    """Leave out a column."""

    def damage(rows: Rows) -> Rows:
        at = rows[0].index(name)
        return [row[:at] + row[at + 1 :] for row in rows]

    return damage


def turned(rows: Rows) -> Rows:
    """Header names one column to the right of where they belong."""
    return [[rows[0][-1], *rows[0][:-1]], *rows[1:]]


def headerless(rows: Rows) -> Rows:
    """The first student in the place of the header."""
    return rows[1:]


BROKEN: list[tuple[str, str, Damage, str]] = [
    (
        "vt_sis/2012/04_0_Student_Identity.csv",
        "no_header",
        headerless,
        "no row has the names of the columns",
    ),
    (
        "vt_sis/2012/04_0_Student_Identity.csv",
        "shifted_header",
        turned,
        "what stands in the column of state ids is none",
    ),
    (
        "vt_sis/2012/04_4_PS_Enroll.csv",
        "missing_column",
        without("EXITTYPE"),
        'no column "EXITTYPE"',
    ),
]
