"""New Hampshire: workbooks of stacked tables, rates in three notations, three tests.

What the state's own files say is pinned from the files themselves; the sample's truth
and the fixtures are read through Great Expectations and dbt.
"""

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
import staged

import nh
import nh_assessment
import nh_broken
from common_metrics.contracts.model import load_contracts
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Delivery, Lake
from common_metrics.landing import receiving
from common_metrics.warehouse import build
from edfacts import CROSSWALK, crosswalk_row
from records import Delivery as Sent
from records import Fault, HeadCount, Outcome, as_csv
from world import World

FIXTURES = Path(__file__).parent / "fixtures"
KEYS = [key for key in load_contracts() if key.startswith("nh/")]
HOUR = "2026-03-01T06:00:00+00:00"
WORLD = World(2014)
# Since 2019 the assessments print no number of a district: it is told by its name.
DISTRICTS = {
    nh.district_number(s): nh.district_name(s) for s in WORLD.open_in(2014, "NH")
}
CELL = (
    "extract, state, coalesce(school_id_nces, ''), coalesce(school_id_state, ''), "
    "coalesce(school_name, ''), case level when 'lea' then lea_name else '' end, "
    "school_year"
)


def bring(lake: Lake, drop: Path, keys: list[str]) -> Iterator[Delivery]:
    """Land and validate whatever lies in drop for the contracts."""
    for key in keys:
        contract = load_contracts()[key]
        for name in receiving.find_deliveries(contract, drop):
            try:
                delivery = staged.land(contract, drop, name, lake, HOUR)
                yield staged.validate(contract, delivery, lake)
            except DeliveryRefused:
                yield next(d for d in lake.all_recorded() if d.file == name)


def dbt_build(lake: Lake) -> Path:
    """Build what the tests look at, with its tests, and return the warehouse."""
    build.write_inputs(lake)
    wanted = ["+int_enrollment_cross_foot", "+int_outcomes_conformed"]
    wanted += ["+deliveries_lose_no_row", "resource_type:seed"]
    # Tests that look beyond the selection would find nothing there.
    wanted += ["--indirect-selection", "cautious"]
    done = build.dbt(lake, "build", "--select", *wanted)
    assert done.returncode == 0, done.stdout
    return lake.build()


def rows(warehouse: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def sent() -> list[Sent]:
    return [*nh.deliveries(WORLD), *nh_assessment.deliveries(WORLD)]


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fixtures of New Hampshire, its part of the sample, and the crosswalk."""
    folder = tmp_path_factory.mktemp("nh") / "drop"
    for key in KEYS:
        place = (folder / load_contracts()[key].landing.drop[0]).parent
        for file in (FIXTURES / key).iterdir():
            place.mkdir(parents=True, exist_ok=True)
            # The fixtures are of the same years: their names keep them apart.
            shutil.copyfile(file, place / f"{file.stem}_fixture{file.suffix}")
    schools = [crosswalk_row(s) for s in WORLD.open_in(2014, "NH")]
    crosswalk = as_csv([CROSSWALK, *schools], "\r\n")
    for path, content in [
        *((d.path, d.content) for d in sent()),
        ("crosswalk/hs_crosswalk.csv", crosswalk),
    ]:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(tmp_path_factory.mktemp("nh") / "lake")


@pytest.fixture(scope="module")
def brought(lake: Lake, drop: Path) -> dict[str, Delivery]:
    """The record of each file, by its name."""
    return {d.file: d for d in bring(lake, drop, [*KEYS, "nessc/school_crosswalk"])}


@pytest.fixture(scope="module")
def warehouse(lake: Lake, brought: dict[str, Delivery]) -> Path:
    return dbt_build(lake)


# Landing


def test_the_fixtures_land_whole(brought: dict[str, Delivery]) -> None:
    fixtures = [d for name, d in brought.items() if "_fixture" in name]
    assert {d.key for d in fixtures} == set(KEYS)
    assert {(d.status, d.rows_quarantined) for d in fixtures} == {("validated", 0)}


def test_stacked_tables_become_rows_with_their_section(
    lake: Lake, brought: dict[str, Delivery]
) -> None:
    delivery = brought["nh_enrollment/nh_school_2021_fixture.xlsx"]
    table = pq.read_table(lake.rows("validated", delivery)).to_pylist()
    read = [(r["school_name"], r["school_type_section"], r["total"]) for r in table]
    assert read == [
        ("State Total", None, "1480"),
        ("Larch Hollow Elementary School", None, "220"),
        ("Larch Hollow High School", None, "235"),
        ("Otter Pond Regional High School", None, "446"),
        (
            "Fennimore Academy",
            "Public Academies and Joint Maintenance Agreements",
            "473",
        ),
        ("Quarry Road Charter School (H)", "Public Charter Schools", "73"),
        ("Two Rivers School (E)", "Public Interstate Schools", "25"),
    ]
    assert {r["_school_year"] for r in table} == {2021}


# The sample


def planted() -> list[Fault]:
    return [fault for delivery in sent() for fault in delivery.faults]


def test_each_planted_row_is_quarantined_and_no_other(
    lake: Lake, brought: dict[str, Delivery]
) -> None:
    moved = [
        (d.file, row)
        for d in brought.values()
        for row in pq.read_table(lake.rows("quarantine", d))["_source_row"].to_pylist()
    ]
    assert sorted(moved) == sorted((f.file, f.row) for f in planted())
    assert len(moved) == 3


SAYS = {
    "html": "a file of another kind under its name",
    "cut_workbook": "one that was cut on the way",
    "renamed_sheet": "Expected a visible sheet called",
    "renamed_number": 'one of "School #"',
    "no_title": "a line above the header that says what this is",
    "bare_percent": "13 of 13 rows otherwise",
    "unknown_levels": "Expected state, district or school as the level",
}


def test_each_broken_delivery_is_refused_for_what_is_wrong(tmp_path: Path) -> None:
    broken = list(nh_broken.deliveries(WORLD))
    for delivery in broken:
        file = tmp_path / "drop" / delivery.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(delivery.content)
    found = {d.file: d for d in bring(Lake(tmp_path / "lake"), tmp_path / "drop", KEYS)}
    assert found.keys() == {d.path for d in broken}
    for (fault,) in (d.faults for d in broken):
        assert found[fault.file].status == "refused"
        assert SAYS[fault.what] in found[fault.file].message


def decimals(*cells: object) -> tuple[Decimal | None, ...]:
    return tuple(None if c in ("", None) else Decimal(str(c)) for c in cells)


def test_the_rates_of_the_sample_equal_its_truth(warehouse: Path) -> None:
    held = rows(
        warehouse,
        f"select {CELL}, metric_id, student_group, value_status, numerator, "
        "denominator, value_pct, value_low_pct, value_high_pct "
        "from intermediate.int_outcomes_conformed where provider = 'nh' "
        "and not contains(source_file, '_fixture')",
    )
    truth = [cell for delivery in sent() for cell in map(rate, delivery.outcomes)]
    assert len(truth) == 1011
    assert {row[:10] + decimals(*row[10:]) for row in held} == set(truth)


def rate(o: Outcome) -> tuple:
    """One planted rate in the order of the query."""
    lea = DISTRICTS.get(o.lea_id_state, "")
    place = (o.school_id_nces, o.school_id_state, o.school_name, lea)
    known = (o.extract, o.state, *place, o.school_year, o.metric_id, o.student_group)
    numbers = (o.numerator, o.denominator, o.value_pct, o.value_low_pct)
    return (*known, o.value_status, *decimals(*numbers, o.value_high_pct))


def test_the_head_counts_of_the_sample_equal_its_truth(warehouse: Path) -> None:
    held = rows(
        warehouse,
        f"select {CELL}, grade, student_group, value_status, student_count "
        "from intermediate.int_enrollments_conformed where provider = 'nh' "
        "and not contains(source_file, '_fixture')",
    )
    truth = [cell for delivery in sent() for cell in map(head, delivery.head_counts)]
    assert len(truth) == len(set(truth)) == 404
    assert sorted(held) == sorted(truth)


def head(h: HeadCount) -> tuple:
    """One planted head count in the order of the query; a district has no school."""
    lea = "" if h.school_name else DISTRICTS.get(h.lea_id_state, "")
    place = (h.school_id_nces, h.school_id_state, h.school_name, lea, h.school_year)
    known = (h.extract, h.state, *place, h.grade, h.student_group, h.value_status)
    return (*known, int(h.student_count))


def test_students_of_no_school_are_a_finding(warehouse: Path) -> None:
    found = rows(
        warehouse,
        "select grade, difference_count, finding "
        "from intermediate.int_enrollment_cross_foot "
        "where school_year = 2016 and difference_count <> 0 order by grade",
    )
    assert [row[:2] for row in found] == [
        *(("09", 5), ("10", 4), ("11", 6), ("12", 2)),
        ("all", 17),
    ]
    assert found[-1][2] == (
        "The printed state total holds 17 more than the school rows that were read"
    )


# What a cell means


COLLEGE = "intends_college_4yr_nh"
STAGED = (
    "select level, coalesce(school_id_state, ''), value_status, value_pct, "
    "value_low_pct, value_high_pct, lowest_pct, highest_pct from staging.stg_nh__{} "
    "where source_file like '%{}_fixture%' and source_row = {} and metric_id = '{}'"
)


@pytest.mark.parametrize(
    ("extract", "file", "row", "metric", "level", "status", "cells"),
    [
        # 80 of 91, printed as 87.91%; and 110 of 125 in a workbook's number, 0.88.
        ("cohort_counts", "2015", 12, "grad_4yr_nh_adult", "school", "reported", 87.91),
        ("cohort_counts", "2015", 11, "dropout_cohort", "lea", "reported", 6.59),
        ("cohort_counts", "2015", 10, "dropout_cohort", "state", "reported", 6.02),
        ("cohort_counts", "2016", 11, "grad_4yr_nh_adult", "school", "reported", 88),
        ("cohort_counts", "2016", 12, "dropout_cohort", "school", "not_reported", None),
        (
            "completers",
            "2015",
            12,
            "intends_college_4yr_nh",
            "school",
            "reported",
            53.7,
        ),
        ("grad_ccr", "2019", 2, "acgr_4yr", "state", "reported", 86.4),
        ("grad_ccr", "2019", 6, "dropout_event_nh", "state", "missing", None),
        ("grad_ccr", "2019", 7, "dropout_event_nh", "state", "reported", 1.21),
        ("grad_ccr", "2019", 13, "acgr_4yr", "school", "not_applicable", None),
    ],
)
def test_a_rate_is_read_as_it_is_printed(
    warehouse: Path, extract, file, row, metric, level, status, cells
) -> None:
    found = rows(warehouse, STAGED.format(extract, file, row, metric))
    if status == "missing":
        assert found == []
        return
    ((read_level, _, read_status, value, *_),) = found
    assert (read_level, read_status) == (level, status)
    assert value == (None if cells is None else Decimal(str(cells)))


MATH = "proficiency_math_{}"


@pytest.mark.parametrize(
    ("file", "row", "metric", "place", "status", "bounds"),
    [
        (2015, 4, MATH.format("sbac_grade_11_nh"), "21120", "reported", (36.5, 37.5)),
        (2015, 5, "proficiency_ela_sbac_grade_11_nh", "21120", "range", (90.5, 100)),
        (2015, 6, "proficiency_science_necap_grade_11", "21120", "not_reported", None),
        (2018, 2, MATH.format("sat_grade_11_nh"), "", "reported", (44.5, 45.5)),
        (2018, 5, MATH.format("sat_grade_11_nh"), "21120", "range", (0, 9.5)),
        (2018, 6, MATH.format("sat_grade_11_nh"), "21120", "suppressed", None),
        (2019, 5, "proficiency_ela_sat_grade_11_nh", "", "reported", (72.5, 73.5)),
        (2023, 3, MATH.format("sat_grade_11_nh"), "", "range", (0, 9.5)),
        (2023, 4, "proficiency_ela_sat_grade_11_nh", "", "range", (90.5, 100)),
        (2023, 5, "proficiency_science_nh_sas_grade_11", "", "not_reported", None),
    ],
)
def test_the_year_says_the_test_and_a_marker_is_no_number(
    warehouse: Path, file, row, metric, place, status, bounds
) -> None:
    ((_, school, read_status, value, _, _, *between),) = rows(
        warehouse, STAGED.format("assessment", file, row, metric)
    )
    assert (school, read_status) == (place, status)
    assert (value is None) == (status != "reported")
    assert tuple(between) == (bounds or (None, None))


def test_a_band_of_students_is_never_a_denominator(warehouse: Path) -> None:
    counts = "select numerator, denominator from staging.stg_nh__assessment"
    assert set(rows(warehouse, counts)) == {(None, None)}


def test_what_is_not_read_is_counted_with_its_reason(warehouse: Path) -> None:
    aside = rows(
        warehouse,
        "select extract, source_row, reason from intermediate.int_rows_left_aside "
        "inner join staging.stg_lake__deliveries using (provider, extract, delivery) "
        "where contains(file, '2018_fixture') or contains(file, '2019_fixture') "
        "order by all",
    )
    group = "A student group that the consortium does not report"
    assert aside == [
        ("assessment", 7, group),
        ("assessment", 8, "The federal denominator"),
        ("assessment", 9, "Grades 3 to 8 or all grades together"),
        ("grad_ccr", 4, group),
        ("grad_ccr", 6, group),
    ]


# The state's own files


@pytest.fixture(scope="module")
def real_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(tmp_path_factory.mktemp("nh_real"))


@pytest.fixture(scope="module")
def real_brought(real_data: Path, real_lake: Lake) -> list[Delivery]:
    keys = ["nh/enrollment_school", "nh/enrollment_district", "nessc/school_crosswalk"]
    return list(bring(real_lake, real_data, keys))


@pytest.fixture(scope="module")
def real_warehouse(real_lake: Lake, real_brought: list[Delivery]) -> Path:
    return dbt_build(real_lake)


def test_all_real_files_land_with_every_row(real_brought: list[Delivery]) -> None:
    found = [
        (d.extract, d.school_year, d.rows_validated, d.rows_quarantined)
        for d in real_brought
        if d.provider == "nh"
    ]
    # A row of the state and one for each of 475, 485, ... schools.
    schools = zip(YEARS, (476, 486, 489, 493, 496, 501), strict=True)
    districts = zip(YEARS, (177, 188, 191, 194, 196, 200), strict=True)
    assert sorted(found) == sorted(
        [
            *(("enrollment_school", year, count, 0) for year, count in schools),
            *(("enrollment_district", year, count, 0) for year, count in districts),
        ]
    )
    assert {d.status for d in real_brought} == {"validated"}


YEARS = (2012, 2015, 2017, 2019, 2021, 2025)
SCHOOL_TOTALS = (190727, 183549, 179669, 177303, 167858, 162660)
# The state's two reports disagree about its total until fall 2020.
DISTRICT_TOTALS = (190805, 183604, 179734, 177365, 167909, 162660)


def test_real_totals_are_those_of_the_state_s_own_row(real_warehouse: Path) -> None:
    found = rows(
        real_warehouse,
        "select extract, school_year, student_count "
        "from intermediate.int_enrollments_conformed "
        "where level = 'state' and grade = 'all' order by all",
    )
    assert found == [
        *(
            ("enrollment_district", *pair)
            for pair in zip(YEARS, DISTRICT_TOTALS, strict=True)
        ),
        *(
            ("enrollment_school", *pair)
            for pair in zip(YEARS, SCHOOL_TOTALS, strict=True)
        ),
    ]


def test_real_schools_add_up_until_fall_2018_and_not_afterwards(
    real_warehouse: Path,
) -> None:
    compared = rows(
        real_warehouse,
        "select school_year, grade, difference_count "
        "from intermediate.int_enrollment_cross_foot",
    )
    assert len(compared) == 6 * 16
    assert {diff for year, _, diff in compared if year <= 2019} == {0}
    # Grades 9 to 12 of the interstate district, whose high school has no row.
    beyond = {(year, grade): diff for year, grade, diff in compared if diff}
    assert beyond == {
        **{(2021, "09"): 13, (2021, "10"): 10, (2021, "11"): 11, (2021, "12"): 17},
        **{(2025, "09"): 17, (2025, "10"): 8, (2025, "11"): 17, (2025, "12"): 9},
        **{(2021, "all"): 51, (2025, "all"): 51},
    }
    totals = [diff for (_, grade), diff in beyond.items() if grade == "all"]
    assert all(47 <= diff <= 56 for diff in totals)


def test_real_school_numbers_are_those_of_the_crosswalk(real_warehouse: Path) -> None:
    crosswalk = rows(
        real_warehouse,
        "select school_id_state, school_id_nces, lea_id_nces "
        "from intermediate.int_school_crosswalk where state = 'NH'",
    )
    printed = rows(
        real_warehouse,
        "select school_id_state, school_id_nces, lea_id_nces "
        "from intermediate.int_enrollments_conformed where school_year = 2017 "
        "and extract = 'enrollment_school' and grade = '12' and level = 'school'",
    )
    assert len(set(crosswalk)) == 94
    assert set(crosswalk) <= set(printed)


def test_a_real_district_number_is_one_district_in_a_file(real_warehouse: Path) -> None:
    shared = rows(
        real_warehouse,
        "select school_year, lea_name, lea_id_state "
        "from intermediate.int_enrollments_conformed where level = 'lea' "
        "and grade = 'all' and regexp_matches(lea_name, 'Newfound|Pasquaney|PACE') "
        "and school_year in (2012, 2017) order by all",
    )
    assert shared == [
        (2012, "Newfound Area", "388"),
        # By its name, which later files print beside a number of its own.
        (2012, "PACE Career Academy Charter School", "728"),
        (2012, "Pasquaney", None),
        (2017, "Newfound Area", "388"),
        (2017, "PACE Career Academy Charter School", "728"),
        (2017, "Pasquaney", None),
    ]
