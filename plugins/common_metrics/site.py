"""The public page of a release: static, from the public file alone."""

from pathlib import Path

import duckdb
import jinja2

TEMPLATES = Path(__file__).with_name("templates")


def write_site(public: Path, folder: Path, release: str) -> Path:
    """Write ``index.html`` from the tables of ``public.duckdb`` and return it."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    with duckdb.connect(str(public), read_only=True) as con:
        page = environment.get_template("index.html").render(
            release=release, **{name: _rows(con, sql) for name, sql in QUERIES.items()}
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(page, encoding="utf-8")
    return folder / "index.html"


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict]:
    cursor = con.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


QUERIES = {
    "states": """
        select state, school_year, label, value_pct, value_status, goal_pct, source_file
        from state_outcomes
        inner join dim_metric using (metric_id)
        where student_group = 'all' and is_preferred and has_targets
        order by state, metric_id, school_year
    """,
    "verdicts": """
        select state, target_model, label, school_year,
            count(*) filter (verdict = 'at_goal') as at_goal,
            count(*) filter (verdict = 'on_track') as on_track,
            count(*) filter (verdict = 'off_track') as off_track,
            count(*) filter (verdict = 'cannot_tell') as cannot_tell,
            count(*) filter (verdict in ('no_data', 'suppressed')) as no_data,
        from school_target_status
        inner join dim_metric using (metric_id)
        where student_group = 'all' and state in ('CT', 'ME', 'NH', 'RI', 'VT')
            and target_model = 'compounding'
        group by all
        order by state, label, school_year
    """,
    "coverage": """
        select provider, extract, school_year, coverage_status, message
        from coverage
        where coverage_status <> 'received'
        order by provider, extract, school_year
    """,
    "deliveries": """
        select status, count(*) as files, cast(sum(rows_raw) as bigint) as rows,
            cast(sum(rows_quarantined) as bigint) as quarantined
        from deliveries
        group by status
        order by status
    """,
}
