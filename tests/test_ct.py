"""Connecticut's exports beyond schools' rates of graduation and college entrance."""

import csv
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from batches import receive_all
from conftest import FIXTURES
from staged import land, validate

from common_metrics.contracts.model import Contract
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Delivery, Lake
from common_metrics.warehouse import build

GENERATOR = Path(__file__).parent / "sample/generate.py"
LANDED_AT = "2021-03-01T06:00:00+00:00"
HEAD_COUNTS = (
    *("ct/enrollment", "ct/enrollment_export", "ct/enrollment_status"),
    *("ct/enrollment_status_state", "ct/enrollment_trend"),
)
RATES = (
    *("ct/chronic_absence", "ct/chronic_absence_district"),
    *("ct/graduation_4yr_district", "ct/graduation_5yr_district"),
    *("ct/graduation_6yr_district", "ct/science", "ct/science_state"),
    *("ct/sat", "ct/smarter_balanced"),
)
KEYS = (*HEAD_COUNTS, *RATES)


def take(contract: Contract, drop: Path, name: str, lake: Lake) -> Delivery | str:
    """Land and validate one file; return its record, or why it was refused."""
    try:
        delivery = land(contract, drop, name, lake, LANDED_AT)
        if delivery.status == "validated":
            return delivery
        return validate(contract, delivery, lake)
    except DeliveryRefused as error:
        return str(error)


def take_all(
    keys: tuple[str, ...], drop: Path, lake: Lake
) -> dict[str, Delivery | str]:
    """Land and validate every file that the contracts ask for."""
    return {
        each.delivery.file: str(each.refusal) if each.refusal else each.delivery
        for each in receive_all(lake, drop, keys, LANDED_AT)
    }


def built(lake: Lake) -> duckdb.DuckDBPyConnection:
    """The warehouse of a lake; what dbt tests was tested."""
    return duckdb.connect(str(build.build(lake)), read_only=True)


def staged(lake: Lake, where: str) -> duckdb.DuckDBPyConnection:
    """The staging models alone of a lake."""
    build.write_inputs(lake)
    done = build.dbt(lake, "build", "--quiet", "--select", where)
    assert done.returncode == 0, done.stdout
    return duckdb.connect(str(lake.build()), read_only=True)


# The fixtures


def layout_rows(lake: Lake, delivery: Delivery) -> list[dict[str, object]]:
    return pq.read_table(lake.rows("validated", delivery)).to_pylist()


@pytest.fixture(scope="module")
def fixture_lake(
    tmp_path_factory: pytest.TempPathFactory, contracts: dict[str, Contract]
) -> Iterator[tuple[Lake, dict[str, list[Delivery | str]]]]:
    """Every fixture, landed where its contract looks for it."""
    folder = tmp_path_factory.mktemp("fixtures")
    lake, taken = Lake(folder / "lake"), {}
    for key in KEYS:
        for file in sorted((FIXTURES / key).iterdir()):
            place = Path(contracts[key].landing.drop[0].replace("*", "x")).parent
            target = folder / "drop" / place / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
            name = target.relative_to(folder / "drop").as_posix()
            record = take(contracts[key], folder / "drop", name, lake)
            taken.setdefault(key, []).append(record)
    return lake, taken


@pytest.mark.parametrize("key", KEYS)
def test_a_contract_reads_its_fixtures_in_every_layout(fixture_lake, contracts, key):
    lake, taken = fixture_lake
    assert all(isinstance(record, Delivery) for record in taken[key]), taken[key]
    assert sum(record.rows_quarantined for record in taken[key]) == 0
    assert not any(record.additional_columns for record in taken[key])
    rows = [row for record in taken[key] for row in layout_rows(lake, record)]
    assert {row["_layout"] for row in rows} <= set(contracts[key].layouts)
    if not key.startswith("ct/graduation") and key != "ct/enrollment_trend":
        assert {row["_layout"] for row in rows} == set(contracts[key].layouts)


@pytest.fixture(scope="module")
def cells(fixture_lake) -> duckdb.DuckDBPyConnection:
    return staged(fixture_lake[0], "path:models/staging/ct")


HEADS = {  # extract, place, year, grade, label: count and status
    ("enrollment", "9016111", 2017, "09", "All Students"): (110, "reported"),
    ("enrollment", "9015111", 2017, "PK", "All Students"): (12, "reported"),
    ("enrollment", "9026122", 2017, "09", "All Students"): (None, "suppressed"),
    ("enrollment", "9016111", 2017, "all", "Non-Subsidized"): (300, "reported"),
    ("enrollment", "9016111", 2017, "all", "Reduced"): (20, "reported"),
    ("enrollment", "9016111", 2017, "all", "Two or More Races"): (10, "reported"),
    ("enrollment", "9016111", 2009, "all", "Not Reported"): (0, "reported"),
    ("enrollment", "9016111", 2009, "all", "White"): (290, "reported"),
    ("enrollment", None, 2017, "09", "Female"): (1400, "reported"),
    ("enrollment", None, 2017, "09", "All Students"): (2900, "reported"),
    ("enrollment", None, 2017, "all", "Asian"): (1300, "reported"),
    ("enrollment", None, 2017, "all", "Free"): (1300, "reported"),
    ("enrollment_status", "9016111", 2017, "all", "English Learner Status: Yes"): (
        *(25, "reported"),
    ),
    ("enrollment_status", "9016111", 2017, "all", "Special Education Status: No"): (
        *(360, "reported"),
    ),
    ("enrollment_status_state", None, 2017, "all", "Special Education Status: Yes"): (
        *(750, "reported"),
    ),
    ("enrollment_status_state", None, 2017, "all", "White"): (4100, "reported"),
    ("enrollment_trend", None, 2016, "all", "All Students"): (5500, "reported"),
    ("enrollment_trend", None, 2017, "all", "English Learner Status: No"): (
        *(5200, "reported"),
    ),
    ("enrollment_export", "9016111", 2024, "all", "Asian"): (31, "reported"),
    ("enrollment_export", "9016111", 2024, "all", "White"): (0, "reported"),
    ("enrollment_export", "9026122", 2024, "all", "Asian"): (None, "suppressed"),
}


@pytest.mark.parametrize("cell", HEADS, ids=lambda cell: " ".join(map(str, cell)))
def test_a_head_count_is_read_from_its_cell(cells, cell):
    extract, *place = cell
    found = cells.execute(
        f"select distinct student_count, value_status from staging.stg_ct__{extract} "
        "where school_id_state is not distinct from ? and school_year = ? "
        "and grade = ? and student_group_label = ?",
        place,
    ).fetchall()
    assert found == [HEADS[cell]]


def test_a_cell_of_two_groups_is_no_head_count(cells):
    labels = cells.execute(
        "select student_group_label, count(*) from staging.stg_ct__enrollment "
        "where level = 'state' and source_file like '%race_ethnicity-by-gender%' "
        "group by all order by all"
    ).fetchall()
    assert labels == [
        ("All Students", 1),
        ("Asian", 1),
        ("Female", 1),
        ("Male", 1),
        ("White", 1),
    ]


def test_the_portal_s_name_is_split_into_name_and_code(cells):
    names = cells.execute(
        "select distinct school_name, school_id_state from "
        "staging.stg_ct__enrollment_export order by all"
    ).fetchall()
    assert names == [("Quarry High School", "9016111"), SALTMARSH]


SALTMARSH = ("Saltmarsh (Upper) Academy", "9026122")
OUTCOMES = {  # extract, level, year, metric, label: counts, rate, status
    ("chronic_absence", "school", 2016, "chronic_absence_k12", "Grade 9"): (
        *(None, None, 9.8, "reported"),
    ),
    ("chronic_absence", "state", 2016, "chronic_absence_k12", "ELL"): (
        *(None, None, 15.0, "reported"),
    ),
    (
        "chronic_absence_district",
        "state",
        2018,
        "chronic_absence_k12",
        "All Students",
    ): (*(None, None, 10.7, "reported"),),
    (
        "chronic_absence_district",
        "state",
        2019,
        "chronic_absence_k12",
        "All Students",
    ): (*(5200, None, 10.4, "reported"),),
    ("chronic_absence_district", "lea", 2018, "chronic_absence_k12", "Grade 9"): (
        *(None, None, 8.4, "reported"),
    ),
    (
        "chronic_absence_district",
        "lea",
        2019,
        "chronic_absence_k12",
        "Hispanic/Latino of any race",
    ): (*(32, None, 16.8, "reported"),),
    ("chronic_absence_district", "state", 2019, "chronic_absence_k12", "ELL"): (
        *(708, None, 17.5, "reported"),
    ),
    ("graduation_4yr_district", "lea", 2019, "acgr_4yr", "Special Education"): (
        *(9, 17, None, "suppressed"),
    ),
    ("sat", "lea", 2016, "proficiency_math_sat_ct", "All Students"): (
        *(17, 59, 28.8, "reported"),
    ),
    ("sat", "lea", 2016, "proficiency_ela_sat_ct", "Non-High Needs"): (
        *(31, 39, 79.5, "reported"),
    ),
    ("sat", "state", 2016, "proficiency_math_sat_ct", "All Students"): (
        *(1487, 3781, 39.3, "reported"),
    ),
    ("smarter_balanced", "school", 2015, "proficiency_ela_sbac", "Grade 11"): (
        *(67, 97, 69.1, "reported"),
    ),
    ("smarter_balanced", "state", 2015, "proficiency_math_sbac", "Grade 11"): (
        *(290, 790, 36.7, "reported"),
    ),
    ("science_state", "state", 2016, "proficiency_science_cmt_capt", "Grade 8"): (
        *(570, 950, 60.0, "reported"),
    ),
    ("science_state", "state", 2016, "proficiency_science_cmt_capt", "All Students"): (
        *(1580, 2840, 55.6, "reported"),
    ),
    ("graduation_4yr_district", "state", 2015, "still_enrolled_4yr", "All Students"): (
        *(180, 3000, 6.0, "reported"),
    ),
    ("graduation_5yr_district", "lea", 2014, "still_enrolled_5yr", "Non-ELL"): (
        *(7, 119, 5.9, "reported"),
    ),
    ("graduation_5yr_district", "lea", 2014, "still_enrolled_5yr", "ELL"): (
        *(None, None, None, "not_applicable"),
    ),
}


@pytest.mark.parametrize("cell", OUTCOMES, ids=lambda cell: " ".join(map(str, cell)))
def test_a_rate_is_read_from_its_cell(cells, cell):
    extract, *what = cell
    found = cells.execute(
        "select numerator, denominator, cast(value_pct as double), value_status "
        f"from staging.stg_ct__{extract} where level = ? and school_year = ? "
        "and metric_id = ? and student_group_label = ?",
        what,
    ).fetchall()
    assert found == [OUTCOMES[cell]]


def test_a_district_has_neither_a_school_nor_the_state_s_name(cells):
    for extract in ("chronic_absence_district", "graduation_4yr_district"):
        rows = cells.execute(
            "select distinct level, lea_name, lea_id_state, school_id_state "
            f"from staging.stg_ct__{extract} order by all"
        ).fetchall()
        assert ("state", None, None, None) in rows
        assert ("lea", "Quarry School District", "9010011", None) in rows
        assert all(school is None for *_, school in rows)
    assert ("lea", "Quarry School District", None, None) in rows  # 2014-15: no code


# What must not get through


def change(content: bytes, was: bytes, now: bytes) -> bytes:
    changed = content.replace(was, now)
    assert changed != content, f"nothing to change: {was!r}"
    return changed


REFUSED = {  # key, fixture, was, now, part of the message
    "a title of other groups": (
        "ct/enrollment_status",
        "all-schools_ell",
        b"and English Learner Status",
        b"and Homeless Status",
        "a title that says what No and Yes stand for",
    ),
    "No and Yes swapped": (
        "ct/enrollment_status",
        "all-schools_ell",
        b'"No","Yes"',
        b'"Yes","No"',
        "a header row as the contract has it",
    ),
    "No and Yes swapped by the state": (
        "ct/enrollment_status_state",
        "by-ell_ct",
        b'"No","Yes"',
        b'"Yes","No"',
        "a header row as the contract has it",
    ),
    "levels in another order": (
        "ct/science",
        "all-students_10",
        b'"Below Basic",,"Basic"',
        b'"Basic",,"Below Basic"',
        "a row of names as the contract has it above the header",
    ),
    "a science column renamed": (
        "ct/science_state",
        "all-students_8_ct",
        b'"Total NumberTested"',
        b'"Number Tested"',
        "a header row as the contract has it",
    ),
    "a grade in which no science is tested": (
        "ct/science_state",
        "all-students_8_ct",
        b"Grade 8",
        b"Grade 7",
        "a grade in which science is tested",
    ),
    "a % that is none": (
        "ct/smarter_balanced",
        "all-schools_ela-and-math_all-students_all-grades-combined",
        b'"Level 1 Not Met  Count","%"',
        b'"Level 1 Not Met  Count","Share"',
        '"Level 1 Not Met Count > %"',
    ),
    "a district file without codes": (
        "ct/graduation_5yr_district",
        "all-students_grad",
        b'"District","District Code"',
        b'"District","Remarks"',
        'additional columns: "Remarks"',
    ),
    "absence without its rate": (
        "ct/chronic_absence_district",
        "2018-19_all-students.csv",
        b'"%"',
        b'"Percent"',
        "a column for absent_pct",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_that_is_not_understood_is_refused(contracts, drop, lake, kind):
    key, part, was, now, says = REFUSED[kind]
    (file,) = (f for f in (FIXTURES / key).iterdir() if part in f.name)
    target = drop / Path(contracts[key].landing.drop[0]).parent / file.name
    target.parent.mkdir(parents=True)
    target.write_bytes(change(file.read_bytes(), was, now))
    name = target.relative_to(drop).as_posix()
    message = take(contracts[key], drop, name, lake)
    assert isinstance(message, str) and says in message
    assert not list(lake.validated.rglob("*.parquet"))


# The sample


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample")
    command = [sys.executable, str(GENERATOR), str(out), "--faults", "all"]
    subprocess.run(command, check=True)
    return out


Taken = tuple[Lake, dict[str, Delivery | str]]


@pytest.fixture(scope="module")
def sampled(
    tmp_path_factory: pytest.TempPathFactory,
    sample: Path,
    contracts: dict[str, Contract],
) -> Taken:
    """The sample's files of these extracts, and the crosswalk."""
    lake = Lake(tmp_path_factory.mktemp("sampled"))
    keys = (*KEYS, "nessc/school_crosswalk")
    return lake, take_all(keys, sample / "extracts", lake)


def truth(sample: Path, name: str) -> list[dict[str, str]]:
    with (sample / "truth" / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_planted_fault_is_caught_and_nothing_else(sample, sampled):
    lake, taken = sampled
    planted = [f for f in truth(sample, "faults") if f["file"] in taken]
    refused = {n for n, record in taken.items() if isinstance(record, str)}
    assert refused == {f["file"] for f in planted if "refused" in f["expected"]}
    assert len(refused) == 7
    quarantined = {
        (name, str(row["_source_row"]))
        for name, record in taken.items()
        if isinstance(record, Delivery) and record.rows_quarantined
        for row in pq.read_table(lake.rows("quarantine", record)).to_pylist()
    }
    rows = {(f["file"], f["row"]) for f in planted if "quarantined" in f["expected"]}
    assert quarantined == rows and len(rows) == 3


def test_a_broken_delivery_is_refused_for_what_is_broken(sampled):
    says = {
        "other_title": "a title that says what No and Yes stand for",
        "swapped_status": "a header row as the contract has it",
        "new_grade_column": "a column for grade_pk_count",
        "no_year": "a line above the header that says what this is",
        "renamed_rate": "a column for absent_pct",
        "one_percent_too_few": "a column for level_1_pct",
        "levels_in_another_order": "a row of names as the contract has it",
    }
    found = {
        re.search(r"_broken_(\w+)\.", name)[1]: record
        for name, record in sampled[1].items()
        if "_broken_" in name
    }
    assert found.keys() == says.keys()
    for kind, message in found.items():
        assert isinstance(message, str) and says[kind] in message, kind


@pytest.fixture(scope="module")
def warehouse(sampled: Taken) -> duckdb.DuckDBPyConnection:
    return built(sampled[0])


# Equal cohorts in the federal file, which is not here, give this school its id.
TWIN = "099900700008"


def text(value: object) -> str:
    return "" if value is None else str(value)


def test_the_warehouse_holds_the_planted_rates(sample, warehouse):
    extracts = {key.split("/")[1] for key in RATES}
    planted = Counter(
        tuple(cell.replace(TWIN, "") for cell in row.values())
        for row in truth(sample, "outcomes")
        if row["provider"] == "ct" and row["extract"] in extracts
    )
    held = warehouse.execute(
        "select provider, extract, state, case when level = 'school' then "
        "school_id_nces end, school_id_state, school_name, school_year, metric_id, "
        "student_group, numerator, denominator, "
        "cast(cast(value_pct as decimal(9, 1)) as varchar), null, null, value_status, "
        "case when level = 'lea' then lea_id_state end "
        "from intermediate.int_outcomes_current where provider = 'ct'"
    ).fetchall()
    assert Counter(tuple(map(text, row)) for row in held) == planted
    assert len(planted) > 150


def test_the_warehouse_holds_the_planted_head_counts(sample, warehouse):
    planted = Counter(
        tuple(cell.replace(TWIN, "") for cell in row.values())
        for row in truth(sample, "enrollments")
        if row["provider"] == "ct"
    )
    held = warehouse.execute(
        "select provider, extract, state, null, school_id_nces, school_id_state, "
        "school_name, school_year, grade, student_group, student_count, value_status "
        "from intermediate.int_enrollments_current where provider = 'ct'"
    ).fetchall()
    assert Counter(tuple(map(text, row)) for row in held) == planted
    assert len(planted) > 500


def test_districts_are_in_no_table_of_schools_or_states(warehouse):
    districts = warehouse.execute(
        "select distinct school_key from intermediate.int_outcomes_current "
        "where level = 'lea'"
    ).fetchall()
    assert len(districts) == 11
    for table in ("published.school_outcomes", "marts.dim_school"):
        (schools,) = warehouse.execute(
            f"select list(distinct school_key) from {table}"
        ).fetchone()
        assert schools and not set(schools) & {key for (key,) in districts}
    doubled = warehouse.execute(
        "select audience, school_year, metric_id, student_group "
        "from published.state_outcomes "
        "where state = 'CT' and is_preferred group by all having count(*) > 1"
    ).fetchall()
    assert doubled == []


# The publisher's own files


@pytest.fixture(scope="module")
def real_taken(
    tmp_path_factory: pytest.TempPathFactory,
    real_data: Path,
    contracts: dict[str, Contract],
) -> Taken:
    lake = Lake(tmp_path_factory.mktemp("real"))
    graduation = tuple(f"ct/graduation_{years}yr" for years in (4, 5, 6))
    return lake, take_all((*KEYS, *graduation), real_data, lake)


def test_every_real_file_lands_and_no_row_is_quarantined(real_taken, contracts):
    found: dict[str, list[int]] = {}
    for name, record in real_taken[1].items():
        assert isinstance(record, Delivery), (name, record)
        assert not record.additional_columns and not record.rows_duplicate
        sums = found.setdefault(record.key, [0, 0, 0])
        sums[0] += 1
        sums[1] += record.rows_validated
        sums[2] += record.rows_quarantined
    assert {key: tuple(sums) for key, sums in found.items() if key in KEYS} == {
        "ct/chronic_absence": (56, 92_075, 0),
        "ct/chronic_absence_district": (28, 14_325, 0),
        "ct/enrollment": (72, 54_833, 0),
        "ct/enrollment_export": (1, 105, 0),
        "ct/enrollment_status": (18, 21_824, 0),
        "ct/enrollment_status_state": (18, 138, 0),
        "ct/enrollment_trend": (6, 138, 0),
        # Eight more have the bytes of one of these.
        "ct/graduation_4yr_district": (123, 19_209, 0),
        "ct/graduation_5yr_district": (91, 14_386, 0),
        "ct/graduation_6yr_district": (70, 11_156, 0),
        "ct/sat": (3, 878, 0),
        "ct/science": (4, 2_247, 0),
        "ct/science_state": (4, 4, 0),
        "ct/smarter_balanced": (8, 15_923, 0),
    }


@pytest.fixture(scope="module")
def real(real_taken: Taken) -> duckdb.DuckDBPyConnection:
    return staged(real_taken[0], "path:models/staging/ct")


def union(*extracts: str) -> str:
    """A query of several staging models together."""
    return " union all by name ".join(
        f"select * from staging.stg_ct__{extract}" for extract in extracts
    )


ENROLLMENT = union(*(key.split("/")[1] for key in HEAD_COUNTS[:1] + HEAD_COUNTS[2:]))
GRADUATION = tuple(f"graduation_{n}yr{d}" for n in (4, 5, 6) for d in ("", "_district"))


def test_printed_parts_add_up_to_the_printed_total(real):
    rows = f"""
        select
            source_file,
            source_row,
            bool_and(value_status = 'reported') as is_complete,
            sum(student_count) filter (
                where grade <> 'all' or student_group_label <> 'All Students'
            ) as parts,
            max(student_count) filter (
                where grade = 'all' and student_group_label = 'All Students'
            ) as total,
        from ({ENROLLMENT})
        where level = 'school'
        group by all
        having count(*) > 1
    """
    complete, wrong = real.execute(
        f"select count(*), count(*) filter (parts <> total) from ({rows}) "
        "where is_complete"
    ).fetchone()
    assert (complete, wrong) == (48_675, 0)


def test_files_that_print_the_same_head_count_agree(real):
    wrong = real.execute(
        f"select level, school_id_state, school_year, grade, student_group_label "
        f"from ({ENROLLMENT}) group by all "
        "having count(distinct (student_count, value_status)) > 1"
    ).fetchall()
    assert wrong == []


def test_the_state_counts_students_of_no_school(real):
    beyond = real.execute(
        f"select school_year, max(student_count) filter (level = 'state') - "
        "sum(student_count) filter (source_file like '%all-schools_all-students%') "
        f"from ({ENROLLMENT}) where grade = 'all' "
        "and student_group_label = 'All Students' group by all order by all"
    ).fetchall()
    assert dict(beyond) == {
        2008: 3996,
        2009: 3993,
        2010: 3963,
        2011: 4180,
        2012: 4034,
        2013: None,  # of this year the trend files alone are there
        2014: 3679,
        2015: 3893,
        2016: 4191,
        2017: 4090,
    }


def test_printed_rates_lie_between_0_and_100(real):
    every = union(*(key.split("/")[1] for key in RATES))
    (wrong, reported) = real.execute(
        "select count(*) filter (value_pct not between 0 and 100), count(value_pct) "
        f"from ({every})"
    ).fetchone()
    assert wrong == 0 and reported > 60_000


def test_rates_follow_from_counts_but_for_one_misprint(real):
    every = union(*(key.split("/")[1] for key in RATES))
    misprints = real.execute(
        "select school_year, level, numerator, denominator, "
        f"cast(value_pct as double) from ({every}) where denominator > 0 and "
        "abs(100.0 * numerator / denominator - value_pct) > 0.0501"
    ).fetchall()
    assert misprints == [(2018, "state", 37_316, 42_234, 88.3)]


def test_the_state_s_row_is_the_same_in_every_file(real):
    every = union(*GRADUATION, "chronic_absence", "chronic_absence_district")
    doubled, contradicted = real.execute(
        "select count(*), count(*) filter (variants > 1) from (select "
        "count(distinct (numerator, denominator, value_pct, value_status)) as variants "
        f"from ({every}) where level = 'state' "
        "group by school_year, metric_id, student_group_label having count(*) > 1)"
    ).fetchone()
    assert (doubled, contradicted) == (321, 0)


def test_two_prints_of_a_district_differ_in_stars_alone(real):
    doubled, starred, contradicted = real.execute(
        "select count(*), count(*) filter (tokens > 1), "
        "count(*) filter (numbers > 1) from (select "
        "count(distinct (numerator, denominator, value_pct)) as tokens, "
        "greatest(count(distinct numerator), count(distinct denominator), "
        "count(distinct value_pct)) as numbers "
        f"from ({union(*GRADUATION)}) where level = 'lea' "
        "group by lea_name, school_year, metric_id, student_group_label "
        "having count(*) > 1)"
    ).fetchone()
    assert (doubled, starred, contradicted) == (2_309, 226, 0)


# Read by eye in the files of districts: of New Haven but where another code is named.
NEW_HAVEN, DANBURY, BRIDGEPORT = "0930011", "0340011", "0150011"
BY_EYE = {
    ("chronic_absence_district", "chronic_absence_k12"): [
        (NEW_HAVEN, 2012, "Grade 9", None, None, 33.6),
        (NEW_HAVEN, 2013, "Grade 9", None, None, 28.3),
        (NEW_HAVEN, 2017, "Grade 9", None, None, 27.0),
        (NEW_HAVEN, 2019, "Grade 9", 470, None, 29.4),
        (BRIDGEPORT, 2013, "Hispanic/Latino of any race", None, None, 27.2),
        (BRIDGEPORT, 2017, "Hispanic/Latino of any race", None, None, 20.3),
        (BRIDGEPORT, 2019, "Hispanic/Latino of any race", 1956, None, 20.7),
        (NEW_HAVEN, 2013, "White", None, None, 12.1),
        (NEW_HAVEN, 2017, "White", None, None, 13.5),
        (NEW_HAVEN, 2019, "White", 331, None, 13.4),
        (None, 2017, "Grade 9", None, None, 12.6),
        (None, 2013, "Two or More Races", None, None, 11.8),
    ],
    ("sat", "proficiency_ela_sat_ct"): [
        (NEW_HAVEN, 2016, "All Students", 448, 1145, 39.1),
        (NEW_HAVEN, 2016, "High Needs", 208, 733, 28.4),
        (NEW_HAVEN, 2016, "Non-High Needs", 240, 412, 58.3),
        (DANBURY, 2016, "All Students", 329, 642, 51.2),
        (DANBURY, 2016, "High Needs", 90, 314, 28.7),
        (None, 2016, "All Students", 24612, 37853, 65.0),
    ],
    ("sat", "proficiency_math_sat_ct"): [
        (NEW_HAVEN, 2016, "All Students", 153, 1145, 13.4),
        (NEW_HAVEN, 2016, "High Needs", 53, 733, 7.2),
        (DANBURY, 2016, "All Students", 158, 641, 24.6),
        (None, 2016, "All Students", 14871, 37816, 39.3),
    ],
    ("graduation_4yr_district", "acgr_4yr"): [
        (NEW_HAVEN, 2019, "Special Education", 163, 277, 58.8),
        (NEW_HAVEN, 2019, "Non-Special Education", 1020, 1185, 86.1),
        (DANBURY, 2019, "Special Education", 70, 118, 59.3),
        (DANBURY, 2019, "Non-Special Education", 557, 672, 82.9),
        (None, 2012, "Non-Special Education", 33394, 37931, 88.0),
        (None, 2012, "Special Education", 3834, 5952, 64.4),
    ],
    ("graduation_4yr_district", "still_enrolled_4yr"): [
        (NEW_HAVEN, 2019, "Special Education", 60, 277, 21.7),
        (DANBURY, 2019, "Non-Special Education", 63, 672, 9.4),
    ],
    ("graduation_4yr_district", "other_noncompletion_4yr"): [
        (NEW_HAVEN, 2019, "Special Education", 54, 277, 19.5),
        (DANBURY, 2019, "Non-Special Education", 52, 672, 7.7),
    ],
}


@pytest.mark.parametrize("of", BY_EYE, ids=" ".join)
def test_cells_of_districts_are_as_they_are_printed(real, of):
    found = set(
        real.execute(
            "select lea_id_state, school_year, student_group_label, numerator, "
            "denominator, cast(value_pct as double) "
            f"from staging.stg_ct__{of[0]} where metric_id = ?",
            [of[1]],
        ).fetchall()
    )
    assert set(BY_EYE[of]) - found == set()


STILL = "Still Enrolled After Four Years"
TIDY = {  # folder and file, staging model, column by variable
    "four_year_all/data/four_year_grad_rate_all_students_2011-2019.csv": (
        "graduation_4yr_district",
        {
            "Total Cohort Count": ("acgr_4yr", "denominator"),
            "Four Year Graduation Count": ("acgr_4yr", "numerator"),
            "Four Year Graduation Rate": ("acgr_4yr", "value_pct"),
            "Still Enrolled After Four Years Count": (
                "still_enrolled_4yr",
                "numerator",
            ),
            STILL + " Rate": ("still_enrolled_4yr", "value_pct"),
            "Other Count": ("other_noncompletion_4yr", "numerator"),
            "Other Rate": ("other_noncompletion_4yr", "value_pct"),
        },
    ),
    "chronic_all/data/chronic_absenteeism_all_students_2012-2020.csv": (
        "chronic_absence_district",
        {"Chronically Absent Students": ("chronic_absence_k12", "value_pct")},
    ),
}


def tidy_cells(file: Path) -> Iterator[tuple[str, int, str, float | None]]:
    """District, year, variable, value (None where suppressed) of the derived file."""
    with file.open(newline="") as lines:
        for row in csv.DictReader(lines):
            if row["Value"] not in ("-6666", "-6666.0"):
                value = (
                    None if row["Value"].startswith("-9999") else float(row["Value"])
                )
                yield row["District"], int(row["Year"][-4:]), row["Variable"], value


@pytest.mark.parametrize("path", TIDY)
def test_districts_equal_what_others_made_of_the_same_files(real, real_data, path):
    extract, variables = TIDY[path]
    printed = {
        (place, year, metric, column): value
        for place, year, metric, *values in real.execute(
            "select case when level = 'state' then 'Connecticut' else lea_name end, "
            "school_year, metric_id, numerator, denominator, "
            f"cast(value_pct as double) from staging.stg_ct__{extract} "
            "where student_group_label = 'All Students' "
            # The state's file came under several names.
            "and (source_file like 'ct_districts/%' or level = 'state')"
        ).fetchall()
        for column, value in zip(
            ("numerator", "denominator", "value_pct"), values, strict=True
        )
    }
    compared, differing, unnamed = 0, [], set()
    for place, year, variable, value in tidy_cells(real_data / "ct_districts" / path):
        key = (place, year, *variables[variable])
        if key not in printed:
            unnamed.add(place)
        else:
            compared += 1
            differing += [] if printed[key] == value else [key]
    assert differing == []
    assert (compared, len(unnamed)) == COMPARED[extract], sorted(unnamed)


# Cells compared, and districts that the derived file knows by another name.
COMPARED = {
    "graduation_4yr_district": (8_596, 7),
    "chronic_absence_district": (1_733, 12),
}


CHOSEN = (
    ("ct/chronic_absence", "all-schools_all-students", b"All Students"),
    ("ct/chronic_absence_district", "2018-19_all-students.csv", b"All Students"),
    ("ct/college_entrance", "all-schools_.csv", b'All Districts"'),
    ("ct/enrollment", "all-schools_all-students", b'All Schools"'),
    ("ct/graduation_4yr", "all-schools_all-students", b"All Students"),
    ("ct/graduation_4yr_district", "2014-15_all-students_grad", b"All Students"),
    ("ct/graduation_5yr", "", b"All Students"),
    ("ct/graduation_5yr_district", "all-students", b"All Students"),
    ("ct/graduation_6yr", "", b"All Students"),
    ("ct/graduation_6yr_district", "", b"All Students"),
    ("ct/sat", "SAT2015", b"All Students"),
    (
        "ct/smarter_balanced",
        "all-schools_ela-and-math_all-students_all-grades.c",
        b"All",
    ),
)


@pytest.mark.parametrize(("key", "part", "said"), CHOSEN)
def test_a_file_of_a_chosen_group_does_not_count_for_all_students(
    run, contracts, example, key, part, said
):
    content = example(key, part)
    assert run(contracts[key], content).status == "validated"
    first, second, rest = content.split(b"\n", 2)
    title = second.replace(said, b'Homeless"' if said.endswith(b'"') else b"Homeless")
    refused = run(contracts[key], b"\n".join([first, title, rest]))
    assert refused.status == "refused"
    assert "They would count for all students" in refused.message


def test_connecticuts_titles_are_all_asked_for(contracts) -> None:
    asked = {key for key, _, _ in CHOSEN}
    assert asked == {k for k, c in contracts.items() if c.identity.all_students}
