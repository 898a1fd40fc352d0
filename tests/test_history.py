"""A restated cell: its old number stays, and what depends on it moves, no more."""

import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
import staged
from staged import UNTESTED

from common_metrics import cli
from common_metrics.contracts.loading import load_contracts
from common_metrics.errors import told
from common_metrics.lake import Delivery, Lake, write_json
from common_metrics.publication import audiences, changes, release, what_if
from common_metrics.warehouse import build

FIRST, SECOND = "2016-03-01T06:00:00Z", "2016-04-01T06:00:00Z"
pytestmark = pytest.mark.full
NAME = "four-year-graduation-rates__{}_all-schools_special-education_grad.csv"
HEAD = """"Four-Year Graduation Rates, {}"
"All Districts, All Schools, Special Education Status"

"",,,,,,"Graduates",
"District","District Code","School","School Code","Special Education Status",\
"Four-Year Cohort Count","Graduation Count","Graduation Rate"
"""
ROW = (
    '"{0} School District","=""{1}0011""","{0} High School","=""{1}6111""","{2}",{3}\n'
)
GROUPS = ("Special Education", "Non-Special Education")
CELLS = {
    "2013-14": ["40,28,70.0", "80,72,90.0", "50,20,40.0", "90,81,90.0"],
    "2014-15": ["40,30,75.0", "80,76,95.0", "50,35,70.0", "90,84,93.3"],
}
RESTATED = ["40,26,65.0", *CELLS["2013-14"][1:]]


class History(NamedTuple):
    """A lake before and after one cell was restated, each time published."""

    lake: Lake
    first: Path
    second: Path
    receipts: tuple[str, str]


def extract(year: str, cells: list[str]) -> bytes:
    """Two schools with two groups each."""
    schools = [("Quillmere", "000"), ("Tansy Brook", "170")]
    places = [(*school, group) for school in schools for group in GROUPS]
    rows = [ROW.format(*p, c) for p, c in zip(places, cells, strict=True)]
    return (HEAD.format(year) + "".join(rows)).encode()


def deliver(lake: Lake, year: str, cells: list[str], at: str) -> Delivery:
    contract = load_contracts()["ct/graduation_4yr"]
    drop = lake.root.parent / "drop"
    file = (drop / contract.landing.drop[0]).with_name(NAME.format(year))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(extract(year, cells))
    name = file.relative_to(drop).as_posix()
    landed = staged.land(contract, drop, name, lake, at)
    return staged.validate(contract, landed, lake)


def publish(lake: Lake, *words: str) -> Path:
    """Build without dbt's tests, which other tests run, and publish."""
    build.write_inputs(lake)
    lake.build().parent.mkdir(parents=True, exist_ok=True)
    done = build.dbt(lake, "--quiet", *words)
    assert done.returncode == 0, done.stdout[-3000:]
    write_json(lake.build_record(), {"fingerprint": build.fingerprint(lake)})
    return lake.published / release.publish(lake, datetime.now(UTC))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    lake = Lake(tmp_path_factory.mktemp("history") / "lake")
    old = deliver(lake, "2013-14", CELLS["2013-14"], FIRST)
    deliver(lake, "2014-15", CELLS["2014-15"], FIRST)
    first = publish(lake, "build", *UNTESTED)
    new = deliver(lake, "2013-14", RESTATED, SECOND)
    second = publish(lake, "run")
    return History(lake, first, second, (old.sha256, new.sha256))


def rows(folder: Path, sql: str, tier: str = "public") -> list[tuple]:
    with duckdb.connect(str(folder / f"{tier}.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


@pytest.mark.parametrize("tier", audiences.TIERS)
def test_the_ledger_holds_the_one_restated_cell_with_both_receipts(
    history: History, tier: str
) -> None:
    sql = "select school_name, school_year, student_group, restatement, "
    sql += (
        "old_numerator, old_value_pct, new_numerator, new_value_pct, old_source_row, "
    )
    sql += "old_sha256, new_sha256, first_seen_at, superseded_at from "
    assert rows(history.second, sql + "outcome_restatements", tier) == [
        ("Quillmere High School", 2014, "swd", "restated", 28, 70, 26, 65, 6)
        + history.receipts
        + (datetime(2016, 3, 1, 6), datetime(2016, 4, 1, 6))
    ]
    assert rows(history.first, sql + "outcome_restatements", tier) == []


def test_what_depends_on_the_restated_cell_moved_and_nothing_else(
    history: History,
) -> None:
    key = "select changed_table, school_name, metric_id, student_group, school_year, "
    moved = rows(history.second, key + "target_model, why from release_changes")
    assert Counter(row[0] for row in moved) == {
        "school_outcomes": 1,
        "school_targets": 12,
        "school_target_status": 2,
        "school_outlook": 1,
        "group_gaps": 1,
        "coalition_outcomes": 1,
    }
    assert {row[1] for row in moved} == {"Quillmere High School", None}
    assert {row[2:4] + row[6:] for row in moved} == {
        ("acgr_4yr", "swd", "restated_delivery")
    }
    targets = {row[4:6] for row in moved if row[0] == "school_targets"}
    models = ("compounding", "linear")
    assert targets == {(year, m) for year in range(2015, 2021) for m in models}
    assert {
        row[4] for row in moved if row[0] in ("group_gaps", "coalition_outcomes")
    } == {2014}


def test_a_change_shows_old_and_new_with_the_file_it_came_from(
    history: History,
) -> None:
    sql = "select moved, old_low, new_high, old_numerator, new_numerator, old_sha256, "
    sql += (
        "new_sha256, why_detail like '%__2013-14_all-schools_%' from release_changes "
    )
    assert rows(history.second, sql + "where changed_table = 'school_outcomes'") == [
        ("value", 70, 65, 28, 26, *history.receipts, True)
    ]
    sql = "select moved, old_low, new_low from release_changes where changed_table = "
    sql += "'school_targets' and target_model = 'compounding' and school_year = 2015"
    assert rows(history.second, sql) == [("target", 71.5, 66.75)]


def test_a_first_release_has_no_changes_and_says_why(history: History) -> None:
    assert rows(history.first, "from release_changes") == []
    said = "select comment from duckdb_tables() where table_name = 'release_changes'"
    assert "There was no release before" in rows(history.first, said)[0][0]
    assert history.first.name in rows(history.second, said)[0][0]


@pytest.mark.parametrize(
    ("moment", "seen"),
    [("2016-02-01", []), ("2016-03-15", [(70.0,)]), ("2016-04-01 06:00", [(65.0,)])],
)
def test_history_is_asked_by_moment(
    history: History, moment: str, seen: list[tuple]
) -> None:
    sql = f"select value_pct from outcomes_as_of('{moment}') where school_year = 2014 "
    sql += "and student_group = 'swd' and school_name like 'Quillmere%'"
    assert rows(history.second, sql) == seen


def test_now_is_what_the_outcome_tables_hold(history: History) -> None:
    columns = (
        "school_key, school_year, metric_id, student_group, provider, value_status"
    )
    held = f"select {columns}, value_pct from school_outcomes"
    asked = f"select {columns}, value_pct from outcomes_as_of(now()) "
    asked += "where level = 'school'"
    assert sorted(rows(history.second, held)) == sorted(rows(history.second, asked))
    assert rows(history.second, held)


def test_the_summary_names_why_and_the_largest_move(history: History) -> None:
    with duckdb.connect(str(history.second / "public.duckdb"), read_only=True) as con:
        said = "\n".join(changes.summary(con))
    assert "18 rows moved, of 1 schools" in said
    assert "restated_delivery: ct_edsight/" in said
    assert "5.00  Quillmere High School CT acgr_4yr 2014 swd: 70 -> 65 (rate)" in said


def seeds(folder: Path, name: str, old: str, new: str) -> Path:
    folder.mkdir(exist_ok=True)
    text = (what_if.SEEDS / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))
    return folder


def test_what_if_moves_the_targets_from_the_changed_year_on(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake, asked = (
        history.lake,
        seeds(
            tmp_path / "asked",
            "target_decreases.csv",
            "2014-A,2018,10",
            "2014-A,2018,9",
        ),
    )
    before = lake.build().read_bytes()
    sys.argv = ["cli", "what-if", "--lake", str(lake.root), "--seeds", str(asked)]
    assert told(cli.main) == 0
    said = capsys.readouterr().out
    # Two schools, two groups, two models, from 2018 to 2020; the outlooks beside them.
    assert "24  school_targets: target, 2 schools" in said
    assert "rule_changed: target_decreases" in said
    assert "school_outcomes" not in said and "school_target_status" not in said
    assert lake.build().read_bytes() == before
    assert lake.current.resolve() == history.second.resolve()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("target_rule.csv", b"x\n1\n", "expected the name of a seed"),
        ("target_decreases.csv", b"rule,year\nA,1\n", "row 1: expected the columns"),
        ("target_decreases.csv", None, "Found only files that equal"),
    ],
)
def test_what_if_refuses_what_is_no_changed_rule(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    with pytest.raises(what_if.Refused, match="Found no csv file"):
        what_if.changed_seeds(tmp_path)
    if content is None:
        shutil.copyfile(what_if.SEEDS / name, tmp_path / name)
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(what_if.Refused, match=said):
        what_if.changed_seeds(tmp_path)


def test_what_if_refuses_a_build_of_other_deliveries(lake: Lake) -> None:
    lake.build().touch()
    with pytest.raises(what_if.Refused, match="Found none or an older one"):
        what_if.what_if(lake, [what_if.SEEDS / "target_rules.csv"], "public")


@pytest.fixture
def altered(history: History, tmp_path: Path) -> Iterator[Callable[..., list[tuple]]]:
    """Alter a copy of the second public file; return what is said to have changed."""
    old, new = history.second / "public.duckdb", tmp_path / "new.duckdb"
    shutil.copyfile(old, new)
    with duckdb.connect() as con:
        con.execute(f"attach '{old}' as old (read_only); attach '{new}' as new")

        def altered(*statements: str) -> list[tuple]:
            for statement in statements:
                con.execute(statement)
            held = {name: f"old.main.{name}" for name in changes.COMPARED}
            now = {name: f"new.main.{name}" for name in changes.COMPARED}
            changes.compare(con, held, now, hides_numbers=True)
            return con.execute(
                "select distinct moved, old_status, new_status, old_low, new_low, why, "
                "why_detail from changes order by all"
            ).fetchall()

        yield altered


def test_a_cell_that_one_release_hides_shows_no_number(
    altered: Callable[..., list[tuple]],
) -> None:
    hidden = "update new.school_outcomes set value_status = 'suppressed', value_pct = "
    hidden += "null, numerator = null where school_year = 2015 and value_pct = 75"
    digest = "update new.rule_digests set digest = 'x' where name = "
    said = altered(hidden, digest + "'suppression_minimums'", digest + "'target_rules'")
    assert said == [
        ("status", "reported", "suppressed", None, None)
        + ("rule_changed", "suppression_minimums")
    ]


def test_a_school_under_another_key_is_no_new_school(
    altered: Callable[..., list[tuple]],
) -> None:
    renumbered = "update new.school_outcomes set school_key = 'CT-new' "
    said = altered(renumbered + "where school_name like 'Tansy%'")
    assert {(row[0], row[5]) for row in said} == {
        ("appeared", "school_identity_changed"),
        ("gone", "school_identity_changed"),
    }
    assert {row[6].partition(" is now ")[2] for row in said} == {"CT-new"}
