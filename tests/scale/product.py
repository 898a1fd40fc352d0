"""Lands, judges and counts a state's attendance or enrolment with the product."""

import sys
from pathlib import Path

import duckdb

from common_metrics import batching
from common_metrics.contracts.loading import load_contract_of
from common_metrics.lake import Lake
from common_metrics.warehouse import build

AT = "2016-03-01T06:00:00+00:00"
KEYS = {"enrolment": ["vt/sis_enrollment", "vt/sis_grade_progression"]}
KEYS |= {"attendance": [*KEYS["enrolment"], "vt/sis_attendance"]}
# No file says that the schools are all of the state, so that there is no state row.
SCHOOLS = """
    from intermediate.int_computed_counts
    where level = 'school' and student_group = 'all'"""
# Students, days, days absent and who is chronically absent; members and dropouts.
COUNTED = {
    "attendance": f"""
        select
            cast(sum(students_count) filter (metric_id = 'attendance') as bigint),
            cast(sum(denominator) filter (metric_id = 'attendance') as bigint),
            cast(
                sum(denominator - numerator) filter (metric_id = 'attendance') as bigint
            ),
            cast(sum(numerator) filter (metric_id = 'chronic_absence') as bigint)
        {SCHOOLS} and metric_id in ('attendance', 'chronic_absence')""",
    "enrolment": f"""
        select cast(sum(denominator) as bigint), cast(sum(numerator) as bigint)
        {SCHOOLS} and metric_id = 'dropout_event' and school_year = 2014""",
}


def main() -> None:
    work, of = Path(sys.argv[1]), sys.argv[2]
    drop, lake = work / "drop", Lake(work / "out/lake")
    for key in KEYS[of]:
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
        print("counted", *con.execute(COUNTED[of]).fetchall())


if __name__ == "__main__":
    main()
