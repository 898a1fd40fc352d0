"""The calendar: what is late, missing or unexpected on a day.

The days stand in ``delivery_calendar`` of the release; the caller says which it is.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from difflib import get_close_matches
from itertools import groupby
from typing import NamedTuple

import duckdb

from common_metrics.contracts.loading import load_contracts
from common_metrics.lake import Lake
from common_metrics.landing.receiving import ASKED_BY_NONE
from common_metrics.publication.release import manifests

OPEN = ("late", "missing")
SAMPLE = "calendar: the sample leaves out years on purpose: look for none of them"


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


def entries(lake: Lake, day: date | None = None) -> list[Entry]:
    """Return the calendar of the current release on a day, and files of no contract.

    Without a day it is that of the lake's moment (UTC). What was received since the
    release was made is delivered: a build that fails must not make it late. Without a
    release, or with one of an earlier version, there are the files alone.
    """
    records, release = lake.all_recorded(), lake.current.resolve()
    stray = [d for d in records if d.status == "unmatched"]
    found = [Entry("unexpected", message=d.message, file=d.file) for d in stray]
    if not (made := manifests(lake).get(release.name)):
        return found
    came = [d for d in records if d.status == "validated"]
    late = [d for d in came if d.landed_at > made["built_at"]]
    newer = {(d.key, year) for d in late for year in d.school_years}
    file, columns = str(release / "partner.duckdb"), ", ".join(Entry._fields[:-1])
    day = day or date.fromisoformat(lake.moment()[:10])
    with suppress(duckdb.CatalogException), duckdb.connect(file, True) as con:
        asked = f"select {columns} from calendar_on('{day}') order by all"
        found += [Entry(*row) for row in con.execute(asked).fetchall()]
    return [
        e._replace(calendar_status="delivered")
        if e.calendar_status in OPEN and (e.key, e.school_year) in newer
        else e
        for e in found
    ]


def listed(found: list[Entry]) -> Iterator[str]:
    """Return a line for each file, and for the years of which the same is known."""
    some = (e for e in found if e.calendar_status not in ("delivered", "not_collected"))
    for e, same in groupby(some, lambda e: e._replace(school_year=0)):
        days = f"due by {e.due_on}, " * bool(e.due_on)
        days += f"missing from {e.missing_from}, " * bool(e.missing_from)
        years = ", ".join(str(one.school_year) for one in same)
        known = e.message or f"({e.due_basis})"
        what = e.message if e.file else f"{e.key:<32} {years}: {days}{known}"
        yield f"{e.calendar_status:<11}{e.state:<3}{what}"


def line(found: list[Entry]) -> str:
    """Return the calendar in a line, such as ``calendar: 3 late, 1 missing, ...``."""
    of = Counter(each.calendar_status for each in found)
    told = ", ".join(f"{of[each]} {each}" for each in (*OPEN, "unexpected"))
    unknown = sum(e.calendar_status == "expected" and not e.due_on for e in found)
    beside = f"; of {unknown} nobody knows the day" * bool(unknown)
    return f"calendar: {told}{beside}; see `make calendar`"


def told(lake: Lake, found: list[Entry]) -> list[str]:
    """Return what a run and a morning say: files that moved, perhaps, and the line."""
    sample = [SAMPLE] if (lake.root / "sample").exists() else []
    return [*(each.line for each in moved(found).values()), *sample, line(found)]


class Moved(NamedTuple):
    """What a file of no contract may be: the nearest extract, and all in a line."""

    key: str
    line: str


def moved(found: list[Entry]) -> dict[str, Moved]:
    """Return for each file of no contract what is late and used to come.

    The extract whose pattern is nearest to the file's name comes first.
    """
    came = {e.key for e in found if e.calendar_status == "delivered"}
    late = came & {e.key for e in found if e.calendar_status in OPEN}
    contracts = [c for key, c in load_contracts().items() if key in late]
    patterns = {pattern: c.key for c in contracts for pattern in c.landing.drop}
    names = [e.file for e in found if patterns and ASKED_BY_NONE in e.message]
    return {name: _nearest(name, patterns) for name in names}


def _nearest(name: str, patterns: dict[str, str]) -> Moved:
    near = get_close_matches(name, patterns, n=3, cutoff=0)
    told = "; ".join(f"{patterns[p]} (landing.drop: {p})" for p in near)
    return Moved(
        patterns[near[0]],
        f"{name}: expected a name that a contract takes. Found another, and late "
        f"or missing: {told}. If it is one of them, mend landing.drop or its name.",
    )
