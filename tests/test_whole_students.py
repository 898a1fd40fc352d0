"""A student of whom one row is wrong is set aside as a whole, and the rates say so."""

import csv
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from staged import bring, build

from common_metrics.contracts.loading import load_contracts
from common_metrics.lake import Delivery, Lake
from common_metrics.validation.whole_students import with_other_rows

ROOT = Path(__file__).parents[1]
Row = dict[str, str]
ENROLLMENT = "nessc/student_enrollment"
TYPO, FEW, CENTRE = "0006111", "0016111", "0026111"
COUNTED = 12


def file(extract: str, rows: list[Row]) -> bytes:
    """A file of the template: cells that are not given are empty."""
    blank = (ROOT / f"docs/templates/{extract}.csv").read_text()
    text = io.StringIO()
    lines = csv.DictWriter(text, blank.strip().split(","), lineterminator="\n")
    lines.writeheader()
    lines.writerows(rows)
    return text.getvalue().encode()


def stay(student: int, school: str, year: int, grade: int, **cells: str) -> Row:
    """A spell of a whole school year."""
    return {
        "state": "CT",
        "student_id_state": f"99{school[:4]}{student:04}",
        "lea_id_state": school[:3] + "0011",
        "school_id_state": school,
        "school_year": f"{year - 1}-{year % 100:02}",
        "grade": f"{grade:02}",
        "entry_date": f"{year - 1}-08-28",
        "entry_type": "01821" if grade == 9 else "01835",
        "is_hispanic": "N",
        "is_white": "Y",
        "sex": "F",
    } | cells


def graduate(student: int, school: str, class_year: int, **last: str) -> list[Row]:
    """Grades 9 to 12 and a diploma."""
    done = {
        "exit_date": f"{class_year}-06-12",
        "exit_type": "01921",
        "diploma_type": "00806",
    }
    rows = [stay(student, school, class_year - 12 + g, g) for g in range(9, 12)]
    return [*rows, stay(student, school, class_year, 12, **(done | last))]


def school(code: str) -> list[Row]:
    """The classes of 2015 and 2016 of a school, all graduates."""
    classes = [(2015, 0), (2016, 100)]
    return [
        row
        for class_year, first in classes
        for student in range(first, first + COUNTED)
        for row in graduate(student, code, class_year)
    ]


def days(student: int, code: str, member: int, absent: int) -> Row:
    """Days of 2014-15."""
    keys = ("state", "student_id_state", "lea_id_state", "school_id_state")
    row = stay(student, code, 2015, 12)
    who = {key: row[key] for key in (*keys, "school_year")}
    return who | {"days_member": str(member), "days_absent": str(absent)}


def enrollments() -> Iterator[tuple[str, list[Row]]]:
    """A file a school, each with one thing wrong or unusual."""
    wrong = graduate(50, TYPO, 2015, diploma_type="00999")
    yield "typo", [*school(TYPO), *wrong]
    nobody = stay(0, FEW, 2015, 12, student_id_state="4711")
    yield "few", [*school(FEW), nobody]
    never = stay(60, CENTRE, 2013, 9, exit_date="2012-09-14", exit_type="No show")
    yield "centre", [*school(CENTRE), never, *twice_enrolled()]


def twice_enrolled() -> list[Row]:
    """One of a high school who leaves it, and goes on at the centre on paper."""
    *years, last = graduate(70, TYPO, 2015)
    left = {"exit_date": "2015-01-15", "exit_type": "01927", "diploma_type": ""}
    return [*years, last | left, stay(70, CENTRE, 2015, 12) | one_id(last)]


def one_id(row: Row) -> Row:
    return {"student_id_state": row["student_id_state"], "entry_date": "2014-09-02"}


@pytest.fixture(scope="module")
def rates(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    lake = Lake(tmp_path_factory.mktemp("whole") / "lake")
    for name, rows in enrollments():
        content = file("student_enrollment", rows)
        bring(lake, ENROLLMENT, f"{name}_student_enrollment.csv", content)
    there = [days(student, FEW, 180, 9) for student in range(COUNTED - 1)]
    terms = [days(COUNTED - 1, FEW, 90, 0), days(COUNTED - 1, FEW, 90, 18)]
    of_the_typo = [days(50, TYPO, 180, 90), days(0, TYPO, 180, 0)]
    content = file("student_attendance", [*there, *terms, *of_the_typo])
    bring(lake, "nessc/student_attendance", "student_attendance.csv", content)
    return build(lake, "+int_computed_outcomes")


def rate(
    rates: duckdb.DuckDBPyConnection, code: str, metric: str, year: int = 2015
) -> tuple[int, int, Decimal | None, Decimal | None, Decimal | None]:
    """Numerator, denominator, value and bounds, in tenths of a per cent."""
    (found,) = rates.execute(
        "select numerator, denominator, round(value_pct, 1), round(value_low_pct, 1), "
        "round(value_high_pct, 1) from intermediate.int_computed_outcomes where "
        "school_id_state = ? and metric_id = ? and school_year = ? "
        "and student_group_label = 'all'",
        [code, metric, year],
    ).fetchall()
    return found


def test_a_typo_makes_a_range_of_the_class_and_no_dropout(rates) -> None:
    # 12 graduates, the one who dropped out, and the one who was set aside.
    low, high = Decimal("85.7"), Decimal("92.9")
    assert rate(rates, TYPO, "acgr_4yr") == (12, 14, None, low, high)
    low, high = Decimal("7.1"), Decimal("14.3")
    assert rate(rates, TYPO, "dropout_cohort") == (1, 14, None, low, high)
    low, high = Decimal(0), Decimal("7.1")
    assert rate(rates, TYPO, "still_enrolled_4yr") == (0, 14, None, low, high)


def test_another_class_of_the_school_is_as_it_was(rates) -> None:
    assert rate(rates, TYPO, "acgr_4yr", 2016) == (12, 12, 100, None, None)


def test_an_unreadable_id_widens_every_class_of_its_years_at_both_ends(rates) -> None:
    for class_year in (2015, 2016):
        low, high = Decimal("91.7"), Decimal(100)
        assert rate(rates, FEW, "acgr_4yr", class_year) == (11, 12, None, low, high)


def test_who_never_came_and_who_left_the_high_school_is_no_member(rates) -> None:
    assert rate(rates, CENTRE, "acgr_4yr") == (12, 12, 100, None, None)
    assert rate(rates, CENTRE, "still_enrolled_4yr") == (0, 12, 0, None, None)


def test_terms_are_not_told_apart_and_nobody_is_dropped(rates) -> None:
    # 11 students and the one of the terms; the row without an id may be of any of them.
    low, high = Decimal(0), Decimal("16.7")
    assert rate(rates, FEW, "chronic_absence") == (0, 12, None, low, high)


def test_days_of_a_student_set_aside_count_for_nobody(rates) -> None:
    assert rate(rates, TYPO, "chronic_absence") == (0, 2, None, 0, 50)


@pytest.fixture
def judged(run: Callable[..., Delivery]) -> Delivery:
    rows = [*school(TYPO), *graduate(50, TYPO, 2015, diploma_type="00999")]
    return run(load_contracts()[ENROLLMENT], file("student_enrollment", rows))


def test_all_rows_of_the_student_go_and_no_row_is_lost(
    judged: Delivery, lake: Lake
) -> None:
    rows = 2 * COUNTED * 4 + 4
    counted = (judged.rows_raw, judged.rows_validated, judged.rows_quarantined)
    assert counted == (rows, rows - 4, 4)
    moved = pa.parquet.read_table(lake.rows("quarantine", judged)).to_pylist()
    own = [row for row in moved if row["_wrong_columns"] == "diploma_type"]
    others = [row["_reason"] for row in moved if row["_wrong_columns"] is None]
    assert [row["grade"] for row in own] == ["12"]
    assert others == ["another row of this student was set aside"] * 3


def test_rows_of_nobody_take_nobody_with_them() -> None:
    contract = load_contracts()[ENROLLMENT]
    ids = ["malformed", "malformed", None, None, "a" * 32, "a" * 32, "b" * 32]
    rows = pa.table({"_row": range(7), "student_id_state": ids})
    found = with_other_rows(contract, rows, {0: "x", 2: "y", 5: "z"}, "_row")
    other = "another row of this student was set aside"
    assert found == {0: "x", 2: "y", 4: other, 5: "z"}


def test_an_extract_without_students_is_judged_by_rows() -> None:
    rows = pa.table({"_row": [0, 1], "school_id_state": ["1", "1"]})
    contract = load_contracts()["ct/graduation_4yr"]
    assert with_other_rows(contract, rows, {0: "x"}, "_row") == {0: "x"}
