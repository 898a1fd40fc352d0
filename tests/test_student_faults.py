"""Every planted fault of the student extracts is caught, and nothing else is."""

from collections import defaultdict

import duckdb
from conftest import StudentLake

from common_metrics.contracts.loading import load_contracts


def planted(student_lake: StudentLake, expected: str) -> dict[str, set[int]]:
    """Rows of planted faults by file, of those that end in one way."""
    found: dict[str, set[int]] = defaultdict(set)
    for fault in student_lake.truth("faults"):
        if fault["file"] in student_lake.messages and expected in fault["expected"]:
            found[fault["file"]].add(int(fault["row"] or 0))
    return found


def test_wrong_rows_are_quarantined_and_no_other(student_lake: StudentLake) -> None:
    found: dict[str, set[int]] = {}
    for key in load_contracts():
        for delivery in student_lake.lake.recorded_of(key):
            file = student_lake.lake.rows("quarantine", delivery)
            if delivery.rows_quarantined:
                rows = duckdb.sql(f"select _source_row from '{file}'").fetchall()
                found[delivery.file] = {row for (row,) in rows}
    assert found == planted(student_lake, "row quarantined")


def test_repeated_rows_are_dropped_and_no_other(student_lake: StudentLake) -> None:
    found = {
        delivery.file: delivery.rows_duplicate
        for key in load_contracts()
        for delivery in student_lake.lake.recorded_of(key)
        if delivery.rows_duplicate
    }
    dropped = planted(student_lake, "row dropped as duplicate")
    assert found == {file: len(rows) for file, rows in dropped.items()}


def test_broken_files_are_refused_and_no_other(student_lake: StudentLake) -> None:
    found = {
        delivery.file
        for key in load_contracts()
        for delivery in student_lake.lake.recorded_of(key)
        if delivery.status == "refused"
    }
    assert found == set(planted(student_lake, "file refused"))
    assert len(found) == 15
