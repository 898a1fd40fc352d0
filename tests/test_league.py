"""The League: its extracts, its snapshot and its comparisons, on schools planted here.

Seventy-five members of one state add up to the figures that the network printed of
2013-14: 56,890 students, 48 per cent low income, 85 per cent graduated. In 2015-16 one
member sends nothing and one cell is too small for the public; the cohorts changed by
points that are round, so that each number below is worked out by hand.
"""

import csv
from collections.abc import Iterator
from math import sqrt
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow.parquet as pq
import pytest
import staged
import yaml

from common_metrics.contracts import blanks
from common_metrics.contracts.loading import load_contracts
from common_metrics.lake import Lake

ROOT = Path(__file__).parents[1]
SEEDS = ROOT / "dbt_project/seeds"
KEYS = sorted(key for key in load_contracts() if key.startswith("league/"))
SUBMISSION = "nessc/common_metrics_submission"


class Planted(NamedTuple):
    """A school: its head count, class, graduates, and what it is to the League."""

    code: str
    group: str
    students: int
    low_income: int
    size: int
    graduates_2014: int
    graduates_2016: int | None


def planted(number: int) -> Planted:
    """Members 1 to 10 are cohort 1, 11 to 18 cohort 2; from 76 on all are outside."""
    code = f"9{number:03}111"
    poor = number in (*range(5, 19), *range(40, 76), 79, 80, 81)
    low = (422 if number >= 69 else 421) if poor else 250
    if number > 75:
        return Planted(code, "outside", 758, low, 150, 128, 134 if poor else 131)
    students = 759 if number > 35 else 758
    group = {10: "cohort_1", 18: "cohort_2"}
    name = next((group[top] for top in group if number <= top), "other_members")
    if number == 18:  # its class is so large that no school outside is like it
        return Planted(code, name, students, low, 300, 255, 300 - 45)
    now: int | None = 153
    if name == "cohort_1":
        now = 171 if poor else 162
    return Planted(
        code, name, students, low, 180, 153, {74: 176, 75: None}.get(number, now)
    )


SCHOOLS = [planted(number) for number in range(1, 82)]
MEMBERS = SCHOOLS[:75]


def lines(rows: list[list[object]]) -> bytes:
    return "".join(",".join(str(c) for c in row) + "\n" for row in rows).encode()


def head_counts() -> bytes:
    """The lunch file of Connecticut for 2013-14, as its portal writes it."""
    head = (
        b'"Student Counts by School and Free/Reduced Lunch Eligibility"\n'
        b'"All Districts, All Schools"\n"2013-14"\n\n'
        b'"",,,,"Free/Reduced Lunch Eligibility",,,\n'
        b'"District","District Code","School","School Code","Free","Non-Subsidized",'
        b'"Reduced","Total"\n'
    )
    rows = [
        f'"District {s.code}","=""{s.code[1:4]}0011""","School {s.code}",'
        f'"=""{s.code}""",{s.low_income - 50},{s.students - s.low_income},50,'
        f"{s.students}\n"
        for s in SCHOOLS
    ]
    return head + "".join(rows).encode()


def submission(year: int) -> bytes:
    """Four-year graduation of each school; who has no count sends no row."""
    contract = load_contracts()[SUBMISSION]
    label = f"{year - 1}-{year % 100}"
    head = [f'"NESSC common metrics submission, {label}"'], [*contract.columns]
    counts = [
        (s, s.graduates_2014 if year == 2014 else s.graduates_2016) for s in SCHOOLS
    ]
    rows = [
        [
            *("CT", "", s.code, f"School {s.code}", f"{s.code[1:4]}0011"),
            *(f"District {s.code}", label, "acgr_4yr", "all", count, s.size),
            *("reported", "acgr_34cfr200_19", "2016-11-30"),
        ]
        for s, count in counts
        if count is not None
    ]
    return lines([*head, *rows])


def league(key: str) -> bytes:
    """A file of the League with every member, or with what the first of them did."""
    blank = blanks.blank(load_contracts()[key]).encode()
    who = [["CT", "", s.code, f"School {s.code}"] for s in MEMBERS]
    first = who[0]
    cohort = [s.group[-1] if s.group.startswith("cohort") else "" for s in MEMBERS]
    rows = {
        "league/membership": [
            [*school, "2013-07-01", "", "public", "Roster"] for school in who
        ],
        "league/milestones": [
            [*school, "selected", "2014-03-01", "2014-03-15", "1", joined]
            for school, joined in zip(who, cohort, strict=True)
            if joined
        ],
        "league/activities": [
            [*first, "coaching_day", "2015-11-12", "1", *[""] * 5],
            [*first, "coaching_day", "2016-02-12", "0.5", *[""] * 5],
        ],
        "league/levers": [
            [*first, "2015-16", lever, used]
            for lever, used in (("projects", "Y"), ("online", "Y"), ("flipped", "N"))
        ],
        "league/self_assessments": [
            [*first, f"{year}-04-15", "2", dimension, "teachers", score, 1]
            for year, scores in ((2015, (2, 4, 3)), (2016, (3, 4, 5)))
            for dimension, score in zip(
                ("equity", "time_space", "transitions"), scores, strict=True
            )
        ],
        "league/finances": [
            [*first, "2015-16", "2014-15", "reported", "12000.00", 758, 10_000_000]
        ],
        "league/needs_assessments": [
            [*first, "2014-05-01", "early_adoption", "Y", "N", "N", "Y"]
        ],
    }
    return blank + lines(rows[key])


@pytest.fixture(scope="module")
def warehouse(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[duckdb.DuckDBPyConnection]:
    lake = Lake(tmp_path_factory.mktemp("league") / "lake")
    name = "enrollment__2013-14_all-schools_lunch.csv"
    sent = {("ct/enrollment", name): head_counts()}
    for year in (2014, 2016):
        sent[SUBMISSION, f"ct_{year - 1}-{year % 100}.csv"] = submission(year)
    sent |= {(key, f"{key.split('/')[1]}.csv"): league(key) for key in KEYS}
    for (key, file), content in sent.items():
        delivery = staged.bring(lake, key, file, content)
        assert (delivery.status, delivery.rows_quarantined) == ("validated", 0), file
    marts = ("coalition_snapshots", "accountability")
    more = ("difference_in_differences", "subsidy_eligibility", "needs_assessments")
    con = staged.build(lake, *(f"+{model}" for model in (*marts, *more)))
    yield con
    con.close()


def snapshot(
    con: duckdb.DuckDBPyConnection, year: int, audience: str = "partner"
) -> dict:
    """Numerator, denominator, value and members reporting of each measure."""
    found = con.execute(
        "select measure, numerator, denominator, value, members_reporting_count, "
        "members_count from published.coalition_snapshots "
        "where coalition_id = 'league' and school_year = ? and audience = ?",
        [year, audience],
    ).fetchall()
    return {measure: tuple(rest) for measure, *rest in found}


def test_the_snapshot_gives_the_printed_figures(warehouse) -> None:
    box = snapshot(warehouse, 2014)
    assert box["schools"] == (75, None, 75.0, 75, 75)
    assert box["students"] == (56_890, None, 56_890.0, 75, 75)
    assert box["low_income"][:2] == (27_307, 56_890)
    assert round(box["low_income"][2]) == 48
    assert box["acgr_4yr"] == (11_577, 13_620, 85.0, 75, 75)
    assert box["share_of_region"] == (75, 81, pytest.approx(100 * 75 / 81), 75, 75)
    assert box["acgr_5yr"] == (None, None, None, 0, 75)
    assert snapshot(warehouse, 2014, "public") == box


def test_a_missing_member_lowers_the_coverage_and_never_the_rate(warehouse) -> None:
    told = [s for s in MEMBERS if s.graduates_2016 is not None]
    graduates, classes = sum(s.graduates_2016 for s in told), sum(s.size for s in told)
    rate = pytest.approx(100 * graduates / classes)
    assert snapshot(warehouse, 2016)["acgr_4yr"] == (graduates, classes, rate, 74, 75)
    ((coverage,),) = warehouse.execute(
        "select coverage_pct from published.coalition_snapshots where "
        "coalition_id = 'league' and school_year = 2016 and measure = 'acgr_4yr' "
        "and audience = 'partner'"
    ).fetchall()
    assert coverage == pytest.approx(100 * 74 / 75)


def test_the_public_pool_lacks_the_small_cell(warehouse) -> None:
    partner = snapshot(warehouse, 2016)["acgr_4yr"]
    public = snapshot(warehouse, 2016, "public")["acgr_4yr"]
    assert public[:2] == (partner[0] - 176, partner[1] - 180)
    assert public[3:] == (73, 75)


def compared(con: duckdb.DuckDBPyConnection, group: str) -> dict:
    """The comparison of one group in 2016, by column."""
    found = con.execute(
        "select * from marts.difference_in_differences where league_group = ? "
        "and metric_id = 'acgr_4yr' and school_year = 2016",
        [group],
    )
    names = [column[0] for column in found.description]
    (row,) = found.fetchall()
    return dict(zip(names, row, strict=True))


def variance(*counts: tuple[int, int]) -> float:
    """Of a sum of rates in per cent, each of a numerator and a denominator."""
    return sum(1e4 * x / n * (1 - x / n) / n for x, n in counts)


def test_the_planted_difference_of_cohort_1_is_found(warehouse) -> None:
    """Four schools went up 5 points where others went up 2; six 10 where others 4."""
    row = compared(warehouse, "cohort_1")
    assert row["group_change_points"] == pytest.approx(0.4 * 5 + 0.6 * 10)
    assert row["comparison_change_points"] == pytest.approx(0.4 * 2 + 0.6 * 4)
    assert row["difference_points"] == pytest.approx(4.8)
    few = variance((612, 720), (648, 720), (384, 450), (393, 450))
    many = variance((918, 1080), (1026, 1080), (384, 450), (402, 450))
    error = sqrt(0.4**2 * few + 0.6**2 * many)
    assert row["standard_error_points"] == pytest.approx(error)
    assert row["interval_low_points"] == pytest.approx(4.8 - 1.96 * error)
    assert row["interval_high_points"] == pytest.approx(4.8 + 1.96 * error)
    assert (row["period"], row["years_since_launch"]) == ("since_launch", 0)
    counts = ("schools_count", "compared_schools_count", "comparison_schools_count")
    assert [row[count] for count in counts] == [10, 10, 6]


def test_a_cohort_before_its_launch_is_said_to_be_so(warehouse) -> None:
    row = compared(warehouse, "cohort_2")
    assert row["difference_points"] == pytest.approx(-4)
    assert (row["period"], row["years_since_launch"]) == ("before_launch", -1)
    assert "Before the launch" in row["caveats"]
    assert "Before the launch" not in compared(warehouse, "cohort_1")["caveats"]


def test_a_school_like_no_other_is_left_out_and_said(warehouse) -> None:
    row = compared(warehouse, "cohort_2")
    assert (row["schools_count"], row["compared_schools_count"]) == (8, 7)
    assert "without a comparable school are not in it" in row["caveats"]
    assert "not in it" not in compared(warehouse, "cohort_1")["caveats"]


def test_no_comparison_is_printed_without_its_caveats(warehouse) -> None:
    texts = warehouse.execute("select caveats from marts.difference_in_differences")
    every = [text for (text,) in texts.fetchall()]
    with (SEEDS / "comparison_caveats.csv").open(newline="") as stream:
        always = [
            r["text"] for r in csv.DictReader(stream) if r["applies_to"] == "every"
        ]
    assert every and all(text in said for said in every for text in always)


def test_implementation_stands_beside_the_outcome(warehouse) -> None:
    """The target of 2016 by the default model is 100 - 15 x 0.95 x 0.95."""
    columns = (
        "league_group, levers, levers_count, coaching_days, scores_up_count, "
        "scores_same_count, scores_down_count, value_pct, target_pct, "
        "beyond_target_points, change_points, comparable_schools_count, "
        "comparable_change_points, difference_points, phase"
    )
    found = warehouse.execute(
        f"select {columns} from marts.accountability where school_key = ? "
        "and metric_id = 'acgr_4yr' and school_year = 2016",
        [f"CT-{MEMBERS[0].code}"],
    ).fetchall()
    ((group, levers, count, days, up, same, down, *numbers, phase),) = found
    assert (group, levers, count, days) == ("cohort_1", "online, projects", 2, 1.5)
    assert (up, same, down, phase) == (2, 1, 0, "selected")
    expected = [90, 86.4625, 3.5375, 5, 3, 2, 3]
    assert [float(n) for n in numbers] == pytest.approx(expected)


def test_no_answer_and_none_are_two_things(warehouse) -> None:
    second = [f"CT-{MEMBERS[1].code}"]
    rows = warehouse.execute(
        "select school_year, levers_status, levers_count, coaching_days "
        "from marts.accountability where school_key = ? and metric_id = 'acgr_4yr' "
        "order by 1",
        second,
    ).fetchall()
    assert rows == [(2014, "not_reported", None, None), (2016, "not_reported", None, 0)]


def test_the_subsidy_rule_names_the_cell_that_it_judges_by(warehouse) -> None:
    rows = warehouse.execute(
        "select eligibility, low_income_basis, low_income_source_file, count(*) "
        "from marts.subsidy_eligibility group by all order by all"
    ).fetchall()
    file = "ct_edsight/enrollment/enrollment__2013-14_all-schools_lunch.csv"
    found = [(e, b, n) for e, b, _, n in rows]
    assert found == [("eligible", "head_count", 6), ("not_eligible", "head_count", 12)]
    assert {Path(name).name for *_, name, _ in rows} == {Path(file).name}


@pytest.mark.parametrize("key", KEYS)
def test_the_fixture_is_a_filled_template_and_passes(key, contracts, run) -> None:
    (file,) = (ROOT / "tests/fixtures" / key).glob("*.csv")
    blank = blanks.BLANKS[key].read_text()
    assert blank == blanks.blank(contracts[key]), "run make sources"
    assert file.read_text().startswith(blank)
    delivery = run(contracts[key], file.read_bytes(), file.name)
    assert (delivery.status, delivery.rows_quarantined) == ("validated", 0)


WRONG = {  # a row of the fixture with one cell changed, and what is said of it
    "league/membership": ("2014-06-30", "2012-06-30", "not before the first"),
    "league/milestones": (
        "launch,2015-09-01,,,",
        "launch,,,,",
        "an actual day in each",
    ),
    "league/needs_assessments": (
        "early_adoption",
        "late",
        "one of the three archetypes",
    ),
    "league/self_assessments": ("teachers,4,5", "teachers,6,5", "score from 1 to 5"),
    "league/activities": (
        "coaching_day,2015-02-12,0.5",
        "coaching_day,2015-02-12,",
        "a",
    ),
    "league/levers": ("internships", "homework", "a lever of the seed"),
    "league/finances": ("15200.00", "4712000.00", "dollars for one pupil from 0 to"),
}


YEAR = (
    "2014-15,internships",
    "2014-16,internships",
    "a school year such as 2014-15 or 2015 in",
)


@pytest.mark.parametrize(
    ("key", "change"),
    [*((k, WRONG[k]) for k in KEYS), ("league/levers", YEAR)],
    ids=str,
)
def test_a_wrong_row_is_set_aside_with_its_reason(
    key, change, contracts, run, lake
) -> None:
    """Among forty good rows, which differ by the school's name."""
    (file,) = (ROOT / "tests/fixtures" / key).glob("*.csv")
    right, wrong, reason = change
    head, *rows = file.read_text().splitlines()
    (row,) = (row for row in rows if right in row)
    state, *_, rest = row.split(",", 4)
    many = [f"{state},,,School {n},{rest}" for n in range(40)]
    text = "\n".join([head, *many, row.replace(right, wrong)]) + "\n"
    delivery = run(contracts[key], text.encode(), file.name)
    assert (delivery.rows_quarantined, delivery.rows_validated) == (1, 40)
    (aside,) = (lake.root / "quarantine").rglob("*.parquet")
    assert reason in pq.read_table(aside)["_reason"][0].as_py()


@pytest.mark.parametrize(
    ("key", "column", "seed"),
    [
        ("self_assessments", "dimension", "gbp_dimensions"),
        ("levers", "lever", "levers"),
    ],
)
def test_the_contract_takes_what_the_seed_has(key: str, column: str, seed: str) -> None:
    sets = [rule["kwargs"] for rule in load_contracts()[f"league/{key}"].expectations]
    (allowed,) = (
        k["value_set"] for k in sets if k.get("column") == column and "value_set" in k
    )
    with (SEEDS / f"{seed}.csv").open(newline="") as stream:
        assert allowed == [row[column] for row in csv.DictReader(stream)]


def test_what_a_school_says_in_confidence_is_for_partners_alone() -> None:
    """By tier, of every model that an extract of restricted visibility leads to."""
    open_to = {}
    for file in (ROOT / "dbt_project/models/marts").glob("*.yml"):
        (model, *_) = yaml.safe_load(file.read_text())["models"]
        open_to[model["name"]] = model.get("config", {}).get("meta", {}).get("tiers")
    restricted = ("needs_assessments", "gbp_scores", "coaching_days", "site_visits")
    more = ("shared_resources", "subsidy_eligibility", "accountability")
    for name in (*restricted, *more, "difference_in_differences"):
        assert open_to[name] == ["partner"], name
