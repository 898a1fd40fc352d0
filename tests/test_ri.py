"""Rhode Island: head counts of schools known by name, and rates of mixed notation."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from staged import bring, build

from common_metrics.lake import Lake

FIXTURES = Path(__file__).parent / "fixtures/ri"
REAL = "oct1st-headcount-2010-2026.xlsx"
REAL_STATE = "oct1st-headcount-2010-2025-State-Demo.xlsx"
HEAD = b"Year,District,School,Grade,StudentGroup,StudentTestedNumber,"
HEAD += b"StudentTestedPercentage,NotMeetingExpectations,PartiallyMeetingExpectations,"
HEAD += b"MeetingExpectations,ExceedingExpectations,MeetingorExceedingExpectations\n"
PLACE = "2017-18,Pondview,Pondview High School,Grade: 11,All Groups,100,97%"


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Iterator[duckdb.DuckDBPyConnection]:
    lake = Lake(tmp_path_factory.mktemp("ri") / "lake")
    for file in sorted(FIXTURES.rglob("*.*")):
        bring(lake, f"ri/{file.parent.name}", file.name, file.read_bytes())
    with build(lake, "resource_type:seed", "path:models/staging/ri") as warehouse:
        yield warehouse


def test_a_wide_sheet_becomes_a_row_a_school_and_year(built) -> None:
    found = built.sql(
        "select school_name, school_year, student_count, value_status, grade, "
        "source_row from staging.stg_ri__october_head_count order by all"
    ).fetchall()
    assert found == [
        ("Crane Middle School", 2013, 401, "reported", "all", 3),
        ("Crane Middle School", 2015, 398, "reported", "all", 3),
        ("Pondview High School", 2013, 800, "reported", "all", 2),
        ("Pondview High School", 2014, 810, "reported", "all", 2),
        ("Pondview High School", 2015, 805, "reported", "all", 2),
    ]


def test_the_grand_total_is_the_state_and_no_district(built) -> None:
    found = built.sql(
        "select level, lea_name, student_count from "
        "staging.stg_ri__october_head_count_lea where school_year = 2014 order by all"
    ).fetchall()
    assert found == [
        ("lea", "Heron Charter", 91),
        ("lea", "Pondview", 830),
        ("state", None, 921),
    ]


def test_grades_and_groups_of_the_state(built) -> None:
    found = built.sql(
        "select grade, student_group_label, student_count "
        "from staging.stg_ri__october_head_count_state where school_year = 2015"
    ).fetchall()
    assert sorted(found) == [
        ("09", "TOTAL", 301),
        ("KF", "TOTAL", 180),
        ("KP", "TOTAL", 0),
        ("PK", "TOTAL", 53),  # 41 and 12 of the whole day
        ("all", "FRL", 214),
        ("all", "GENDER-F", 255),
        ("all", "IEP", 82),
        ("all", "RACE7-HI7", 95),
        ("all", "TOTAL", 534),
    ]


def test_rates_of_every_notation_are_per_cents(built) -> None:
    found = built.sql(
        "select source_row, level, metric_id, denominator, value_pct, value_status, "
        "lowest_pct, highest_pct from staging.stg_ri__assessment order by source_row"
    ).fetchall()
    seen = [tuple(None if c is None else c for c in row) for row in found]
    metric = "proficiency_math_sat"
    assert [(r, lv, m, d, v and float(v), s) for r, lv, m, d, v, s, *_ in seen] == [
        (2, "state", metric, 9800, 36, "reported"),
        (3, "lea", metric, 210, 45, "reported"),
        (4, "school", metric, 200, 45, "reported"),
        (5, "school", metric, 98, 44, "reported"),
        (6, "school", metric, 12, 0.8, "reported"),
        (7, "school", metric, 9, None, "suppressed"),
        (11, "school", metric, 190, 100, "reported"),
    ]
    assert [float(bound) for bound in found[1][-2:]] == [44.5, 45.5]


@pytest.mark.parametrize(
    ("cells", "passes"),
    [
        ("25%,30%,40%,5%,45%", True),
        ("0.25,0.30,0.40,0.05,0.45", True),
        ("25,30,40,5,0.45", True),  # a proportion among per cents
        ("0.25,30%,40,5,0.45", True),
        ("55,44.2,0.8,0,0.8", True),  # a per cent below one
        ("0,0,1,0,1", True),  # all of them
        ("99,0,1,0,1", True),  # one in a hundred
        ("60,40,0,0,0", True),  # zero is zero in both readings
        ("*,*,*,*,0.45", False),  # nothing beside it that could tell
        ("98,0,0.02,0,0.02", False),  # both readings make about 100
        ("25,30,40,5,0.9", False),  # neither does
    ],
)
def test_a_rate_that_could_be_two_is_set_aside(
    tmp_path: Path, cells: str, passes: bool
) -> None:
    lake = Lake(tmp_path / "lake")
    content = HEAD + f"{PLACE},{cells}\n".encode()
    judged = bring(lake, "ri/assessment", "sat_math_2018.csv", content)
    assert (judged.rows_validated, judged.rows_quarantined) == (passes, not passes)
    if not passes:
        (why,) = pq.read_table(lake.rows("quarantine", judged))["_reason"].to_pylist()
        assert why.endswith("one that makes 100 with levels 1 and 2")


def test_a_file_that_does_not_say_its_test_is_refused(tmp_path: Path) -> None:
    from common_metrics.errors import DeliveryRefused

    content = HEAD + f"{PLACE},25%,30%,40%,5%,45%\n".encode()
    with pytest.raises(DeliveryRefused, match="begins with the test and the subject"):
        bring(Lake(tmp_path / "lake"), "ri/assessment", "math_2018.csv", content)


@pytest.fixture(scope="module")
def real(tmp_path_factory, real_data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    lake = Lake(tmp_path_factory.mktemp("real_ri") / "lake")
    folder = real_data / "ri_enrollment"
    for key in ("october_head_count", "october_head_count_lea"):
        judged = bring(lake, f"ri/{key}", REAL, (folder / REAL).read_bytes())
        assert judged.rows_quarantined == judged.rows_duplicate == 0
    state = (folder / REAL_STATE).read_bytes()
    bring(lake, "ri/october_head_count_state", REAL_STATE, state)
    crosswalk = next((real_data / "crosswalk").glob("hs_*.csv"))
    bring(lake, "nessc/school_crosswalk", crosswalk.name, crosswalk.read_bytes())
    with build(lake, "resource_type:seed", "+int_enrollments_conformed") as warehouse:
        yield warehouse


def test_every_real_sheet_lands_and_the_state_is_printed_alike_in_both(real) -> None:
    schools, years = real.sql(
        "select count(distinct school_name), count(distinct school_year) "
        "from staging.stg_ri__october_head_count"
    ).fetchone()
    assert (schools, years) == (370, 17)
    (leas,) = real.sql(
        "select count(distinct lea_name) from staging.stg_ri__october_head_count_lea"
    ).fetchone()
    assert leas == 65
    apart = real.sql(
        """
        select lea.school_year from staging.stg_ri__october_head_count_lea as lea
        inner join staging.stg_ri__october_head_count_state as state
            on lea.school_year = state.school_year
        where lea.level = 'state' and state.student_group_label = 'TOTAL'
            and state.grade = 'all' and lea.student_count <> state.student_count
        """
    ).fetchall()
    assert apart == []


def test_districts_add_up_to_the_state_and_schools_to_less(real) -> None:
    """The finding: 1 to 2 of 100 students count for a district and for no school."""
    found = real.sql(
        """
        select
            school_year,
            sum(student_count) filter (where level = 'school') as of_schools,
            sum(student_count) filter (where level = 'lea') as of_leas,
            max(student_count) filter (where level = 'state') as of_state,
        from intermediate.int_enrollments_conformed
        where student_group = 'all' and grade = 'all'
            and extract <> 'october_head_count_state'
        group by school_year order by school_year
        """
    ).fetchall()
    assert all(leas == state for _, _, leas, state in found)
    missing = {year: leas - schools for year, schools, leas, _ in found}
    assert missing[2010] == 1444 and missing[2026] == 2108
    assert all(0.009 < gap / 133_000 < 0.017 for gap in missing.values())


def test_schools_are_matched_by_names_written_alike(real) -> None:
    matched = real.sql(
        "select count(distinct school_id_nces) from "
        "intermediate.int_enrollments_conformed where level = 'school'"
    ).fetchone()
    kept = real.sql(
        "select count(distinct school_key) from "
        "intermediate.int_enrollments_conformed where level = 'school'"
    ).fetchone()
    alike = real.sql(
        "select distinct school_id_nces from intermediate.int_enrollments_conformed "
        "where school_name = 'East Greenwich High School'"
    ).fetchall()
    # The crosswalk calls it "East Greenwich High".
    assert (matched, kept, alike) == ((62,), (370,), [("440030000086",)])
