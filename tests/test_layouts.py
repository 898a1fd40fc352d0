"""Layouts beyond a plain table: what a contract's read and identity blocks can say."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from common_metrics import readers, workbooks
from common_metrics.contract import ContractError, load_contract
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Delivery
from common_metrics.pseudonyms import KeyMissing
from workbook import xlsx

BASE = {
    "title": "Head counts",
    "origin": {"publisher": "-", "page": "-", "licence": "-", "definition_id": "-"},
    "visibility": "public",
    "landing": {"drop": ["*"], "schedule": "@daily"},
    "identity": {"undated": True},
    "grain": ["school"],
    "expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "school"}}
    ],
}


def columns(**headers: str) -> dict[str, dict[str, object]]:
    """Columns with one header each, described by it; "" is none."""
    return {
        name: {"headers": [header] if header else [], "description": header or name}
        for name, header in headers.items()
    }


@pytest.fixture
def parse(tmp_path: Path) -> Callable[..., pa.Table]:
    """Return the rows of bytes under a contract made of BASE and changes to it."""

    def parse(content: bytes, name: str = "file.csv", **changes: object) -> pa.Table:
        made = BASE | changes
        made |= {"layouts": {"table": list(made["columns"])}}
        file = tmp_path / "xx" / "extract.yml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(made))
        contract = load_contract(file, tmp_path)
        delivery = Delivery("xx", "extract", name, "0" * 64, 0, "2016-01-01")
        found = readers.records(contract, content)
        return readers.parse(contract, delivery, found).table

    return parse


def rows(table: pa.Table, *names: str) -> list[tuple[object, ...]]:
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


SCHOOLS = columns(school="School", count="Count")
WORKBOOK = {"format": "workbook"}


# Workbooks


def test_a_workbook_is_read_as_its_text(parse):
    head, first = ["School", "Count"], ["Ash", 12.0]
    book = xlsx({"Notes": [["none"]], "Schools": [[], ["", "", ""], head, first]})
    table = parse(book, columns=SCHOOLS, read={**WORKBOOK, "sheet": "Schools"})
    assert rows(table, "school", "count", "_source_sheet", "_source_row") == [
        ("Ash", "12", "Schools", 4)
    ]


def test_every_sheet_that_is_meant_is_read(parse):
    sheets = {
        str(year): [["School", "Count"], ["Ash", year]] for year in (2014, 2015, 16)
    }
    table = parse(xlsx(sheets), columns=SCHOOLS, read={**WORKBOOK, "sheet": r"20\d\d"})
    assert rows(table, "count", "_source_sheet") == [
        ("2014", "2014"),
        ("2015", "2015"),
    ]


def test_a_missing_sheet_is_named(parse):
    with pytest.raises(DeliveryRefused, match="a sheet called Schools"):
        parse(
            xlsx({"Other": [["School", "Count"]]}),
            columns=SCHOOLS,
            read={**WORKBOOK, "sheet": "Schools"},
        )


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"School,Count\nAsh,1\n", "another kind"),
        (xlsx({"A": [["School", "Count"]]})[:-40], "cut on the way"),
        (workbooks.XLS + b"\0" * 2000, "damaged or asks for a password"),
    ],
)
def test_what_is_no_workbook_is_refused(parse, content, found):
    with pytest.raises(DeliveryRefused, match=found):
        parse(content, columns=SCHOOLS, read=WORKBOOK)


# Headers


def test_repeated_and_blank_headers_have_names(parse):
    table = parse(
        b"School,Count,%,,Other,%\nAsh,12,40,x,18,60\n",
        columns=columns(
            school="School",
            n="Count",
            pct="Count > %",
            mark="[D]",
            other="Other",
            other_pct="Other > %",
        ),
    )
    assert rows(table, "pct", "mark", "other_pct") == [("40", "x", "60")]


def test_headings_over_columns_tell_alike_ones_apart(parse):
    table = parse(
        b",,Met,,Not met,\nSchool,Tested,N,%,N,%\nAsh,12,9,75,3,25\n",
        columns=columns(
            school="School",
            tested="Tested",
            met="Met > N",
            met_pct="Met > %",
            not_met="Not met > N",
            not_met_pct="Not met > %",
        ),
    )
    assert rows(table, "met", "not_met_pct") == [("9", "25")]


BESIDE = b"School,Count,,School,Count\nAsh,12,,Birch,3\n"
UNKNOWN = {
    "group": (b"School,Count,Grade\nAsh,12,9\nAsh,13,10\n", '"Grade"'),
    "one cell": (b"School,Count,Grade\nAsh,12,\nBirch,13,9\n", '"Grade"'),
    "no header": (b"School,Count,\nAsh,12,x\n", r'"\[C\]". .* without a header'),
    "table beside": (BESIDE, "one column for count. Found 2 columns"),
    "other table": (b"School,Count,,Club,N\nAsh,1,,Chess,3\n", '"Club", "N"'),
}


@pytest.mark.parametrize(("content", "found"), UNKNOWN.values(), ids=UNKNOWN)
@pytest.mark.parametrize("kind", ["csv", "workbook"])
def test_a_column_that_nobody_knows_is_refused(parse, content, found, kind):
    if kind == "workbook":
        lines = [line.split(",") for line in content.decode().splitlines()]
        content = xlsx({"Sheet": lines})
    with pytest.raises(DeliveryRefused, match=found):
        parse(content, columns=SCHOOLS, read={"format": kind})


def test_columns_without_a_cell_are_left_out(parse):
    table = parse(b"School,Count,Grade,\nAsh,12,,\n", columns=SCHOOLS)
    assert rows(table, "school", "count") == [("Ash", "12")]


@pytest.mark.parametrize("label", ["", " ", "\u00a0"])
def test_a_row_without_its_group_is_not_of_all_students(parse, label):
    group = {"group": {**columns(g="Group")["g"], "optional": True, "filled": True}}
    content = f"School,Count,Group\nAsh,12,Female\nAsh,13,{label}\n".encode()
    with pytest.raises(DeliveryRefused, match="row 3: Expected a group in each row"):
        parse(content, columns=SCHOOLS | group)
    assert parse(b"School,Count\nAsh,12\n", columns=SCHOOLS | group).num_rows == 1


def test_what_tells_rows_apart_is_not_harmless(parse):
    content = b"School,Count,Note\nAsh,12,a\nAsh,12,b\nBirch,1,a\n"
    read = {"harmless": {"Note": "remarks"}}
    with pytest.raises(DeliveryRefused, match='1 that differ .* left out: "Note"'):
        parse(content, columns=SCHOOLS, read=read)
    table = parse(content.replace(b"b", b"a"), columns=SCHOOLS, read=read)
    assert table.num_rows == 3


def test_a_student_counts_once_whatever_else_is_said(parse):
    student = {"student": {**columns(s="Id")["s"], "protect": "student_id"}}
    table = parse(
        b"Id,School,Count,Note\n11111,Ash,1,a\n11111,Ash,1,b\n",
        columns=student | SCHOOLS,
        read={"harmless": {"Note": "remarks"}},
        visibility="restricted",
    )
    assert table.num_rows == 2


YEARS = {"header": "^(20[0-9]{2})$", "name": "year", "value": "count"}
BY_YEAR = columns(school="School", year="", count="")


@pytest.mark.parametrize("year", ["2015\u200b", "\u00a02015", "2015 "])
def test_an_unseen_sign_costs_no_year(parse, year):
    content = f"School,2014,{year}\nAsh,1,2\n".encode()
    table = parse(content, columns=BY_YEAR, read={"unpivot": YEARS})
    assert rows(table, "year", "count") == [("2014", "1"), ("2015", "2")]


def test_a_year_that_is_nearly_one_is_refused(parse):
    content = b"School,2014,2O15\nAsh,1,2\n"
    with pytest.raises(DeliveryRefused, match='additional columns: "2O15"'):
        parse(content, columns=BY_YEAR, read={"unpivot": YEARS})


@pytest.mark.parametrize("again", ["School,Count", "SCHOOL,Count ", "School,2014,2015"])
def test_a_header_once_more_is_no_data(parse, again):
    wide = "2014" in again
    content = "School,2014,2015\nAsh,1,2\n" if wide else "School,Count\nAsh,1\n"
    with pytest.raises(
        DeliveryRefused, match="row 3: Expected one row of column names"
    ):
        parse(
            f"{content}{again}\nBirch,3{',4' * wide}\n".encode(),
            columns=BY_YEAR if wide else SCHOOLS,
            read={"unpivot": YEARS} if wide else {},
        )


def test_a_cover_in_the_place_of_the_table_is_named(parse):
    with pytest.raises(
        DeliveryRefused, match='column names in sheet "Cover". If a cover'
    ):
        parse(xlsx({"Cover": [["Read me"]]}), columns=SCHOOLS, read=WORKBOOK)


def test_a_file_without_a_header_is_read_by_position(parse):
    table = parse(
        b"Ash,12\nBirch,13\n",
        columns=SCHOOLS,
        read={"header": ["School", "Count"]},
    )
    assert rows(table, "school", "count", "_source_row") == [
        ("Ash", "12", 1),
        ("Birch", "13", 2),
    ]


def test_a_headerless_file_with_a_column_less_is_refused(parse):
    with pytest.raises(DeliveryRefused, match="2 cells in each row"):
        parse(b"Ash\n", columns=SCHOOLS, read={"header": ["School", "Count"]})


def test_headers_that_are_years_become_rows(parse):
    table = parse(
        b"School,2014,2015,2016\nAsh,12,,14\nBirch,,5,6\n",
        columns=columns(school="School", year="", count=""),
        identity={"column": "year"},
        read={"unpivot": {"header": r"^(20\d\d)$", "name": "year", "value": "count"}},
    )
    assert rows(table, "school", "_school_year", "count", "_source_row") == [
        ("Ash", 2014, "12", 2),
        ("Ash", 2016, "14", 2),
        ("Birch", 2015, "5", 3),
        ("Birch", 2016, "6", 3),
    ]


# Rows


STACKED = b"""School,Count
State Total,30
Ash,12
SubTotal,12
Charter Schools,
School,Count
Birch,18
SubTotal,18
Foot Notes,
"""


def test_stacked_tables_are_one_with_its_sections(parse):
    table = parse(
        STACKED,
        columns=columns(school="School", count="Count", section=""),
        read={
            "furniture": ["^State Total, ", "^SubTotal", "^School, Count$", "^Foot"],
            "section": {"column": "section", "pattern": "^(Charter) Schools$"},
        },
    )
    assert rows(table, "school", "section", "_source_row") == [
        ("Ash", None, 3),
        ("Birch", "Charter", 7),
    ]


def test_a_district_that_is_printed_once_holds_for_the_rows_below(parse):
    table = parse(
        b"District,School\nNorth,Ash\n,Birch\nSouth,Cedar\n",
        columns=columns(district="District", school="School"),
        read={"fill_down": ["district"]},
    )
    assert rows(table, "district") == [("North",), ("North",), ("South",)]


def test_short_rows_are_filled_only_where_the_contract_says_so(parse):
    content = b"School,Count\nAsh\n"
    with pytest.raises(DeliveryRefused, match="2 cells in each row"):
        parse(content, columns=SCHOOLS)
    table = parse(content, columns=SCHOOLS, read={"short_rows": True})
    assert rows(table, "school", "count") == [("Ash", None)]


# Years


@pytest.mark.parametrize("said", ["2014-15", "2014 - 2015", "1415", "2015"])
def test_each_row_says_its_year(parse, said):
    table = parse(
        f"School,Year\nAsh,{said}\nBirch,soon\n".encode(),
        columns=columns(school="School", year="Year"),
        identity={"column": "year"},
    )
    assert rows(table, "_school_year") == [(2015,), (None,)]
    assert readers.school_years(table) == [2015]


def test_a_name_says_the_year_where_nothing_inside_does(parse):
    by_name = {"file_name": r"_(?P<school_year>\d{4}-\d{2})\."}
    table = parse(
        b"School,Count\nAsh,1\n", "eoy_2014-15.csv", columns=SCHOOLS, identity=by_name
    )
    assert rows(table, "_school_year") == [(2015,)]
    with pytest.raises(DeliveryRefused, match="Name the file after its school year"):
        parse(b"School,Count\nAsh,1\n", "eoy.csv", columns=SCHOOLS, identity=by_name)


# Students


STUDENTS = columns(school="School", student="Id", name="Name")
STUDENTS["student"] |= {"protect": "student_id", "pattern": r"\d{7,10}"}
STUDENTS["name"] |= {"protect": "name"}


def test_what_tells_of_a_student_is_hashed(parse):
    table = parse(
        b"School,Id,Name\nAsh,1234567,Doe\nBirch, 1234567_,DOE \nCedar,12,\n",
        columns=STUDENTS,
        visibility="restricted",
    )
    (first, doe), (again, same), broken = rows(table, "student", "name")
    assert (first, doe) == (again, same)
    assert {len(first), len(doe)} == {32} and first != doe
    assert broken == ("malformed", None)


def test_another_key_gives_another_hash_and_another_judgement(parse, monkeypatch):
    content = b"School,Id,Name\nAsh,1234567,Doe\n"
    student = {"columns": STUDENTS, "visibility": "restricted"}
    before = rows(parse(content, **student), "student")
    monkeypatch.setenv("COMMON_METRICS_STUDENT_KEY", "another key, as long")
    assert rows(parse(content, **student), "student") != before


@pytest.mark.parametrize(("key", "found"), [("", "none"), ("short", "5 characters")])
def test_without_a_key_nothing_of_a_student_is_written(parse, monkeypatch, key, found):
    monkeypatch.setenv("COMMON_METRICS_STUDENT_KEY", key)
    with pytest.raises(KeyMissing, match=found) as error:
        parse(
            b"School,Id,Name\nAsh,1234567,Doe\n",
            columns=STUDENTS,
            visibility="restricted",
        )
    assert "1234567" not in str(error.value)


def test_student_columns_are_never_public(parse):
    with pytest.raises(ContractError, match="must be restricted"):
        parse(b"School,Id,Name\n", columns=STUDENTS)
