"""A workbook for each state: what most people ask of a release, for Excel."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import xlsxwriter

# What a sheet of Excel holds, below its header.
MOST_ROWS = 1_048_575
# Each sheet: its rows, and before them the tables that describe its columns, of two
# that have a column the first. Groups and the other target model would be twenty times
# the rows, more than people can use in a workbook. The newest year stands first, and no
# row is of a year to come.
SHEETS = {
    "Schools": (
        ("dim_school",),
        "select school_name, lea_name, is_active, first_year, last_year, school_key, "
        "school_id_nces, school_id_state, lea_id_nces from dim_school "
        "where state = $state order by school_name, school_key",
    ),
    "State rates": (
        ("state_outcomes", "dim_metric"),
        "select metric.label, outcome.school_year, outcome.value_pct, "
        "outcome.value_low_pct, outcome.value_high_pct, outcome.value_status, "
        "outcome.numerator, outcome.denominator, outcome.metric_id, "
        "outcome.provider, outcome.definition_id, outcome.source_file, "
        "outcome.source_row from state_outcomes as outcome "
        "inner join dim_metric as metric using (metric_id) "
        "where state = $state and student_group = 'all' and is_preferred "
        "and value_status <> 'not_yet_observed' "
        "order by metric.label, outcome.school_year desc",
    ),
    "School rates": (
        ("school_outcomes", "dim_metric"),
        "select outcome.school_name, metric.label, outcome.school_year, "
        "outcome.value_pct, outcome.value_low_pct, outcome.value_high_pct, "
        "outcome.value_status, outcome.numerator, outcome.denominator, "
        "outcome.school_key, outcome.school_id_nces, outcome.metric_id, "
        "outcome.provider, outcome.definition_id, outcome.source_file, "
        "outcome.source_row from school_outcomes as outcome "
        "inner join dim_metric as metric using (metric_id) "
        "where state = $state and student_group = 'all' and is_preferred "
        "and value_status <> 'not_yet_observed' "
        "order by outcome.school_name, outcome.school_key, metric.label, "
        "outcome.school_year desc",
    ),
    "Targets": (
        ("school_targets", "school_target_status", "dim_school", "dim_metric"),
        "select school.school_name, metric.label, target.school_year, "
        "status.value_pct, status.value_status, target.target_pct, "
        "target.target_low_pct, target.target_high_pct, status.reached, "
        "status.firmness, status.verdict, "
        "target.goal_pct, target.is_override, target.baseline_year, "
        "target.school_key, target.metric_id "
        "from school_targets as target "
        "inner join dim_school as school using (school_key) "
        "inner join dim_metric as metric using (metric_id) "
        "inner join target_models as model using (target_model) "
        "inner join school_target_status as status using "
        "(school_key, metric_id, student_group, school_year, target_model) "
        "where target.state = $state and student_group = 'all' and model.is_default "
        "order by school.school_name, target.school_key, metric.label, "
        "target.school_year desc",
    ),
    "Metrics": (
        ("dim_metric",),
        "select label, numerator_definition, denominator_definition, direction, "
        "goal_pct, metric_id, definition_id, comparability_class, source "
        "from dim_metric order by goal_pct is null, label",
    ),
}
# A head in plain words; the sheet Dictionary names the column of the tables beside it.
HEADS = {
    "school_name": "School",
    "lea_name": "District",
    "label": "Metric",
    "school_year": "School year ending",
    "is_active": "Open",
    "school_key": "School key",
    "school_id_nces": "Federal school id",
    "school_id_state": "State school id",
    "lea_id_nces": "Federal district id",
    "value_pct": "Rate (%)",
    "value_low_pct": "Rate, at least (%)",
    "value_high_pct": "Rate, at most (%)",
    "value_status": "Kind of number",
    "numerator": "Students who meet it",
    "denominator": "Students in all",
    "metric_id": "Metric id",
    "provider": "Publisher",
    "definition_id": "Definition id",
    "target_pct": "Target (%)",
    "target_low_pct": "Target, at least (%)",
    "target_high_pct": "Target, at most (%)",
    "goal_pct": "Goal (%)",
    "is_override": "Set by the school",
    "baseline_year": "Starting year",
    "numerator_definition": "Who meets it",
    "denominator_definition": "Out of whom",
    "direction": "Better is",
}
GUIDE = (
    "Rates are percent of students, for all students of a school or state. Where "
    "several publishers have a rate, it is the preferred one.",
    "Look at “Kind of number” before the rate. Suppressed, not reported and not "
    "applicable have no number, and a range has two bounds. Empty is never zero.",
    "A year is the one in which the school year ends: 2015 is 2014-15, and the class "
    "of 2015. The newest stands first.",
    "Reached is the fact, firmness how firm it is with so many students, and the "
    "verdict follows from both: docs/targets.md.",
    "Verdicts: green is at the goal or on track, yellow too close to call, red off "
    "track. Targets are counted the first way; years to come are left out.",
    "Student groups, the second way of counting and every source are in public.duckdb "
    "and the Parquet files beside this folder.",
    "The sheet Dictionary says what each column means.",
)
# Names of schools are other people's text: never a formula, a link or a number.
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}
NUMBERS = {"_pct": "0.0", "_year": "0", "_row": "0", "tor": "#,##0"}
# The colours of the site, light enough for black letters.
VERDICTS = {
    "at_goal": "#C9E4D3",
    "on_track": "#D3E9E8",
    "cannot_tell": "#F4E8BC",
    "off_track": "#F2C9B8",
}
NARROWEST, WIDEST = 9, 46


def write_workbooks(public: Path, folder: Path, scratch: Path) -> None:
    """Write ``<state>.xlsx`` for each of the five states into a new folder.

    Rows wait below ``scratch`` until their sheet is whole.
    """
    folder.mkdir()
    with (
        duckdb.connect(str(public), read_only=True) as con,
        TemporaryDirectory(dir=scratch) as waiting,
    ):
        found = con.execute(
            "select distinct state from dim_school where is_consortium_state order by 1"
        )
        for (state,) in found.fetchall():
            _write_workbook(con, state, folder / f"{state}.xlsx", waiting)


def _write_workbook(
    con: duckdb.DuckDBPyConnection, state: str, file: Path, waiting: str
) -> None:
    sheets = {
        name: (tables, *_rows(con, sql, state))
        for name, (tables, sql) in SHEETS.items()
    }
    about = _rows(con, "from about_release", state)[1][0]
    with xlsxwriter.Workbook(str(file), OPTIONS | {"tmpdir": waiting}) as book:
        # Not the time of writing: the same release is the same bytes.
        book.set_properties({"created": about[1]})
        _write_sheet(book, "Read me", ["Common metrics", state], _guide(about, sheets))
        for name, (_, columns, rows) in sheets.items():
            _write_sheet(book, name, columns, rows[:MOST_ROWS])
        _write_sheet(book, "Dictionary", *_dictionary(con, sheets))


def _rows(
    con: duckdb.DuckDBPyConnection, sql: str, state: str
) -> tuple[list[str], list[tuple]]:
    cursor = con.execute(sql, {"state": state} if "$state" in sql else None)
    return [column[0] for column in cursor.description], cursor.fetchall()


def _guide(about: tuple[str, datetime, str], sheets: dict) -> list[tuple]:
    counts = [
        (name, f"{min(len(rows), MOST_ROWS):,} of {len(rows):,} rows")
        for name, (_, _, rows) in sheets.items()
    ]
    notes = [("", text) for text in GUIDE]
    release, built_at, version = about
    made = [("Release", release), ("Built at (UTC)", built_at), ("Code", version)]
    return [*made, *notes, *counts]


def _dictionary(
    con: duckdb.DuckDBPyConnection, sheets: dict
) -> tuple[list[str], list[tuple]]:
    """Return the header and a row for each column of each sheet."""
    said = {
        (table, column): (unit, text)
        for table, column, unit, text in con.execute(
            "select table_name, column_name, unit, description from data_dictionary"
        ).fetchall()
    }
    rows = [
        (
            sheet,
            _head(column),
            column,
            *next(said[t, column] for t in tables if (t, column) in said),
        )
        for sheet, (tables, columns, _) in sheets.items()
        for column in columns
    ]
    return ["sheet", "head", "column", "unit", "description"], rows


def _write_sheet(
    book: xlsxwriter.Workbook, name: str, columns: list[str], rows: list[tuple]
) -> None:
    sheet = book.add_worksheet(name)
    for at, column in enumerate(columns):
        cells = [row[at] for row in rows]
        kind = {"valign": "top", "text_wrap": True} | _number(column)
        sheet.set_column(at, at, _width(cells), book.add_format(kind))
    head = {"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 1}
    sheet.write_row(0, 0, map(_head, columns), book.add_format(head))
    for at, row in enumerate(rows, start=1):
        sheet.write_row(at, 0, row)
    _set_up(sheet, columns, len(rows))
    if "verdict" in columns and rows:
        _highlight(book, sheet, columns.index("verdict"), len(rows))


def _head(column: str) -> str:
    return HEADS.get(column, column[:1].upper() + column[1:].replace("_", " "))


def _number(column: str) -> dict[str, str]:
    """Return the format of a column's numbers: its name says what they are."""
    found = [text for end, text in NUMBERS.items() if column.endswith(end)]
    return {"num_format": found[0]} if found else {}


def _width(cells: list) -> int:
    """Return a width in which most cells stand on one line; longer ones are wrapped."""
    longest = max(
        (len(str(cell)) for cell in cells if isinstance(cell, str)), default=0
    )
    return max(NARROWEST, min(longest + 2, WIDEST))


def _set_up(
    sheet: xlsxwriter.worksheet.Worksheet, columns: list[str], last: int
) -> None:
    """Filter, keep the head in sight, and print on whole pages of Letter across."""
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(1, last), len(columns) - 1)
    sheet.set_paper(1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&L&A&RPage &P of &N")


def _highlight(
    book: xlsxwriter.Workbook,
    sheet: xlsxwriter.worksheet.Worksheet,
    column: int,
    last: int,
) -> None:
    for verdict, colour in VERDICTS.items():
        rule = {"type": "cell", "criteria": "==", "value": f'"{verdict}"'}
        rule["format"] = book.add_format({"bg_color": colour})
        sheet.conditional_format(1, column, last, column, rule)
