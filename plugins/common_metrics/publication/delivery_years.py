"""The new-year report: a delivered school year beside the accepted one before it.

The table ``delivery_years`` is for partners: a report is for the house.
"""

from contextlib import suppress
from typing import Any

import duckdb

from common_metrics.lake import Lake
from common_metrics.publication.release_folders import manifests

MEASURES = ("schools", "student_groups", "students", "cells", "suppressed")


def report(lake: Lake, key: str = "", year: int = 0) -> list[str]:
    """Return a line for each year of an extract, or of all, that has one before it."""
    return [
        _line(row)
        for row in _rows(lake)
        if key in ("", _key(row)) and year in (0, row["school_year"])
    ]


def new_years(lake: Lake) -> list[str]:
    """Return the lines of what was accepted since the release before the current one.

    Of a first release nothing is new.
    """
    kept = manifests(lake)
    before = [*kept][: [*kept].index(lake.current.resolve().name)]
    since = kept[before[-1]]["built_at"] if before else "~"
    came = (d for d in lake.all_recorded() if d.status == "validated")
    new = {(d.key, y) for d in came if d.landed_at > since for y in d.school_years}
    return [_line(r) for r in _rows(lake) if (_key(r), r["school_year"]) in new]


def _rows(lake: Lake) -> list[dict[str, Any]]:
    file = str(lake.released("partner.duckdb"))
    asked = "from delivery_years where year_before is not null order by all"
    # A release of an earlier version has no such table.
    with suppress(duckdb.CatalogException), duckdb.connect(file, read_only=True) as con:
        cursor = con.execute(asked)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return []


def _key(row: dict[str, Any]) -> str:
    return f"{row['provider']}/{row['extract']}"


def _line(row: dict[str, Any]) -> str:
    told = [
        f"{row[f'{measure}_count']:,} {measure.replace('_', ' ')} "
        f"({row[f'{measure}_count_before']:,})"
        for measure in MEASURES
        if None not in (row[f"{measure}_count"], row[f"{measure}_count_before"])
    ]
    jumped = f"; jumped: {row['jumped'].replace('_', ' ')}" if row["jumped"] else ""
    years = f"{row['school_year']} ({row['year_before']})"
    return f"{_key(row)} {row['state']} {years}: {', '.join(told)}{jumped}"
