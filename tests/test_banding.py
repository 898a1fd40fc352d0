"""The federal banding rule against what the federal files print."""

import csv
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from staged import bring, build

from common_metrics.lake import Lake
from common_metrics.warehouse.build import dbt

KEY = "us/edfacts_acgr"
FILES = {2012: "Edfacts 2012.csv", 2014: "EdFacts 2014.csv", 2015: "EdFacts 2015.csv"}
LATER = {2016: "acgr-sch-sy2015-16.csv"}
# The five states and Massachusetts. 2012-13 is not among the files at hand.
STATES = ("09", "23", "25", "33", "44", "50")
GROUPS = ("ALL", "MAM", "MAS", "MBL", "MHI", "MTR", "MWH", "CWD", "ECD", "LEP")
Cell = tuple[int, str, str]


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    return real_data / "edfacts_acgr"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(tmp_path_factory.mktemp("banding") / "lake")


@pytest.fixture(scope="module")
def warehouse(folder: Path, lake: Lake) -> duckdb.DuckDBPyConnection:
    """The whole federal files, landed, validated and held against the rule."""
    for name in (FILES | LATER).values():
        delivery = bring(lake, KEY, name, (folder / name).read_bytes())
        assert delivery.status == "validated"
    return build(lake, "rate_bands", "stg_us__edfacts_acgr", "int_federal_bands")


def printed(folder: Path, year: int, name: str) -> dict[Cell, tuple[str, int, str]]:
    """Printed cells: school and year, then name of the school, cohort and print."""
    years = f"{year - 2001:02}{year - 2000:02}"
    cells = {}
    with (folder / name).open(newline="", encoding="utf-8-sig") as lines:
        for row in csv.DictReader(lines):
            if row["FIPST"].zfill(2) not in STATES:
                continue
            for group in GROUPS:
                rate = row[f"{group}_RATE_{years}"]
                if rate not in ("", "."):
                    n = int(row[f"{group}_COHORT_{years}"])
                    cells[year, row["NCESSCH"], group] = (row["SCHNAM"], n, rate)
    return cells


def by_rule(warehouse: duckdb.DuckDBPyConnection) -> dict[Cell, tuple[str, str]]:
    rows = warehouse.execute(
        "select school_year, school_id_nces, student_group_label, label_by_rule, "
        "conformity from intermediate.int_federal_bands where state in "
        f"{STATES}"
    ).fetchall()
    return {(year, school, group): told for year, school, group, *told in rows}


def compared(warehouse, folder: Path, files: dict[int, str]) -> tuple[int, list]:
    """How many cells the rule prints as they are printed, and the others."""
    rule = by_rule(warehouse)
    cells = {k: v for y, n in files.items() for k, v in printed(folder, y, n).items()}
    other = [
        (year, *cells[year, school, group], group)
        for year, school, group in cells
        if rule[year, school, group][0] != cells[year, school, group][2]
    ]
    return len(cells) - len(other), sorted(other)


def test_the_rule_prints_the_federal_cells_but_for_four(warehouse, folder) -> None:
    follow, other = compared(warehouse, folder, FILES)
    assert follow == 20_571
    assert other == [
        (2015, "Biddeford High School", 207, "85-89", "ALL"),
        (2015, "Dracut Senior High", 250, "90-94", "ALL"),
        (2015, "Guilford High School", 269, "GE95", "ALL"),
        (2015, "Sanford High School", 244, "80-84", "ALL"),
    ]


def test_the_year_after_follows_it_too(warehouse, folder) -> None:
    follow, other = compared(warehouse, folder, LATER)
    assert follow == 7_574
    assert other == [
        (2016, "North Middlesex Regional", 241, "GE95", "ALL"),
        (2016, "Sanford High School", 273, "85-89", "ALL"),
    ]


def test_the_exceptions_are_the_documented_further_protection(warehouse) -> None:
    told = Counter(conformity for _, conformity in by_rule(warehouse).values())
    assert told == {"by_rule": 28_145, "guarded_as_a_subgroup": 6}


def test_each_band_of_the_rule_is_met(warehouse, folder) -> None:
    """A rule that prints what nobody prints would not be noticed by the others."""
    bands = warehouse.execute(
        "select distinct label from rules.rate_bands where scheme = 'edfacts' "
        "and label is not null"
    ).fetchall()
    printed_somewhere = warehouse.execute(
        "select distinct label_by_rule from intermediate.int_federal_bands "
        "where conformity = 'by_rule'"
    ).fetchall()
    assert set(bands) - set(printed_somewhere) == set()


CODED = [  # students, rate, all students?, scheme, what is printed
    ("null", "50", "true", "edfacts", None),
    ("0", "50", "true", "edfacts", None),
    ("50", "null", "true", "edfacts", None),
    ("100", "94.49", "true", "edfacts", "90-94"),
    ("100", "94.5", "true", "edfacts", "GE95"),
    ("10", "49.5", "true", "edfacts", "GE50"),
    ("250", "100", "true", "edfacts", "GE99"),
    ("250", "98.499999999999", "true", "edfacts", "98"),
    ("250", "100", "false", "edfacts", "GE95"),
    ("301", "1.4", "false", "edfacts", "LE1"),
    ("9", "50", "true", "nces_2011_603", "n<10"),
    ("10", "81", "true", "nces_2011_603", ">=80"),
    ("99", "94.4", "false", "nces_2011_603", "94"),
    ("99", "94.6", "false", "nces_2011_603", ">=95"),
    ("100", "2.4", "false", "nces_2011_603", "<=2"),
    ("300", "98.4", "false", "nces_2011_603", "98"),
    ("300", "98.5", "false", "nces_2011_603", ">=99"),
]


def test_a_rate_is_rounded_half_up_and_then_banded(warehouse, lake: Lake) -> None:
    """The macro as another model would use it."""
    calls = (
        f"select {at} as at, {{{{ banded_rate('cell.n', 'cell.pct', '{is_all}', "
        f"'{scheme}') }}}} as label from (select cast({n} as bigint) as n, "
        f"cast({pct} as decimal(18, 12)) as pct) as cell"
        for at, (n, pct, is_all, scheme, _) in enumerate(CODED)
    )
    inline = " union all ".join(calls)
    warehouse.close()
    done = dbt(lake, "compile", "--quiet", "--inline", inline)
    assert done.returncode == 0, done.stdout
    with duckdb.connect(str(lake.build()), read_only=True) as con:
        labels = dict(con.execute(done.stdout).fetchall())
    assert labels == {at: case[4] for at, case in enumerate(CODED)}
