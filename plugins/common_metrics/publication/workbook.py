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
# the rows, more than people can use in a workbook.
SHEETS = {
    "Schools": (("dim_school",), "from dim_school where state = $state order by all"),
    "State rates": (
        ("state_outcomes",),
        "select school_year, metric_id, numerator, denominator, value_pct, "
        "value_low_pct, value_high_pct, value_status, provider, definition_id, "
        "source_file, source_row from state_outcomes "
        "where state = $state and student_group = 'all' and is_preferred order by all",
    ),
    "School rates": (
        ("school_outcomes",),
        "select school_key, school_id_nces, school_name, school_year, metric_id, "
        "numerator, denominator, value_pct, value_low_pct, value_high_pct, "
        "value_status, provider, definition_id, source_file, source_row "
        "from school_outcomes "
        "where state = $state and student_group = 'all' and is_preferred order by all",
    ),
    "Targets": (
        ("school_targets", "school_target_status", "dim_school"),
        "select target.school_key, school.school_name, target.metric_id, "
        "target.school_year, target.baseline_year, target.target_pct, "
        "target.target_low_pct, target.target_high_pct, target.goal_pct, "
        "target.is_override, status.value_pct, status.value_status, status.verdict "
        "from school_targets as target "
        "inner join dim_school as school using (school_key) "
        "inner join target_models as model using (target_model) "
        "left join school_target_status as status using "
        "(school_key, metric_id, student_group, school_year, target_model) "
        "where target.state = $state and student_group = 'all' and model.is_default "
        "order by all",
    ),
    "Metrics": (
        ("dim_metric",),
        "select metric_id, label, numerator_definition, denominator_definition, "
        "direction, goal_pct, definition_id, comparability_class, source "
        "from dim_metric order by all",
    ),
}
GUIDE = (
    "Rates are per cent of students, for all students of a school or state; of several "
    "providers the preferred one.",
    "Look at value_status before value_pct: suppressed, not_reported and "
    "not_applicable have no number, a range has two bounds. Empty is never zero.",
    "school_year is the year in which it ends: 2015 is 2014-15.",
    "Targets are of the default model. Student groups, the other model and every "
    "source are in public.duckdb and the Parquet files beside this folder.",
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


def write_workbooks(public: Path, folder: Path, scratch: Path) -> None:
    """Write ``<state>.xlsx`` for each state of ``public.duckdb`` into a new folder.

    Rows wait below ``scratch`` until their sheet is whole.
    """
    folder.mkdir()
    with (
        duckdb.connect(str(public), read_only=True) as con,
        TemporaryDirectory(dir=scratch) as waiting,
    ):
        found = con.execute("select distinct state from dim_school order by 1")
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
        (sheet, column, *next(said[t, column] for t in tables if (t, column) in said))
        for sheet, (tables, columns, _) in sheets.items()
        for column in columns
    ]
    return ["sheet", "column", "unit", "description"], rows


def _write_sheet(
    book: xlsxwriter.Workbook, name: str, columns: list[str], rows: list[tuple]
) -> None:
    sheet = book.add_worksheet(name)
    sheet.set_column(0, len(columns) - 1, 18)
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, columns, book.add_format({"bold": True}))
    for at, row in enumerate(rows, start=1):
        sheet.write_row(at, 0, row)
    sheet.autofilter(0, 0, max(1, len(rows)), len(columns) - 1)
