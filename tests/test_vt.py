"""Vermont: one report in two forms, rates as proportions, schools by name alone.

What the state's own files say is pinned from the files themselves; the sample's truth
is read through Great Expectations and dbt.
"""

import csv
import shutil
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
import staged

import vt
import vt_broken
from common_metrics.contracts.model import load_contracts
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Delivery, Lake
from common_metrics.landing import receiving
from common_metrics.warehouse import build
from edfacts import CROSSWALK, crosswalk_row
from records import as_csv
from world import World

FIXTURES = Path(__file__).parent / "fixtures"
KEYS = [key for key in load_contracts() if key.startswith("vt/")]
HOUR = "2026-03-01T06:00:00+00:00"
WORLD = World(2014)
REPORT, TWIN = "vt/enrollment_report", "vt/enrollment_report_csv"
PLACE = (
    "extract, case level when 'lea' then lea_id_state end, school_id_nces, "
    "school_id_state, school_name, school_year"
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


def put(drop: Path, path: str, content: bytes) -> None:
    """Write one file below the drop folder."""
    file = drop / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def dbt_build(lake: Lake) -> Path:
    """Build what the tests look at, with its tests, and return the warehouse."""
    build.write_inputs(lake)
    # Of the tests, those whose models are all built.
    cautious = ["--indirect-selection", "cautious"]
    wanted = ["+int_outcomes_current", "+int_enrollments_current"]
    wanted += ["grades", "+schools_unmatched"]
    wanted += ["test_name:vermont_report_twins_agree"]
    done = build.dbt(lake, "build", *cautious, "--select", *wanted)
    assert done.returncode == 0, done.stdout
    return lake.build()


def query(warehouse: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def cells(lake: Lake, delivery: Delivery, stage: str = "validated") -> list[dict]:
    """The rows of a delivery at one stage."""
    return pq.read_table(lake.rows(stage, delivery)).to_pylist()


# Landing


def test_the_fixtures_land_whole(tmp_path: Path) -> None:
    for key in KEYS:
        folder = Path(load_contracts()[key].landing.drop[0]).parent
        shutil.copytree(FIXTURES / key, tmp_path / "drop" / folder, dirs_exist_ok=True)
    found = list(bring(Lake(tmp_path / "lake"), tmp_path / "drop", KEYS))
    assert {d.key for d in found} == set(KEYS)
    assert {(d.status, d.rows_quarantined) for d in found} == {("validated", 0)}


def test_a_row_of_the_report_knows_its_county_union_and_grades(tmp_path: Path) -> None:
    (file,) = (FIXTURES / REPORT).iterdir()
    put(tmp_path, f"vt_enrollment/{file.name}", file.read_bytes())
    lake = Lake(tmp_path / "lake")
    (delivery,) = bring(lake, tmp_path, [REPORT])
    found = cells(lake, delivery)
    named = {
        (r["county_name"], r["lea_name"], r["district_name"], r["school_name"])
        for r in found
    }
    union, school = "Elder Notch SU", "Elder Notch UHSD #81 (School)"
    assert named == {
        (None, None, None, "Statewide Total"),
        ("Elder County", union, union, union),
        ("Elder County", union, "Quarry", "Quarry Elementary School"),
        ("Elder County", union, "Elder Notch UHSD #81 (District)", school),
        ("Notch County", "Interstate SD", "Interstate", "Interstate Academy"),
    }
    printed = {
        r["grade_label"]: r["student_count"]
        for r in found
        if r["school_name"] == school
    }
    assert printed == {
        **{"9th": "1,000", "10th": "98", "EU": "1", "SU": "3", "AW": "1", "PD": "1"},
        "Total": "1,104",
    }
    assert {r["_school_year"] for r in found} == {2006}


def test_a_year_of_each_row_is_that_of_its_column_or_cell(tmp_path: Path) -> None:
    for key in ("vt/head_count", "vt/postsecondary", "vt/student_information"):
        folder = Path(load_contracts()[key].landing.drop[0]).parent
        shutil.copytree(FIXTURES / key, tmp_path / folder)
    lake = Lake(tmp_path / "lake")
    keys = ["vt/head_count", "vt/postsecondary", "vt/student_information"]
    years = defaultdict(set)
    for delivery in bring(lake, tmp_path, keys):
        years[delivery.file] = {r["_school_year"] for r in cells(lake, delivery)}
    assert years == {
        "vt_enrollment/K12headcount_school.csv": {2012, 2013},
        "vt_postsecondary/vt_postsecondary_2013.csv": {2012, 2013},
        "vt_postsecondary/vt_pse_school.csv": {2011},
        "vt_student_information/edu-student-information-1-1-2025.xlsx": {
            *(2007, 2016, 2022, 2024),
        },
    }


# The sample


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(tmp_path_factory.mktemp("vt") / "lake")


@pytest.fixture(scope="module")
def brought(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> list[Delivery]:
    """The records of Vermont's part of the sample, beside the crosswalk."""
    drop = tmp_path_factory.mktemp("vt") / "drop"
    for sent in vt.deliveries(WORLD):
        put(drop, sent.path, sent.content)
    schools = [crosswalk_row(s) for s in WORLD.open_in(2014, "VT")]
    put(drop, "crosswalk/hs_crosswalk.csv", as_csv([CROSSWALK, *schools], "\r\n"))
    return list(bring(lake, drop, [*KEYS, "nessc/school_crosswalk"]))


@pytest.fixture(scope="module")
def warehouse(lake: Lake, brought: list[Delivery]) -> Path:
    assert {d.status for d in brought} == {"validated"}
    return dbt_build(lake)


def test_each_planted_row_is_quarantined_and_no_other(
    lake: Lake, brought: list[Delivery]
) -> None:
    moved = [
        (d.file, row["_source_row"])
        for d in brought
        for row in cells(lake, d, "quarantine")
    ]
    planted = [f for sent in vt.deliveries(WORLD) for f in sent.faults]
    assert sorted(moved) == sorted((f.file, f.row) for f in planted)
    assert {f.what for f in planted} == {
        *("lost_code", "letter_in_count", "unknown_label", "per_cent"),
        *("rate_above_100", "unknown_indicator"),
    }


def test_a_row_that_stands_twice_counts_once(brought: list[Delivery]) -> None:
    (tests,) = (d for d in brought if d.key == "vt/assessment")
    assert tests.rows_duplicate == 1


SAYS = {
    "html": "a file of another kind under its name",
    "cut_workbook": "one that was cut on the way",
    "no_year": "a line above the header that says what this is",
    "moved_columns": "additional columns: ",
    "renamed_code": 'one of "ORGID"',
    "renamed_value": 'one of "SchoolValue"',
    "per_cent": "Expected a proportion from 0 to 1",
}


def test_each_broken_delivery_is_refused_for_what_is_wrong(tmp_path: Path) -> None:
    broken = list(vt_broken.deliveries(WORLD))
    for sent in broken:
        put(tmp_path / "drop", sent.path, sent.content)
    found = {d.file: d for d in bring(Lake(tmp_path / "lake"), tmp_path / "drop", KEYS)}
    assert found.keys() == {sent.path for sent in broken}
    assert {f.what for sent in broken for f in sent.faults} == SAYS.keys()
    for (fault,) in (sent.faults for sent in broken):
        assert found[fault.file].status == "refused"
        assert SAYS[fault.what] in found[fault.file].message


def number(cell: object) -> Decimal | None:
    return None if cell in ("", None) else Decimal(str(cell))


def test_the_rates_of_the_sample_equal_its_truth(warehouse: Path) -> None:
    held = query(
        warehouse,
        f"select {PLACE}, metric_id, student_group, value_status, numerator, "
        "denominator, value_pct from intermediate.int_outcomes_current "
        "where provider = 'vt'",
    )
    truth = [
        (
            *(o.extract, o.lea_id_state, o.school_id_nces, o.school_id_state),
            *(o.school_name, o.school_year, o.metric_id, o.student_group),
            *(o.value_status, o.numerator, o.denominator, o.value_pct),
        )
        for sent in vt.deliveries(WORLD)
        for o in sent.outcomes
    ]
    assert len(held) == len(truth) == 140
    assert {comparable(row, 9) for row in held} == {comparable(t, 9) for t in truth}


def comparable(row: tuple, names: int) -> tuple:
    """Text as text and numbers as numbers, nothing where there is neither."""
    return (*(str(c or "") for c in row[:names]), *map(number, row[names:]))


def test_the_head_counts_of_the_sample_equal_its_truth(warehouse: Path) -> None:
    held = query(
        warehouse,
        "select extract, case when level <> 'state' then lea_id_state end, "
        "school_id_nces, school_id_state, school_name, school_year, grade, "
        "student_group, value_status, student_count "
        "from intermediate.int_enrollments_current where provider = 'vt'",
    )
    truth = [
        (
            *(h.extract, h.lea_id_state, h.school_id_nces, h.school_id_state),
            *(h.school_name, h.school_year, h.grade, h.student_group),
            *(h.value_status, h.student_count),
        )
        for sent in vt.deliveries(WORLD)
        for h in sent.head_counts
    ]
    assert len(held) == len(truth) == 188
    assert {comparable(row, 9) for row in held} == {comparable(t, 9) for t in truth}


def test_a_school_of_an_unknown_name_is_listed(warehouse: Path) -> None:
    unmatched = query(
        warehouse,
        "select distinct school_name from marts.schools_unmatched "
        "where provider = 'vt' and school_id_state is null",
    )
    assert unmatched == [("Two Rivers UHSD #94 (School)",)]


# The state's own files


@pytest.fixture(scope="module")
def real_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(tmp_path_factory.mktemp("vt_real") / "lake")


@pytest.fixture(scope="module")
def real(real_lake: Lake, real_data: Path) -> list[Delivery]:
    return list(bring(real_lake, real_data, [*KEYS, "nessc/school_crosswalk"]))


def test_every_real_file_lands_whole(real: list[Delivery], real_data: Path) -> None:
    files = {f"vt_enrollment/{f.name}" for f in (real_data / "vt_enrollment").iterdir()}
    landed = {d.file for d in real}
    assert len(files) == 33
    assert landed == files | {
        "published/vt_pse_school.csv",
        "crosswalk/hs_crosswalk_2016_17.csv",
    }
    assert {(d.status, d.rows_quarantined, d.rows_duplicate) for d in real} == {
        ("validated", 0, 0)
    }


def test_the_two_forms_of_the_report_say_the_same(
    real_lake: Lake, real: list[Delivery]
) -> None:
    names = ("county_name", "lea_name", "district_name", "school_name", "grade_label")
    lineage = ("_school_year", "_source_row", "student_count")
    forms = [
        [
            tuple(row[n] for n in names + lineage)
            for d in real
            if d.key == key
            for row in cells(real_lake, d)
        ]
        for key in (REPORT, TWIN)
    ]
    assert len(forms[0]) == 40_930
    assert forms[0] == forms[1]


def reports(real_lake: Lake, real: list[Delivery]) -> dict[tuple[int, str], dict]:
    """Students by grade of each year and school of the real reports."""
    found: dict[tuple[int, str], dict] = defaultdict(dict)
    for delivery in (d for d in real if d.key == REPORT):
        for row in cells(real_lake, delivery):
            count = int(row["student_count"].replace(",", ""))
            place = row["_school_year"], row["school_name"]
            # A school that stood twice in one year would overwrite itself.
            assert row["grade_label"] not in found[place]
            found[place][row["grade_label"]] = count
    return found


def head_counts(real_lake: Lake, real: list[Delivery]) -> dict[str, dict[int, int]]:
    """Head counts of each code and year."""
    (delivery,) = (d for d in real if d.key == "vt/head_count")
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for row in cells(real_lake, delivery):
        count = int(row["student_count"])
        found[row["school_id_state"]][row["_school_year"]] = count
    return found


def k_to_12(grades: dict[str, int]) -> int:
    """Students of kindergarten to grade 12."""
    left = ("PK/EEE", "EU", "SU", "AW", "PD", "Total")
    return sum(count for label, count in grades.items() if label not in left)


def test_in_each_row_the_grades_add_up(real_lake: Lake, real: list[Delivery]) -> None:
    for grades in reports(real_lake, real).values():
        assert sum(grades.values()) == 2 * grades["Total"]


# Findings: how far the rows of the schools lie from the printed statewide total. In
# 2013-14 and 2014-15 a school of Windham County is in no row and in every total.
SHORT = {2004: 10, 2005: 6, 2006: 7, 2007: 4, 2008: 3, 2013: 1, 2014: -318, 2015: -321}


def test_where_the_schools_are_not_the_state(
    real_lake: Lake, real: list[Delivery]
) -> None:
    state, schools = {}, defaultdict(int)
    for (year, name), grades in reports(real_lake, real).items():
        if name == "Statewide Total":
            state[year] = grades["Total"]
        else:
            schools[year] += grades["Total"]
    assert len(state) == 16
    assert {y: schools[y] - state[y] for y in state if schools[y] != state[y]} == SHORT


def test_every_high_school_of_the_crosswalk_is_in_the_head_count(
    real_lake: Lake, real: list[Delivery], real_data: Path
) -> None:
    (file,) = (real_data / "crosswalk").iterdir()
    with file.open(newline="") as stream:
        codes = {
            row["state_published_school_code"]
            for row in csv.DictReader(stream)
            if row["state"] == "VT"
        }
    counted = head_counts(real_lake, real)
    assert len(codes) == 60
    assert {code for code in codes if 2017 in counted[code]} == codes


def test_each_alias_by_head_count_has_the_evidence_that_it_names(
    real_lake: Lake, real: list[Delivery]
) -> None:
    seed = build.DBT_PROJECT / "seeds/school_name_aliases.csv"
    with seed.open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["state"] == "VT"]
    by_count = [row for row in rows if "equals the head count" in row["reason"]]
    assert (len(by_count), len(rows)) == (94, 124)
    printed, counted = reports(real_lake, real), head_counts(real_lake, real)
    for row in by_count:
        counts = {
            year: k_to_12(grades)
            for (year, name), grades in printed.items()
            if name == row["printed_name"] and 2012 <= year <= 2017
        }
        equal = [
            c for c, by_year in counted.items() if counts.items() <= by_year.items()
        ]
        assert counts
        assert equal == [row["school_id_state"]]


@pytest.fixture(scope="module")
def real_warehouse(real_lake: Lake, real: list[Delivery]) -> Path:
    return dbt_build(real_lake)


def test_the_head_count_is_kindergarten_to_grade_12(real_warehouse: Path) -> None:
    compared = query(
        real_warehouse,
        """
        select report.students = counts.student_count, count(*)
        from (
            select school_id_state, school_year, sum(student_count) as students
            from intermediate.int_enrollments_conformed
            where extract = 'enrollment_report' and level = 'school'
            and grade not in ('PK', 'UG', 'AW', 'PG', 'all')
            group by all
        ) as report
        inner join intermediate.int_enrollments_conformed as counts
            on counts.extract = 'head_count'
            and report.school_id_state = counts.school_id_state
            and report.school_year = counts.school_year
        group by all
        """,
    )
    assert compared == [(True, 1792)]


def test_names_that_nothing_explains_are_listed(real_warehouse: Path) -> None:
    unmatched = query(
        real_warehouse,
        "select extract, count(*), count(*) filter (is_high_school) "
        "from marts.schools_unmatched where provider = 'vt' "
        "and school_id_state is null group by all order by all",
    )
    assert unmatched == [("enrollment_report", 28, 3), ("postsecondary", 3, 3)]


def test_the_printed_college_rates_are_read(real_warehouse: Path) -> None:
    state = query(
        real_warehouse,
        "select school_year, value_pct from intermediate.int_outcomes_current "
        "where extract = 'postsecondary' and level = 'state' order by all",
    )
    assert [(y, float(v)) for y, v in state] == [(2011, 59.2), (2012, 58.7), (2013, 60)]
    marks = query(
        real_warehouse,
        "select value_status, count(*) from intermediate.int_outcomes_current "
        "where extract = 'postsecondary' group by all order by all",
    )
    assert marks == [("reported", 101), ("suppressed", 10)]
