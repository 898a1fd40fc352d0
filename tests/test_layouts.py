"""Layouts beyond a plain table: what a contract's read and identity blocks can say."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pytest
import xlsxwriter
import yaml
from xls import PLAIN, RAISED, STRUCK_OUT, SUPPRESSED, xls

from common_metrics.contracts.loading import load_contract
from common_metrics.contracts.model import Contract
from common_metrics.errors import ContractError, DeliveryRefused
from common_metrics.lake import Delivery
from common_metrics.pseudonyms import KeyMissing
from common_metrics.reading import parsing, workbook
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
        found = parsing.records(contract, content)
        return parsing.parse(contract, delivery, found).table

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
    with pytest.raises(DeliveryRefused, match="a visible sheet called Schools"):
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
        (workbook.XLS + b"\0" * 2000, "damaged or asks for a password"),
    ],
)
def test_what_is_no_workbook_is_refused(parse, content, found):
    with pytest.raises(DeliveryRefused, match=found):
        parse(content, columns=SCHOOLS, read=WORKBOOK)


@pytest.fixture
def written() -> Callable[..., bytes]:
    """Return a workbook of a spreadsheet's own kind that a function has filled."""

    def written(fill: Callable[..., None]) -> bytes:
        content = BytesIO()
        book = xlsxwriter.Workbook(content)
        fill(book)
        book.close()
        return content.getvalue()

    return written


TABLE = [["School", "Count"], ["Ash", 12], ["Birch", 13]]


def public_counts() -> Contract:
    """A contract of schools and their counts, in a workbook's first sheet."""
    blocks = BASE | {"columns": SCHOOLS, "read": WORKBOOK}
    return Contract(key="xx/y", sha256="", layouts={"a": list(SCHOOLS)}, **blocks)


def fill(sheet, rows):
    for at, cells in enumerate(rows):
        sheet.write_row(at, 0, cells)


def test_the_first_visible_sheet_with_the_header_is_read(written):
    def book(book):
        last_year = book.add_worksheet("last year")
        fill(last_year, [["School", "Count"], ["Ash", 11]])
        bars = book.add_chart({"type": "bar"})
        bars.add_series({"values": "='last year'!$B$2"})
        book.add_chartsheet("chart").set_chart(bars)
        fill(book.add_worksheet("cover"), [["Counts of the state"], ["Notes"]])
        fill(book.add_worksheet("this year"), TABLE)
        fill(book.add_worksheet("more"), [["Notes", "Count"], ["Ash", 12]])
        book.add_worksheet("empty")
        last_year.hide()
        book.get_worksheet_by_name("cover").activate()

    found = parsing.records(public_counts(), written(book))
    assert {record.sheet for record in found} == {"this year"}
    assert found.unread == ["last year", "chart", "cover", "more"]


def test_a_hidden_sheet_is_not_read_under_its_name_either(written, parse):
    def book(book):
        fill(book.add_worksheet("cover"), [["Counts"]])
        sheet = book.add_worksheet("2014")
        fill(sheet, TABLE)
        sheet.hide()

    with pytest.raises(DeliveryRefused, match="a visible sheet called 2014.*hidden"):
        parse(written(book), columns=SCHOOLS, read={**WORKBOOK, "sheet": "2014"})


# Cells whose text does not say all


def odd_cells(book):
    """A cell of each kind that is read as something else, in a row of its own."""
    formats = {
        "raised": {"font_script": 1},
        "lowered": {"font_script": 2},
        "struck": {"font_strikeout": True},
        "suppressed": {"num_format": '[<10]"*";0'},
        "blank": {"num_format": ";;;"},
        "money": {"num_format": '_(* #,##0_);[Red]_(* (#,##0);_(* "-"??_);_(@_)'},
    }
    form = {name: book.add_format(kwargs) for name, kwargs in formats.items()}
    sheet = book.add_worksheet("Counts")
    sheet.write_row(0, 0, ["School", "Count"])
    sheet.write_formula(1, 1, "=NA()", None, "#N/A")
    sheet.write_rich_string(2, 1, "4", form["raised"], "2")
    sheet.write_rich_string(3, 1, form["struck"], "85", " 83")
    sheet.write_number(4, 1, 42, form["struck"])
    sheet.write_number(5, 1, 2, form["raised"])
    sheet.write_number(6, 1, 4, form["suppressed"])
    sheet.write_number(7, 1, 4, form["blank"])
    sheet.merge_range(8, 1, 9, 1, 40)
    sheet.write_number(10, 1, 5)
    sheet.set_row(10, None, None, {"hidden": True})
    sheet.write_rich_string(11, 1, "1", form["raised"], "st", " of May")
    sheet.write_number(12, 1, 1200, form["money"])
    sheet.write_formula(13, 1, "=5+5", None, 10)
    sheet.write_rich_string(14, 1, "CO", form["lowered"], "2")
    for row in range(1, 15):
        sheet.write_string(row, 0, f"School {row}")


def test_a_cell_that_does_not_say_all_is_marked(written):
    found = parsing.records(public_counts(), written(odd_cells))
    assert [record.cells[1] for record in found[1:]] == [
        "(error #N/A)",
        "4(superscript 2)",
        "(struck out 85) 83",
        "(struck out 42)",
        "(superscript 2)",
        "(not shown 4)",
        "(not shown 4)",
        "(merged 40)",
        "",
        "(hidden 5)",
        "1st of May",
        "1200",
        "10",
        "CO(subscript 2)",
    ]


def test_an_old_workbook_is_marked_as_well():
    cells = [
        *["#N/A", "=#DIV/0!", "=", (42, STRUCK_OUT), (42, RAISED), (4, SUPPRESSED)],
        *[(42, PLAIN), 7],
    ]
    rows = [["School", "Count"], *(["Ash", cell] for cell in cells)]
    found = parsing.records(public_counts(), xls(rows, hidden=8))
    assert [record.cells[1] for record in found[1:]] == [
        "(error #N/A)",
        "(error #DIV/0!)",
        "(error without a result)",
        "(struck out 42)",
        "(superscript 42)",
        "(not shown 4)",
        "42",
        "(hidden 7)",
    ]


def test_an_old_workbook_with_a_footnote_sign_somewhere_is_refused(parse):
    book = xls([["School", "Count"], ["Ash", 42]], unused_font=True)
    with pytest.raises(DeliveryRefused, match="save it as .xlsx"):
        parse(book, columns=SCHOOLS, read=WORKBOOK)


def test_a_hidden_column_is_none(parse, written):
    def book(book):
        sheet = book.add_worksheet()
        fill(sheet, [["School", "Area", "Count"], ["Ash", "North", 12]])
        sheet.set_column(2, 2, None, None, {"hidden": True})

    with pytest.raises(DeliveryRefused, match=r'headers in the file: "\(hidden Count'):
        parse(written(book), columns=SCHOOLS | columns(area="Area"), read=WORKBOOK)


@pytest.mark.parametrize("result", ["", 0])
def test_formulas_that_nobody_calculated_are_refused(parse, written, result):
    def book(book):
        sheet = book.add_worksheet()
        fill(sheet, TABLE)
        for row in (1, 2):
            sheet.write_formula(row, 1, "=6+6", None, result)

    with pytest.raises(DeliveryRefused, match="2 cells that hold formulas") as refusal:
        parse(written(book), columns=SCHOOLS, read=WORKBOOK)
    assert refusal.value.row == 2


def test_a_table_of_errors_is_refused_as_such(parse, written):
    with pytest.raises(DeliveryRefused, match="cells marked error, hidden, merged"):
        parse(written(odd_cells), columns=SCHOOLS, read=WORKBOOK)


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


CHOSEN = ("All Districts, Female", "All Districts, Homeless", "")


@pytest.mark.parametrize("title", CHOSEN)
def test_rows_of_chosen_students_are_not_of_all_students(parse, title):
    group = {"group": {**columns(g="Group")["g"], "optional": True}}
    says = {"undated": True, "all_students": "All Students$", "groups": ["group"]}
    made = {"columns": SCHOOLS | group, "identity": says}
    rest = b"School,Count\nAsh,12\n"
    with pytest.raises(DeliveryRefused, match="above the header like All Students"):
        parse(f'"{title}"\n'.encode() + rest, **made)
    grouped = b"School,Count,Group\nAsh,12,Female\n"
    assert parse(f'"{title}"\n'.encode() + grouped, **made).num_rows == 1
    for all_students in (b'"All Districts, All Students"\n', b"All, All Students\n"):
        assert parse(all_students + rest, **made).num_rows == 1


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
    assert parsing.Rows(table, [], []).school_years == [2015]


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
