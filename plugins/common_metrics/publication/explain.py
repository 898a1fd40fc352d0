"""Explains one number of a published file: what it is, from which cells, to what end.

``make explain SCHOOL=<id or name> METRIC=<metric_id> YEAR=<end year> [GROUP=all]
[TIER=public]``. The same stands in the views explained_outcomes and explained_targets.
"""

from itertools import groupby
from typing import Any

import duckdb

from common_metrics.errors import Refused

Row = dict[str, Any]
COMPUTED = "computed from "
# The parts that an adjusted cohort falls into, by what they are called in words. Who
# dropped out is told of the fourth year alone.
PARTS = {
    "acgr_{n}yr": "graduated",
    "dropout_cohort": "dropped out",
    "other_completion_{n}yr": "another credential",
    "still_enrolled_{n}yr": "still enrolled",
}


class NotFound(Refused):
    """No number, or several, answer to what was asked."""


def explain(
    con: duckdb.DuckDBPyConnection, school: str, metric: str, year: int, group: str
) -> list[str]:
    """Return the explanation as lines; raise NotFound with what to ask instead."""
    found = find_school(con, school)
    keys = [found["school_key"], metric, group]
    outcomes = _rows(
        con,
        "from explained_outcomes where school_key = ? and metric_id = ? "
        "and student_group = ? and school_year = ? order by not is_preferred",
        [*keys, year],
    )
    if not outcomes:
        raise _no_number(con, keys, year)
    names = [found["school_name"] or found["school_key"], found["lea_name"]]
    lines = [f"{', '.join(filter(None, names))} ({found['state']})"]
    lines += [f"{outcomes[0]['label']}, {year - 1}-{year % 100:02}, group {group}", ""]
    for outcome in outcomes:
        lines += [*_outcome(outcome), *_records(con, outcome), ""]
    return lines + _parts(con, keys, year) + _targets(con, keys, year)


def find_school(con: duckdb.DuckDBPyConnection, asked: str) -> Row:
    """Return the one school of this id, or name in part; raise NotFound."""
    ids = "from dim_school where ? in (school_key, school_id_nces, school_id_state)"
    named = "from dim_school where contains(lower(school_name), lower(?))"
    found = _rows(con, ids, [asked]) or _rows(con, f"{named} order by all", [asked])
    if len(found) == 1:
        return found[0]
    near = "; ".join(
        f"{row['school_key']} {row['school_name']} ({row['state']})"
        for row in found[:10]
    )
    raise NotFound(
        f"SCHOOL={asked}",
        "one school",
        f"{len(found)}{': ' + near if near else ''}",
        "Give its federal id, its state code or more of its name.",
    )


def _no_number(con: duckdb.DuckDBPyConnection, keys: list[str], year: int) -> NotFound:
    key, metric, group = keys
    years = _rows(
        con,
        "select distinct metric_id, student_group, school_year from school_outcomes "
        "where school_key = ? order by metric_id <> ?, student_group <> ?, metric_id, "
        "student_group, school_year limit 8",
        [key, metric, group],
    )
    listed = "; ".join(" ".join(str(cell) for cell in row.values()) for row in years)
    return NotFound(
        f"{key} {metric} {group} {year}",
        "a row of school_outcomes",
        "none",
        f"Ask for one that is there, such as {listed}.",
    )


def _outcome(row: Row) -> list[str]:
    mark = "  <- the one to use" if row["is_preferred"] else ""
    place = _place(row["source_sheet"], row["source_row"])
    return [
        f"{row['provider']}/{row['extract']}: {_value(row)}{mark}",
        f"  how        {row['formula']}",
        f"  numerator  {row['numerator_definition']}",
        f"  of         {row['denominator_definition']}",
        f"  definition {row['definition_id']} ({row['definition_source']}); "
        f"comparable within {row['comparability_class']}",
        f"  source     {row['source_file'] or 'nothing was delivered'}, {place}",
        f"  receipt    {row['sha256'] or '-'}, landed {row['landed_at'] or '-'}",
    ]


def _records(con: duckdb.DuckDBPyConnection, row: Row) -> list[str]:
    """Return which files of students a computed rate is counted from, never a row."""
    source = row["source_file"] or ""
    if not source.startswith(COMPUTED):
        return []
    files = _rows(
        con,
        "select provider || '/' || extract as key, count(*) as files_count, "
        "string_agg(left(sha256, 8), ' ' order by sha256) as receipts from deliveries "
        "where status = 'validated' and key in (from unnest(?)) group by key "
        "order by key",
        [source.removeprefix(COMPUTED).split(", ")],
    )
    return [
        f"  records    {file['key']}, the {file['files_count']} files of all schools, "
        f"receipts {file['receipts']}"
        for file in files
    ]


def _place(sheet: str | None, row: int | None) -> str:
    if row is None:
        return "no row of a file"
    return f"sheet {sheet}, row {row}" if sheet else f"row {row}"


def _value(row: Row) -> str:
    if row["value_status"] == "reported":
        return f"{row['value_pct']:.10g} %"
    if row["value_status"] == "range":
        return f"{row['value_low_pct']:.10g} to {row['value_high_pct']:.10g} %"
    return row["value_status"]


def _parts(con: duckdb.DuckDBPyConnection, keys: list[str], year: int) -> list[str]:
    """Return what the cohort of a computed rate falls into, by count."""
    key, metric, group = keys
    horizon = metric[5] if metric.startswith("acgr_") else "4"
    parts = {name.format(n=horizon): words for name, words in PARTS.items()}
    if horizon != "4":
        del parts["dropout_cohort"]
    if metric not in parts:
        return []
    rows = _rows(
        con,
        "from school_outcomes where provider = 'computed' and school_key = ? "
        "and student_group = ? and school_year = ? and metric_id in (from unnest(?)) "
        "order by metric_id",
        [key, group, year, list(parts)],
    )
    lines = [
        f"  {parts[r['metric_id']]:20}"
        f"{r['numerator'] if r['numerator'] is not None else r['value_status']}"
        f" of {r['denominator'] if r['denominator'] is not None else '-'}"
        for r in rows
    ]
    return ["The cohort, as computed from student records:", *lines, ""] * bool(lines)


def _targets(con: duckdb.DuckDBPyConnection, keys: list[str], year: int) -> list[str]:
    rows = _rows(
        con,
        "select target.*, reached, firmness, verdict from explained_targets as target "
        "left join school_target_status as status using (school_key, metric_id, "
        "student_group, school_year, target_model) where school_key = ? "
        "and metric_id = ? and student_group = ? "
        "order by target.baseline_year, target_model, school_year",
        keys,
    )
    if not rows:
        return ["No target: " + _why_no_target(con, keys, year)]
    lines = []
    # A break in how the metric is counted starts a second path.
    for _, path in groupby(rows, key=lambda row: row["baseline_year"]):
        steps = list(path)
        lines += [_rule(steps[0]), *_baseline(con, keys, steps[0])]
        lines += ["Share not meeting, year by year:", *map(_step, steps)]
    return lines


def _rule(row: Row) -> str:
    goal = "no goal" if row["goal_pct"] is None else f"goal {row['goal_pct']:g} %"
    return (
        f"Targets by rule {row['rule_version']}, from {row['baseline_year']} "
        f"({row['baseline_reason']}), {goal}; a year means the "
        f"{row['target_year_means']}."
    )


def _baseline(con: duckdb.DuckDBPyConnection, keys: list[str], row: Row) -> list[str]:
    """Return the outcome that a path starts from, with its formula and receipt."""
    outcomes = _rows(
        con,
        "from explained_outcomes where school_key = ? and metric_id = ? "
        "and student_group = ? and school_year = ? and provider = ?",
        [*keys, row["baseline_year"], row["baseline_provider"]],
    )
    return [
        f"  baseline   {_value(o)} ({o['formula']}), {o['source_file'] or '-'}, "
        f"{_place(o['source_sheet'], o['source_row'])}, receipt {o['sha256'] or '-'}"
        for o in outcomes
    ]


def _step(row: Row) -> str:
    """Return one year of a path: its step, its rate, the goal, the verdict."""
    step = f"  {row['target_model']:12}{row['school_year']}  {row['derivation']}"
    if row["target_low_pct"] is not None:
        ends = sorted({row["target_low_pct"], row["target_high_pct"]})
        step += f" -> {' to '.join(f'{end:.4f}' for end in ends)} %"
    if row["meets_goal"]:
        step += ", meets the goal"
    if not row["verdict"]:
        return step
    standing = dict.fromkeys([row["reached"], row["firmness"]])
    return f"{step}; {', '.join(standing)}: {row['verdict']}"


def _why_no_target(con: duckdb.DuckDBPyConnection, keys: list[str], year: int) -> str:
    rows = _rows(
        con,
        "select distinct reason from target_coverage where school_key = ? "
        "and metric_id = ? and student_group = ? order by all",
        keys,
    )
    return ", ".join(row["reason"] for row in rows) or "the metric has no targets"


def _rows(con: duckdb.DuckDBPyConnection, sql: str, values: list[Any]) -> list[Row]:
    found = con.execute(sql, values)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
