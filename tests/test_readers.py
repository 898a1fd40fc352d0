from collections.abc import Callable

import pyarrow.parquet as pq
import pytest
import staged

from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Delivery
from common_metrics.reading import parsing
from common_metrics.reading.text import decode
from common_metrics.reading.years import read_identity, school_year, years_in_name
from workbook import xlsx

DELIVERY = Delivery(
    provider="ct",
    extract="graduation_4yr",
    file="folder/file.csv",
    sha256="0123456789abcdef",
    bytes=1,
    landed_at="2016-03-01T06:00:00+00:00",
    school_year=2015,
)
OSPREY = b'"Osprey Point Academy"'  # in row 8 of the file of graduates
PARTS = ("expected", "found", "todo")


@pytest.fixture
def read(contracts, tmp_path) -> Callable[..., list[dict]]:
    """Read bytes as a delivery of an extract and return its rows."""

    def read(content: bytes, key: str = "ct/graduation_4yr") -> list[dict]:
        file = tmp_path / "landed.csv"
        file.write_bytes(content)
        return staged.read(contracts[key], DELIVERY, file).table.to_pylist()

    return read


def column(rows: list[dict], name: str) -> list:
    return [row[name] for row in rows]


# Cells


def test_a_code_written_as_a_formula_keeps_its_zero(read, graduates):
    assert b'"=""0006111"""' in graduates
    first = read(graduates)[0]
    assert (first["lea_id_state"], first["school_id_state"]) == ("0000011", "0006111")


def test_a_code_without_a_formula_keeps_its_zero(read, crosswalk):
    first = read(crosswalk, "nessc/school_crosswalk")[0]
    assert (first["school_id_nces"], first["school_id_state"]) == (
        "099990100001",
        "0006111",
    )


def said(contract, content: bytes):
    """What a file says of itself."""
    return read_identity(contract, parsing.records(contract, content), "")


@pytest.mark.parametrize("cell", ["*", "N/A", "PS", ".", "GE95", "85-89", "NA", "-1"])
def test_what_stands_for_a_number_stays_text(read, graduates, cell):
    rows = read(graduates.replace(b",40,28,70.0", f',40,"{cell}",{cell}'.encode()))
    assert (rows[0]["graduation_count"], rows[0]["graduation_pct"]) == (cell, cell)


@pytest.mark.parametrize("cell", [b"", b'""', b'"  "', b"  "])
def test_a_blank_cell_is_null(read, graduates, cell):
    rows = read(graduates.replace(b",40,28,70.0", b",40," + cell + b",70.0"))
    assert rows[0]["graduation_count"] is None


def test_blanks_around_a_cell_go(read, graduates):
    rows = read(graduates.replace(OSPREY, b'"  Osprey Point Academy "'))
    assert rows[2]["school_name"] == "Osprey Point Academy"


def test_a_comma_in_a_quoted_cell_parts_nothing(read, crosswalk):
    rows = read(crosswalk, "nessc/school_crosswalk")
    assert rows[3]["lea_name"] == "Hollow Birch Union, District 91"


def test_every_value_is_text(read, graduates):
    values = {type(row[name]) for row in read(graduates) for name in row}
    assert values == {str, int, type(None)}  # the integers are lineage
    assert type(read(graduates)[0]["cohort_count"]) is str


def test_a_column_of_another_layout_is_null(read, graduates):
    assert set(column(read(graduates), "other_count")) == {None}


# Rows


def test_a_row_carries_where_it_comes_from(read, graduates):
    first = read(graduates)[0]
    assert {name: first[name] for name in parsing.FILE_COLUMNS.names} == {
        "_source_file": "folder/file.csv",
        "_source_sheet": None,
        "_source_row": 6,
        "_layout": "school_graduates",
        "_school_year": 2015,
        "_delivery": "01234567",
    }


def test_source_row_is_the_line_in_the_file(read, graduates):
    lines = graduates.decode().split("\r\n")
    for row in read(graduates):
        assert row["school_name"] in lines[row["_source_row"] - 1]


def test_a_line_break_in_a_cell_counts_as_a_line(read, graduates):
    rows = read(graduates.replace(OSPREY, b'"Osprey\r\nPoint\r\nAcademy"'))
    assert column(rows, "_source_row")[:5] == [6, 7, 8, 11, 12]
    assert rows[2]["school_name"] == "Osprey\r\nPoint\r\nAcademy"


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0c"], ids=ascii)
def test_only_line_ends_count_as_lines(read, crosswalk, mark):
    name = f'"Corrigan{mark}Bay High School"'.encode()
    odd = crosswalk.replace(b"Corrigan Bay High School", name)
    rows = read(odd, "nessc/school_crosswalk")
    assert column(rows, "_source_row") == [2, 3, 4, 5]


def test_blank_lines_are_counted_but_are_no_rows(read, graduates):
    before = graduates.index(b'"Osprey')
    rows = read(graduates[:before] + b"\r\n,,,,,,\r\n" + graduates[before:])
    assert len(rows) == 20
    assert column(rows, "_source_row")[:4] == [6, 7, 10, 11]


def test_a_row_of_another_width_is_refused(read, graduates):
    with pytest.raises(DeliveryRefused) as error:
        read(graduates.replace(OSPREY, b"Osprey, Point Academy"))
    assert [getattr(error.value, part) for part in PARTS[:2]] == [
        "7 cells in each row",
        "8 in this one (1 such rows)",
    ]
    assert error.value.row == 8


def test_a_quote_that_does_not_close_is_refused(read, graduates):
    with pytest.raises(DeliveryRefused, match="quotes that close") as error:
        read(graduates.replace(OSPREY, b'"Osprey Point Academy'))
    assert error.value.row == 8


def test_a_header_below_long_notes_is_found(read, graduates):
    notes = b"".join(b'"* Note %d."\r\n' % n for n in range(30))
    at = graduates.index(b'"",,,')
    rows = read(graduates[:at] + notes + graduates[at:])
    assert rows[0]["_source_row"] == 36


def test_a_header_is_looked_for_at_the_top_only(read, graduates):
    notes = b'"A note."\r\n' * 40
    at = graduates.index(b'"",,,')
    found = "in row 45 only. Delete the rows above it"
    with pytest.raises(DeliveryRefused, match=f"first 40 rows.* {found}"):
        read(graduates[:at] + notes + graduates[at:])


def test_no_rows_still_have_every_column(contracts):
    for contract in contracts.values():
        table = parsing.no_rows(contract)
        assert table.num_rows == 0
        assert table.column_names == [*contract.columns, *parsing.FILE_COLUMNS.names]


def test_rows_survive_parquet(contracts, example, tmp_path):
    contract, file = contracts["us/edfacts_acgr"], tmp_path / "landed.csv"
    file.write_bytes(example("us/edfacts_acgr", "2015"))
    table = staged.read(contract, DELIVERY, file).table
    parsing.write(table, tmp_path / "rows.parquet")
    assert pq.read_table(tmp_path / "rows.parquet").equals(table)
    assert [path.name for path in tmp_path.glob("*.part")] == []


# Text


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a mark"])
def test_a_wrong_byte_is_named_with_its_row(contracts, crosswalk, start):
    data = start + crosswalk.replace(b"\r\nME,MAINE", b"\r\n\xc9,MAINE")
    with pytest.raises(DeliveryRefused, match=r"byte 0xc9 is not utf-8") as error:
        decode(contracts["nessc/school_crosswalk"], data)
    assert error.value.row == 4


def test_a_byte_order_mark_is_no_part_of_the_header(read, crosswalk):
    rows = read(b"\xef\xbb\xbf" + crosswalk, "nessc/school_crosswalk")
    assert column(rows, "state") == ["CT", "CT", "ME", "VT"]


def test_a_message_without_a_file_begins_with_its_row():
    assert (
        str(DeliveryRefused("a", "b", "C.", row=4)) == "row 4: Expected a. Found b. C."
    )


# The year


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2014-15", 2015),
        ("1415", 2015),
        ("2015", 2015),
        ("1999-00", 2000),
        ("2009-10", 2010),
        ("1011", 2011),
        ("2021", 2021),
        ("9899", 1999),
        ("2014-2015", 2015),
        ("2014_15", 2015),
        ("2014 \u2013 2015", 2015),
        ("20142015", 2015),
    ],
)
def test_a_school_year_is_its_end_year(text, year):
    assert school_year(text) == year


@pytest.mark.parametrize(
    "text",
    [
        *("2014-16", "2014-14", "2015-14", "15", "", "201", "1015", "9999", "2015-20"),
        *("201.5", "-2015", "SY2015", "2015-2017", "\u0662\u0660\u0661\u0665"),
    ],
)
def test_what_is_no_school_year_is_refused(text):
    with pytest.raises(DeliveryRefused, match="a school year such as 2014-15"):
        school_year(text)


@pytest.mark.parametrize(
    ("key", "part", "identity"),
    [
        ("ct/graduation_4yr", "gender", (2015, None)),
        ("ct/graduation_5yr", "", (2014, None)),
        ("ct/graduation_6yr", "", (2013, None)),
        ("ct/college_entrance", "gender", (2013, None)),
        ("us/edfacts_acgr", "2014", (2014, "1314")),
        ("us/edfacts_acgr", "2015", (2015, "1415")),
        ("nessc/school_crosswalk", "", (None, None)),
    ],
)
def test_the_file_itself_says_its_year(contracts, example, key, part, identity):
    assert said(contracts[key], example(key, part)) == identity


def test_the_year_code_finds_the_columns(read, federal):
    rows = read(federal, "us/edfacts_acgr")
    assert column(rows, "all_rate") == ["91", "GE95", "LE10", "PS"]


@pytest.mark.parametrize("other", ["ct/graduation_5yr", "us/edfacts_acgr"])
def test_another_extract_is_told_by_its_head(contracts, graduates, other):
    with pytest.raises(DeliveryRefused, match="this is another table"):
        said(contracts[other], graduates)


def test_a_year_that_cannot_be_is_refused(contracts, graduates):
    wrong = graduates.replace(b"2014-15", b"2014-16")
    with pytest.raises(DeliveryRefused, match="Found '2014-16'"):
        said(contracts["ct/graduation_4yr"], wrong)


@pytest.mark.parametrize(
    ("name", "years"),
    [
        ("rates2015-2016_by-grade.csv", [2016]),
        ("2013-14/rates__2014_15.csv", [2015]),
        ("2013-14/rates.csv", [2014]),
        ("rates_2014-15_of_2016-11-29.csv", [2015]),
        ("rates_2016-11-29.csv", []),
        ("rates 2014-15 to 2015-16.csv", [2015, 2016]),
        ("rates.csv", []),
    ],
)
def test_a_name_says_its_year_in_many_forms(contracts, name, years):
    pattern = contracts["ct/enrollment"].landing.name_year
    assert years_in_name(pattern, name) == years


@pytest.mark.parametrize("said", ["2015-20", "1015-17", "9999-98", "2014-2016"])
def test_a_name_with_an_impossible_year_is_to_be_changed(contracts, said):
    pattern = contracts["ct/enrollment"].landing.name_year
    with pytest.raises(DeliveryRefused, match=f"'{said}'. Rename the file so"):
        years_in_name(pattern, f"rates_{said}.csv")


# Ids that a spreadsheet rewrote


def test_ids_in_exponent_form_are_refused(read, federal):
    damaged = federal.replace(b"239990300003", b"2.39990E+11")
    damaged = damaged.replace(b"509990400004", b"5.0999E+11")
    with pytest.raises(DeliveryRefused) as error:
        read(damaged, "us/edfacts_acgr")
    assert error.value.row == 4
    assert error.value.expected == "NCESSCH with all its digits"
    assert "exponent form" in error.value.found
    assert error.value.found.endswith("in 2 of 4 rows")
    assert "Fetch the original file from the publisher" in error.value.todo


def test_the_message_quotes_no_id(read, federal):
    with pytest.raises(DeliveryRefused) as error:
        read(federal.replace(b"239990300003", b"2.39990E+11"), "us/edfacts_acgr")
    assert "2.39990" not in str(error.value)


def test_ids_in_exponent_form_are_told_whatever_the_case_of_the_header(read, federal):
    damaged = federal.replace(b"239990300003", b"2.39990E+11")
    with pytest.raises(DeliveryRefused, match="exponent form"):
        read(damaged.replace(b"NCESSCH", b"NCESSCH "), "us/edfacts_acgr")
    with pytest.raises(DeliveryRefused, match="exponent form"):
        read(damaged.replace(b"NCESSCH", b"ncessch"), "us/edfacts_acgr")


def test_blank_lines_are_not_counted_among_the_rows(read, graduates):
    with pytest.raises(DeliveryRefused, match="in 1 of 20 rows"):
        read(graduates.replace(b'"=""1716111"""', b"1.71611E+06"))


def test_a_number_in_exponent_form_elsewhere_is_left_to_the_expectations(
    read, graduates
):
    rows = read(graduates.replace(b",40,28,70.0", b",4.0E+1,28,70.0"))
    assert rows[0]["cohort_count"] == "4.0E+1"


def test_a_second_sheet_with_the_header_is_not_lost_in_silence(contracts) -> None:
    contract = contracts["nh/cohort_counts"]
    header = [column.headers[0] for column in contract.columns.values()]
    title, row = ["2014 - 2015 Cohort Graduation"], [1, 11, "Larch", "Larch High"]
    table = [title, header, row]
    one = parsing.records(contract, xlsx({"Cover": [["Cohorts"]], "Data": table}))
    assert {record.sheet for record in one} == {"Data"}
    both = xlsx({"Data": table, "More": table})
    with pytest.raises(DeliveryRefused, match='Found 2 of them: "Data", "More"'):
        parsing.records(contract, both)
