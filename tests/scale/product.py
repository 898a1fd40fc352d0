"""Lands, judges and counts a state's attendance with the product."""

import sys
from pathlib import Path

import duckdb

from common_metrics import batching
from common_metrics.contracts.loading import load_contract_of
from common_metrics.lake import Lake
from common_metrics.warehouse import build

AT = "2016-03-01T06:00:00+00:00"
KEYS = ("vt/sis_enrollment", "vt/sis_grade_progression", "vt/sis_attendance")


def main() -> None:
    work = Path(sys.argv[1])
    drop, lake = work / "drop", Lake(work / "out/lake")
    for key in KEYS:
        contract = load_contract_of(key)
        for names in batching.new_batches(contract, drop, lake):
            for each in batching.receive(contract, drop, names, lake, AT):
                assert not each.refusal, each.refusal
    build.write_inputs(lake)
    words = ["--select", "+int_computed_counts"]
    words += ["--exclude-resource-types", "test", "unit_test"]
    done = build.dbt(lake, "build", *words)
    assert not done.returncode, done.stdout
    with duckdb.connect(str(lake.build()), read_only=True) as con:
        print("counted", counted(con))


def counted(con: duckdb.DuckDBPyConnection) -> tuple[int, ...]:
    """Return students, days, days absent and chronically absent ones of all schools.

    No file says that the schools are all of the state, so that there is no state row.
    """
    (found,) = con.execute(
        """
        select
            cast(sum(students_count) filter (metric_id = 'attendance') as bigint),
            cast(sum(denominator) filter (metric_id = 'attendance') as bigint),
            cast(
                sum(denominator - numerator) filter (metric_id = 'attendance') as bigint
            ),
            cast(sum(numerator) filter (metric_id = 'chronic_absence') as bigint)
        from intermediate.int_computed_counts
        where level = 'school' and student_group = 'all'
            and metric_id in ('attendance', 'chronic_absence')
        """
    ).fetchall()
    return found


if __name__ == "__main__":
    main()
