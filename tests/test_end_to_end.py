"""The sample through the real thing: Airflow, Great Expectations, dbt and DuckDB."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import duckdb
import hostile
import intruder
import planted
import pytest
import two_truths
from leaks import scan
from python_calamine import CalamineWorkbook
from test_site import LIMIT, dead_links, pages_of

from common_metrics import batching
from common_metrics.contracts.loading import load_contracts
from common_metrics.disclosure.attack import recovery
from common_metrics.lake import Lake
from common_metrics.landing import receiving
from common_metrics.publication import (
    audiences,
    candidate,
    delivery_years,
    release,
    release_folders,
)
from common_metrics.publication.explain import NotFound, explain
from common_metrics.warehouse import build

ROOT = Path(__file__).parents[1]
Run = subprocess.CompletedProcess


def make_run(lake: Path, drop: Path | None = None) -> Run:
    """What `make run` runs, with an Airflow of its own below the lake."""
    command = [sys.executable, "-m", "common_metrics.cli", "run", "--lake", str(lake)]
    command += ["--drop", str(drop)] if drop else []
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW_HOME")
    }
    return subprocess.run(
        command,
        env=environment | {"PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
        check=False,
    )


def rows(file: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(file), read_only=True) as con:
        return con.execute(sql).fetchall()


def digests(folder: Path) -> dict[str, str]:
    files = json.loads((folder / "manifest.json").read_text())["files"]
    return {name: file["sha256"] for name, file in files.items()}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The sample's lake. `.ci/run` names one in SAMPLE_LAKE, which both its parts use:
    the second one's run finds it made, by this code, and begins with its tests.
    """
    kept = os.environ.get("SAMPLE_LAKE")
    return Lake(Path(kept) if kept else tmp_path_factory.mktemp("sample") / "lake")


@pytest.fixture(scope="module")
def first(lake: Lake) -> Run:
    return make_run(lake.root)


@pytest.fixture(scope="module")
def public(lake: Lake, first: Run) -> Path:
    assert first.returncode == 0, first.stdout + first.stderr
    return (lake.current / "public.duckdb").resolve()


def test_a_newcomer_s_run_succeeds_and_shows_one_quarantined_row(
    public: Path, first: Run
) -> None:
    for step in ("build_warehouse", "publish_release"):
        assert step in first.stdout
    assert "State rates" in first.stdout and "public.duckdb" in first.stdout
    checks = re.search(r"checks +(\S+\.html), of all extracts", first.stdout)
    assert checks and Path(checks[1]).is_file()
    quarantined = rows(
        public,
        "select extract, rows_quarantined, message from deliveries "
        "where rows_quarantined > 0 and extract = 'college_entrance'",
    )
    ((extract, count, message),) = quarantined
    assert (extract, count) == ("college_entrance", 1)
    assert "a rate from 0.0 to 100.0" in message and "quarantine/" in message


def test_the_unit_tests_of_all_models_pass(
    lake: Lake, public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run leaves them out: they are of the code, not of what was delivered."""
    monkeypatch.delenv("DBT_EXCLUDE_RESOURCE_TYPES")
    done = build.dbt(lake, "test", "-s", "test_type:unit")
    files = (build.DBT_PROJECT / "models").rglob("*.yml")
    written = sum(
        len(re.findall(r"^    model: \w+$", f.read_text(), re.M)) for f in files
    )
    assert done.returncode == 0, done.stdout
    # The hook of a run is one that passes, too.
    assert f"PASS={written + 1} WARN=0 ERROR=0 SKIP=0" in done.stdout and written > 80


def test_no_row_is_lost_between_raw_and_validated(public: Path) -> None:
    partner = public.with_name("partner.duckdb")
    wrong = rows(
        partner,
        "select file from deliveries where status = 'validated' and "
        "rows_raw <> rows_validated + rows_quarantined + rows_duplicate",
    )
    assert wrong == []
    assert rows(partner, "select sum(rows_duplicate) from deliveries") == [(5,)]


CELL = (
    "school_year, metric_id, student_group, numerator, denominator, value_pct, "
    "value_low_pct, value_high_pct, value_status"
)
SCHOOL_CELLS = (
    "select provider, extract, state, coalesce(school_id_nces, ''), "
    f"coalesce(school_id_state, ''), school_name, {CELL}, '' from school_outcomes "
    "where source_file is not null and state in ('CT', 'ME', 'NH', 'RI', 'VT') "
    "and provider <> 'computed'"
)
STATE_CELLS = (
    f"select provider, extract, state, '', '', '', {CELL}, '' from state_outcomes "
    "where source_file is not null and provider <> 'computed'"
)
LEA_CELLS = (
    f"select provider, extract, state, '', '', '', {CELL}, lea_id_state "
    "from lea_outcomes where source_file is not null"
)


def test_published_cells_equal_the_planted_truth(lake: Lake, public: Path) -> None:
    partner = public.with_name("partner.duckdb")
    every = " union all ".join([SCHOOL_CELLS, STATE_CELLS, LEA_CELLS])
    held = rows(partner, every)
    with (lake.root / "sample/truth/outcomes.csv").open(newline="") as stream:
        planted = list(csv.DictReader(stream))
    truth = {_cell(tuple(row.values())) for row in planted}
    assert len(truth) == len(planted)
    assert {_cell(row) for row in held} == truth


def _cell(row: tuple) -> tuple:
    """Text, counts and rates in one form, rates to nine digits."""
    *names, numerator, denominator, value, low, high, status, district = row
    numbers = [
        None if n in ("", None) else round(float(n), 9) for n in (value, low, high)
    ]
    counts = [None if n in ("", None) else int(n) for n in (numerator, denominator)]
    return (*(str(name) for name in names), *counts, *numbers, status, district)


def test_delivered_years_are_counted_as_they_were_planted(
    lake: Lake, public: Path
) -> None:
    """By extract, state and year; each stands beside the one that came before it."""
    counted: dict[tuple, list[dict[str, str]]] = {}
    with (lake.root / "sample/truth/outcomes.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            key = row["provider"], row["extract"], row["state"], int(row["school_year"])
            counted.setdefault(key, []).append(row)
    held = rows(
        public.with_name("partner.duckdb"),
        "select provider, extract, state, school_year, cells_count, suppressed_count, "
        "student_groups_count, schools_count, year_before, cells_count_before "
        "from delivery_years",
    )
    assert len(held) > len(counted) > 60
    for *key, cells, suppressed, groups, schools, before, cells_before in held:
        if planted := counted.get(tuple(key)):
            assert (cells, suppressed, groups, schools) == (
                len(planted),
                sum(row["value_status"] == "suppressed" for row in planted),
                len({row["student_group"] for row in planted}),
                len({row["school_name"] for row in planted} - {""}),
            ), key
            earlier = [k[3] for k in counted if [*k[:3]] == key[:3] and k[3] < key[3]]
            assert before == max(earlier, default=None), key
            assert cells_before == (before and len(counted[(*key[:3], before)])), key
    assert (
        rows(public, "from duckdb_tables() where table_name = 'delivery_years'") == []
    )
    # Nobody delivered a year since a release before the first one.
    assert delivery_years.new_years(lake) == []
    (line,) = delivery_years.report(lake, "ct/graduation_4yr", 2015)
    assert line.startswith("ct/graduation_4yr CT 2015 (2014): ") and "students" in line


def test_nothing_that_a_run_leaves_behind_tells_of_a_student(
    lake: Lake, public: Path
) -> None:
    """Logs, Data Docs, artefacts of dbt, build, releases; the sample is the source."""
    with (lake.root / "sample/truth/sentinels.csv").open(newline="") as stream:
        sentinels = {row["value"] for row in csv.DictReader(stream)}
    assert scan(lake.root, sentinels, but=("landing", "refused", "sample")) == []


def test_the_public_sees_computed_rates_that_give_no_small_number_away(
    lake: Lake, public: Path
) -> None:
    """What is shown is what partners see; what is hidden was hidden for a reason."""
    columns = (
        "provider, school_key, school_year, metric_id, student_group, numerator, "
        "denominator, value_status from school_outcomes where visibility = 'restricted'"
    )
    shown, hidden = (
        rows(public, f"select {columns} and value_status {which} order by all")
        for which in ("in ('reported', 'range')", "= 'suppressed'")
    )
    partner = {
        row[:5]: row
        for row in rows(public.with_name("partner.duckdb"), f"select {columns}")
    }
    assert {"computed", "nessc"} <= {row[0] for row in shown}
    assert all(partner[row[:5]] == row for row in shown)
    assert not [row for row in shown if row[3] == "attendance"]
    assert all(
        row[5] is None and row[6] in (None, partner[row[:5]][6]) for row in hidden
    )
    sql = "select distinct reason from intermediate.int_suppressed_cells"
    reasons = {reason for (reason,) in rows(lake.build(), sql)}
    assert reasons == {"small", "complementary", "withheld"}


def test_the_attack_finds_nothing_and_without_complements_finds_cells(
    lake: Lake, public: Path, tmp_path: Path
) -> None:
    """The same file with the further cells shown: the attack can succeed."""
    assert recovery.recovered(public).recovered == []
    bare = tmp_path / "bare.duckdb"
    shutil.copy(public, bare)
    with duckdb.connect(str(bare)) as con:
        con.execute(f"attach '{lake.build()}' as build (read_only)")
        con.execute(f"attach '{public.with_name('partner.duckdb')}' as own (read_only)")
        con.execute(
            "update school_outcomes as cell set numerator = own.numerator, "
            "denominator = own.denominator, value_pct = own.value_pct, "
            "value_status = own.value_status from own.school_outcomes as own "
            "semi join build.intermediate.int_suppressed_cells as hidden on "
            "own.provider = hidden.provider and own.school_key = hidden.school_key "
            "and own.school_year = hidden.school_year and own.metric_id = "
            "hidden.metric_id and own.student_group = hidden.student_group "
            "and hidden.reason = 'complementary' where cell.provider = own.provider "
            "and cell.school_key = own.school_key and cell.school_year = "
            "own.school_year and cell.metric_id = own.metric_id "
            "and cell.student_group = own.student_group"
        )
    found = recovery.recovered(bare).recovered
    assert len(found) > 100
    assert not re.search(r"\d+\.\d|\[", str(found[0]))


@pytest.mark.full
def test_another_program_finds_nothing_and_with_a_tenth_more_shown_finds_numbers(
    public: Path,
) -> None:
    """Its relations and its solver are its own; the partners' file is the truth."""
    release = intruder.read(public, public.with_name("partner.duckdb"))
    assert len(release.hidden) > 10_000 and release.is_grid
    found = intruder.intrude(release)
    assert (len(found.told), found.missed) == (0, 0)
    assert found.known_before
    more = {n: release.truth[n] for n in release.hidden if n in release.truth}
    tenth = dict([*more.items()][::10])
    found = intruder.intrude(replace(release, shown=release.shown | tenth))
    assert len(found.told) > 1_000 and found.missed == 0


@pytest.mark.full
def test_no_school_learns_of_another_with_its_own_numbers(
    public: Path, tmp_path: Path
) -> None:
    """Each school that hides something attacks, as if it had a partner's file: one of
    each state together, who know more than each of them.

    What all other schools of a state have together in no outcome that is told may be
    few; it is no one school's, and no row's.
    """
    partner = public.with_name("partner.duckdb")
    hiding = rows(
        public,
        "select state, list(distinct school_key order by school_key) "
        "from school_outcomes "
        "where visibility = 'restricted' and value_status = 'suppressed' "
        "group by state order by state",
    )
    assert sum(len(schools) for _, schools in hiding) > 20 and len(hiding) == 5
    own = tmp_path / "own.duckdb"
    for schools in zip_longest(*(schools for _, schools in hiding)):
        with duckdb.connect(str(own)) as con:
            con.execute(f"attach '{partner}' as partner (read_only)")
            con.execute(
                "create or replace table school_outcomes as "
                "from partner.school_outcomes where list_contains(?, school_key)",
                [[*filter(None, schools)]],
            )
        learnt = recovery.recovered(public, insider=own).recovered
        assert {c.number for c in learnt} <= {"rest of level school sum"}, schools


def test_no_model_of_students_compares_all_rows_with_all(
    lake: Lake, first: Run
) -> None:
    """A state has a hundred thousand students."""
    assert first.returncode == 0
    place = "compiled/common_metrics/models/intermediate/students"
    models = [*(lake.dbt_target() / place).glob("*.sql")]
    with duckdb.connect(str(lake.build()), read_only=True) as con:
        plans = {
            model.stem: con.execute(f"explain {model.read_text()}").fetchall()[0][1]
            for model in models
        }
    assert len(plans) > 40
    assert [name for name, plan in plans.items() if "BLOCKWISE_NL_JOIN" in plan] == []


def test_three_million_days_fit_into_little_memory(
    lake: Lake, first: Run, tmp_path: Path
) -> None:
    """With a text in the group of each day a state's hundred million do not fit."""
    assert first.returncode == 0
    place = "compiled/common_metrics/models/intermediate/students"
    model = (lake.dbt_target() / place / "int_vt_sis__attendance.sql").read_text()
    with duckdb.connect(
        str(tmp_path / "warehouse.duckdb"), config={"threads": 2}
    ) as con:
        con.execute("create schema staging")
        con.execute("create schema intermediate")
        con.execute(
            "create table intermediate.int_deliveries_current as "
            "select 'vt' as provider, 'sis_attendance' as extract, 'd1' as delivery"
        )
        con.execute(
            "create table staging.stg_vt__sis_attendance as select "
            "'vt' as provider, 'sis_attendance' as extract, 'd1' as delivery, "
            "sha256(cast(n // 175 as varchar)) as student_key, "
            "'SU001' as lea_id_state, 'PS001' as school_id_state, "
            "2014 as school_year, "
            "date '2013-08-28' + cast(n % 175 as integer) as attendance_date, "
            "'PRS' as daily_status, 'FT' as attendance_event_type, "
            "cast(null as varchar) as absence_category, "
            "cast(1 as decimal(9, 3)) as day_value, "
            "'vt_sis/2014.04_7_PS_Att.csv' as source_file, n as source_row "
            "from range(3_000_000) as days (n)"
        )
        con.execute(
            "create table intermediate.int_vt_sis__enrollments as select distinct "
            "student_key, school_id_state, school_year "
            "from staging.stg_vt__sis_attendance"
        )
        con.execute("set memory_limit = '80MB'")
        con.execute(f"create table counted as {model}")
        (found,) = con.execute(
            "select count(*), cast(sum(days_member) as integer) from counted"
        ).fetchall()
    assert found == (17_143, 3_000_000)


def test_a_number_is_explained_down_to_its_cell(public: Path) -> None:
    with duckdb.connect(str(public), read_only=True) as con:
        told = "\n".join(explain(con, "0036111", "acgr_4yr", 2015, "all"))
        assert "ct/graduation_4yr: 88.7 %  <- the one to use" in told
        assert "100 x 133 / 150 = 88.6667" in told
        assert "_all-students_grad.csv, row 6" in told and "us/edfacts_acgr" in told
        (step,) = (x for x in told.splitlines() if "compounding 2015" in x)
        assert re.search(r"(\S+) x \(1 - 5.00 %\) = (\S+) -> (\S+) %", step)
        with pytest.raises(NotFound, match="Ask for one that is there, such as acgr_4"):
            explain(con, "0036111", "acgr_9yr", 2015, "all")
        with pytest.raises(NotFound, match="expected one school. Found [0-9]{2}: "):
            explain(con, "High School", "acgr_4yr", 2015, "all")


def test_a_computed_rate_is_explained_down_to_counts_and_to_nothing_in_public(
    public: Path,
) -> None:
    """The parts of the cohort add up; the public file names neither them nor a rate."""
    sql = (
        "select school_key from school_outcomes where metric_id = 'acgr_4yr' and "
        "student_group = 'swd' and school_year = 2015 and provider = 'computed' "
    )
    partner = public.with_name("partner.duckdb")
    hidden = rows(public, f"{sql} and value_status = 'suppressed'")
    large = rows(partner, f"{sql} and denominator > 0 order by all")
    school = next(row[0] for row in large if row in hidden)
    told = {}
    for file in (partner, public):
        with duckdb.connect(str(file), read_only=True) as con:
            told[file.stem] = explain(con, school, "acgr_4yr", 2015, "swd")
    counts = [
        re.fullmatch(r"  (.+?) +(\d+|suppressed) of (\d+|-)", line).group(2, 3)
        for line in told["partner"]
        if re.match("  (graduated|dropped|another|still)", line)
    ]
    assert len(counts) == 4
    assert {sum(int(part) for part, _ in counts)} == {int(whole) for _, whole in counts}
    assert any("  records    " in line for line in told["partner"])
    assert any(re.match("  graduated +suppressed", line) for line in told["public"])
    allowed = set(
        rows(
            public,
            "select coalesce(numerator::varchar, value_status), "
            "coalesce(denominator::varchar, '-') from school_outcomes where provider = "
            f"'computed' and student_group = 'swd' and school_key = '{school}' "
            "and school_year = 2015",
        )
    )
    (first,) = (line for line in told["public"] if line.startswith("computed/cohort: "))
    assert first.startswith("computed/cohort: suppressed")
    for line in told["public"]:
        if line.startswith(("  graduated", "  dropped", "  another", "  still")):
            said = re.search(r" (\d+|suppressed) of (\d+|-)$", line).groups()
            assert said in allowed
        assert not re.match("  (compounding|linear) ", line)
    assert "No target: suppressed_baseline" in told["public"]


@pytest.mark.full
def test_of_two_truths_that_differ_in_hidden_numbers_the_public_sees_one(
    lake: Lake, public: Path, tmp_path: Path
) -> None:
    """Where few are hidden there may be nobody: no table, row or order tells."""
    one, other = two_truths.seen(lake), two_truths.seen_otherwise(lake, tmp_path)
    assert one.keys() == other.keys() and one["school_outcomes"]
    assert [name for name in one if one[name] != other[name]] == []


def test_every_school_metric_group_and_year_has_a_target_or_its_reason(
    public: Path,
) -> None:
    reasons = dict(
        rows(public, "select reason, count(*) from target_coverage group by all")
    )
    assert {"target", "suppressed_baseline", "no_baseline"} <= reasons.keys()
    due = (
        "select (select count(*) from dim_school where state in "
        "('CT', 'ME', 'NH', 'RI', 'VT')) "
        "* (select count(*) from dim_metric where has_targets) "
        "* (select count(*) from dim_student_group) "
        "* (select count(*) from target_decreases)"
    )
    assert rows(public, due) == [(sum(reasons.values()),)]


def test_a_missing_year_is_reported_and_never_filled(public: Path) -> None:
    missing = rows(
        public,
        "select value_status, value_pct, numerator, source_file from state_outcomes "
        "where state = 'CT' and metric_id = 'acgr_4yr' and school_year = 2013 "
        "and provider = 'ct' and student_group = 'all'",
    )
    assert missing == [("not_reported", None, None, None)]
    assert ("graduation_4yr", 2013, "missing") in rows(
        public, "select extract, school_year, coverage_status from coverage"
    )
    assert rows(
        public,
        "select distinct value_status from school_outcomes where provider = 'ct' "
        "and extract = 'graduation_4yr' and school_year = 2013",
    ) == [("not_reported",)]


@pytest.mark.parametrize(
    ("day", "status"),
    [("2014-05-31", "expected"), ("2014-06-01", "late"), ("2014-07-01", "missing")],
)
def test_the_calendar_tells_of_any_day_and_of_what_came_as_coverage_does(
    public: Path, day: str, status: str
) -> None:
    asked = f"select calendar_status from calendar_on('{day}') "
    missing = "where extract = 'graduation_4yr' and school_year = 2013"
    assert rows(public, asked + missing) == [(status,)]
    ((came, told),) = rows(
        public,
        "select count(*), count(*) filter (delivery_status = 'delivered') from "
        "delivery_calendar inner join state_coverage "
        "using (state, provider, extract, school_year) "
        "where coverage_status = 'received'",
    )
    assert came == told > 100


def test_two_providers_of_one_cell_both_stay_and_the_planted_disagreement_shows(
    public: Path,
) -> None:
    assert rows(
        public,
        "select school_name, school_year, student_group from reconciliation",
    ) == [("Elmsgrove High School", 2015, "all")]
    both = rows(
        public,
        "select count(*) from school_outcomes where is_preferred and provider = 'ct' "
        "and (school_key, school_year, metric_id, student_group) in (select "
        "(school_key, school_year, metric_id, student_group) from school_outcomes "
        "where provider = 'us')",
    )
    assert both[0][0] > 50


def test_targets_follow_from_the_baseline_by_both_models(public: Path) -> None:
    factors = {
        "compounding": [0.95, 0.9025, 0.81225, 0.731025, 0.6579225, 0.59213025],
        "linear": [0.95, 0.9, 0.8, 0.7, 0.6, 0.5],
    }
    targets = rows(
        public,
        "select target_model, school_year, baseline_not_meeting_pct, "
        "target_not_meeting_pct, target_pct, baseline_year, rule_version "
        "from school_targets where target_pct is not null and metric_id like 'acgr%' "
        "and baseline_reason = 'year_of_the_rule'",
    )
    assert len(targets) > 300
    for model, year, start, not_meeting, rate, baseline_year, version in targets:
        factor = Decimal(str(factors[model][year - 2015]))
        assert not_meeting == (start * factor).quantize(Decimal("1e-12"), ROUND_HALF_UP)
        assert rate == 100 - not_meeting
        assert (baseline_year, version) == (2014, "2014-A")


def test_what_members_of_the_league_did_equals_the_planted_truth(
    lake: Lake, public: Path
) -> None:
    held = rows(
        public.with_name("partner.duckdb"),
        "select school_key, league_group, school_year, coalesce(levers, ''), "
        "coalesce(coaching_days, 0), coalesce(scores_up_count, 0), "
        "coalesce(scores_same_count, 0), coalesce(scores_down_count, 0) "
        "from accountability where metric_id = 'acgr_4yr' "
        "and school_year between 2014 and 2017 and school_id_nces is not null",
    )
    truth = {
        (
            *(row["school_id_nces"], row["league_group"], int(row["school_year"])),
            row["levers"].replace("|", ", "),
            *(Decimal(row["coaching_days"]), int(row["dimensions_up"])),
            *(int(row["dimensions_same"]), int(row["dimensions_down"])),
        )
        for row in _league(lake)
        if row["is_member"] == "Y"
    }
    assert len(held) == len(set(held)) and set(held) == truth


def _league(lake: Lake) -> list[dict[str, str]]:
    with (lake.root / "sample/truth/league.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


SMALL = "239990300004"  # nine pupils, classes of eight


def test_what_public_money_covers_equals_the_planted_truth(
    lake: Lake, public: Path
) -> None:
    """Of nine pupils the public sees no amount, since each follows from the others."""
    columns = (
        "school_key, school_year, round(value_pct, 9), sustainability_year, verdict "
        "from financial_sustainability"
    )
    with (lake.root / "sample/truth/finances.csv").open(newline="") as stream:
        truth = {
            (
                *(row["school_id_nces"], int(row["school_year"])),
                float(row["value_pct"]) if row["value_pct"] else None,
                int(row["sustainability_year"]) if row["sustainability_year"] else None,
                row["verdict"],
            )
            for row in csv.DictReader(stream)
        }
    assert set(rows(public.with_name("partner.duckdb"), f"select {columns}")) == truth
    shown = {row for row in truth if row[0] != SMALL}
    assert (
        set(rows(public, f"select {columns} where value_status <> 'suppressed'"))
        == shown
    )
    hidden = "select columns(* exclude (goal_pct)) from financial_sustainability"
    (row,) = rows(public, f"{hidden} where value_status = 'suppressed'")
    assert {value for value in row if isinstance(value, float | Decimal)} == set()
    assert not {9, 24975, 250_000, 224_775, "below"} & set(row) and SMALL in row


def test_growth_and_readiness_reach_both_tiers_and_small_ones_one(public: Path) -> None:
    """The partner's numbers are the truth; the public sees the same or none."""
    query = (
        "select school_key, school_year, metric_id, student_group, numerator, "
        "denominator, value_status from school_outcomes "
        "where extract in ('growth', 'college_readiness')"
    )
    partner = {
        row[:4]: row[4:] for row in rows(public.with_name("partner.duckdb"), query)
    }
    shown = {row[:4]: row[4:] for row in rows(public, query)}
    assert shown.keys() == partner.keys() and len(shown) > 150
    of_few = {key for key in shown if key[0] == SMALL}
    assert (
        {shown[key][0] for key in of_few} == {None} != {partner[k][0] for k in of_few}
    )
    open_to_all = {k for k, cell in shown.items() if cell[2] == "reported"}
    assert all(shown[key] == partner[key] for key in open_to_all)
    assert len({metric for _, _, metric, _ in open_to_all}) == 6


def test_who_is_ready_for_college_is_held_against_80_per_cent(public: Path) -> None:
    found = rows(
        public,
        "select distinct goal_pct, goal_version from school_targets "
        "where metric_id like 'college_ready_by_18_%' and target_pct is not null",
    )
    assert found == [(80, 2014)]
    assert rows(
        public, "select count(*) from school_targets where metric_id like 'gr%'"
    ) == [(0,)]


def test_comparisons_follow_from_the_published_cells(lake: Lake, public: Path) -> None:
    """Matched, pooled and weighted here once more, from cells that equal the truth."""
    partner = public.with_name("partner.duckdb")
    held = {
        (group, metric, year): tuple(rest)
        for group, metric, year, *rest in rows(
            partner,
            "select league_group, metric_id, school_year, difference_points, "
            "standard_error_points, compared_schools_count, comparison_schools_count "
            "from difference_in_differences where comparison_status = 'compared'",
        )
    }
    again = _comparisons(lake, partner)
    assert held.keys() == again.keys() and len(held) >= 8
    for key, values in held.items():
        assert values == pytest.approx(again[key], abs=1e-6), key


def _comparisons(lake: Lake, partner: Path) -> dict[tuple, tuple]:
    group_of = {r["school_id_nces"]: r["league_group"] for r in _league(lake)}
    cells = {
        (school, metric, year): (x, n)
        for school, metric, year, x, n in rows(
            partner,
            "select school_key, metric_id, school_year, numerator, denominator "
            "from school_outcomes inner join dim_metric using (metric_id) "
            "where is_preferred and student_group = 'all' and has_targets "
            "and value_status = 'reported' and numerator is not null "
            "and denominator > 0",
        )
    }
    bands, pairs = _bands(partner), {}
    for (school, metric, year), now in cells.items():
        then = cells.get((school, metric, 2014))
        if year != 2014 and then and school in bands:
            share = 100 * then[0] / then[1]
            short = share if metric.startswith("dropout") else 100 - share
            stratum = (*bands[school], _band(short, 10, 20))
            group = group_of.get(school, "outside")
            pairs.setdefault((metric, year, stratum, group), []).append((then, now))
    return _differences(pairs)


def _bands(partner: Path) -> dict[str, tuple]:
    """State, class and low-income band of each school in 2014."""
    ranks = {"nessc": 2, "computed": 3, "us": 4}
    found = rows(
        partner,
        "select school_key, state, provider, denominator, student_group, is_preferred "
        "from school_outcomes where metric_id = 'acgr_4yr' and school_year = 2014 "
        "and student_group in ('all', 'ed') and denominator > 0",
    )
    state = {row[0]: row[1] for row in found}
    size = {s: n for s, _, _, n, group, best in found if group == "all" and best}
    count = {(s, provider, group): n for s, _, provider, n, group, _ in found}
    bands = {}
    for school in size:
        paired = [p for s, p, g in count if (s, g) == (school, "ed")]
        paired = [p for p in paired if (school, p, "all") in count]
        if paired:
            best = min(paired, key=lambda provider: ranks.get(provider, 1))
            share = count[school, best, "ed"] / count[school, best, "all"]
            sizes = _band(size[school], 75, 200)
            bands[school] = (state[school], sizes, _band(100 * share, 20, 40))
    return bands


def _band(value: float, *bounds: int) -> int:
    return sum(value >= bound for bound in bounds)


def _differences(pairs: dict[tuple, list]) -> dict[tuple, tuple]:
    """Weighted by the group's students of the year, strata without a match left out."""
    parts: dict[tuple, list] = {}
    for (metric, year, stratum, group), inside in pairs.items():
        outside = pairs.get((metric, year, stratum, "outside"))
        if group == "outside" or not outside:
            continue
        pooled = [_pool(inside, 0), _pool(inside, 1), _pool(outside, 0)]
        then, now, then_out, now_out = [*pooled, _pool(outside, 1)]
        difference = (_rate(now) - _rate(then)) - (_rate(now_out) - _rate(then_out))
        spread = sum(
            _rate(cell) * (100 - _rate(cell)) / cell[1]
            for cell in (then, now, then_out, now_out)
        )
        sizes = (len(inside), len(outside))
        part = (now[1], difference, spread, *sizes)
        parts.setdefault((group, metric, year), []).append(part)
    found = {}
    for key, strata in parts.items():
        total = sum(weight for weight, *_ in strata)
        mean = sum(weight * value for weight, value, *_ in strata) / total
        error = sum(w * w * spread for w, _, spread, *_ in strata) ** 0.5 / total
        found[key] = (mean, error, sum(s[3] for s in strata), sum(s[4] for s in strata))
    return found


def _pool(schools: list, which: int) -> tuple[int, int]:
    return tuple(sum(school[which][n] for school in schools) for n in (0, 1))


def _rate(cell: tuple[int, int]) -> float:
    return 100 * cell[0] / cell[1]


def test_the_manifest_is_true(lake: Lake, public: Path) -> None:
    import hashlib

    manifest = json.loads((lake.current / "manifest.json").read_text())
    assert manifest["release"] == lake.current.resolve().name
    # The sample plants it; whatever else warns is a fault of the code.
    assert manifest["warnings"] == {"vermont_grades_add_up": 1}
    assert rows(public, "from records_set_aside") == []
    for name, file in manifest["files"].items():
        data = (lake.current / name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (
            file["bytes"],
            file["sha256"],
        )
    for tier in ("public", "partner"):
        for table, count in manifest["tables"][tier].items():
            parquet = lake.current / tier / f"{table}.parquet"
            assert duckdb.sql(f"select count(*) from '{parquet}'").fetchone() == (
                count,
            )


def test_student_level_and_machine_paths_are_absent(lake: Lake, public: Path) -> None:
    for file in lake.current.resolve().rglob("*"):
        if file.is_file():
            assert str(lake.root).encode() not in file.read_bytes(), file


def test_a_second_run_changes_nothing(lake: Lake, public: Path) -> None:
    before = {f: f.stat().st_mtime_ns for f in lake.validated.rglob("*.parquet")}
    records = {f: f.read_bytes() for f in lake.deliveries.rglob("*.json")}
    again = make_run(lake.root)
    assert again.returncode == 0, again.stdout
    assert again.stdout.startswith("new files: 0, of 0 extracts\nunchanged: ")
    assert "tasks" not in again.stdout and "State rates" in again.stdout
    assert list(release.manifests(lake)) == [public.parent.name]
    after = {f: f.stat().st_mtime_ns for f in lake.validated.rglob("*.parquet")}
    assert after == before
    assert {f: f.read_bytes() for f in lake.deliveries.rglob("*.json")} == records


def test_unchanged_deliveries_show_as_skipped_in_airflow(
    lake: Lake, public: Path
) -> None:
    import sqlite3

    (asked,) = load_contracts()["ct/graduation_4yr"].landing.drop
    file = next((lake.root / "sample/extracts").glob(asked))
    os.utime(file)
    made = len(_runs(lake))
    again = make_run(lake.root)
    assert again.stdout.startswith("new files: 1, of 1 extracts\n")
    assert len(_runs(lake)) == made + 1
    with closing(sqlite3.connect(lake.root / "airflow/airflow.db")) as con:
        states = con.execute(
            "select distinct state from task_instance where run_id = ? "
            "and task_id in ('receive', 'announce')",
            [_runs(lake)[-1]],
        ).fetchall()
        labels = con.execute(
            "select count(*) from task_instance "
            "where rendered_map_index like '% · % files'"
        ).fetchone()
    assert states == [("skipped",)]
    assert labels[0] > 10


def _runs(lake: Lake) -> list[str]:
    import sqlite3

    with closing(sqlite3.connect(lake.root / "airflow/airflow.db")) as con:
        sql = "select run_id from dag_run where dag_id = ? order by id"
        return [run for (run,) in con.execute(sql, ["land_ct_graduation_4yr"])]


def deliver(
    lake: Lake, drop: Path, order: Callable[[list[str]], list[str]], at: str
) -> None:
    """Land and judge everything in a given order at a moment, without Airflow."""
    for key in order(list(load_contracts())):
        contract = load_contracts()[key]
        names = order(receiving.find_deliveries(contract, drop))
        batching.receive(contract, drop, names, lake, at)


def shuffle(lake: Lake) -> None:
    """Write the rows of every validated file in another order."""
    for file in lake.validated.rglob("*.parquet"):
        rows = f"select * from '{file}' order by md5(_source_row || 'shuffled')"
        duckdb.sql(f"copy ({rows}) to '{file}.new' (format parquet)")
        file.with_name(f"{file.name}.new").replace(file)
    for delivery in lake.all_recorded():
        # The bytes that a receipt speaks of are others now.
        lake.record(delivery.with_(rows_sha256={}))


@pytest.fixture
def one_core() -> Iterator[None]:
    """One core for whatever this test starts: DuckDB then has one thread."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    yield
    os.sched_setaffinity(0, cores)


@pytest.mark.full
@pytest.mark.usefixtures("one_core")
def test_another_order_of_files_and_rows_gives_the_same_published_rows(
    lake: Lake, public: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Equal rows pass dbt's tests as the first build did.
    monkeypatch.setenv("DBT_EXCLUDE_RESOURCE_TYPES", "test unit_test")
    other = Lake(tmp_path / "lake")
    # Coverage tells what was due when the newest file came.
    at = max(each.landed_at for each in lake.all_recorded())
    drop = lake.root / "sample/extracts"
    deliver(other, drop, order=lambda names: names[::-1], at=at)
    shuffle(other)
    build.build(other)
    record = json.loads(other.build_record().read_text())
    now, seen = datetime.now(UTC), audiences.Audiences(other)
    name = f"{now:%Y%m%dT%H%M%SZ}-other"
    written = candidate.write(other, name, now, record, seen)
    # When a file landed is another moment in another lake.
    moments = ("landed_at", "valid_from", "valid_to", "first_seen_at")
    cells = f"select columns(c -> c not in {moments})"
    for tier in audiences.TIERS:
        ours, theirs = public.parent / tier, written / tier
        for file in sorted(ours.glob("*.parquet")):
            if file.stem in ("deliveries", "about_release"):
                continue
            for one, two in ((ours, theirs), (theirs, ours)):
                differing = duckdb.sql(
                    f"select count(*) from ({cells} from '{one / file.name}' "
                    f"except all {cells} from '{two / file.name}')"
                ).fetchone()
                assert differing == (0,), file.name


class Broken(NamedTuple):
    """A run over broken and hostile files: its drop folder, what it said, and the
    digests of the release before.
    """

    drop: Path
    run: Run
    good: dict[str, str]
    planted: set[tuple[str, str, int]]


@pytest.fixture(scope="module")
def broken(
    lake: Lake, public: Path, tmp_path_factory: pytest.TempPathFactory
) -> Broken:
    """Asked for by the last tests: it publishes a second release into the lake."""
    good, drop = digests(public.parent), tmp_path_factory.mktemp("broken") / "sample"
    script = [sys.executable, str(ROOT / "tests/sample/generate.py"), str(drop)]
    subprocess.run([*script, "--faults", "all"], check=True)
    hostile.plant(drop / "extracts")
    behind_the_gate = planted.plant(lake)
    return Broken(drop, make_run(lake.root, drop / "extracts"), good, behind_the_gate)


def test_every_broken_delivery_is_refused_and_stops_no_other(
    lake: Lake, public: Path, broken: Broken
) -> None:
    drop, done, good, _ = broken
    assert done.returncode == 1
    with (drop / "truth/faults.csv").open(newline="") as stream:
        faults = [f for f in csv.DictReader(stream) if "_broken_" in f["file"]]
    assert len(faults) >= 10
    file = lake.current / "public.duckdb"
    for fault in faults:
        ((status, quarantined, message),) = rows(
            file.with_name("partner.duckdb"),
            "select status, rows_quarantined, message from deliveries "
            f"where file = '{fault['file']}'",
        )
        if fault["expected"].startswith("file refused"):
            assert status == "refused", fault
            assert message in done.stdout
            for part in ("Expected", "Found", fault["file"]):
                assert part in message
        else:
            wrong = [f["row"] for f in faults if f["file"] == fault["file"]]
            assert (status, quarantined) == ("validated", len(wrong)), fault
            assert f"{quarantined} rows quarantined" in message
            shown = rows(
                file,
                "select source_row::varchar from school_outcomes "
                f"where source_file = '{fault['file']}'",
            )
            assert shown and not {row for (row,) in shown} & {*wrong}
    assert lake.current.resolve() != public.parent
    assert digests(public.parent) == good
    unchanged = "from school_outcomes where school_year <= 2016 order by all"
    assert rows(file, unchanged) == rows(public, unchanged)


def test_what_no_contract_should_let_through_is_left_out_alone_and_said(
    lake: Lake, broken: Broken
) -> None:
    sql = (
        "select provider || '/' || extract, reason, source_row, rows_count "
        "from records_set_aside where source_file like {} "
    )
    public = rows(lake.current / "public.duckdb", sql.format("'%planted.csv'"))
    hidden = rows(lake.current / "public.duckdb", sql.format("'a restricted file'"))
    restricted = {key for key, *_ in hidden}
    assert {(key, why, n) for key, why, n, _ in public} | {
        bad for bad in broken.planted if bad[0] in restricted
    } == broken.planted
    assert {(key, why) for key, why, *_ in hidden} >= {
        (key, why) for key, why, _ in broken.planted if key in restricted
    }
    assert {n for _, _, n, _ in hidden} == {None}
    for key, why, _ in broken.planted:
        assert f"{key}: 1 rows set aside ({why})" in broken.run.stdout
    # The sound row before them, and no other.
    published = rows(
        lake.current / "partner.duckdb",
        "select extract, source_row from school_outcomes where source_file like "
        "'%planted.csv' union select extract, source_row from school_enrollments "
        "where source_file like '%planted.csv' union select extract, source_row "
        "from state_outcomes where source_file like '%planted.csv'",
    )
    assert {n for _, n in published} == {2} and len(published) > 3


def test_hostile_text_is_carried_to_the_release_as_text(
    lake: Lake, broken: Broken
) -> None:
    file = (lake.current / "public.duckdb").resolve()
    names = {name for (name,) in rows(file, "select school_name from school_outcomes")}
    assert {*hostile.TEXTS} <= names, broken.run.stdout[-2000:]
    assert rows(file, "select count(*) > 1000 from school_outcomes") == [(True,)]
    page = (lake.current / "site/data-quality.html").read_text()
    assert f"&lt;img src=x onerror=alert(1)&gt;{hostile.REFUSED[-4:]}" in page
    site = (lake.current / "site").resolve()
    written = [*site.rglob("*.html"), *lake.root.glob("data_docs/**/*.html")]
    assert len(written) > 100
    assert not any(
        re.search("<img src=x|<script>alert", file.read_text()) for file in written
    )
    csvs = list(lake.current.resolve().rglob("*.csv"))
    assert csvs and all(file.parent == site / "schools" for file in csvs)
    cells = [cell for file in csvs for row in csv.reader(file.open()) for cell in row]
    assert not any(cell.startswith(("=", "+", "@", "\t")) for cell in cells)


def test_airflow_renders_no_name_of_a_file(lake: Lake, broken: Broken) -> None:
    import sqlite3

    with closing(sqlite3.connect(lake.root / "airflow/airflow.db")) as con:
        labels = con.execute(
            "select distinct rendered_map_index from task_instance "
            "where rendered_map_index is not null"
        ).fetchall()
        (fields,) = con.execute(
            "select group_concat(rendered_fields) from rendered_task_instance_fields"
        ).fetchone()
    assert labels and all(re.search("[0-9]+ files?$", label) for (label,) in labels)
    assert hostile.SHOWN in fields and hostile.RENDERED not in fields
    assert "graduation-rates-school/49" not in fields


def test_what_hides_is_listed_with_what_it_hides(lake: Lake, broken: Broken) -> None:
    assert "\x1b[31m" not in broken.run.stdout
    said = {d.file: d.message for d in lake.all_recorded() if d.status == "unmatched"}
    assert "Rename it." in said[f"{hostile.FOLDER}/red \\x1b[31m.csv"]
    assert "a link that leads out" in said[f"{hostile.FOLDER}/link.csv"]


def test_no_log_tells_a_restricted_count(lake: Lake, broken: Broken) -> None:
    """The counts are in the partner file and in quarantine, and nowhere else."""
    numerators = f"numerator::integer in ({', '.join(hostile.COUNTS)})"
    sql = f"select numerator from state_outcomes where {numerators}"
    held = [(int(hostile.COUNTS[0]),)]
    assert rows((lake.current / "partner.duckdb").resolve(), sql) == held
    assert rows((lake.current / "public.duckdb").resolve(), sql) == []
    aside = f"{lake.root}/quarantine/nessc/common_metrics_submission/2019/*.parquet"
    sql = f"select numerator from read_parquet('{aside}') where {numerators}"
    assert duckdb.sql(sql).fetchall() == [(hostile.COUNTS[1],)]
    told = re.compile(
        rf"(?<![0-9a-f.])({'|'.join(hostile.COUNTS)})(?![0-9a-f])".encode()
    )
    places = ("logs", "airflow", "data_docs", "deliveries", "build/dbt_target")
    files = [f for p in places for f in (lake.root / p).rglob("*") if f.is_file()]
    assert len(files) > 500
    # The database's own log goes when the last reader closes it.
    files = [f for f in files if not f.name.endswith(("-wal", "-shm"))]
    assert [f for f in files if told.search(f.read_bytes())] == []
    assert not told.search(broken.run.stdout.encode())
    landed = [*lake.root.glob("landing/nessc/common_metrics_submission/2019/*")]
    assert any(told.search(file.read_bytes()) for file in landed)


def test_what_runs_on_broken_files_leave_behind_tells_of_no_student(
    lake: Lake, broken: Broken
) -> None:
    """Exceptions and messages on broken files of students, and the key, too."""
    with (broken.drop / "truth/sentinels.csv").open(newline="") as stream:
        sentinels = {row["value"] for row in csv.DictReader(stream)}
    sentinels.add(os.environ["COMMON_METRICS_STUDENT_KEY"])
    said = lake.root / "logs/stdout.log"
    said.write_text(broken.run.stdout + broken.run.stderr)
    but = ("landing", "refused", "sample", "validated", "published")
    assert scan(lake.root, sentinels, but=but) == []


def test_dbt_stores_no_failing_row(lake: Lake, public: Path) -> None:
    nodes = json.loads((lake.dbt_target() / "manifest.json").read_text())["nodes"]
    tests = [node for node in nodes.values() if node["resource_type"] == "test"]
    assert len(tests) > 500
    stored = [t["name"] for t in tests if t["config"].get("store_failures")]
    assert stored == []
    schemas = rows(lake.build(), "select distinct schema_name from duckdb_tables()")
    assert not [name for (name,) in schemas if "audit" in name]


def test_nobody_else_on_the_machine_enters_the_lake(lake: Lake, public: Path) -> None:
    def open_in(folder: Path) -> set[str]:
        return {f.name for f in folder.iterdir() if f.stat().st_mode & 0o77}

    folders = {f.name for f in lake.root.iterdir() if f.is_dir()}
    assert folders & open_in(lake.root) == {"published"}
    assert open_in(lake.current) == {"public.duckdb", "public", "site"}
    for place in (".", "public.duckdb", "public/manifest.json", "site/index.html"):
        assert (lake.current / place).stat().st_mode & 0o44 == 0o44, place
    assert (lake.current / "partner.duckdb").stat().st_mode & 0o777 == 0o600


def test_each_page_is_light_and_each_link_leads_to_a_file(public: Path) -> None:
    site = public.with_name("site")
    pages = pages_of(site)
    held = dead_links(site, pages, lambda name: (public.parent / name).is_file())
    assert held == [] and len(pages) > 100
    assert max(len(page.encode()) for page in pages.values()) < LIMIT


def test_rollback_is_one_command_and_stays(lake: Lake, public: Path) -> None:
    kept = list(release.manifests(lake))
    copy = lake.published / ("9" + kept[0])
    if len(kept) < 2:
        shutil.copytree(lake.published / kept[0], copy)
        release_folders.point_current_at(lake, copy.name)
    command = [sys.executable, "-m", "common_metrics.cli", "rollback"]
    done = subprocess.run(
        [*command, "--lake", str(lake.root)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert lake.current.resolve().name == kept[0]
    assert f"current is now {kept[0]}" in done.stdout
    if copy.exists():
        shutil.rmtree(copy)


def test_each_target_names_its_goal_and_the_document_s_year(public: Path) -> None:
    goals = {
        ("acgr_4yr", 90, 2020),
        ("acgr_5yr", 90, 2014),
        ("college_ready_by_18_act_2013", 80, 2014),
        ("college_ready_by_18_sat_2016", 80, 2014),
        ("dropout_cohort", 5, 2014),
        ("pse_12m_graduates", 80, 2014),
        ("pse_16m_graduates", 80, 2014),
    }
    for file in (public, public.with_name("partner.duckdb")):
        named = "select distinct metric_id, goal_pct, goal_version from"
        has_goal = "where goal_pct is not null or goal_version is not null"
        assert set(rows(file, f"{named} school_targets {has_goal}")) == goals
        judged = set(rows(file, f"{named} school_target_status {has_goal}"))
        assert judged <= goals and ("dropout_cohort", 5, 2014) in judged
        assert rows(
            file,
            "select distinct goal_version from metric_goals order by all nulls last",
        ) == [(2008,), (2014,), (2020,), (None,)]


def test_every_pair_of_metrics_of_a_subject_has_an_answer(public: Path) -> None:
    assert (
        rows(
            public,
            "select one.metric_id, other.metric_id from dim_metric as one "
            "inner join dim_metric as other using (subject) "
            "left join metric_comparability as pair on one.metric_id = pair.metric_id "
            "and other.metric_id = pair.other_metric_id where pair.reason is null "
            "or is_comparable <> (one.comparability_class = other.comparability_class)",
        )
        == []
    )
    ((says,),) = rows(
        public,
        "select reason from metric_comparability where not is_comparable "
        "and metric_id = 'pse_16m_graduates' and other_metric_id = 'pse_12m_graduates'",
    )
    assert "first year after high school" in says and "16 months" in says


def test_states_stand_side_by_side_inside_one_class(public: Path) -> None:
    """Connecticut's 12 months and Vermont's 16 are both there and never together."""
    assert rows(
        public,
        "select distinct state, metric_id from state_outcomes where school_year = 2014 "
        "and (state, metric_id) in (('CT', 'pse_12m_graduates'), "
        "('VT', 'pse_16m_graduates')) and value_pct is not null order by all",
    ) == [("CT", "pse_12m_graduates"), ("VT", "pse_16m_graduates")]
    classes = rows(
        public,
        "select distinct comparability_class, metric_id, other_metric_id "
        "from state_comparison order by all",
    )
    assert {row[0] for row in classes} > {"acgr_4yr", "dropout_cohort"}
    assert all(metric == other for _, metric, other in classes)
    beside_maine = (
        "select state, other_state, difference_low_points, counted_since, "
        "other_counted_since from state_comparison where metric_id = 'acgr_4yr' "
        "and school_year = 2015 and student_group = 'all' and other_state = 'ME'"
    )
    partner = public.with_name("partner.duckdb")
    assert rows(partner, beside_maine) == [("CT", "ME", 1.7, None, 2011)]
    # Maine's schools sum to it, and one of them is hidden.
    assert rows(public, beside_maine) == []


def test_the_network_is_the_sum_of_what_its_states_print(public: Path) -> None:
    """All five print counts of dropouts in 2014 and 2015, one of them in 2016.

    Of three the public sees none: a school's would follow from two of them, and Rhode
    Island's is also counted from records of two schools, each of which knows its own.
    """
    shown = "select count(numerator) from state_outcomes where metric_id = "
    shown += "'dropout_cohort' and is_preferred and student_group = 'all' and {}"
    reporting = "select states_reporting_count from network_progress where level = "
    reporting += "'network' and metric_id = 'dropout_cohort' and student_group = 'all' "
    reporting += "and target_model = 'linear' and {}"
    for year, states in ((2014, 2), (2015, 2), (2016, 1)):
        of_year = f"school_year = {year}"
        assert rows(public, shown.format(of_year)) == [(states,)]
        assert rows(public, reporting.format(of_year)) == [(states,)]
    partner = public.with_name("partner.duckdb")
    with duckdb.connect(str(partner), read_only=True) as con:
        summed = con.execute(
            "select school_year, sum(numerator), sum(denominator), count(*) "
            "from state_outcomes where metric_id = 'dropout_cohort' and is_preferred "
            "and student_group = 'all' and provider <> 'computed' "
            "and school_year >= 2014 group by all order by 1"
        ).fetchall()
        network = con.execute(
            "select school_year, numerator, denominator, states_reporting_count "
            "from network_progress where level = 'network' and numerator is not null "
            "and metric_id = 'dropout_cohort' and student_group = 'all' "
            "and target_model = 'linear' and school_year >= 2014 order by 1"
        ).fetchall()
        verdicts = con.execute(
            "select distinct school_year, verdict, verdict_reason <> '' "
            "from network_progress where level = 'network' and numerator is not null "
            "and metric_id = 'dropout_cohort' and student_group = 'all' "
            "and school_year >= 2014 order by 1"
        ).fetchall()
    assert network == summed
    assert [row[3] for row in network] == [5, 5, 1]
    assert verdicts == [
        (2014, "no_target", False),
        (2015, "cannot_tell", False),
        (2016, "cannot_tell", True),
    ]


@pytest.mark.parametrize("tier", audiences.TIERS)
def test_every_column_has_a_description_and_a_unit(public: Path, tier: str) -> None:
    file = public.with_name(f"{tier}.duckdb")
    without = (
        "select table_name, column_name from duckdb_columns() where not internal "
        "and nullif(comment, '') is null union all "
        "select table_name, '' from duckdb_tables() where comment is null union all "
        "select view_name, '' from duckdb_views() "
        "where not internal and comment is null"
    )
    assert rows(file, without) == []
    columns = "select table_name, column_name, data_type from duckdb_columns() "
    described = 'select table_name, column_name, "type" from data_dictionary'
    assert set(rows(file, described)) == set(rows(file, columns + "where not internal"))
    blank = "coalesce(unit, '') = '' or coalesce(description, '') = ''"
    assert rows(file, f"from data_dictionary where {blank}") == []
    said = columns.replace("data_type", "comment") + (
        "where column_name = 'missing_low_points'"
    )
    ((view, _, comment), (other, *_)) = rows(file, f"{said} order by all")
    assert view == "schools_off_track" and comment.endswith(" [percentage points]")
    assert other == "schools_off_track_by_model"


@pytest.mark.parametrize(
    "view, table, columns",
    [
        ("school_history", "school_targets", "goal_pct, baseline_year, target_pct"),
        ("school_history", "school_target_status", "interval_low_pct, students_count"),
        ("schools_off_track", "school_target_status", "goal_pct, target_low_pct"),
        ("explained_targets", "school_targets", "goal_pct, baseline_year"),
        ("outcome_history", "outcome_versions", "level, valid_from"),
        ("coalition_comparison", "coalition_outcomes", "value_pct, numerator"),
        ("warned_outcomes", "usage_warnings", "reason, source, evidence"),
        ("state_comparison", "state_outcomes", "metric_id, value_status, value_pct"),
        ("widest_gaps", "group_gaps", "gap_low_points, provider"),
    ],
)
def test_a_view_says_of_a_column_what_its_table_says(
    public: Path, view: str, table: str, columns: str
) -> None:
    def said(name: str) -> dict[str, str]:
        asked = "select column_name, description from data_dictionary where table_name"
        of = dict(rows(public, f"{asked} = '{name}'"))
        return {column: of[column] for column in columns.split(", ")}

    assert said(view) == said(table)


def test_a_workbook_says_of_a_verdict_what_its_table_says(public: Path) -> None:
    book = CalamineWorkbook.from_path(str(public.with_name("public") / "excel/CT.xlsx"))
    explained = book.get_sheet_by_name("Dictionary").to_python()
    explained = [[sheet, *row] for sheet, _, *row in explained]
    asked = (
        "select 'Targets', column_name, unit, description from data_dictionary "
        "where table_name = 'school_target_status' "
        "and column_name in ('value_status', 'value_pct', 'verdict')"
    )
    said = [list(row) for row in rows(public, asked)]
    assert len(said) == 3 and all(row in explained for row in said)


QUERIES = sorted((ROOT / "docs/queries").glob("*.sql"))


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.stem)
def test_an_example_query_answers_its_question(public: Path, query: Path) -> None:
    text = query.read_text()
    assert re.match(r"-- [A-Z].*\?\n", text)
    with duckdb.connect(str(public), read_only=True) as con:
        answer = con.execute(text).fetchall()
        names = [column[0] for column in con.description]
    assert answer
    for row in (dict(zip(names, row, strict=True)) for row in answer):
        # A number stands where one was printed, bounds where a range was.
        if "value_status" in row and "value_pct" in row:
            has_value = row["value_pct"] is not None
            assert has_value == (row["value_status"] == "reported"), row


def test_the_example_of_pooling_says_what_the_metrics_say(public: Path) -> None:
    said = dict(
        rows(public, "select semantic_metric, expression from semantic_metrics")
    )
    low, high, count = (
        said[name]
        for name in ("pooled_low_pct", "pooled_high_pct", "schools_pooled_count")
    )
    expected = rows(
        public,
        f"select state, school_year, {low}, {high}, {count} from school_outcomes "
        "where is_preferred and metric_id = 'acgr_4yr' and student_group = 'all' "
        f"group by all having {count} > 0 order by all",
    )
    (query,) = (query for query in QUERIES if query.stem == "pooled_rates")
    found = rows(public, query.read_text())
    assert len(found) > 10
    for row, wanted in zip(found, expected, strict=True):
        assert row == pytest.approx(wanted)


def test_warnings_join_the_numbers_that_they_are_about(public: Path) -> None:
    with duckdb.connect(str(public), read_only=True) as con:
        warnings = con.execute("from usage_warnings").to_arrow_table().to_pylist()
        outcomes = con.execute("from school_outcomes").to_arrow_table().to_pylist()
        joined = con.execute(
            "select warning_id, school_key, school_year, metric_id, student_group, "
            "provider from warned_outcomes"
        ).fetchall()
    of_metric: dict[str, list[dict]] = {}
    for warning in warnings:
        of_metric.setdefault(warning["metric_id"], []).append(warning)
    key = ("school_key", "school_year", "metric_id", "student_group", "provider")
    expected = [
        (warning["warning_id"], *(outcome[column] for column in key))
        for outcome in outcomes
        for warning in of_metric.get(outcome["metric_id"], [])
        if _is_warned(outcome, warning)
    ]
    assert sorted(joined) == sorted(expected)
    assert {"federal_bands", "small_class", "ct_other_is_no_dropout"} <= {
        warning for warning, *_ in joined
    }


def _is_warned(outcome: dict, warning: dict) -> bool:
    same = all(
        warning[name] in (None, "*", outcome[name])
        for name in ("state", "provider", "value_status")
    )
    first, last = warning["first_year"] or 0, warning["last_year"] or 9999
    most, students = warning["max_denominator"], outcome["denominator"]
    small = most is None or students is not None and students <= most
    return same and first <= outcome["school_year"] <= last and small


# Whom a command looks up and connects to; put before it.
LISTEN = """
import atexit, sys
asked = set()
def note(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        asked.add(str(args[1][0] if event == "socket.connect" else args[0]))
sys.addaudithook(note)
atexit.register(lambda: print("ASKED", sorted(asked)))
from dbt_metricflow.cli.main import cli
cli()
"""


class Semantic(NamedTuple):
    """MetricFlow on a published file, as `make metric` asks it."""

    env: dict[str, str]
    folder: Path

    def ask(self, metrics: list[str], by: list[str], *more: str) -> list[dict]:
        """Rows of a query: metrics as numbers or None, the rest as text."""
        answer = self.folder / "answer.csv"
        command = ["query", "--metrics", ",".join(metrics), "--csv", str(answer)]
        command += ["--group-by", ",".join(by)] if by else []
        done = subprocess.run(
            [sys.executable, "-c", LISTEN, *command, *more],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines()[-1] in ("ASKED []", "ASKED ['127.0.0.1']")
        with answer.open(newline="") as lines:
            return [
                row | {m: float(row[m]) if row[m] else None for m in metrics}
                for row in csv.DictReader(lines)
            ]


@pytest.fixture(scope="module")
def semantic(public: Path, tmp_path_factory: pytest.TempPathFactory) -> Semantic:
    folder = tmp_path_factory.mktemp("semantic") / "dbt_project"
    shutil.copytree(ROOT / "dbt_project", folder, ignore=lambda *_: ["target"])
    ours = {"DBT_TARGET": "release", "COMMON_METRICS_RELEASE": str(public)}
    ours |= {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder)}
    ours |= {"DBT_PROJECT_DIR": str(folder), "DBT_PROFILES_DIR": str(folder)}
    env = os.environ | ours | {"HTTPS_PROXY": "http://127.0.0.1:9"}
    subprocess.run(["dbt", "--quiet", "parse"], cwd=folder, env=env, check=True)
    return Semantic(env, folder)


@pytest.mark.full
@pytest.mark.parametrize(
    ("table", "model"),
    [("school_outcomes", None), ("school_target_status", "target_model")],
)
def test_metricflow_and_sql_find_the_same(
    public: Path, semantic: Semantic, table: str, model: str | None
) -> None:
    defined = rows(
        public,
        "select semantic_metric, expression from semantic_metrics "
        f"where table_name = '{table}' order by 1",
    )
    names = [name for name, _ in defined]
    by = ["state", "metric", "student_group", "metric_time__year"]
    by += [f"target__{model}"] if model else []
    found = {
        tuple(row[name].removesuffix("-01-01 00:00:00") for name in by): [
            row[name] for name in names
        ]
        for row in semantic.ask(names, by)
    }
    keys = "state, metric_id, student_group, cast(school_year as varchar)"
    keys += f", {model}" if model else ""
    sql = ", ".join(expression for _, expression in defined)
    expected = {
        row[: len(by)]: [
            cell if cell is None else float(cell) for cell in row[len(by) :]
        ]
        for row in rows(public, f"select {keys}, {sql} from {table} group by {keys}")
    }
    assert found.keys() == expected.keys() and len(found) > 100
    for key, values in found.items():
        assert values == pytest.approx(expected[key]), key


@pytest.mark.full
def test_a_pooled_rate_is_students_by_students(
    public: Path, semantic: Semantic
) -> None:
    """Once more from the rows, without the definitions; and what may not be pooled."""
    names = ["pooled_rate_pct", "pooled_low_pct", "pooled_high_pct", "coverage_pct"]
    one = "{{ Entity('metric') }} = 'pse_12m_graduates' and "
    one += "{{ Entity('student_group') }} = 'all'"
    by = ["state", "metric_time__year"]
    found = semantic.ask(names, by, "--where", one)
    cells: dict[tuple[str, int], list] = {}
    for state, year, *cell in rows(
        public,
        "select state, school_year, value_status, numerator, denominator "
        "from school_outcomes where metric_id = 'pse_12m_graduates' "
        "and student_group = 'all' and is_preferred",
    ):
        cells.setdefault((state, year), []).append(cell)
    exact = 0
    for row in found:
        here = cells[row["state"], int(row["metric_time__year"][:4])]
        shown = [c for c in here if c[0] in ("reported", "range")]
        due = [c for c in here if c[0] not in ("not_applicable", "not_yet_observed")]
        assert row["coverage_pct"] == pytest.approx(100 * len(shown) / len(due))
        counted = [c for c in shown if c[2]]
        if counted and all(c[0] == "reported" and c[1] is not None for c in counted):
            rate = 100 * sum(c[1] for c in counted) / sum(c[2] for c in counted)
            assert [row[name] for name in names[:3]] == pytest.approx([rate] * 3)
            exact += 1
        else:
            assert row["pooled_rate_pct"] is None
    assert exact and exact < len(found)
    # All groups, years and metrics of a state have no rate together.
    assert all(
        row[name] is None for row in semantic.ask(names, ["state"]) for name in names
    )


@pytest.mark.full
def test_the_notebook_runs_on_a_release_and_shows_a_page(
    public: Path, tmp_path: Path
) -> None:
    page = tmp_path / "notebook.html"
    done = run_notebook(public, page)
    assert done.returncode == 0, done.stderr
    assert page.stat().st_mode & 0o777 == 0o600
    shown = page.read_text()
    for heading in ("One school's path", "The region against its goals", "Gaps within"):
        assert re.search(f"<h2[^>]*>{heading}", shown), heading
    tables = re.findall("<tbody>.*?</tbody>", shown, re.S)
    assert len(tables) == 4 and all("<tr>" in table for table in tables)
    assert "<svg" in shown and "<script" not in shown and "NaN" not in shown
    assert set(re.findall(r"https?://[^\"' )]+", shown)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_a_notebook_that_fails_leaves_no_page(tmp_path: Path) -> None:
    page = tmp_path / "notebook.html"
    page.write_text("of the release before")
    with duckdb.connect(str(tmp_path / "other.duckdb")) as con:
        con.execute("create table school_outcomes (state varchar)")
    done = run_notebook(tmp_path / "other.duckdb", page)
    assert done.returncode != 0 and "school_history" in done.stderr
    assert not page.exists()


def run_notebook(release: Path, page: Path) -> Run:
    return subprocess.run(
        [sys.executable, str(ROOT / "notebooks/to_html.py"), str(page)],
        env=os.environ | {"COMMON_METRICS_RELEASE": str(release)},
        capture_output=True,
        text=True,
    )


def test_make_docs_describes_the_columns_of_the_last_build(
    lake: Lake, public: Path
) -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "-o", f"{sys.prefix}/.runtime", "docs"]
        + [f"VENV={sys.prefix}", f"LAKE={lake.root}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    page = lake.root / "docs/static_index.html"
    assert done.stdout.endswith(f"docs: {page}\n")
    assert "End year of the school year (2015 = 2014-15)" in page.read_text()
    catalog = json.loads((lake.root / "docs/catalog.json").read_text())["nodes"]
    columns = catalog["model.common_metrics.school_outcomes"]["columns"]
    assert columns["school_year"]["type"] == "INTEGER"
