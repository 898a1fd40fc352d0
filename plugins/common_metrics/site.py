"""The public page of a release: static, from the public file alone."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import jinja2

# The page, and a query a name that it uses.
TEMPLATES = Path(__file__).with_name("templates")
STATES = {
    "CT": "Connecticut",
    "ME": "Maine",
    "NH": "New Hampshire",
    "RI": "Rhode Island",
    "VT": "Vermont",
}


@dataclass(frozen=True)
class Scale:
    """Where a chart puts a year (per cent of its width) and a rate (pixels down)."""

    years: range
    low: int
    high: int
    height: int
    unit: int

    def x(self, year: int) -> float:
        """Return the place of ``year`` in per cent of the width; one is centred."""
        return round(50 + self.step * (year - (self.years[0] + self.years[-1]) / 2), 2)

    def y(self, pct: float) -> float:
        """Return the pixels from the top at which ``pct`` lies."""
        return round(
            24 + (self.height - 70) * (self.high - pct) / (self.high - self.low), 1
        )

    @property
    def step(self) -> float:
        """Return what lies between two years, in per cent of the width."""
        return 74 / max(1, len(self.years) - 1)

    @property
    def ticks(self) -> range:
        """Return the rates that get a grid line."""
        return range(self.low, self.high + 1, self.unit)

    def path(self, rows: Iterable[dict], column: str) -> str:
        """Return path data that joins next years only: a gap starts afresh."""
        points = [row for row in rows if row[column] is not None]
        drawn = {row["school_year"] for row in points}
        return "".join(
            f"{'L' if year - 1 in drawn else 'M'}{self.x(year)},{self.y(row[column])}"
            for row in points
            for year in [row["school_year"]]
        )


def scale(rows: list[dict], like: list[dict], height: int, unit: int = 10) -> Scale:
    """Return a scale for the years of ``rows`` and, in units, the rates of ``like``."""
    rates = [
        value
        for row in like
        for name, value in row.items()
        if name.endswith("_pct") and value is not None
    ]
    low = max(0, math.floor((min(rates, default=0) - 2) / unit) * unit)
    high = min(100, math.ceil((max(rates, default=100) + 2) / unit) * unit)
    return Scale(_years(rows), low, max(high, low + unit), height, unit)


def _years(rows: list[dict]) -> range:
    found = [row["school_year"] for row in rows]
    return range(min(found), max(found) + 1)


def write_site(public: Path, folder: Path, release: str) -> Path:
    """Write ``index.html`` from the tables of ``public.duckdb`` and return it."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    with duckdb.connect(str(public), read_only=True) as con:
        found = {f.stem: _rows(con, f.read_text()) for f in TEMPLATES.glob("*.sql")}
    page = environment.get_template("index.html").render(
        found,
        release=release,
        made=datetime.strptime(release[:16], "%Y%m%dT%H%M%SZ"),
        names=STATES,
        scale=scale,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(page, encoding="utf-8")
    return folder / "index.html"


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict]:
    cursor = con.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
