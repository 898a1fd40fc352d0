"""What a state submits in the consortium's template, up to the two published tiers."""

import csv
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
import staged

from common_metrics.contracts.loading import load_contracts
from common_metrics.contracts.model import Contract
from common_metrics.lake import Delivery, Lake
from common_metrics.publication import audiences, audit, release
from common_metrics.warehouse.build import build

pytestmark = pytest.mark.full
ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "fixtures"
SEEDS = ROOT / "dbt_project" / "seeds"
KEY = "nessc/common_metrics_submission"
CROSSWALK = "nessc/school_crosswalk"
HOUR = "2016-12-01T06:00:00+00:00"
LATER = "2016-12-02T06:00:00+00:00"
STATE = None
QUILLMERE, TANSY = "099990100001", "099990200002"
CORRIGAN, HOLLOW = "239990300003", "509990400004"
ENFIELD, SPINDLE = "339990500005", "449990600006"
# Below the minimums of its state for denominator, numerator and all others: in
# Connecticut 20, 6, 6, in Maine and Rhode Island 10, 10, 10, in New Hampshire 10, 5, 5,
# in Vermont 11, 11, 11.
SMALL = {
    ("CT", QUILLMERE, 2015, "dropout_cohort"): "swd ed",  # 5 of 25, 7 of 19
    ("CT", TANSY, 2015, "dropout_cohort"): "all",  # 0 of 63
    ("ME", CORRIGAN, 2014, "dropout_cohort"): "ed",  # 9 of 40
    ("ME", CORRIGAN, 2014, "acgr_5yr"): "ed swd",  # 29 of 38, 4 of 9
    ("ME", CORRIGAN, 2014, "pse_12m_graduates"): "all",  # 12 of 21
    ("NH", ENFIELD, 2014, "dropout_cohort"): "swd ed el",  # 4 and 26 of 30, 5 of 9
    ("RI", SPINDLE, 2014, "dropout_cohort"): "ed non_ed",  # 9 and 11 of 20
    ("VT", HOLLOW, 2014, "dropout_cohort"): "ed non_ed swd non_swd",
    ("VT", HOLLOW, 2014, "acgr_5yr"): "ed non_ed male",  # 10, 1 and 0 not graduated
    ("VT", HOLLOW, 2015, "dropout_cohort"): "all",  # 9 of 148
    ("VT", STATE, 2014, "acgr_5yr"): "el",  # 10 of 21
}
SMALL_CELLS = {
    (*key, group) for key, groups in SMALL.items() for group in groups.split()
}
# What a small cell would follow from: the other group of two, or all of them. In two
# schools more drop out of the groups than of the school (Quillmere and Hollow Birch,
# 2015): of numbers that contradict each other none is shown.
GIVES_AWAY = {
    ("CT", QUILLMERE, 2015, "dropout_cohort", "all"),
    ("CT", QUILLMERE, 2015, "dropout_cohort", "non_ed"),
    ("NH", ENFIELD, 2014, "dropout_cohort", "all"),
    ("RI", SPINDLE, 2014, "dropout_cohort", "all"),
    ("VT", HOLLOW, 2014, "acgr_5yr", "female"),
    ("VT", HOLLOW, 2015, "dropout_cohort", "swd"),
    ("VT", HOLLOW, 2015, "dropout_cohort", "non_swd"),
    ("VT", HOLLOW, 2014, "pse_16m_graduates", "non_ed"),
    ("VT", STATE, 2014, "acgr_5yr", "non_el"),
}
CELLS = """
    select state, school_key, school_year, metric_id, student_group, numerator,
        denominator, value_pct, value_low_pct, value_high_pct, value_status, provider,
        extract, visibility, definition_id, data_as_of, source_file, source_row
    from school_outcomes
    union all
    select state, null, school_year, metric_id, student_group, numerator,
        denominator, value_pct, value_low_pct, value_high_pct, value_status, provider,
        extract, visibility, definition_id, data_as_of, source_file, source_row
    from state_outcomes
"""
# Seven of nine students with a disability dropped out of one school: the rate and the
# first two targets would give it away.
PLANTED = (HOLLOW, 2014, "dropout_cohort", "swd")
TELLING = (77.777777777778, 73.888888888889, 70.194444444445)
# Where a chart draws something, which any number may be.
GEOMETRY = re.compile(r' (?:[cr]?[xy][12]?|d|points|width|height)="[^"]*"')


def files(key: str) -> list[Path]:
    return sorted((FIXTURES / key).glob("*.csv"))


def bring(
    lake: Lake, drop: Path, key: str, name: str, content: bytes, at: str = HOUR
) -> Delivery:
    """Put, land and validate bytes; return the record."""
    contract = load_contracts()[key]
    file = drop / Path(contract.landing.drop[0]).with_name(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    below = file.relative_to(drop).as_posix()
    delivery = staged.land(contract, drop, below, lake, at)
    return staged.validate(contract, delivery, lake)


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Lake:
    """A lake that holds crosswalk and submissions alone, with a release of it."""
    root = tmp_path_factory.mktemp("submission")
    lake = Lake(root / "lake")
    for key in (CROSSWALK, KEY):
        for file in files(key):
            bring(lake, root / "drop", key, file.name, file.read_bytes())
    build(lake)
    release.publish(lake, datetime(2016, 12, 1, 7, tzinfo=UTC))
    return lake


@pytest.fixture(scope="module")
def tiers(published) -> Iterator[dict[str, duckdb.DuckDBPyConnection]]:
    """Both published files, open for reading."""
    opened = {
        tier: duckdb.connect(str(published.current / f"{tier}.duckdb"), read_only=True)
        for tier in audiences.TIERS
    }
    yield opened
    for connection in opened.values():
        connection.close()


@pytest.fixture(scope="module")
def hidden(published) -> set[tuple]:
    """Cells that the build hides: the small ones, and what would give them away."""
    sql = (
        "select state, school_key, school_year, metric_id, student_group, reason "
        "from intermediate.int_suppressed_cells semi join "
        # Groups that a file leaves out are hidden too, but they are no cells of it.
        "(from intermediate.int_restricted_cells where value_status = 'reported') as "
        "said on int_suppressed_cells.provider = said.provider "
        "and int_suppressed_cells.state = said.state "
        "and int_suppressed_cells.school_key is not distinct from said.school_key "
        "and int_suppressed_cells.school_year = said.school_year "
        "and int_suppressed_cells.metric_id = said.metric_id "
        "and int_suppressed_cells.student_group = said.student_group"
    )
    with duckdb.connect(str(published.build()), read_only=True) as con:
        found = {row[:5]: row[5] for row in con.execute(sql).fetchall()}
    assert {cell for cell, reason in found.items() if reason == "small"} == SMALL_CELLS
    assert found.keys() - SMALL_CELLS == GIVES_AWAY
    assert set(found.values()) == {"small", "complementary"}
    return set(found)


@pytest.fixture
def submission(contracts) -> Contract:
    return contracts[KEY]


@pytest.fixture
def vermont(example) -> bytes:
    """Eight rows of the state and fifteen of a school, rows 3 to 25 of the file."""
    return example(KEY, "vt_submission_2013-14")


def select(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def by_cell(rows: list[dict]) -> dict[tuple, dict]:
    """Rows by state, school, year, metric and group."""
    names = ("state", "school_key", "school_year", "metric_id", "student_group")
    found = {tuple(row[name] for name in names): row for row in rows}
    assert len(found) == len(rows)
    return found


def submitted() -> Iterator[tuple[tuple[str, int], dict[str, str]]]:
    """Every row of the fixtures, by its file and physical row."""
    for file in files(KEY):
        head, *rows = csv.reader(file.read_text("utf-8-sig").splitlines()[1:])
        for at, cells in enumerate(rows, 3):
            where = (f"nessc_submissions/{file.name}", at)
            yield where, dict(zip(head, cells, strict=True))


def quotient(row: dict[str, str]) -> float | None:
    """The exact rate to twelve decimals, half up."""
    if row["value_status"] != "reported":
        return None
    rate = Decimal(100) * int(row["numerator"]) / int(row["denominator"])
    return float(rate.quantize(Decimal("1e-12"), ROUND_HALF_UP))


# The contract


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def value_set(contract: Contract, column: str) -> list[str]:
    (found,) = (
        e["kwargs"]["value_set"]
        for e in contract.expectations
        if e["kwargs"].get("column") == column and "value_set" in e["kwargs"]
    )
    return found


def test_the_code_lists_are_those_of_the_seeds(submission):
    groups = seed("student_groups")
    # What divides dollars is no number of students: see league/finances.
    metrics = [m for m in seed("metrics") if m["unit"] == "per cent"]
    assert [m["metric_id"] for m in seed("metrics") if m not in metrics] == [
        "financial_sustainability"
    ]
    assert value_set(submission, "metric_id") == [m["metric_id"] for m in metrics]
    codes = [group["student_group"] for group in groups]
    assert value_set(submission, "student_group") == codes
    (pairs,) = (
        e["kwargs"]["value_pairs_set"]
        for e in submission.expectations
        if "value_pairs_set" in e["kwargs"]
    )
    assert pairs == [[m["metric_id"], m["definition_id"]] for m in metrics]
    labels = [row for row in seed("student_group_labels") if row["provider"] == "nessc"]
    assert [row["student_group_label"] for row in labels] == codes
    assert [row["student_group"] for row in labels] == codes


def test_every_current_goal_is_of_a_metric_with_targets():
    with_targets = {
        m["metric_id"] for m in seed("metrics") if m["has_targets"] == "true"
    }
    goals = [goal for goal in seed("metric_goals") if goal["is_current"] == "true"]
    # Money is held against its goal by the year since the launch, on no path.
    of_students = {g["metric_id"] for g in goals} - {"financial_sustainability"}
    assert of_students <= with_targets
    assert all(goal["reason"] and goal["source"] for goal in seed("metric_goals"))


def test_what_a_state_submits_is_restricted(submission):
    assert submission.visibility == "restricted"


# Wrong rows


def put_in(row: int, was: bytes, now: bytes) -> Callable[[bytes], bytes]:
    """A change to one physical row of a file."""

    def change(content: bytes) -> bytes:
        lines = content.split(b"\n")
        assert was in lines[row - 1]
        lines[row - 1] = lines[row - 1].replace(was, now)
        return b"\n".join(lines)

    return change


WRONG = {
    "metric": (22, b"pse_16m", b"pse_99m", "a metric that is in the registry"),
    "no metric": (22, b"pse_16m_graduates", b"", "a metric in each row"),
    "no state": (22, b"VT,", b",", "a state in each row"),
    "no year": (22, b"2013-14", b"", "a school year in each row"),
    "no group": (22, b",all,", b",,", "a student group in each row"),
    "no status": (22, b"reported", b"", "a status in each row"),
    "no day": (22, b"2015-11-30", b"", "a day on which the counts were taken"),
    "definition": (22, b"16_months", b"12_months", "the definition that the registry"),
    "no definition": (22, b"vt_aoe_16_months", b"", "the definition that the registry"),
    "group": (22, b",all,", b",All Students,", "a student group that is in the code"),
    "status": (22, b"reported", b"Reported", "reported, suppressed, not_reported or"),
    "more of one digit": (14, b",7,9,", b",9,7,", "no more in numerator than"),
    "more of two digits": (18, b",60,70,", b",71,70,", "no more in numerator than"),
    "one digit more": (22, b",83,139,", b",139,83,", "no more in numerator than"),
    "two digits more": (14, b",7,9,", b",100,9,", "no more in numerator than"),
    "fraction": (22, b",83,", b",83.0,", "a count of students, in numerator"),
    "leading zero": (22, b",83,", b",083,", "a count of students, in numerator"),
    "a rate": (22, b",83,", b",59.7%,", "a count of students, in numerator"),
    "nobody": (14, b",7,9,", b",0,0,", "a count of students above zero"),
    "no numerator": (22, b",83,", b",,", "a numerator where the status is reported"),
    "no denominator": (
        22,
        b",139,",
        b",,",
        "a denominator where the status is reported",
    ),
    "beside a marker": (25, b",,,supp", b",3,,supp", "no numerator where the status"),
    "below a marker": (25, b",,,supp", b",,8,supp", "no denominator where the status"),
    "state": (22, b"VT,", b"XX,", "one of the five states"),
    "year": (22, b"2013-14", b"2014", "a school year such as 2013-14"),
    "other year": (22, b"2013-14", b"2012-13", "the school year of the title"),
    "day": (22, b"2015-11-30", b"2015-11-31", "a day such as 2015-11-30"),
    "foreign id": (22, b"509990400004", b"519990400004", "that begins with 50"),
    "district": (3, b"VT,,,,,,", b"VT,,,,U991,,", "never a district"),
    "no code": (22, b"509990400004,PS991,", b",,", "a federal or a state code beside"),
    "no name": (22, b"Hollow Birch Union High School", b"", "a name beside the code"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_row_is_quarantined(run, lake, submission, vermont, kind):
    row, was, now, says = WRONG[kind]
    delivery = run(submission, put_in(row, was, now)(vermont), "vt_2013-14.csv")
    assert (delivery.status, delivery.rows_quarantined) == ("validated", 1)
    assert delivery.rows_validated == delivery.rows_raw - 1 == 22
    (moved,) = pq.read_table(lake.rows("quarantine", delivery)).to_pylist()
    assert moved["_source_row"] == row
    assert says in moved["_reason"]


def test_two_values_of_one_cell_are_both_quarantined(run, submission, vermont):
    twice = vermont + vermont.splitlines()[21].replace(b",83,", b",84,") + b"\n"
    delivery = run(submission, twice, "vt_2013-14.csv")
    assert (delivery.rows_validated, delivery.rows_quarantined) == (22, 2)
    assert "one row for each state, school_id_nces" in delivery.message


def test_a_file_with_the_counts_swapped_is_refused(run, submission, vermont):
    swapped = re.sub(rb",(\d+),(\d+),reported", rb",\2,\1,reported", vermont)
    delivery = run(submission, swapped, "vt_2013-14.csv")
    assert delivery.status == "refused"
    assert "Expected no more in numerator than in denominator" in delivery.message


TITLE = b'"NESSC common metrics submission, 2013-14"'


@pytest.mark.parametrize(
    ("title", "status"),
    [
        (TITLE, "validated"),
        (TITLE + b"," * 13, "validated"),
        (b"\xef\xbb\xbf" + TITLE, "validated"),
        (TITLE.strip(b'"'), "validated"),
        (TITLE.replace(b"2013-14", b"2014-15"), "refused"),
        (b"", "refused"),
    ],
    ids=["plain", "saved by a spreadsheet", "marked", "bare", "other year", "none"],
)
def test_the_first_line_says_the_year(run, submission, vermont, title, status):
    delivery = run(submission, vermont.replace(TITLE, title), "vt_2013-14.csv")
    assert delivery.status == status
    assert delivery.school_year == (2014 if status == "validated" else None)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_both_line_ends_are_read(run, submission, vermont, line_end):
    delivery = run(submission, vermont.replace(b"\n", line_end), "vt_2013-14.csv")
    assert (delivery.status, delivery.rows_validated) == ("validated", 23)


# The two tiers


def test_partner_has_every_count_and_its_exact_quotient(tiers):
    every = select(tiers["partner"], CELLS)
    # Groups that a file leaves out have a row in the grid (decision 0053).
    cells = [cell for cell in every if cell["source_row"] is not None]
    filled = [cell for cell in every if cell["source_row"] is None]
    assert filled and {cell["value_status"] for cell in filled} == {"not_reported"}
    found = {(cell["source_file"], cell["source_row"]): cell for cell in cells}
    expected = dict(submitted())
    assert found.keys() == expected.keys() and len(found) == len(cells) == 48
    for where, row in expected.items():
        cell = found[where]
        for name in ("numerator", "denominator"):
            assert str(cell[name] or 0) == (row[name] or "0")
            assert (cell[name] is None) == (row[name] == "")
        assert cell["value_pct"] == quotient(row)
        for name in ("state", "metric_id", "student_group", "value_status"):
            assert cell[name] == row[name]
        assert cell["definition_id"] == row["definition_id"]
        assert str(cell["data_as_of"]) == row["data_as_of"]
        assert (cell["provider"], cell["extract"]) == tuple(KEY.split("/"))
        assert cell["visibility"] == "restricted"
        assert cell["school_year"] == int(row["school_year"][:4]) + 1


def test_a_school_is_known_by_either_code(tiers):
    schools = select(
        tiers["partner"],
        "select distinct school_id_nces, school_id_state, state from school_outcomes",
    )
    assert {tuple(school.values()) for school in schools} == {
        (QUILLMERE, "0006111", "CT"),  # submitted by its state code alone
        (CORRIGAN, "61", "ME"),
        (TANSY, "1706111", "CT"),  # by the federal id alone
        (ENFIELD, None, "NH"),  # which the crosswalk does not know
        (HOLLOW, "PS991", "VT"),  # by both
        (SPINDLE, "99101", "RI"),
    }


def hide_source(public: dict, partner: dict) -> None:
    """The public sees no name and row of a restricted file; then neither does this."""
    told = {name for name in public if name.endswith(("source_file", "source_row"))}
    assert {public[name] for name in told} == {"a restricted file", None}
    for row in (public, partner):
        for name in told:
            row.pop(name)


def test_public_hides_small_cells_what_gives_them_away_and_no_other(tiers, hidden):
    public = by_cell(select(tiers["public"], CELLS))
    partner = by_cell(select(tiers["partner"], CELLS))
    assert public.keys() == partner.keys() > hidden
    for cell, row in public.items():
        hide_source(row, partner[cell])
        if partner[cell]["value_status"] in ("not_reported", "not_applicable"):
            assert row["value_status"] == "suppressed" and row["numerator"] is None
            continue
        if cell not in hidden:
            assert row == partner[cell], cell
            continue
        assert partner[cell]["value_status"] == "reported"
        values = {name: row.pop(name) for name in list(row) if "_pct" in name}
        values["numerator"] = row.pop("numerator")
        assert set(values.values()) == {None}, cell
        assert len(values) == 4
        assert row.pop("denominator") in (None, partner[cell]["denominator"])
        assert row.pop("value_status") == "suppressed"
        assert row.items() <= partner[cell].items()


def numbers(row: dict) -> set:
    """What a row of targets says of a school in numbers, goal and years left out."""
    return {row[name] for name in row if "_pct" in name and name != "goal_pct"}


def test_public_hides_the_targets_of_a_hidden_baseline(tiers, hidden):
    public, partner = (
        {
            (*cell, row["school_year"], row["target_model"]): row
            for row in select(tiers[tier], "select * from school_targets")
            for cell in [tuple(row[name] for name in BASELINE)]
        }
        for tier in ("public", "partner")
    )
    baselines = {key[:5] for key in partner}
    cells = {cell for cell in hidden if cell[1]}
    assert len({cell for cell in cells & baselines if cell[2] == 2014}) == 20
    # Two models; the years after the baseline, which is 2015 where 2014 has no value.
    assert len(partner) == sum(2 * (2020 - cell[2]) for cell in baselines)
    series = {(cell[1], *cell[3:]) for cell in cells}
    for key, row in partner.items():
        assert None not in numbers(row)
        stands_in = row["baseline_reason"] != "year_of_the_rule"
        if key[:5] in cells or stands_in and (key[1], *key[3:5]) in series:
            assert key not in public
        else:
            seen = public.pop(key)
            hide_source(seen, row)
            assert seen == row
    assert not public


BASELINE = ("state", "school_key", "baseline_year", "metric_id", "student_group")


def test_public_hides_the_status_of_a_hidden_baseline_or_outcome(tiers):
    sql = """
        select * from school_target_status
        where target_model = 'compounding' and school_year = 2015
            and metric_id = 'dropout_cohort' and state = 'VT'
    """
    public, partner = (
        {row["student_group"]: row for row in select(tiers[tier], sql)}
        for tier in ("public", "partner")
    )
    assert {group: row["verdict"] for group, row in partner.items()} == {
        "all": "cannot_tell",  # the outcome is hidden, the baseline is not
        "ed": "no_data",
        "non_ed": "no_data",
        "swd": "on_track",  # the baseline is hidden, the outcome is not
        "non_swd": "off_track",
    }
    assert partner["swd"]["value_pct"] == 50
    assert public.keys() == {"all"}
    assert numbers(public["all"]) == {None}
    assert public["all"]["value_status"] == public["all"]["verdict"] == "suppressed"


def test_public_keeps_the_status_of_what_it_shows(tiers):
    sql = "select * from school_target_status where state = 'ME' order by all"
    public, partner = (select(tiers[tier], sql) for tier in ("public", "partner"))
    shown = [row for row in public if row["student_group"] == "all"]
    assert shown and all(row in partner for row in shown)
    assert {row["verdict"] for row in shown} == {"no_data"}


def telling(connection: duckdb.DuckDBPyConnection) -> set[float]:
    """Which of the telling numbers stand in any numeric column of any table."""
    columns = connection.execute(
        "select table_name, column_name from duckdb_columns() where not internal and "
        "(data_type in ('DOUBLE', 'FLOAT') or data_type like 'DECIMAL%')"
    ).fetchall()
    found = set()
    for table, column in columns:
        values = connection.execute(f'select distinct "{column}" from {table}')
        held = [float(value) for (value,) in values.fetchall() if value is not None]
        found |= {n for n in TELLING if any(abs(n - value) < 1e-6 for value in held)}
    return found


def test_a_hidden_number_is_nowhere_in_the_public_file(tiers):
    sql = "select count(*) from school_outcomes where numerator = 7 or denominator = 9"
    assert tiers["partner"].execute(sql).fetchone() == (4,)
    assert tiers["public"].execute(sql).fetchone() == (0,)
    assert telling(tiers["partner"]) == set(TELLING), "or this looks for nothing"
    assert telling(tiers["public"]) == set()


def test_a_hidden_number_is_in_no_other_public_artefact(published):
    con = duckdb.connect()
    folder = published.current / "public"
    for file in folder.glob("*.parquet"):
        con.execute(f"create table {file.stem} as from '{file}'")
    assert con.execute("select count(*) from school_outcomes").fetchone()[0] > 0
    assert telling(con) == set()
    pages = list((published.current / "site").rglob("*.html"))
    assert len(pages) > 1
    for page in pages:
        said = GEOMETRY.sub("", page.read_text())
        assert not [n for n in TELLING if f"{n:.1f}" in said], page.name


# The audit


@pytest.fixture
def candidate(published, tmp_path) -> Path:
    """A copy of what was published, free to be tampered with."""
    return Path(shutil.copytree(published.current.resolve(), tmp_path / "candidate"))


@pytest.fixture
def audited(published, candidate) -> Callable[[], None]:
    told = audiences.Audiences(published)
    tables = {tier: told.tables(tier) for tier in audiences.TIERS}
    return lambda: audit.refuse_contents(candidate, tables)


def write_into(candidate: Path, table: str, where: str, numerator: int, of: int) -> int:
    """Make a cell of the public file visible; return how many rows that changed."""
    with duckdb.connect(str(candidate / "public.duckdb")) as con:
        return con.execute(
            f"update {table} set value_status = 'reported', numerator = {numerator}, "
            f"denominator = {of}, value_pct = {100 * numerator / of} where {where}"
        ).fetchone()[0]


SWD = (
    f"school_key = '{PLANTED[0]}' and school_year = {PLANTED[1]} "
    f"and metric_id = '{PLANTED[2]}' and student_group = '{PLANTED[3]}'"
)
ED = f"school_key = '{QUILLMERE}' and school_year = 2015 and student_group = 'ed'"
EL = "state = 'VT' and metric_id = 'acgr_5yr' and student_group = 'el'"


def test_the_audit_lets_the_release_through(audited):
    audited()


@pytest.mark.parametrize(
    ("table", "where", "numerator", "of"),
    [
        ("school_outcomes", SWD, 7, 9),
        ("school_outcomes", ED, 7, 19),
        ("school_outcomes", SWD, 7, 49),
        ("school_outcomes", SWD, 49, 57),
        ("state_outcomes", EL, 7, 49),
    ],
    ids=["planted", "denominator", "numerator", "complement", "state"],
)
def test_the_audit_refuses_a_small_cell_and_does_not_tell_it(
    audited, candidate, table, where, numerator, of
):
    assert write_into(candidate, table, where, numerator, of) == 1
    with pytest.raises(audiences.ReleaseRefused) as refused:
        audited()
    message = str(refused.value)
    assert f"public.duckdb {table}: " in message
    assert "Found 1." in message
    assert re.findall(r"\d+", message) == ["1"]


def test_the_audit_lets_a_cell_at_the_minimums_through(audited, candidate):
    assert write_into(candidate, "school_outcomes", SWD, 11, 22) == 1
    audited()


def test_the_audit_refuses_a_rate_without_its_counts(audited, candidate):
    with duckdb.connect(str(candidate / "public.duckdb")) as con:
        con.execute(
            "update school_outcomes set value_status = 'reported', value_pct = 77.8 "
            f"where {SWD}"
        )
    with pytest.raises(audiences.ReleaseRefused, match="Found 1"):
        audited()
