"""Rows that no contract lets through, written behind the gate: what if one did?"""

import hashlib
import json
from pathlib import Path

import duckdb

from common_metrics.lake import Delivery, Lake

Cells = dict[str, str | int | None]
YEAR = 2019
# What one cell of a sound row is changed to, and why the row is then set aside. A row
# that nothing is changed in stands before them.
RATES = {
    "The student group is not in the seed student_group_labels": {
        "student_group_label": "Left-handed"
    },
    "The printed value is no number from 0 to 100, no range and no known marker": {
        "graduation_pct": "ninety"
    },
    "A count is below 0 or has more than nine digits": {"cohort_count": "5000000000"},
    "More students are counted than there are in the group": {
        "graduation_count": "41",
        "graduation_pct": "100.0",
    },
    "The printed rate does not follow from the printed counts": {
        "graduation_pct": "58.0"
    },
}
UNREAD = "The printed value is no number from 0 to 100, no range and no known marker"
PLANTED: dict[str, dict[str, Cells]] = {
    "ct/graduation_4yr": RATES,
    "us/edfacts_acgr": {
        "The federal ids of school, district and state do not begin with each other": {
            "lea_id_nces": "0900001"
        },
    },
    # 100 times a proportion would end the query.
    "me/assessment": {UNREAD: {"level_pct": "95234"}},
    "vt/enrollment_report": {
        "The printed count is no number and no known marker": {"student_count": "12.6"}
    },
    "ri/october_head_count_state": {
        "The grade is not in the seed grades": {"category": "GRADE-99"}
    },
    "nessc/common_metrics_submission": {
        "The metric is not in the seed metrics": {"metric_id": "beauty"},
        "The definition is not that of the metric": {"definition_id": "other"},
        "The state is not in the seed states": {"state": "XX"},
        UNREAD: {"numerator": "10 of them"},
    },
    "nessc/growth": {
        "The metric is not in the seed metrics": {"threshold_years": "much"},
    },
    "league/levers": {
        "lever is missing or not in the code list": {"lever": "magic"},
        "is_in_use is blank": {"is_in_use": None},
    },
    "league/milestones": {
        "actual_date is no date": {"actual_date": "2015-31-31"},
        "phase is missing or not in the code list": {"phase": "beyond"},
    },
    "league/finances": {
        "enrollment is no decimal(5, 0)": {"enrollment": "1600000"},
    },
    "league/membership": {"first_day is no date": {"first_day": "soon"}},
}
# The sound row of each extract, by what it is found by.
SOUND = {
    "ct/graduation_4yr": "school_id_state is not null and graduation_pct <> '*' "
    "and cohort_count = '40' and student_group_label is not null",
    "me/assessment": "school_id_state is not null and level_pct is not null "
    "and lower(achievement_level) = 'at or above state expectations'",
    "vt/enrollment_report": "grade_label <> 'Total' "
    "and school_name <> 'Statewide Total'",
    "ri/october_head_count_state": "category = 'GRADE-09'",
    "nessc/common_metrics_submission": "value_status = 'reported'",
    "nessc/growth": "value_status = 'reported'",
}


def plant(lake: Lake) -> set[tuple[str, str, int]]:
    """Write a delivery of each extract; return key, reason and row of what is bad."""
    planted = set()
    for key, reasons in PLANTED.items():
        _write(lake, key, [{}, *reasons.values()])
        planted |= {(key, why, n) for n, why in enumerate(reasons, 3)}
    return planted


def _write(lake: Lake, key: str, changes: list[Cells]) -> None:
    record = _a_record(lake, key)
    sha256 = hashlib.sha256(key.encode()).hexdigest()
    name = f"{Path(record['file']).parent.as_posix()}/planted.csv"
    own = {"_source_file": name, "_delivery": sha256[:8]}
    # The League's lists have no year, or keep it.
    years = [] if key.startswith("league/") else [YEAR]
    if years:
        own |= {"_school_year": YEAR}
    changed = {
        "file": name,
        "sha256": sha256,
        "school_year": years[0] if years else None,
        "school_years": years,
        "rows_raw": len(changes),
        "rows_validated": len(changes),
        "rows_quarantined": 0,
        "rows_duplicate": 0,
        # Digests that do not say: else a run would make the sound rows again.
        "rows_sha256": {},
    }
    delivery = Delivery(**record | changed)
    lake.landing(delivery).write_bytes(key.encode())
    lake.record(delivery)
    with duckdb.connect() as con:
        con.execute(
            "create table rows as from read_parquet(?, union_by_name = true) "
            f"where _source_row is not null and {SOUND.get(key, 'true')} "
            "and not ends_with(_source_file, 'planted.csv') "
            "order by all limit 1",
            [f"{lake.validated}/{key}/*/*.parquet"],
        )
        con.execute("create table sound as from rows; delete from rows")
        assert con.execute("select count(*) from sound").fetchone() == (1,), key
        for n, change in enumerate(changes, 2):
            cells = own | {"_source_row": n} | change
            set_to = ", ".join(f"{column} = ?" for column in cells)
            con.execute("create or replace temp table one as from sound")
            con.execute(f"update one set {set_to}", [*cells.values()])
            con.execute("insert into rows from one")
        con.execute(f"copy rows to '{lake.rows('validated', delivery)}'")
        nothing = lake.rows("quarantine", delivery)
        con.execute(f"copy (from rows limit 0) to '{nothing}' (format parquet)")


def _a_record(lake: Lake, key: str) -> dict:
    found = [json.loads(f.read_text()) for f in (lake.deliveries / key).glob("*.json")]
    return next(r for r in found if r["status"] == "validated")
