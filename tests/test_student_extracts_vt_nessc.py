"""Vermont's SIS collection and the consortium's school template, up to the records."""

import csv
import re
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
import staged

from common_metrics import pseudonyms
from common_metrics.contracts.loading import load_contracts
from common_metrics.contracts.model import Contract
from common_metrics.lake import Delivery, Lake
from common_metrics.landing import receiving
from common_metrics.validation import expectations
from common_metrics.warehouse import build

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "fixtures"
SEEDS = ROOT / "dbt_project" / "seeds"
PAGE = ROOT / "docs/school-template.md"
HOUR = "2016-03-01T06:00:00+00:00"
VT = {
    "vt/sis_identity": "SU991/2015/04_0_Student_Identity.csv",
    "vt/sis_enrollment": "SU991/2015/04_4_PS_Enroll.csv",
    "vt/sis_grade_progression": "SU991/2015/04_5_PS_GradeProg.csv",
    "vt/sis_attendance": "SU991/2015/04_7_PS_Att.csv",
}
TEMPLATE = {
    f"nessc/{extract}": f"quillmere_{extract}_2014-15.csv"
    for extract in ("student_enrollment", "student_attendance", "student_assessment")
}
NAMES = VT | TEMPLATE


def fixture(key: str) -> bytes:
    (file,) = (FIXTURES / key).glob("*.csv")
    return file.read_bytes()


def quarantined(lake: Lake, delivery: Delivery) -> list[tuple[int, str]]:
    """Rows that are wrong themselves; the others of the student go with them."""
    rows = pq.read_table(lake.rows("quarantine", delivery)).to_pylist()
    wrong = [row for row in rows if row["_wrong_columns"] is not None]
    return [(row["_source_row"], row["_reason"]) for row in wrong]


def put_in(content: bytes, row: int, was: str, now: str) -> bytes:
    """The file with one physical row changed."""
    lines = content.decode().split("\n")
    assert was in lines[row - 1]
    lines[row - 1] = lines[row - 1].replace(was, now, 1)
    return "\n".join(lines).encode()


@pytest.mark.parametrize("key", NAMES)
def test_a_good_file_is_found_by_its_contract_alone(run, drop, contracts, key):
    content = fixture(key)
    delivery = run(contracts[key], content, NAMES[key])
    rows = content.count(b"\n") - 1
    assert (delivery.status, delivery.rows_validated) == ("validated", rows)
    assert (delivery.school_year, delivery.rows_quarantined) == (2015, 0)
    asked = [k for k, c in contracts.items() if receiving.find_deliveries(c, drop)]
    assert asked == [key]


@pytest.mark.parametrize("key", NAMES)
def test_a_student_s_id_is_a_hash_in_every_stage(run, lake, contracts, key):
    delivery = run(contracts[key], fixture(key), NAMES[key])
    cells = pq.read_table(lake.rows("validated", delivery))["student_id_state"]
    assert {len(cell) for cell in cells.to_pylist()} == {32}


def test_one_student_has_one_hash_in_all_files_of_a_state(run, lake, contracts):
    known = [
        set(pq.read_table(file)["student_id_state"].to_pylist())
        for key in VT
        for file in [lake.rows("validated", run(contracts[key], fixture(key), VT[key]))]
    ]
    identities, spells, grades, days = known
    assert spells == grades == identities > days


# Wrong rows: extract, physical row, what it was and becomes, the reason.
WRONG = [
    ("vt/sis_identity", 4, '"9000003"', '"900003"', "a state id of 7 to 10 digits"),
    ("vt/sis_identity", 4, '"9000003"', '""', "a state id in each row"),
    ("vt/sis_identity", 4, "07/31/1999", "31 July 1999", "a date of birth such as"),
    ("vt/sis_identity", 4, '"F"', '"X"', "F or M in GENDER"),
    ("vt/sis_identity", 4, "PS991", "Hollow Birch", "such as PS023"),
    ("vt/sis_identity", 4, '"2015"', '"next"', "a school year such as"),
    ("vt/sis_enrollment", 4, "9000003", "90000031234", "a state id of 7 to 10"),
    ("vt/sis_enrollment", 2, ",08,", ",10,", "a code of the codeset EXITTYPE"),
    ("vt/sis_enrollment", 2, ",08,", ",8,", "a code of the codeset EXITTYPE"),
    ("vt/sis_enrollment", 2, ",08,", ",,", "an exit type beside a day of exit"),
    ("vt/sis_enrollment", 2, "06/12/2015", "", "no exit type without a day of exit"),
    ("vt/sis_enrollment", 6, "11/14/2014", "8/4/2014", "is not before the entry"),
    ("vt/sis_enrollment", 2, "06/12/2015", "6/12/2014", "not before the school year"),
    ("vt/sis_enrollment", 2, "06/12/2015", "11/2/2015", "by October after the school"),
    ("vt/sis_enrollment", 2, "06/12/2015", "02/30/2015", "a day of exit such as"),
    ("vt/sis_enrollment", 2, "06/12/2015", "06/12/15", "four digits of the year"),
    ("vt/sis_enrollment", 10, "10/6/2014", "10/6/2015", "an entry by the end of the"),
    ("vt/sis_enrollment", 4, ",01,06,", ",,06,", "an admission status in each row"),
    ("vt/sis_enrollment", 4, ",01,06,", ",01,11,", "a code of the codeset ENTRYTYPE"),
    ("vt/sis_enrollment", 4, ",09,N", ",99,N", "a code of the codeset NSLELG"),
    ("vt/sis_enrollment", 4, ",2,N,Y", ",3,N,Y", "1 or 2 in ETHNO"),
    ("vt/sis_enrollment", 4, ",2,N,Y", ",2,N,1", "Y or N in RACE_ASI"),
    ("vt/sis_grade_progression", 2, ",12,", ",G12,", "a code of the codeset GRADE"),
    ("vt/sis_grade_progression", 2, "6/16/2014", "7/1/2015", "not before the first"),
    ("vt/sis_grade_progression", 2, "6/16/2014", "", "a first day in the grade in"),
    ("vt/sis_grade_progression", 2, "9000001", "ID-1", "a state id of 7 to 10 digits"),
    ("vt/sis_attendance", 2, "PRS", "P", "ABS or PRS in DAILY_STATUS"),
    ("vt/sis_attendance", 2, ",1,", ",0.6,", "0, 0.25, 0.5, 0.75 or 1"),
    ("vt/sis_attendance", 2, ",1,", ",0,", "a part of the day above 0, unless"),
    ("vt/sis_attendance", 2, "9/2/2014", "9/2/2015", "a day of the row's school year"),
    ("vt/sis_attendance", 2, "9/2/2014", "6/30/2014", "a day of the row's school"),
    ("vt/sis_attendance", 3, ",EA,", ",XX,", "a code of the codeset ABSCATID"),
    ("vt/sis_attendance", 2, "9000003", "ID-1", "a state id of 7 to 10 digits"),
    ("nessc/student_enrollment", 2, "9900000001", "4711", "a state id of 5 to 12"),
    ("nessc/student_enrollment", 2, "1997-03-04", "3/4/97", "a date of birth such as"),
    ("nessc/student_enrollment", 2, "CT,", "NY,", "one of the five states"),
    ("nessc/student_enrollment", 2, "0006111", "6111", "seven digits in Connecticut"),
    ("nessc/student_enrollment", 2, ",0000011,", ",,", "a district in each row"),
    ("nessc/student_enrollment", 2, ",F,N,", ",F,no,", "Y or N in is_hispanic"),
    ("nessc/student_enrollment", 2, ",12,", ",12th,", "a grade of the code list"),
    ("nessc/student_enrollment", 2, "2014-08-28", "8/28/2014", "a day of entry in ten"),
    ("nessc/student_enrollment", 2, "2014-08-28", "2014-06-30", "an entry within the"),
    ("nessc/student_enrollment", 4, "2014-08-28", "2015-07-01", "an entry within the"),
    ("nessc/student_enrollment", 2, "01835", "01834", "a CEDS code of Entry Type"),
    ("nessc/student_enrollment", 7, "2015-01-30", "2014-08-27", "not before the entry"),
    ("nessc/student_enrollment", 2, "2015-06-12", "2015-10-01", "an exit within the"),
    ("nessc/student_enrollment", 7, "01927", "01900", "a CEDS code of Exit or"),
    ("nessc/student_enrollment", 7, "01927", "", "an exit type beside a day of exit"),
    ("nessc/student_enrollment", 7, "2015-01-30", "", "no exit type without a day"),
    ("nessc/student_enrollment", 2, "00806", "", "a diploma type beside exit type"),
    ("nessc/student_enrollment", 2, "00806", "regular", "High School Diploma Type"),
    (
        "nessc/student_enrollment",
        7,
        "01927,,",
        "01927,00806,",
        "only beside exit types",
    ),
    (
        "nessc/student_enrollment",
        4,
        ",,,,,Y,N,N",
        ",,,00806,,Y,N,N",
        "only beside exit",
    ),
    (
        "nessc/student_attendance",
        2,
        "175,4",
        "175,175.5",
        "no more in days_absent",
    ),
    ("nessc/student_attendance", 2, "175,4", "5,11", "no more in days_absent"),
    ("nessc/student_attendance", 2, "175,4", "400,4", "at most 366 days"),
    ("nessc/student_attendance", 2, "175,4", "175,-4", "a number of days from 0"),
    ("nessc/student_attendance", 2, "175,4", ",4", "a number of days in each row"),
    ("nessc/student_assessment", 2, "Y,Y", "N,Y", "no is_proficient for one who was"),
    ("nessc/student_assessment", 2, "Y,Y", "Y,", "for one who was tested"),
    ("nessc/student_assessment", 2, "math", "algebra", "math, ela or science"),
]


@pytest.mark.parametrize(("key", "row", "was", "now", "says"), WRONG)
def test_a_wrong_row_is_quarantined_and_no_other_student(
    run, lake, contracts, key, row, was, now, says
):
    content = put_in(fixture(key), row, was, now)
    delivery = run(contracts[key], content, NAMES[key])
    assert delivery.status == "validated", delivery.message
    ((moved, reason),) = quarantined(lake, delivery)
    assert moved == row and says in reason
    moved_rows = pq.read_table(lake.rows("quarantine", delivery)).to_pylist()
    assert len({line["student_id_state"] for line in moved_rows}) == 1
    assert delivery.rows_validated == delivery.rows_raw - len(moved_rows)


@pytest.mark.parametrize(
    ("row", "was", "now"),
    [(2, "06/12/2015", "8/21/2015"), (9, ",07,,08/27", ",03,,08/27")],
    ids=["a graduate of the summer", "an exchange student"],
)
def test_an_unusual_row_passes(run, contracts, row, was, now):
    content = put_in(fixture("vt/sis_enrollment"), row, was, now)
    delivery = run(contracts["vt/sis_enrollment"], content, VT["vt/sis_enrollment"])
    assert (delivery.status, delivery.rows_quarantined) == ("validated", 0)


def test_who_moves_up_without_a_school_is_warned_of(run, contracts):
    content = put_in(fixture("vt/sis_enrollment"), 12, ",07,PS992,", ",07,,")
    delivery = run(contracts["vt/sis_enrollment"], content, VT["vt/sis_enrollment"])
    assert delivery.rows_quarantined == 0
    assert "1 rows warned of" in delivery.message


@pytest.mark.parametrize("key", TEMPLATE)
@pytest.mark.parametrize(
    ("state", "lea", "code"),
    [
        ("CT", "0000011", "0006111"),
        ("ME", "78", "61"),
        ("NH", "275", "26380"),
        ("RI", "03", "03109"),
        ("VT", "SU991", "PS991"),
    ],
)
def test_a_school_has_the_form_of_code_of_its_state(
    run, contracts, key, state, lea, code
):
    moved = fixture(key).replace(b"CT,", f"{state},".encode())
    moved = moved.replace(b"0000011", lea.encode())
    right = moved.replace(b"0006111", code.encode())
    assert run(contracts[key], right, NAMES[key]).status == "validated"
    wrong = moved.replace(b"0006111", b"006111")
    assert "Expected a school code" in run(contracts[key], wrong, NAMES[key]).message


@pytest.mark.parametrize("key", VT)
def test_a_file_without_one_of_its_columns_is_refused(run, contracts, key):
    lines = [line.split(",") for line in fixture(key).decode().splitlines()]
    less = "\n".join(",".join([*line[:3], *line[4:]]) for line in lines) + "\n"
    delivery = run(contracts[key], less.encode(), VT[key])
    assert delivery.status == "refused"
    assert "no such column, and no unknown header" in delivery.message


def test_leading_zeroes_lost_in_a_spreadsheet_refuse_the_file(run, contracts):
    shown = re.sub(rb",0(\d),", rb",\1,", fixture("vt/sis_enrollment"))
    delivery = run(contracts["vt/sis_enrollment"], shown, VT["vt/sis_enrollment"])
    assert delivery.status == "refused"


def test_what_no_metric_needs_is_left_behind(run, lake, contracts):
    delivery = run(
        contracts["vt/sis_enrollment"],
        fixture("vt/sis_enrollment"),
        VT["vt/sis_enrollment"],
    )
    assert "left out: 17 not named here" in delivery.message
    names = pq.read_table(lake.rows("validated", delivery)).column_names
    assert not [name for name in names if "home" in name or "504" in name]


@pytest.mark.parametrize("key", NAMES)
def test_a_missing_key_stops_with_a_sentence_of_four_parts(
    drop, put, lake, contracts, monkeypatch, key
):
    name = put(contracts[key], fixture(key), NAMES[key])
    monkeypatch.delenv(pseudonyms.VARIABLE)
    with pytest.raises(pseudonyms.KeyMissing) as error:
        delivery = staged.land(contracts[key], drop, name, lake, HOUR)
        staged.validate(contracts[key], delivery, lake)
    where, expected, found, todo = (
        "environment:",
        "expected a secret",
        "Found none",
        "set the key that",
    )
    said = str(error.value)
    assert all(part in said for part in (where, expected, found, todo))
    assert pseudonyms.VARIABLE in said and "99000" not in said
    written = [file for file in lake.root.rglob("*") if file.is_file()]
    assert not [f for f in written if not f.is_relative_to(lake.root / "landing")]


# What must not be found

PLANTED = {
    "first_name": "Zzsentinella",
    "middle_name": "Zzmittelname",
    "last_name": "Zzsentinelsson",
    "name_suffix": "ZZIV",
    "local_student_id": "ZZLOCAL77",
    "student_id_state": "8877665544",
}
BIRTH_DATES = {"vt": "11/22/1963", "nessc": "1963-11-22"}
STAGES = ("validated", "quarantine", "deliveries", "data_docs")


def planted(contract: Contract) -> bytes:
    """A file whose first two rows tell of an invented person, the second wrongly."""
    header, *rows = csv.reader(fixture(contract.key).decode().splitlines())
    known = PLANTED | {"birth_date": BIRTH_DATES[contract.provider]}
    for name, column in contract.protects.items():
        at = header.index(column.headers[0])
        rows[0][at] = known[name]
        rows[1][at] = known[name] + ("X" if column.pattern else "")
    return "".join(",".join(row) + "\n" for row in [header, *rows]).encode()


def everything_written(folder: Path) -> str:
    """All bytes below a folder, and the cells of Parquet, which are compressed."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    texts = [f"{file.name} {file.read_bytes().decode('latin-1')}" for file in files]
    tables = [pq.read_table(file) for file in files if file.suffix == ".parquet"]
    return "\n".join([*texts, *(str(table.to_pylist()) for table in tables)]).lower()


@pytest.mark.parametrize("key", NAMES)
def test_nothing_written_tells_of_a_student(run, lake, contracts, key):
    content = planted(contracts[key])
    delivery = run(contracts[key], content, NAMES[key])
    assert (delivery.status, delivery.rows_quarantined) == ("validated", 1)
    expectations.build_data_docs(key, lake)
    words = [*PLANTED.values(), *BIRTH_DATES.values()]
    assert any(word.encode() in content for word in words)
    for stage in STAGES:
        found = everything_written(lake.root / stage)
        assert delivery.sha8 in found, stage
        assert [word for word in words if word.lower() in found] == [], stage


@pytest.mark.parametrize("key", ["vt/sis_identity", "nessc/student_enrollment"])
def test_a_refusal_tells_of_no_student(run, lake, contracts, key):
    headless = planted(contracts[key]).split(b"\n", 1)[1]
    delivery = run(contracts[key], headless, NAMES[key])
    assert delivery.status == "refused"
    found = everything_written(lake.deliveries)
    assert not any(word.lower() in found for word in PLANTED.values())


# Code lists


def value_set(contract: Contract, column: str) -> list[str]:
    (found,) = (
        e["kwargs"]["value_set"]
        for e in contract.expectations
        if e["kwargs"].get("column") == column and "value_set" in e["kwargs"]
    )
    return found


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize(
    ("key", "column", "name", "code"),
    [
        ("vt/sis_enrollment", "exit_code", "exit_codes", "exit_code"),
        ("vt/sis_enrollment", "entry_code", "entry_codes", "entry_code"),
        ("vt/sis_enrollment", "admission_status", "admission_codes", "admission_code"),
    ],
)
def test_every_code_that_is_accepted_has_a_rule(contracts, key, column, name, code):
    rows = [r for r in seed(name) if f"{r['provider']}/{r['extract']}" == key]
    assert [row[code] for row in rows] == value_set(contracts[key], column)
    assert all(row["source"] and row["label"] for row in rows)
    assert {row["evidence"] for row in rows} <= {"stated", "assumed"}


def test_the_code_lists_are_those_of_the_state(contracts, real_data):
    lists = {
        "ADMINSTAT": ("sis_enrollment", "admission_status"),
        "ENTRYTYPE": ("sis_enrollment", "entry_code"),
        "EXITTYPE": ("sis_enrollment", "exit_code"),
        "NSLELG": ("sis_enrollment", "lunch_eligibility"),
        "GRADE": ("sis_grade_progression", "grade"),
        "ABSCATID": ("sis_attendance", "absence_category"),
        "ATTENTYPEID": ("sis_attendance", "attendance_event_type"),
        "DAILY-STATUS": ("sis_attendance", "daily_status"),
        "GENDER": ("sis_identity", "gender"),
    }
    for codeset, (extract, column) in lists.items():
        page = real_data / "vt_sis_collection_spec/Codesets" / f"{codeset}.md"
        printed = re.findall(r"^\| *(\w\w?\w?) *\|", page.read_text(), re.M)
        assert value_set(contracts[f"vt/{extract}"], column) == printed


def test_the_headers_are_those_of_the_state(contracts, real_data):
    for key, name in VT.items():
        stem = Path(name).stem.removeprefix("04_")
        page = real_data / "vt_sis_collection_spec/File-Specifications" / f"{stem}.md"
        (template,) = re.findall(r"^```\n(ADMINID,.*)\n```", page.read_text(), re.M)
        assert fixture(key).decode().splitlines()[0].replace('"', "") == template
        headers = [h for c in contracts[key].columns.values() for h in c.headers]
        assert set(headers) <= set(template.split(","))
        if key != "vt/sis_enrollment":
            assert headers == template.split(",")


# The page and the blank files


def blank(extract: str) -> bytes:
    return (ROOT / "docs/templates" / f"{extract}.csv").read_bytes()


@pytest.mark.parametrize("key", TEMPLATE)
def test_a_blank_file_has_every_column_and_takes_rows(run, contracts, key):
    header = blank(key.split("/")[1])
    assert header.decode().rstrip().split(",") == list(contracts[key].columns)
    rows = fixture(key).split(b"\n", 1)[1]
    delivery = run(contracts[key], header + rows, NAMES[key])
    assert (delivery.status, delivery.rows_quarantined) == ("validated", 0)
    assert delivery.additional_columns == []


@pytest.mark.parametrize("key", TEMPLATE)
def test_the_example_of_the_page_is_valid(run, contracts, key):
    (text,) = re.findall(
        rf"```csv {key.split('/')[1]}\n(.*?)```", PAGE.read_text(), re.S
    )
    delivery = run(contracts[key], text.encode(), NAMES[key])
    assert (delivery.status, delivery.rows_quarantined) == ("validated", 0)
    assert delivery.rows_validated == text.count("\n") - 1


@pytest.mark.parametrize("column", ["entry_type", "exit_type", "diploma_type"])
def test_the_page_has_every_code(contracts, column):
    table = PAGE.read_text().split(f"\n| `{column}` |")[2]
    table = table.split("\n\n")[0]
    codes = [
        c for row in table.splitlines()[2:] for c in re.findall(r"\d{5}|No show", row)
    ]
    assert sorted(codes) == sorted(
        value_set(contracts["nessc/student_enrollment"], column)
    )


def test_the_page_describes_every_column(contracts):
    spans = set(re.findall(r"`(\w+)`", PAGE.read_text()))
    for key in TEMPLATE:
        assert set(contracts[key].columns) <= spans


# The records

MODELS = (
    "int_vt_sis__enrollments int_vt_sis__attendance int_student_groups "
    "stg_nessc__student_enrollment stg_nessc__student_attendance "
    "stg_nessc__student_assessment"
)


@pytest.fixture(scope="module")
def records(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """The records that dbt makes of the fixtures, with its tests."""
    root = tmp_path_factory.mktemp("records")
    lake, contracts = Lake(root / "lake"), load_contracts()
    for key, name in NAMES.items():
        folder = contracts[key].landing.drop[0].split("/")[0]
        file = root / "drop" / folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(fixture(key))
        found = file.relative_to(root / "drop").as_posix()
        delivery = staged.land(contracts[key], root / "drop", found, lake, HOUR)
        staged.validate(contracts[key], delivery, lake)
    build.write_inputs(lake)
    select = [f"+{model}" for model in MODELS.split()]
    buildable = ["--indirect-selection", "buildable"]
    done = build.dbt(lake, "build", *buildable, "--select", *select)
    assert done.returncode == 0, done.stdout[-3000:]
    with duckdb.connect(str(lake.build()), read_only=True) as connection:
        yield connection


def rows_of(records: duckdb.DuckDBPyConnection, sql: str) -> list[tuple]:
    return records.execute(sql).fetchall()


def key_of(number: str) -> str:
    return pseudonyms.pseudonym("student_id", number, None)


ENROLLMENT = (
    "provider, extract, state, student_key, lea_id_state, school_id_state, "
    "school_year, grade, entry_date, entry_code, exit_date, exit_code, diploma_code, "
    "responsible_school_id_state, "
    "source_file, source_row, delivery"
)
ATTENDANCE = (
    "provider, extract, state, student_key, lea_id_state, school_id_state, "
    "school_year, days_member, days_absent, source_file, source_row, delivery"
)
GROUPS = (
    "provider, extract, state, student_key, school_year, student_group, source_file, "
    "source_row, delivery"
)
ASSESSMENT = (
    "provider, extract, state, student_key, school_id_state, school_year, grade, "
    "subject, is_tested, is_proficient, source_file, source_row, delivery"
)


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("intermediate.int_vt_sis__enrollments", ENROLLMENT),
        ("intermediate.int_student_groups", GROUPS),
        ("intermediate.int_vt_sis__attendance", ATTENDANCE),
        ("staging.stg_nessc__student_enrollment", ENROLLMENT),
        ("staging.stg_nessc__student_attendance", ATTENDANCE),
        ("staging.stg_nessc__student_assessment", ASSESSMENT),
    ],
)
def test_records_have_the_common_columns(records, table, columns):
    found = records.execute(f"select * from {table} limit 0").description
    # A staging model may have one column more, which no union takes.
    names = [column[0] for column in found if column[0] != "person_key"]
    assert ", ".join(names) == columns


def test_vermont_s_spells_have_their_grade_and_leave_out_who_is_elsewhere(records):
    found = rows_of(
        records,
        """
        select source_row, grade, cast(entry_date as varchar), entry_code,
            cast(exit_date as varchar), exit_code
        from intermediate.int_vt_sis__enrollments order by source_row
        """,
    )
    assert found == [
        (2, "12", "2011-08-29", "06", "2015-06-12", "08"),
        (3, "12", "2011-08-29", "06", "2015-06-12", "08"),
        (4, "10", "2013-08-28", "06", None, None),
        (5, "09", "2014-08-27", "06", None, None),
        (6, "10", "2014-08-27", "01", "2014-11-14", "04"),
        (7, "11", "2012-08-29", "06", "2015-01-30", "14"),
        (8, "10", "2014-08-27", "01", None, None),
        (10, "09", "2014-10-06", "03", None, None),  # row 9 is enrolled elsewhere
        (11, "12", "2011-08-29", "06", "2015-06-12", "09"),
        (12, "11", "2012-08-29", "06", "2015-06-30", "07"),
        (13, "10", "2013-08-28", "06", "2014-12-19", "01"),
        (14, "10", "2015-03-02", "07", None, None),
    ]


def test_vermont_s_days_are_counted(records):
    found = rows_of(
        records,
        """
        select student_key, days_member, days_absent
        from intermediate.int_vt_sis__attendance
        """,
    )
    assert {key: (float(m), float(a)) for key, m, a in found} == {
        key_of("9000003"): (4, 2),  # all day, half a day
        key_of("9000004"): (3, 1),  # a quarter, suspended; a day not expected
        key_of("9000012"): (2, 1),  # two spells in one year
    }


def groups(records: duckdb.DuckDBPyConnection, provider: str, number: str) -> set[str]:
    found = rows_of(
        records,
        "select student_key, student_group from intermediate.int_student_groups "
        f"where provider = '{provider}'",
    )
    return {group for key, group in found if key == key_of(number)}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("9000001", {"female", "white", "non_ed"}),
        ("9000002", {"male", "hispanic", "ed"}),
        ("9000003", {"female", "two_or_more", "ed"}),  # declined meals
        ("9000007", {"female", "non_ed"}),  # says no race
        ("9000008", {"male"}),  # not whether Hispanic
        ("9000012", {"male", "white", "ed"}),
    ],
)
def test_vermont_s_students_stand_in_their_groups(records, number, expected):
    assert groups(records, "vt", number) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("9900000001", {"female", "white", "non_ed", "non_el", "non_swd"}),
        ("9900000002", {"male", "hispanic", "ed", "el", "non_swd"}),
        ("9900000004", {"male", "black", "ed", "non_el", "swd"}),
        ("9900000008", set()),  # nothing is said
    ],
)
def test_the_template_s_students_stand_in_their_groups(records, number, expected):
    assert groups(records, "nessc", number) == expected


def test_the_template_s_tests_keep_who_was_not_tested_apart(records):
    found = rows_of(
        records,
        """
        select is_tested, is_proficient, count(*)
        from staging.stg_nessc__student_assessment group by all order by all
        """,
    )
    assert found == [(False, None, 3), (True, False, 4), (True, True, 4)]
