"""Students of New Hampshire, Rhode Island, rosters and college records.

Every person, school and id in these files is invented.
"""

import csv
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pyarrow.parquet as pq
import pytest
import staged

from common_metrics.contracts.loading import load_contracts
from common_metrics.contracts.model import Contract
from common_metrics.lake import Delivery, Lake
from common_metrics.landing import receiving
from common_metrics.pseudonyms import pseudonym
from common_metrics.validation import expectations
from common_metrics.warehouse import build
from workbook import xlsx

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "fixtures"
SEEDS = ROOT / "dbt_project" / "seeds"
HOUR = "2016-12-01T06:00:00+00:00"
NH, CENSUS = "nh/i4see_enrollment", "ri/enrollment_census"
ATTENDANCE, LISTING = "ri/student_attendance", "ri/cohort_listing"
NSC, BLOCKED = "nsc/student_tracker", "nsc/blocked_counts"
ORGS, SESSIONS = "oneroster/orgs", "oneroster/academic_sessions"
USERS, CLASSES = "oneroster/users", "oneroster/enrollments"
DEMOGRAPHICS = "oneroster/demographics"
GOOD = 60
ROWS = {
    NH: 10,
    CENSUS: 8,
    ATTENDANCE: 7,
    LISTING: 10,
    ORGS: 3,
    SESSIONS: 3,
    USERS: 5,
    CLASSES: 5,
    DEMOGRAPHICS: 4,
    NSC: 7,
    BLOCKED: 1,
}
NAMES = {NH: "eoy_enrollment_2014-15.csv", CENSUS: "enrollment_census_2014-15.csv"}
# The column by which the rows of a file are told apart; a roster's ids are free text.
IDS = {
    NH: ("SASID", "91044180{:02}"),
    CENSUS: ("SASID", "10004480{:02}"),
    ATTENDANCE: ("ID", "10004480{:02}"),
    LISTING: ("SASID", "10004480{:02}"),
    ORGS: ("sourcedId", "o-{:02}"),
    SESSIONS: ("sourcedId", "t-{:02}"),
    USERS: ("sourcedId", "u-{:02}"),
    CLASSES: ("sourcedId", "e-{:02}"),
    DEMOGRAPHICS: ("sourcedId", "u-{:02}"),
    NSC: ("Your Unique Identifier", "88044180{:02}_"),
    BLOCKED: ("school_id_state", "PS9{:02}"),
}


def fixture(key: str) -> Path:
    (file,) = (FIXTURES / key).iterdir()
    return file


def good_row(contract: Contract, at: int = 0) -> dict[str, str]:
    """One row of the fixture, by the file's own headers."""
    if contract.key == ATTENDANCE:
        return ATTENDED
    lines = list(csv.reader(fixture(contract.key).read_text().splitlines()))
    header = contract.read.header or lines.pop(0)
    return dict(zip(header, lines[at], strict=True))


ATTENDED = {
    "YEAR": "2014-15",
    "ID": "",
    "LAST_NAME": "Quahogsworth",
    "FIRST_NAME": "Ottoline",
    "GRADE": 9,
    "TOWN": "Periwinkle Cove",
    "DISTRICT_NAME": "Weepecket",
    "SCHOOL_NUMBER": "07101",
    "SCHOOL_NAME": "Weepecket High School",
    "SCHOOL_CODE_OUT": "",
    "ADM_CALCULATED": 180,
    "ABS_TOTAL": 8.5,
    "ABSENTEEISM": 0,
}


def written(contract: Contract, rows: list[dict[str, object]]) -> bytes:
    """The rows as the extract's own kind of file."""
    if contract.read.format == "workbook":
        sheet = [list(rows[0]), *[list(row.values()) for row in rows]]
        return xlsx({"ADM 2014-15": sheet})
    lines = io.StringIO()
    out = csv.writer(lines, lineterminator="\n")
    out.writerows([] if contract.read.header else [list(rows[0])])
    out.writerows(row.values() for row in rows)
    return lines.getvalue().encode()


def many(contract: Contract, *changes: dict[str, object]) -> list[dict[str, object]]:
    """Sixty good rows, each of another id, and behind them one row a change."""
    column, form = IDS[contract.key]
    kinds = 1 if contract.key == ATTENDANCE else ROWS[contract.key]
    good = [good_row(contract, n % kinds) for n in range(GOOD)]
    wrong = [good_row(contract) | change for change in changes]
    numbered = enumerate(good + wrong)
    ids = [{column: form.format(n)} for n in range(GOOD + len(wrong))]
    if contract.key == USERS:
        # The other rows of a student would be set aside too.
        ids = [one | {"identifier": f"{20000 + n}"} for n, one in enumerate(ids)]
    return [
        row | ids[n] | (changes[n - GOOD] if n >= GOOD else {}) for n, row in numbered
    ]


@pytest.fixture
def judge(
    contracts: dict[str, Contract], run: Callable[..., Delivery]
) -> Callable[..., Delivery]:
    """Land and validate bytes under the name that the extract asks for."""

    def judge(key: str, content: bytes, name: str = "") -> Delivery:
        asked = Path(contracts[key].landing.drop[0]).name.replace("*", "_")
        return run(contracts[key], content, name or NAMES.get(key, asked))

    return judge


def reasons(lake: Lake, delivery: Delivery) -> list[str]:
    return pq.read_table(lake.rows("quarantine", delivery))["_reason"].to_pylist()


# What is good


@pytest.mark.parametrize("key", ROWS)
def test_each_layout_lands_whole(key, judge):
    delivery = judge(key, fixture(key).read_bytes())
    assert (delivery.status, delivery.rows_quarantined) == ("validated", 0)
    assert delivery.rows_validated == ROWS[key]


def test_the_school_year_of_a_file_without_header_stands_in_its_name(judge):
    content = fixture(NH).read_bytes()
    assert judge(NH, content, "eoy_enrollment_2013-14.csv").school_year == 2014


def test_each_sheet_of_a_school_year_is_read_and_no_other(judge, lake):
    delivery = judge(ATTENDANCE, fixture(ATTENDANCE).read_bytes())
    assert delivery.school_years == [2014, 2015]
    rows = pq.read_table(lake.rows("validated", delivery)).to_pylist()
    sheets = {(row["_source_sheet"], row["_school_year"]) for row in rows}
    assert sheets == {("ADM 2013-14", 2014), ("ADM 2014-15", 2015)}


def test_students_keep_their_key_from_one_extract_to_the_next(judge, lake):
    delivery = judge(NSC, fixture(NSC).read_bytes())
    rows = pq.read_table(lake.rows("validated", delivery)).to_pylist()
    known = pseudonym("student_id", "8804417701", None)
    # Clearing houses return 8804417701_ for it.
    assert [row["student_id_state"] == known for row in rows] == [True] * 5 + [
        False
    ] * 2


def test_all_that_tells_of_a_person_is_protected(contracts):
    free = {
        key: set(contracts[key].columns) - set(contracts[key].protects) for key in ROWS
    }
    told = {"birth_date", "last_name", "first_name", "student_id_state", "town"}
    told |= {"user_name", "user_ids", "email", "phone", "sms", "user_sourced_id"}
    assert not told & set().union(*free.values())
    assert all(contracts[key].visibility == "restricted" for key in ROWS)
    # Of a password nothing is read, not even to hash it.
    headers = [h for c in contracts[USERS].columns.values() for h in c.headers]
    assert "password" not in headers


# Code lists


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize(
    ("key", "column", "name", "code"),
    [
        (NH, "exit_code", "exit_codes", "exit_code"),
        (NH, "entry_code", "entry_codes", "entry_code"),
        (NH, "diploma_type", "diploma_codes", "diploma_code"),
        (NH, "race_code", "race_codes", "race_code"),
        (NH, "enrollment_status", "admission_codes", "admission_code"),
        (CENSUS, "exit_type", "exit_codes", "exit_code"),
        (LISTING, "outcome_code", "listed_outcome_codes", "outcome_code"),
    ],
)
def test_the_code_lists_are_those_of_the_seeds(contracts, key, column, name, code):
    (allowed,) = (
        e["kwargs"]["value_set"]
        for e in contracts[key].expectations
        if e["kwargs"].get("column") == column and "value_set" in e["kwargs"]
    )
    listed = [r[code] for r in seed(name) if f"{r['provider']}/{r['extract']}" == key]
    # P3 is what the promoted indicator says, no code of the file; status 7 stands in
    # files of the fall alone.
    not_of_the_file = {"P3"} | ({"7"} if column == "enrollment_status" else set())
    assert sorted(allowed) == sorted(set(listed) - not_of_the_file)


@pytest.mark.parametrize(
    "name", ["exit_codes", "entry_codes", "diploma_codes", "race_codes"]
)
def test_each_code_says_where_it_comes_from(name):
    rows = [r for r in seed(name) if r["provider"] in ("nh", "ri")]
    assert rows and all(r["source"] and r["label"] for r in rows)
    assert {r["evidence"] for r in rows} <= {"stated", "assumed"}
    assert all(
        "not found" not in r["source"] or r["evidence"] == "assumed" for r in rows
    )


# Wrong rows


WRONG = [
    (NH, {"SASID": "910441"}, "a state id of 10 digits"),
    (NH, {"DOB": "1999-04-05"}, "a date of birth such as"),
    (NH, {"RACE": "9"}, "a race code"),
    (NH, {"ENROLLMENT STATUS": "7"}, "without 7"),
    (NH, {"SCHOOLNBR": "2997"}, "a school code of five digits in New Hampshire"),
    (NH, {"GRADE": "09"}, "a grade of the code list"),
    (NH, {"FULL DAY PCT": "0"}, "a share of the full day from 1 to 100"),
    (NH, {"ENTRY DATE": "2/30/2015"}, "a day of entry that the calendar has"),
    (NH, {"ENTRY DATE": "9/3/14"}, "a day of entry such as"),
    (NH, {"ENTRY DATE": "7/1/2015"}, "an entry that is not after the school year"),
    (NH, {"ENTRY CODE": "E9"}, "an entry code"),
    (NH, {"EXIT DATE": "9/2/2014", "EXIT CODE": "W4"}, "not before the entry"),
    (NH, {"EXIT DATE": "10/1/2015", "EXIT CODE": "W4"}, "or the summer after it"),
    (NH, {"EXIT DATE": "1/20/2015", "EXIT CODE": "W16"}, "from W1 to W15"),
    (NH, {"EXIT CODE": "W4"}, "no exit code without a day of exit"),
    (NH, {"HALF DAYS IN ATTENDANCE": "165.5"}, "a whole number of half days"),
    (NH, {"HALF DAYS IN ATTENDANCE": "384"}, "than were in session"),
    (
        NH,
        {"FULL DAY PCT": "50", "HALF DAYS IN ATTENDANCE": "190"},
        "than were in session",
    ),
    (NH, {"DIPLOMA TYPE": "1"}, "only beside promoted indicator 3"),
    (NH, {"SEX": "X"}, "F or M in sex"),
    (CENSUS, {"SASID": "100044880"}, "a state id of 10 digits"),
    (CENSUS, {"DISTCODE": "7"}, "a district code of two digits"),
    (CENSUS, {"SCHCODE": "7101"}, "a school code of five digits"),
    (CENSUS, {"GRADE": "9"}, "a grade of the code list"),
    (CENSUS, {"EXIT_DATE": "3/6/2015", "EXIT_TYPE": "29"}, "an exit type of the code"),
    (CENSUS, {"EXIT_TYPE": "20"}, "no exit type but 00"),
    (CENSUS, {"EXIT_DATE": "3/6/2015"}, "another exit type than 00"),
    (
        CENSUS,
        {"ATTENDANCE_DAYS": "180.5"},
        "no more in days_attended than in days_member",
    ),
    (CENSUS, {"ELL": "yes"}, "Y or N in is_english_learner"),
    (ATTENDANCE, {"SCHOOL_NUMBER": 7101}, "a school code of five digits"),
    (ATTENDANCE, {"ID": "448801"}, "a state id of 10 digits"),
    (ATTENDANCE, {"YEAR": "2014-2016"}, "a school year such as"),
    (ATTENDANCE, {"ABS_TOTAL": 180.5}, "no more in days_absent than in days_member"),
    (ATTENDANCE, {"ABSENTEEISM": 2}, "0 or 1"),
    (ATTENDANCE, {"ADM_CALCULATED": "n/a"}, "a number of days of membership"),
    (LISTING, {"EXIT_CLASS": "10"}, "an exit class of the state's list"),
    (LISTING, {"EXIT_CLASS": "6"}, "an exit class of the state's list"),
    (LISTING, {"COHORT": "15"}, "a cohort such as 2015"),
    (LISTING, {"DISTCODE": "7"}, "a district code of two digits"),
    (ORGS, {"type": "campus"}, "a type of OneRoster"),
    (ORGS, {"type": "school", "identifier": "PS921"}, "state and code of a school"),
    (SESSIONS, {"schoolYear": "2014"}, "in which the session ends"),
    (SESSIONS, {"endDate": "2014-08-01"}, "not before the first"),
    (USERS, {"identifier": "T-9"}, "a state id of 5 to 12 digits"),
    (USERS, {"grades": "9"}, "grades of two characters"),
    (CLASSES, {"beginDate": "8/27/2014"}, "a first day in ten characters"),
    (CLASSES, {"role": "pupil"}, "a role of OneRoster"),
    (DEMOGRAPHICS, {"asian": "Y"}, "true or false in is_asian"),
    (DEMOGRAPHICS, {"birthDate": "4/5/1999"}, "a date of birth such as"),
    (NSC, {"Your Unique Identifier": "A-17_"}, "an id of 5 to 12 digits"),
    (NSC, {"Requester Return Field": "PS921"}, "state and code of a school"),
    (NSC, {"Enrollment Status": "Z"}, "an enrolment status"),
    (NSC, {"Enrollment End": "20150801"}, "not before the first"),
    (NSC, {"Enrollment Begin": "2015-08-26"}, "in eight digits"),
    (NSC, {"2-year / 4-year": "two"}, "2-year, 4-year or Less Than 2 Years"),
    (NSC, {"Record Found Y/N": "N"}, "no college in a row that is not found"),
    (NSC, {"Graduation Date": "20160513"}, "only beside Y"),
    (BLOCKED, {"blocked": "35"}, "no more in blocked than in graduates_sent"),
    (BLOCKED, {"school_year": "2015"}, "a school year such as 2014-15"),
]


@pytest.mark.parametrize("key", ROWS)
def test_each_wrong_row_is_set_aside_for_its_own_reason(key, contracts, judge, lake):
    faults = [(change, says) for of, change, says in WRONG if of == key]
    content = written(contracts[key], many(contracts[key], *(c for c, _ in faults)))
    delivery = judge(key, content)
    assert (delivery.status, delivery.rows_validated) == ("validated", GOOD)
    found = reasons(lake, delivery)
    assert len(found) == len(faults)
    missed = [
        (change, why)
        for (change, says), why in zip(faults, found, strict=True)
        if says not in why
    ]
    assert missed == []


def test_a_malformed_id_is_seen_by_nobody(contracts, judge, lake):
    wrong = {"SASID": "77-ODDLY-77"}
    content = written(contracts[CENSUS], many(contracts[CENSUS], wrong))
    delivery = judge(CENSUS, content)
    (row,) = pq.read_table(lake.rows("quarantine", delivery)).to_pylist()
    assert row["student_id_state"] == "malformed"
    assert "ODDLY" not in delivery.message


def test_a_heading_left_in_a_file_without_one_is_set_aside(contracts, judge, lake):
    contract = contracts[NH]
    heading = {name: name for name in contract.read.header}
    delivery = judge(NH, written(contract, [heading, *many(contract)]))
    assert (delivery.rows_validated, delivery.rows_quarantined) == (GOOD, 1)
    assert "a state id of 10 digits" in reasons(lake, delivery)[0]


def test_two_rows_of_one_spell_are_both_set_aside(contracts, judge):
    contract = contracts[NH]
    rows = many(contract)
    twice = rows[0] | {"HALF DAYS ABSENT": "18"}
    delivery = judge(NH, written(contract, [*rows, twice]))
    assert (delivery.rows_validated, delivery.rows_quarantined) == (GOOD - 1, 2)


def test_one_member_of_a_cohort_is_listed_once_however_the_year_is_written(
    contracts, judge
):
    rows = many(contracts[LISTING])
    twice = rows[0] | {"COHORT": "2014-15", "EXIT_CLASS": "9"}
    delivery = judge(LISTING, written(contracts[LISTING], [*rows, twice]))
    assert (delivery.rows_validated, delivery.rows_quarantined) == (GOOD - 1, 2)


def test_a_teacher_needs_no_state_id(judge, lake):
    delivery = judge(USERS, fixture(USERS).read_bytes())
    rows = pq.read_table(lake.rows("validated", delivery)).to_pylist()
    by_role = {row["role"]: row["student_id_state"] for row in rows}
    assert (by_role["teacher"], by_role["parent"]) == ("malformed", None)


# Wrong files


def without(column: str) -> Callable[[dict], dict]:
    return lambda row: {k: v for k, v in row.items() if k != column}


def renamed(old: str, new: str) -> Callable[[dict], dict]:
    return lambda row: {(new if k == old else k): v for k, v in row.items()}


def all_are(**cells: object) -> Callable[[dict], dict]:
    return lambda row: row | cells


REFUSED = [
    (NH, without("SPECIAL EDUCATION"), "Expected 27 cells in each row. Found 26"),
    (NH, all_are(SCHOOLNBR="2997"), "Expected a school code of five digits"),
    (CENSUS, without("DISTCODE"), "Expected a column for lea_id_state"),
    (CENSUS, renamed("ELL", "MLL"), "Expected a column for is_english_learner"),
    (CENSUS, all_are(DISTCODE="7"), "Expected a district code of two digits"),
    (CENSUS, all_are(SASID="1.0004E+09"), "Expected SASID with all its digits"),
    (ATTENDANCE, without("ABS_TOTAL"), "Expected a column for days_absent"),
    (LISTING, all_are(EXIT_CLASS="10"), "Expected an exit class of the state's list"),
    (ORGS, renamed("identifier", "ncesId"), "Expected a column for identifier"),
    (SESSIONS, all_are(schoolYear="2014-15"), "the year in which the school year ends"),
    (USERS, renamed("role", "roles"), "Expected a column for role"),
    (CLASSES, renamed("userSourcedId", "userId"), "a column for user_sourced_id"),
    (NSC, renamed("Search Date", "Searched"), "Expected a column for search_date"),
    (
        NSC,
        all_are(**{"Requester Return Field": ""}),
        "Expected state and code of the school in each row",
    ),
]


@pytest.mark.parametrize(("key", "change", "says"), REFUSED)
def test_another_layout_is_refused_with_a_sentence(
    key, change, says, contracts, judge, lake
):
    contract = contracts[key]
    content = written(contract, [change(row) for row in many(contract)])
    delivery = judge(key, content)
    assert delivery.status == "refused"
    assert says in delivery.message
    assert "Found" in delivery.message and contract.key in delivery.message


def test_no_refusal_quotes_a_student(contracts, judge):
    """A file of another layout may have a student's data where a header is due."""
    rows = many(contracts[CENSUS])
    content = written(contracts[CENSUS], rows).split(b"\n", 1)[1]
    message = judge(CENSUS, content).message
    assert "Quahogsworth" not in message and "10004480" not in message


def test_a_file_whose_name_has_no_year_is_refused(judge):
    delivery = judge(NH, fixture(NH).read_bytes(), "eoy_enrollment.csv")
    assert "a file name that says one school year" in delivery.message


def test_a_workbook_without_a_sheet_of_a_school_year_is_refused(judge):
    delivery = judge(ATTENDANCE, xlsx({"Summary": [list(ATTENDED)]}))
    assert delivery.status == "refused" and "a visible sheet called" in delivery.message


def test_a_web_page_is_no_table(judge):
    delivery = judge(NSC, b"<!DOCTYPE html><html>Log in</html>\n")
    assert "a web page saved under a csv name" in delivery.message


# What is left behind


def below(lake: Lake) -> dict[str, str]:
    """The text of every file but the bytes as received, Parquet cells too."""
    texts = {}
    for file in (f for f in lake.root.rglob("*") if f.is_file()):
        name = file.relative_to(lake.root).as_posix()
        if name.split("/")[0] in ("landing", "refused"):
            continue
        text = file.read_bytes().decode("latin-1")
        if file.suffix == ".parquet":
            text += str(pq.read_table(file).to_pylist())
        texts[name] = text.lower()
    return texts


def told(contract: Contract) -> set[str]:
    """The protected cells of a fixture, but for those too short to be told."""
    known = {h.lower() for c in contract.protects.values() for h in c.headers}
    known |= {"password", "cityofbirth"}
    if contract.key == ATTENDANCE:
        rows = [ATTENDED, {"ID": "1000448802", "LAST_NAME": "Weepecketta"}]
    else:
        count = ROWS[contract.key]
        rows = [good_row(contract, at) for at in range(count)]
    cells = {str(v) for row in rows for h, v in row.items() if h.lower() in known}
    return {cell.rstrip("_").lower() for cell in cells if len(cell) > 4}


def test_what_tells_of_a_person_stays_in_the_bytes_as_received(contracts, judge, lake):
    known = set()
    for key in ROWS:
        judge(key, fixture(key).read_bytes())
        wrong = many(contracts[key], {IDS[key][0]: ""})
        name = "again_" + NAMES.get(key, Path(contracts[key].landing.drop[0]).name)
        judge(key, written(contracts[key], wrong), name.replace("*", "_"))
        known |= told(contracts[key])
    for key in (NH, LISTING, USERS, NSC):
        expectations.build_data_docs(key, lake)
    texts = below(lake)
    assert {n.split("/")[0] for n in texts} >= {
        *("validated", "quarantine", "deliveries", "data_docs")
    }
    assert {"quahogsworth", "9104417701", "4/5/1999", "correcthorse"} <= known
    found = [(name, cell) for name, text in texts.items() for cell in known]
    assert not [(name, cell) for name, cell in found if cell in texts[name]]


# In the warehouse

MODELS = (
    *("+int_nh_i4see__enrollments", "int_nh_i4see__attendance", "+int_student_groups"),
    *("+int_ri_census__enrollments", "int_ri_census__attendance"),
    *("+int_ri_attendance", "+int_ri_listing__members", "+int_oneroster__rosters"),
    *("+stg_nsc__student_tracker", "+stg_nsc__blocked_counts", "race_codes"),
    *("exit_codes", "diploma_codes", "entry_codes", "listed_outcome_codes"),
    *("student_groups", "grades", "student_group_labels"),
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The models of these extracts over their fixtures, with all tests of theirs."""
    root = tmp_path_factory.mktemp("students")
    lake, drop = Lake(root / "lake"), root / "drop"
    for key in ROWS:
        contract = load_contracts()[key]
        folder = Path(contract.landing.drop[0].replace("/*/", "/gilead_2015/")).parent
        (drop / folder).mkdir(parents=True, exist_ok=True)
        name = (folder / fixture(key).name).as_posix()
        (drop / name).write_bytes(fixture(key).read_bytes())
        assert receiving.find_deliveries(contract, drop).count(name) == 1
        delivery = staged.land(contract, drop, name, lake, HOUR)
        staged.validate(contract, delivery, lake)
    build.write_inputs(lake)
    cautious = ["-q", "--indirect-selection", "cautious"]
    done = build.dbt(lake, "build", *cautious, "--select", *MODELS)
    assert done.returncode == 0, done.stdout[-3000:]
    connection = duckdb.connect(str(lake.build()), read_only=True)

    def select(sql: str) -> list[tuple]:
        return connection.execute(sql).fetchall()

    return SimpleNamespace(select=select)


def key_of(student_id: str) -> str:
    return pseudonym("student_id", student_id, None)


def test_half_days_become_days_and_members_alone_are_counted(warehouse):
    rows = warehouse.select("""
        select student_key, days_member, days_absent
        from intermediate.int_nh_i4see__attendance
    """)
    by_student = {}
    for student, member, absent in rows:
        by_student.setdefault(student, []).append((member, absent))
    assert by_student[key_of("9104417701")] == [(Decimal("174"), Decimal("8.5"))]
    assert len(by_student[key_of("9104417702")]) == 2  # left and returned
    assert key_of("9104417706") not in by_student  # home education


def test_new_hampshires_completions_are_told_apart_by_the_diploma(warehouse):
    rows = warehouse.select("""
        select student_key, exit_date, exit_category, diploma_category
        from intermediate.int_nh_i4see__enrollments as spells
        left join rules.exit_codes using (provider, extract, exit_code)
        left join rules.diploma_codes using (provider, extract, diploma_code)
    """)
    found = {row[0]: row[1:] for row in rows}
    assert found[key_of("9104417703")] == (None, "regular_diploma", "regular")
    left = date(2015, 1, 20)
    assert found[key_of("9104417704")] == (left, "regular_diploma", "adult")
    assert found[key_of("9104417705")][1:] == ("regular_diploma", "other_credential")
    assert found[key_of("9104417707")][1:] == ("drops_out", None)
    assert found[key_of("9104417709")] == (None, None, None)


def test_rhode_islands_exit_classes_have_their_outcomes(warehouse):
    rows = warehouse.select("""
        select cohort_year, outcome_code, outcome_category, graduated_in_years
        from intermediate.int_ri_listing__members
        left join rules.listed_outcome_codes using (provider, extract, outcome_code)
        order by source_row
    """)
    assert [(str(c), w, y) for _, c, w, y in rows] == [
        ("1", "graduates", 4),
        ("2", "drops_out", None),
        ("11", "graduates", 5),
        ("12", "graduates", 6),
        ("3", "other_credential", None),
        ("4", "still_enrolled", None),
        ("5", "max_age", None),
        ("7", "leaves_cohort", None),
        ("8", "leaves_cohort", None),
        ("9", "unknown", None),
    ]
    assert [year for year, *_ in rows] == [2015] * 3 + [2014] + [2015] * 6


def test_a_student_of_two_schools_has_the_days_of_both(warehouse):
    rows = warehouse.select(f"""
        select school_id_state, days_member, days_absent
        from intermediate.int_ri_attendance
        where student_key = '{key_of("1000448802")}' and school_year = 2015
        order by school_id_state
    """)
    assert rows == [
        ("07101", Decimal("70"), Decimal("9")),
        ("97101", Decimal("110"), Decimal("10.5")),
    ]


def test_race_is_hispanic_first_then_two_or_more(warehouse):
    rows = warehouse.select("""
        select student_key, student_group
        from intermediate.int_student_groups
        inner join rules.student_groups using (student_group)
        where category = 'race_ethnicity' and extract = 'enrollment_census'
    """)
    race = dict(rows)
    assert race[key_of("1000448802")] == "hispanic"  # and black
    assert race[key_of("1000448803")] == "two_or_more"
    assert race[key_of("1000448806")] == "american_indian"
    assert len(race) == len(rows) == 7


def test_rosters_are_of_the_students_whose_school_is_known(warehouse):
    rows = warehouse.select("""
        select student_key, state, school_id_state, school_year, grade, end_date
        from intermediate.int_oneroster__rosters order by source_row
    """)
    school = ("VT", "PS921", 2015)
    # The third student's school has a federal id, and no crosswalk was delivered.
    assert rows == [
        (key_of("8804417701"), *school, "09", date(2015, 6, 20)),
        (key_of("8804417702"), *school, "11", None),
    ]


def test_college_terms_know_their_college_and_who_was_not_found(warehouse):
    rows = warehouse.select("""
        select state, is_found, college_level, college_sequence, is_graduated
        from staging.stg_nsc__student_tracker order by source_row
    """)
    assert rows == [
        ("VT", True, "2", 1, False),
        ("VT", True, "2", 1, False),
        ("VT", True, "4", 2, False),
        ("VT", True, "4", 2, False),
        ("VT", True, "2", 1, True),
        ("VT", False, None, None, None),
        ("VT", True, "less_than_2", 1, False),
    ]
