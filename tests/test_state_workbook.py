"""A state's workbook is one to read: heads, widths, formats, colours, pages."""

import re
from pathlib import Path
from zipfile import ZipFile

import pytest
from public_file import public_nodes, write_public_file
from python_calamine import CalamineWorkbook
from test_site import metric, outcome, school, targets, verdict

from common_metrics.publication.workbook import SHEETS, write_workbooks

GRADUATION = "acgr_4yr"
LONG = "Members of the cohort " * 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("books")
    rows = {
        "dim_metric": [metric(GRADUATION, "Graduated", 90, numerator_definition=LONG)],
        "dim_school": [
            school("s1", "Maple High School", is_consortium_state=True),
            school("m1", "Far High School", "MA", is_consortium_state=False),
        ],
        "school_outcomes": [
            outcome(
                "s1", GRADUATION, year, 82.25, denominator=1500, school_name="Maple"
            )
            for year in (2014, 2015)
        ],
        "state_outcomes": [
            {"state": "CT", "school_year": year, "metric_id": GRADUATION}
            | {"student_group": "all", "is_preferred": True, "value_status": status}
            for year, status in ((2015, "reported"), (2019, "not_yet_observed"))
        ],
        "school_targets": targets("s1", 15),
        "school_target_status": verdict("s1", 2015, "off_track", "off_track"),
        "about_release": [{"release_id": "r1", "built_at": "2026-01-01 00:00:00"}],
    }
    write_public_file(base / "public.duckdb", _described(rows))
    write_workbooks(base / "public.duckdb", base / "excel", base)
    return base / "excel"


def _described(rows: dict) -> dict:
    """Add a word on each column that a sheet shows."""
    shown = {
        (table, name.split(".")[-1].strip())
        for tables, sql in SHEETS.values()
        for table in tables
        for name in re.search("select (.*?) from", sql)[1].split(",")
    }
    (node,) = (n for n in public_nodes() if n["name"] == "data_dictionary")
    of_table, of_column = (f'"{column["name"]}"' for column in node["columns"][:2])
    about = [
        {of_table: table, of_column: column, "description": f"About {column}"}
        for table, column in shown
    ]
    return rows | {"data_dictionary": about}


@pytest.fixture(scope="module")
def sheets(folder: Path) -> dict[str, list[list]]:
    book = CalamineWorkbook.from_path(str(folder / "CT.xlsx"))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


@pytest.fixture(scope="module")
def parts(folder: Path) -> dict[str, str]:
    """Return the XML of each sheet by its name, and of the styles."""
    with ZipFile(folder / "CT.xlsx") as book:
        names = re.findall(
            '<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode()
        )
        read = {
            name: book.read(f"xl/worksheets/sheet{n}.xml").decode()
            for n, name in enumerate(names, start=1)
        }
        return read | {"styles": book.read("xl/styles.xml").decode()}


def test_the_five_states_alone_have_one(folder):
    assert [file.name for file in folder.iterdir()] == ["CT.xlsx"]


def test_heads_are_words_and_labels_stand_beside_ids(sheets):
    heads = sheets["Targets"][0]
    assert heads[:3] == ["School", "Metric", "School year ending"]
    assert {"Metric id", "School key", "Verdict"} <= set(heads)
    for name in SHEETS:
        assert not any("_" in head for head in sheets[name][0]), name
    (row,) = sheets["Targets"][1:]
    assert row[:2] == ["Maple High School", "Graduated"]
    named = [row[:3] for row in sheets["Dictionary"]]
    assert ["Targets", "Rate (%)", "value_pct"] in named


def test_no_row_is_of_a_year_to_come_and_the_newest_stands_first(sheets):
    at = sheets["School rates"][0].index("School year ending")
    assert [row[at] for row in sheets["School rates"][1:]] == [2015, 2014]
    assert [row[1] for row in sheets["State rates"][1:]] == [2015]
    assert [row[2] for row in sheets["Targets"][1:]] == [2015]


def test_columns_are_as_wide_as_what_stands_in_them(parts):
    widths = [
        float(w) for w in re.findall(r'<col [^>]*width="([\d.]+)"', parts["Metrics"])
    ]
    assert max(widths) < 50 and min(widths) > 8 and len(set(widths)) > 1
    assert 'wrapText="1"' in parts["styles"]


def test_numbers_have_their_formats(parts):
    assert 'formatCode="0.0"' in parts["styles"]
    cell = re.search(r'<c r="D2" s="(\d+)"', parts["School rates"])
    styles = re.search("<cellXfs.*?</cellXfs>", parts["styles"], re.S)[0]
    of_rates = re.findall("<xf [^>]*>", styles)[int(cell[1])]
    code = re.search(r'numFmtId="(\d+)" formatCode="0\.0"', parts["styles"])
    assert f'numFmtId="{code[1]}"' in of_rates


def test_verdicts_are_coloured_and_a_sheet_prints_whole(parts):
    rules = re.findall(r"<formula>\"(\w+)\"</formula>", parts["Targets"])
    assert {"at_goal", "on_track", "cannot_tell", "off_track"} == set(rules)
    for name in SHEETS:
        page = parts[name]
        assert 'orientation="landscape"' in page and 'fitToHeight="0"' in page, name
        assert "Page &amp;P of &amp;N" in page and 'state="frozen"' in page, name
