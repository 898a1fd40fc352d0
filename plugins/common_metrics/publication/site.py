"""The public site of a release: static pages, from the public file alone.

The queries and words stand in ``templates/*.sql``, the pages in ``templates/*.html``.
"""

import json
import math
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from common_metrics.files import csv_text

TEMPLATES = Path(__file__).with_name("templates")
# Pages of which there is one, and those of which there is one for each row of a query.
SINGLE = ("index", "method", "data-quality", "calendar")
EACH = {"state": "states", "coalition": "coalitions", "metric": "metrics"}
BATCH = 100
# What the search reads of a school, in the order in which assets/site.js takes it.
SEARCHED = (
    "school_name",
    "lea_name",
    "state",
    "state_name",
    "slug",
    "is_active",
    "school_id_nces",
    "school_id_state",
)
# What a mark of a chart covers from top to bottom.
MARKED = (
    "value_pct",
    "value_low_pct",
    "value_high_pct",
    "interval_low_pct",
    "interval_high_pct",
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Scale:
    """Where a chart puts a year (per cent of its width) and a rate (pixels down)."""

    years: range
    low: int
    high: int
    height: int

    def x(self, year: int) -> float:
        """Return the place of ``year`` in per cent of the width; one is centred."""
        return round(50 + self.step * (year - (self.years[0] + self.years[-1]) / 2), 2)

    def y(self, pct: float) -> float:
        """Return the pixels from the top at which ``pct`` lies."""
        share = (self.high - pct) / (self.high - self.low)
        return round(22 + (self.height - 66) * share, 1)

    @property
    def step(self) -> float:
        """Return what lies between two years, in per cent of the width."""
        return 80 / max(1, len(self.years) - 1)

    @property
    def ticks(self) -> range:
        """Return the rates that get a grid line."""
        wide = self.high - self.low
        return range(
            self.low, self.high + 1, 5 if wide <= 20 else 10 if wide <= 50 else 20
        )

    def path(self, rows: Iterable[Row], column: str) -> str:
        """Return path data that joins next years only: a gap starts afresh."""
        points = [row for row in rows if row[column] is not None]
        drawn = {row["school_year"] for row in points}
        return "".join(
            f"{'L' if year - 1 in drawn else 'M'}{self.x(year)},{self.y(row[column])}"
            for row in points
            for year in [row["school_year"]]
        )

    def label_y(self, rows: list[Row], at: int, goal: float | None) -> float:
        """Return where the number of year ``at`` stands: over its mark, or under it
        where a line, a target or the goal would run through it."""
        row = rows[at]
        ends = [row[name] for name in MARKED if row[name] is not None]
        above, below = self.y(max(ends)) - 13, self.y(min(ends)) + 14
        lines = self._lines(rows, at)
        if goal is not None:
            lines.append(self.y(goal))
        clear = {
            y: min((abs(y - line) for line in lines), default=99)
            for y in (above, below)
        }
        is_freer = clear[above] < min(9, clear[below])
        is_under = is_freer and below < self.y(self.low) - 4
        return round((below if is_under else above) + 4, 1)

    def _lines(self, rows: list[Row], at: int) -> list[float]:
        """Return the pixels at which lines pass the year and both sides of it."""
        here, found = rows[at], []
        for name in ("value_pct", "compounding_low_pct", "compounding_high_pct"):
            if here[name] is None:
                continue
            found += [self.y(here[name])] * (name != "value_pct")
            for there in (*rows[max(0, at - 1) : at], *rows[at + 1 : at + 2]):
                if there[name] is not None:
                    found.append(self.y(here[name] + 0.25 * (there[name] - here[name])))
        return found


def scale(rows: list[Row], goal: float | None, height: int = 250) -> Scale:
    """Return a scale for the years of ``rows``, all their rates and the goal."""
    rates = [
        value
        for row in rows
        for name, value in row.items()
        if name.endswith("_pct") and value is not None
    ] + [goal] * (goal is not None)
    low = max(0, math.floor((min(rates, default=0) - 2) / 10) * 10)
    high = min(100, math.ceil((max(rates, default=100) + 2) / 10) * 10)
    years = [row["school_year"] for row in rows]
    return Scale(range(min(years), max(years) + 1), low, max(high, low + 10), height)


def filled(heads: list[Any], rows: list[list]) -> tuple[list[Any], list[list]]:
    """Return a table without the columns in which no row has anything."""
    kept = [at for at in range(len(heads)) if any(row[at] for row in rows)]
    return [heads[at] for at in kept], [[row[at] for at in kept] for row in rows]


def write_site(public: Path, folder: Path, release: str) -> Path:
    """Write all pages from the tables of ``public.duckdb``; return the first one."""
    shutil.copytree(TEMPLATES / "assets", folder / "assets")
    pages = _environment(release)
    with duckdb.connect(str(public), read_only=True) as con:
        con.execute((TEMPLATES / "setup.sql").read_text())
        found = {name: list(_rows(con, name)) for name in _queries()}
        pages.globals.update(found=found)
        _write_schools(con, pages, folder)
        _write_csv(con, folder / "schools")
    for name in SINGLE:
        _write(pages.get_template(f"{name}.html"), folder / f"{name}.html", root="")
    for kind, name in EACH.items():
        template = pages.get_template(f"{kind}.html")
        for row in filter(_has_page, found[name]):
            file = folder / name / f"{row['slug']}.html"
            _write(template, file, root="../", **{kind: row})
    return folder / "index.html"


def _has_page(row: Row) -> bool:
    """A coalition of which a release knows no school and no rate has none."""
    return row.get("has_page", True)


def environment(folder: Path, **options: Any) -> jinja2.Environment:
    """Return the templates of a folder; what is not given to one ends it."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **options,
    )


def _environment(release: str) -> jinja2.Environment:
    pages = environment(TEMPLATES, autoescape=True)
    made = datetime.strptime(release[:16], "%Y%m%dT%H%M%SZ")
    pages.globals.update(release=release, made=made, scale=scale, filled=filled)
    return pages


def _queries() -> list[str]:
    streamed = {"setup", "school", "school_csv"}
    return sorted({file.stem for file in TEMPLATES.glob("*.sql")} - streamed)


def _write_schools(
    con: duckdb.DuckDBPyConnection, pages: jinja2.Environment, folder: Path
) -> None:
    """Write each school's page and letter, and the index that the search reads."""
    page, letter = pages.get_template("school.html"), pages.get_template("letter.html")
    index = []
    for school in _rows(con, "school"):
        file = folder / "schools" / f"{school['slug']}.html"
        _write(page, file, root="../", school=school)
        if school["is_active"]:
            file = file.with_name(f"{school['slug']}-letter.html")
            _write(letter, file, root="../", school=school)
        index.append([school[name] for name in SEARCHED])
    # A script, since a page opened from disk may not fetch a file.
    script = f"window.schools = {json.dumps(index, separators=(',', ':'))};\n"
    (folder / "assets" / "schools.js").write_text(script)


def _write_csv(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    cursor = _cursor(con, "school_csv")
    names = tuple(column[0] for column in cursor.description)[1:]
    for slug, rows in groupby(_batched(cursor), key=lambda row: row[0]):
        text = csv_text([names, *(row[1:] for row in rows)])
        (folder / f"{slug}.csv").write_text(text, encoding="utf-8")


def _write(template: jinja2.Template, file: Path, **values: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(template.render(values), encoding="utf-8")


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[Row]:
    cursor = _cursor(con, query)
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in _batched(cursor))


def _cursor(con: duckdb.DuckDBPyConnection, query: str) -> duckdb.DuckDBPyConnection:
    # Not a cursor() of the connection: it would not see the temporary tables.
    return con.execute((TEMPLATES / f"{query}.sql").read_text())


def _batched(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple]:
    while rows := cursor.fetchmany(BATCH):
        yield from rows
