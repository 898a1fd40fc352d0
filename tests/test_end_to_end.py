"""The sample through the real thing: Airflow, Great Expectations, dbt and DuckDB."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pytest
from leaks import scan

from common_metrics import build, landing, release, validation
from common_metrics.contract import load_contracts
from common_metrics.errors import DeliveryRefused
from common_metrics.explain import NotFound, explain
from common_metrics.lake import Lake

ROOT = Path(__file__).parents[1]
Run = subprocess.CompletedProcess


def make_run(lake: Path, drop: Path | None = None) -> Run:
    """What `make run` runs, with an Airflow of its own below the lake."""
    command = [sys.executable, "-m", "common_metrics.run", "--lake", str(lake)]
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
    return Lake(tmp_path_factory.mktemp("sample") / "lake")


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
    quarantined = rows(
        public,
        "select extract, rows_quarantined, message from deliveries "
        "where rows_quarantined > 0 and extract = 'college_entrance'",
    )
    ((extract, count, message),) = quarantined
    assert (extract, count) == ("college_entrance", 1)
    assert "a rate from 0.0 to 100.0" in message and "quarantine/" in message


def test_no_row_is_lost_between_raw_and_validated(public: Path) -> None:
    wrong = rows(
        public,
        "select file from deliveries where status = 'validated' and "
        "rows_raw <> rows_validated + rows_quarantined + rows_duplicate",
    )
    assert wrong == []
    assert rows(public, "select sum(rows_duplicate) from deliveries") == [(5,)]


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


def test_nothing_that_a_run_leaves_behind_tells_of_a_student(
    lake: Lake, public: Path
) -> None:
    """Logs, Data Docs, artefacts of dbt, build, releases; the sample is the source."""
    with (lake.root / "sample/truth/sentinels.csv").open(newline="") as stream:
        sentinels = {row["value"] for row in csv.DictReader(stream)}
    assert scan(lake.root, sentinels, but=("landing", "refused", "sample")) == []


def test_the_public_sees_no_computed_rate_and_partners_see_all(public: Path) -> None:
    sql = (
        "select count(*) filter (where value_status in ('reported', 'range')), "
        "count(coalesce(numerator, denominator, value_pct, value_low_pct)) "
        "from school_outcomes where provider = 'computed'"
    )
    assert rows(public, sql) == [(0, 0)]
    ((shown, _),) = rows(public.with_name("partner.duckdb"), sql)
    assert shown > 7000


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


def test_the_public_file_says_what_its_columns_mean(public: Path) -> None:
    undescribed = rows(
        public,
        "select table_name, column_name from duckdb_columns() where not internal "
        "and comment is null and table_name <> 'data_dictionary'",
    )
    assert undescribed == []
    assert rows(
        public,
        "select unit from data_dictionary where \"table\" = 'school_outcomes' "
        "and \"column\" = 'value_pct'",
    ) == [("per cent",)]


def test_the_manifest_is_true(lake: Lake, public: Path) -> None:
    import hashlib

    manifest = json.loads((lake.current / "manifest.json").read_text())
    assert manifest["release"] == lake.current.resolve().name
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
    assert again.stdout.count("unchanged") == len(load_contracts()) + 1
    assert list(release.manifests(lake)) == [public.parent.name]
    after = {f: f.stat().st_mtime_ns for f in lake.validated.rglob("*.parquet")}
    assert after == before
    assert {f: f.read_bytes() for f in lake.deliveries.rglob("*.json")} == records


def test_unchanged_deliveries_show_as_skipped_in_airflow(
    lake: Lake, public: Path
) -> None:
    import sqlite3

    if len(_runs(lake)) < 2:
        make_run(lake.root)
    with sqlite3.connect(lake.root / "airflow/airflow.db") as con:
        states = con.execute(
            "select distinct state from task_instance where run_id = ? "
            "and task_id in ('delivery.land', 'delivery.validate', 'announce')",
            [_runs(lake)[-1]],
        ).fetchall()
        labels = con.execute(
            "select count(*) from task_instance where rendered_map_index like '%.csv'"
        ).fetchone()
    assert states == [("skipped",)]
    assert labels[0] > 100


def _runs(lake: Lake) -> list[str]:
    import sqlite3

    with sqlite3.connect(lake.root / "airflow/airflow.db") as con:
        sql = "select run_id from dag_run where dag_id = ? order by id"
        return [run for (run,) in con.execute(sql, ["land_ct_graduation_4yr"])]


def deliver(lake: Lake, drop: Path, order: Callable[[list[str]], list[str]]) -> None:
    """Land and validate everything in a given order, without Airflow."""
    for contract in order(list(load_contracts())):
        contract = load_contracts()[contract]
        for name in order(landing.find_deliveries(contract, drop)):
            try:
                at = "2016-03-01T06:00:00Z"
                landed = landing.land(contract, drop, name, lake, at)
                if landed.status == "landed":
                    validation.validate(contract, landed, lake)
            except DeliveryRefused:
                pass


def test_another_order_of_delivery_gives_the_same_published_rows(
    lake: Lake, public: Path, tmp_path: Path
) -> None:
    other = Lake(tmp_path / "lake")
    deliver(other, lake.root / "sample/extracts", order=lambda names: names[::-1])
    build.build(other)
    release.publish(other, datetime.now(UTC))
    for tier in release.TIERS:
        ours, theirs = (
            lake.root / "published" / public.parent.name / tier,
            other.current,
        )
        for file in sorted(ours.glob("*.parquet")):
            if file.stem == "deliveries":
                continue
            for one, two in ((ours, theirs / tier), (theirs / tier, ours)):
                differing = duckdb.sql(
                    f"select count(*) from (from '{one / file.name}' except all "
                    f"from '{two / file.name}')"
                ).fetchone()
                assert differing == (0,), file.name


def test_every_broken_delivery_is_refused_and_stops_no_other(
    lake: Lake, public: Path, tmp_path: Path
) -> None:
    """Runs last: it publishes a second release into the shared lake."""
    good = digests(public.parent)
    drop = tmp_path / "sample"
    script = [sys.executable, str(ROOT / "sample/generate.py"), str(drop)]
    subprocess.run([*script, "--faults", "all"], check=True)
    done = make_run(lake.root, drop / "extracts")
    assert done.returncode == 1
    with (drop / "truth/faults.csv").open(newline="") as stream:
        faults = [f for f in csv.DictReader(stream) if "_broken_" in f["file"]]
    assert len(faults) >= 10
    file = lake.current / "public.duckdb"
    for fault in faults:
        ((status, quarantined, message),) = rows(
            file,
            "select status, rows_quarantined, message from deliveries "
            f"where file = '{fault['file']}'",
        )
        if fault["expected"].startswith("file refused"):
            assert status == "refused", fault
            assert message in done.stdout
            for part in ("Expected", "Found", fault["file"]):
                assert part in message
        else:
            assert (status, quarantined) == ("validated", 2), fault
    assert lake.current.resolve() != public.parent
    assert digests(public.parent) == good
    unchanged = "from school_outcomes where school_year <= 2016 order by all"
    assert rows(file, unchanged) == rows(public, unchanged)


def test_rollback_is_one_command_and_stays(lake: Lake, public: Path) -> None:
    kept = list(release.manifests(lake))
    if len(kept) < 2:
        shutil.copytree(lake.published / kept[0], lake.published / ("9" + kept[0]))
        release._point_current_at(lake, "9" + kept[0])
    command = [sys.executable, "-m", "common_metrics.release", "rollback"]
    done = subprocess.run(
        [*command, "--lake", str(lake.root)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert lake.current.resolve().name == kept[0]
    assert f"current is now {kept[0]}" in done.stdout


def test_the_network_is_the_sum_of_what_its_states_print(public: Path) -> None:
    """All five print counts of dropouts in 2014 and 2015, one of them in 2016."""
    with duckdb.connect(str(public), read_only=True) as con:
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
