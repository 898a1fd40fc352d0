"""Every code that a contract of students accepts has a rule, and there is no other."""

import csv
import re
from pathlib import Path

import duckdb
import pytest

from common_metrics.contracts.loading import load_contracts

DBT = Path(__file__).parents[1] / "dbt_project"
# Extract, column, seed that says what its codes mean, and the column of the seed.
LISTS = [
    ("nessc/student_enrollment", "entry_type", "entry_codes", "entry_code"),
    ("nessc/student_enrollment", "exit_type", "exit_codes", "exit_code"),
    ("nessc/student_enrollment", "diploma_type", "diploma_codes", "diploma_code"),
    ("nh/i4see_enrollment", "entry_code", "entry_codes", "entry_code"),
    ("nh/i4see_enrollment", "exit_code", "exit_codes", "exit_code"),
    ("nh/i4see_enrollment", "diploma_type", "diploma_codes", "diploma_code"),
    ("nh/i4see_enrollment", "race_code", "race_codes", "race_code"),
    ("nh/i4see_enrollment", "enrollment_status", "admission_codes", "admission_code"),
    ("ri/enrollment_census", "exit_type", "exit_codes", "exit_code"),
    ("ri/cohort_listing", "outcome_code", "listed_outcome_codes", "outcome_code"),
    ("vt/sis_enrollment", "entry_code", "entry_codes", "entry_code"),
    ("vt/sis_enrollment", "exit_code", "exit_codes", "exit_code"),
    ("vt/sis_enrollment", "admission_status", "admission_codes", "admission_code"),
]
# Codes of a seed that no file may hold, each with the reason.
NOT_IN_FILES = {
    ("exit_codes", "P3"): "made from the promoted indicator",
    ("admission_codes", "7"): "reported at the beginning of the year alone",
}
GRADES = {
    "nessc/student_enrollment": "stg_nessc__student_enrollment",
    "nessc/student_assessment": "stg_nessc__student_assessment",
    "nh/i4see_enrollment": "stg_nh__i4see_enrollment",
    "ri/enrollment_census": "stg_ri__enrollment_census",
    "vt/sis_grade_progression": "stg_vt__sis_grade_progression",
}


def accepted(key: str, column: str) -> set[str]:
    """The codes that a contract lets pass."""
    (codes,) = (
        expectation["kwargs"]["value_set"]
        for expectation in load_contracts()[key].expectations
        if expectation["type"] == "expect_column_values_to_be_in_set"
        and expectation["kwargs"]["column"] == column
        and "row_condition" not in expectation["kwargs"]
    )
    return {str(code) for code in codes}


def rows(seed: str) -> list[dict[str, str]]:
    with (DBT / f"seeds/{seed}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize(("key", "column", "seed", "code"), LISTS)
def test_codes_of_contract_and_seed_are_the_same(
    key: str, column: str, seed: str, code: str
) -> None:
    mine = [row for row in rows(seed) if f"{row['provider']}/{row['extract']}" == key]
    known = {row[code] for row in mine} - {
        "",
        *(c for k, c in NOT_IN_FILES if k == seed),
    }
    assert accepted(key, column) == known
    assert all(row["source"] and row["evidence"] for row in mine)


@pytest.mark.parametrize("key", GRADES)
def test_every_grade_is_one_of_the_list(key: str) -> None:
    (model,) = DBT.glob(f"models/staging/*/{GRADES[key]}.sql")
    case = re.search(r"case grade\n.*?end(?= as grade)", model.read_text(), re.DOTALL)
    grade = (
        case[0] if case else re.search(r"case grade.*?end|grade", model.read_text())[0]
    )
    listed = {row["grade"] for row in rows("grades")}
    for printed in accepted(key, "grade"):
        sql = f"select {grade} from (select $1 as grade)"
        (common,) = duckdb.execute(sql, [printed]).fetchone()
        assert common in listed, printed


def test_every_extract_of_students_says_what_its_rows_are() -> None:
    of_students = {
        key
        for key, contract in load_contracts().items()
        if any(column.protect == "student_id" for column in contract.columns.values())
    }
    named = {f"{row['provider']}/{row['extract']}" for row in rows("student_extracts")}
    # Rosters give groups alone, and their users are not all students.
    assert named == of_students - {"oneroster/users"}
