"""The calendar: what is late, missing or unexpected on a day.

The days stand in ``delivery_calendar`` of the release; the caller says which it is.
"""

from collections import Counter
from contextlib import suppress
from datetime import date
from difflib import get_close_matches
from typing import NamedTuple

import duckdb

from common_metrics.contracts.loading import load_contracts
from common_metrics.lake import Lake
from common_metrics.landing.receiving import ASKED_BY_NONE
from common_metrics.publication.release import manifests

OPEN = ("late", "missing")


class Entry(NamedTuple):
    """A school year of an extract, of a state (* = of no one), on the day asked for.

    Of a file that no contract asks for there is its name, and no year.
    """

    calendar_status: str
    provider: str = ""
    extract: str = ""
    state: str = "*"
    school_year: int = 0
    due_on: date | None = None
    missing_from: date | None = None
    due_basis: str = ""
    message: str = ""
    file: str = ""

    @property
    def key(self) -> str:
        return f"{self.provider}/{self.extract}"

    def __str__(self) -> str:
        what = f"{self.calendar_status:<11}{self.state:<3}{self.file or self.key:<40}"
        days = f"due by {self.due_on or '?'}, missing from {self.missing_from or '?'}"
        return f"{what} {self.school_year or ''} {days} ({self.due_basis})"


def today(lake: Lake) -> date:
    """Return the day of the lake's own moment (UTC)."""
    return date.fromisoformat(lake.moment()[:10])


def entries(lake: Lake, day: date) -> list[Entry]:
    """Return the calendar of the current release on a day, and files of no contract.

    What was received since the release was made is delivered. Without a release, or
    with one of an earlier version, there are the files alone.
    """
    files = [d for d in lake.all_recorded() if d.status == "unmatched"]
    found = [Entry("unexpected", message=d.message, file=d.file) for d in files]
    release = lake.current.resolve()
    if release.name in manifests(lake):
        since = manifests(lake)[release.name]["built_at"]
        columns, file = ", ".join(Entry._fields[:-1]), str(release / "partner.duckdb")
        with suppress(duckdb.CatalogException), duckdb.connect(file, True) as con:
            asked = f"select {columns} from calendar_on('{day}') order by all"
            rows = [Entry(*row) for row in con.execute(asked).fetchall()]
            # A build that fails must not make late what came meanwhile.
            newer = {
                (d.key, year)
                for d in lake.all_recorded()
                for year in d.school_years
                if d.status == "validated" and d.landed_at > since
            }
            found += [
                e._replace(calendar_status="delivered")
                if e.calendar_status in OPEN and (e.key, e.school_year) in newer
                else e
                for e in rows
            ]
    return found


def line(found: list[Entry]) -> str:
    """Return the calendar in a line, such as ``calendar: 3 late, 1 missing, ...``."""
    of = Counter(each.calendar_status for each in found)
    told = ", ".join(f"{of[each]} {each}" for each in (*OPEN, "unexpected"))
    unknown = sum(e.calendar_status == "expected" and not e.due_on for e in found)
    beside = f"; of {unknown} nobody knows the day" * bool(unknown)
    return f"calendar: {told}{beside}; see `make calendar`"


def told(found: list[Entry]) -> list[str]:
    """Return what a run and a morning say: files that moved, perhaps, and the line."""
    return [*moved(found).values(), line(found)]


def moved(found: list[Entry]) -> dict[str, str]:
    """Return a line for each file of no contract, with what is late and used to come.

    The extract whose pattern is nearest to the file's name comes first.
    """
    came = {e.key for e in found if e.calendar_status == "delivered"}
    late = came & {e.key for e in found if e.calendar_status in OPEN}
    drops = {key: c.landing.drop for key, c in load_contracts().items() if key in late}
    patterns = {pattern: key for key, of in drops.items() for pattern in of}
    names = [e.file for e in found if ASKED_BY_NONE in e.message] if late else []
    return {name: _nearest(name, patterns) for name in names}


def _nearest(name: str, patterns: dict[str, str]) -> str:
    near = get_close_matches(name, patterns, n=3, cutoff=0)
    told = "; ".join(f"{patterns[p]} (landing.drop: {p})" for p in near)
    return (
        f"{name}: expected a name that a contract takes. Found another, and late "
        f"or missing: {told}. If it is one of them, mend landing.drop or its name."
    )
