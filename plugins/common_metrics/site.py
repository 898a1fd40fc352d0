"""The public page of a release: static, from the public file alone."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import jinja2

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
        found = {name: _rows(con, sql) for name, sql in QUERIES.items()}
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


QUERIES = {
    "metrics": """
        select metric_id, label, direction, goal_pct,
            max(school_year) filter (value_status in ('reported', 'range'))
                as newest_year
        from dim_metric
        left join school_outcomes using (metric_id)
        where has_targets
        group by all
        order by metric_id
    """,
    "states": """
        with cells as (
            from state_outcomes where student_group = 'all' and is_preferred
        ),
        due as (
            select state, metric_id, school_year,
                max(coverage_status) as coverage_status
            from (select distinct state, metric_id, provider, extract from cells)
            inner join coverage using (provider, extract)
            group by all
        ),
        years as (
            select state, metric_id,
                unnest(generate_series(min(school_year), max(school_year)))
                    as school_year
            from (
                select state, metric_id, school_year from cells
                union all
                select state, metric_id, school_year from due
            )
            group by state, metric_id
        )
        select state, metric_id, direction, school_year, value_pct, value_low_pct,
            value_high_pct, value_status, coverage_status, goal_pct, cells.provider,
            source_file
        from years
        inner join dim_metric using (metric_id)
        left join cells using (state, metric_id, school_year)
        left join due using (state, metric_id, school_year)
        where has_targets
        order by state, metric_id, school_year
    """,
    "verdicts": """
        select state, metric_id, school_year, count(*) as schools,
            count(*) filter (verdict = 'at_goal') as at_goal,
            count(*) filter (verdict = 'on_track') as on_track,
            count(*) filter (verdict = 'cannot_tell') as cannot_tell,
            count(*) filter (verdict = 'off_track') as off_track,
            count(*) filter (verdict in ('no_data', 'suppressed')) as no_data
        from school_target_status
        where student_group = 'all' and target_model = 'compounding'
            and state in ('CT', 'ME', 'NH', 'RI', 'VT')
        group by all
        order by state, metric_id, school_year
    """,
    "school": """
        with started as (
            select school_key, metric_id, student_group, state, baseline_year,
                baseline_provider,
                cast(100 - baseline_not_meeting_pct as double) as baseline_rate
            from school_targets
            where metric_id = 'acgr_4yr' and student_group = 'all'
                and baseline_status = 'reported'
                and baseline_not_meeting_pct is not null
                and state in ('CT', 'ME', 'NH', 'RI', 'VT')
            group by all
            having count(distinct target_model) = 2
        ),
        example as (
            from started
            order by baseline_provider = 'us', abs(baseline_rate - 85), school_key
            limit 1
        ),
        history as (
            from school_outcomes
            semi join example using (school_key, metric_id, student_group)
            where is_preferred
        ),
        targets as (
            select school_year, any_value(goal_pct) as goal_pct,
                cast(round(max(target_pct) filter (target_model = 'compounding'), 1)
                    as double) as compounding_pct,
                cast(round(max(target_pct) filter (target_model = 'linear'), 1)
                    as double) as linear_pct
            from school_targets
            semi join example using (school_key, metric_id, student_group)
            group by school_year
        ),
        verdicts as (
            select school_year, any_value(interval_low_pct) as interval_low_pct,
                any_value(interval_high_pct) as interval_high_pct,
                max(verdict) filter (target_model = 'compounding') as compounding,
                max(verdict) filter (target_model = 'linear') as linear
            from school_target_status
            semi join example using (school_key, metric_id, student_group)
            group by school_year
        ),
        years as (
            select unnest(generate_series(least((select min(school_year) from history),
                (select min(baseline_year) from example)),
                (select max(school_year) from targets))) as school_year
        )
        select example.state, dim_school.school_name, lea_name, baseline_year,
            round(baseline_rate, 1) as baseline_rate, school_year, value_pct,
            value_low_pct, value_high_pct, value_status, provider, source_file,
            interval_low_pct, interval_high_pct,
            goal_pct, compounding, linear,
            if(school_year = baseline_year, baseline_rate, compounding_pct)
                as compounding_pct,
            if(school_year = baseline_year, baseline_rate, linear_pct) as linear_pct
        from years
        cross join example
        inner join dim_school using (school_key)
        left join history using (school_year)
        left join targets using (school_year)
        left join verdicts using (school_year)
        order by school_year
    """,
    "decreases": """
        select decrease_pct, min(school_year) as first_year,
            max(school_year) as last_year
        from target_decreases
        semi join (from target_rules where is_active) using (rule_version)
        group by decrease_pct
        order by first_year
    """,
    "coverage": """
        select provider, extract, coverage_status, message,
            list(school_year order by school_year) as years
        from coverage
        where coverage_status <> 'received'
        group by all
        order by all
    """,
    "deliveries": """
        select status, count(*) as files, cast(sum(rows_raw) as bigint) as rows,
            cast(sum(rows_quarantined) as bigint) as quarantined
        from deliveries
        group by status
        order by status = 'validated' desc, status
    """,
    "set_aside": """
        select status, file, rows_raw, rows_quarantined, message
        from deliveries
        where status <> 'validated' or rows_quarantined > 0
        order by status = 'validated', rows_quarantined desc, file
        limit 40
    """,
    "disagreements": "select count(*) as cells from reconciliation",
    "tables": """
        select table_name, comment
        from duckdb_tables()
        where not internal
        order by table_name
    """,
}
