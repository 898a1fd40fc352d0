"""The publishers' real files through the whole pipeline: what was measured holds."""

import csv
import hashlib
import re
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from bare_script import BARE, BARE_ROWS, PIPELINE_ROWS
from test_end_to_end import Run, make_run
from test_site import LIMIT

from common_metrics.lake import Lake
from common_metrics.publication import release
from common_metrics.publication.explain import explain
from common_metrics.publication.site import write_site


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(tmp_path_factory.mktemp("real") / "lake")


@pytest.fixture(scope="module")
def run(lake: Lake, real_data: Path) -> Run:
    return make_run(lake.root, real_data)


@pytest.fixture(scope="module")
def public(lake: Lake, run: Run) -> duckdb.DuckDBPyConnection:
    assert lake.current.exists(), run.stdout + run.stderr
    return duckdb.connect(str(lake.current / "public.duckdb"), read_only=True)


def test_the_damaged_federal_file_is_refused_and_changes_nothing_else(
    run: Run, public: duckdb.DuckDBPyConnection
) -> None:
    assert run.returncode == 1
    assert "Failed: land_us_edfacts_acgr. What is sound is published" in run.stdout
    refused = public.execute(
        "select file, message from deliveries where status = 'refused'"
    ).fetchall()
    ((file, message),) = refused
    assert file == "edfacts_acgr/damaged/acgr-sch-sy2017-18.csv"
    assert "row 1495" in message and "exponent form" in message
    assert message in run.stdout
    years = public.execute(
        "select distinct school_year from school_outcomes where provider = 'us' "
        "and source_file is not null order by all"
    ).fetchall()
    assert years == [(2012,), (2014,), (2015,), (2016,)]


def test_every_good_file_landed_and_the_rest_is_listed(
    run: Run, public: duckdb.DuckDBPyConnection
) -> None:
    landed = public.execute(
        "select provider || '/' || extract, count(*) from deliveries "
        "where status = 'validated' group by all order by all"
    ).fetchall()
    assert landed == [
        ("ct/chronic_absence", 56),
        ("ct/chronic_absence_district", 28),
        ("ct/college_entrance", 35),
        ("ct/enrollment", 72),
        ("ct/enrollment_export", 1),
        ("ct/enrollment_status", 18),
        ("ct/enrollment_status_state", 18),
        ("ct/enrollment_trend", 6),
        ("ct/graduation_4yr", 89),
        ("ct/graduation_4yr_district", 123),
        ("ct/graduation_5yr", 74),
        ("ct/graduation_5yr_district", 91),
        ("ct/graduation_6yr", 39),
        ("ct/graduation_6yr_district", 70),
        ("ct/sat", 3),
        ("ct/science", 4),
        ("ct/science_state", 4),
        ("ct/smarter_balanced", 8),
        ("nessc/printed_values", 1),
        ("nessc/school_crosswalk", 1),
        ("nh/enrollment_district", 6),
        ("nh/enrollment_school", 6),
        ("ri/october_head_count", 1),
        ("ri/october_head_count_lea", 1),
        ("ri/october_head_count_state", 1),
        ("us/edfacts_acgr", 4),
        ("vt/enrollment_report", 16),
        ("vt/enrollment_report_csv", 16),
        ("vt/head_count", 1),
        ("vt/postsecondary", 1),
    ]
    unmatched = public.execute(
        "select count(*) from deliveries where status = 'unmatched'"
    ).fetchone()[0]
    assert f"NO CONTRACT asks for these {unmatched} files" in run.stdout
    assert "columns left out of us/edfacts_acgr: INSERT_DATE (1 files)" in run.stdout
    assert "vt_sis_collection_spec/Codesets/" in run.stdout


def test_an_additional_column_is_reported_and_left_out(
    public: duckdb.DuckDBPyConnection,
) -> None:
    message = public.execute(
        "select message from deliveries where file = 'edfacts_acgr/EdFacts 2014.csv'"
    ).fetchone()[0]
    assert message == (
        'columns not in expectations/us/edfacts_acgr.yml left out: "INSERT_DATE"'
    )


def test_state_rows_are_as_printed_wherever_they_are_printed(
    public: duckdb.DuckDBPyConnection,
) -> None:
    rates = public.execute(
        "select metric_id, school_year, numerator, denominator, value_pct, "
        "value_status "
        "from state_outcomes where state = 'CT' and student_group = 'all' "
        "and metric_id like 'acgr%' order by all"
    ).fetchall()
    assert rates == [
        ("acgr_4yr", 2011, 37416, 45221, 82.7, "reported"),
        ("acgr_4yr", 2012, 37228, 43883, 84.8, "reported"),
        ("acgr_4yr", 2013, 37190, 43496, 85.5, "reported"),
        ("acgr_4yr", 2014, 37466, 43050, 87.0, "reported"),
        ("acgr_4yr", 2015, 36965, 42392, 87.2, "reported"),
        ("acgr_4yr", 2016, 37208, 42578, 87.4, "reported"),
        ("acgr_4yr", 2017, 37364, 42508, 87.9, "reported"),
        ("acgr_4yr", 2018, 37316, 42234, 88.3, "reported"),
        ("acgr_4yr", 2019, 37251, 42075, 88.5, "reported"),
        ("acgr_5yr", 2011, 38600, 45167, 85.5, "reported"),
        ("acgr_5yr", 2012, 38425, 43905, 87.5, "reported"),
        ("acgr_5yr", 2013, 38211, 43448, 87.9, "reported"),
        ("acgr_5yr", 2014, 38410, 42993, 89.3, "reported"),
        ("acgr_6yr", 2011, 38909, 45151, 86.2, "reported"),
        ("acgr_6yr", 2012, 38658, 43879, 88.1, "reported"),
        ("acgr_6yr", 2013, 38525, 43429, 88.7, "reported"),
    ]


def test_the_missing_year_is_missing_in_every_table_that_would_need_it(
    public: duckdb.DuckDBPyConnection,
) -> None:
    assert public.execute(
        "select extract, coverage_status from coverage "
        "where provider = 'ct' and school_year = 2013 and regexp_full_match(extract, "
        "'college_entrance|graduation_.yr') order by all"
    ).fetchall() == [
        ("college_entrance", "missing"),
        ("graduation_4yr", "missing"),
        ("graduation_5yr", "missing"),
        ("graduation_6yr", "partly_received"),
    ]
    schools = public.execute(
        "select count(*), count(value_pct), count(denominator) from school_outcomes "
        "where provider = 'ct' and extract = 'graduation_4yr' and school_year = 2013"
    ).fetchone()
    assert schools[0] > 2000 and schools[1:] == (0, 0)
    assert public.execute(
        "select distinct value_status from coalition_outcomes "
        "where school_year = 2013 and metric_id = 'acgr_4yr'"
    ).fetchall() == [("not_reported",)]


def test_exact_state_rates_lie_in_the_federal_ranges(
    public: duckdb.DuckDBPyConnection,
) -> None:
    """Connecticut 2014-15: 159 schools print an exact rate and a federal cell."""
    pairs = public.execute(
        """
        select ct.value_pct, us.value_pct, us.value_low_pct, us.value_high_pct,
            ct.denominator = us.denominator, ct.is_preferred, us.is_preferred
        from school_outcomes as ct
        inner join school_outcomes as us
            using (school_id_nces, school_year, metric_id, student_group)
        where ct.provider = 'ct' and us.provider = 'us' and school_year = 2015
            and student_group = 'all' and ct.value_status = 'reported'
            and us.value_status in ('reported', 'range')
        """
    ).fetchall()
    # 159 by the crosswalk alone, three more through school_id_changes.
    assert len(pairs) == 162
    for exact, whole, low, high, _, ct_preferred, us_preferred in pairs:
        low, high = (whole, whole) if whole is not None else (low, high)
        assert low - 0.5 <= exact <= high + 0.5
        assert ct_preferred and not us_preferred
    assert sum(same for *_, same, _, _ in pairs) == 158


def test_renumbered_schools_have_one_key(public: duckdb.DuckDBPyConnection) -> None:
    """Ansonia, Woodstock and others changed their federal id; they are one school."""
    names = ["Ansonia High School", "Woodstock Academy", "Enrico Fermi High School"]
    for name in [*names, "Hampden Academy", "PACE Career Academy Charter School"]:
        keys = public.execute(
            "select count(distinct school_key) from school_outcomes "
            "where lower(school_name) = lower(?) and state in ('CT', 'ME', 'NH')",
            [name],
        ).fetchone()
        assert keys == (1,), name


def test_one_pair_of_keys_that_is_probably_one_school_is_undecided(
    public: duckdb.DuckDBPyConnection,
) -> None:
    """The Academy in Milford: of the one key nothing but hidden cells is known."""
    pairs = public.execute(
        "select review_status, count(*) from school_events "
        "where event_type = 'maybe_renumbered' group by all"
    ).fetchall()
    assert sorted(pairs) == [("explained", 2), ("to_review", 1)]


def test_windsor_is_one_school_with_a_rate_of_2016(
    public: duckdb.DuckDBPyConnection,
) -> None:
    """It took in the lower grades, and got another id and another state code."""
    rows = public.execute(
        "select school_key, list(distinct value_status) from school_outcomes "
        "where state = 'VT' and school_name like 'Windsor%' and school_year = 2016 "
        "and metric_id = 'acgr_4yr' and student_group = 'all' group by all"
    ).fetchall()
    assert rows == [("500930000539", ["range"])]


def test_the_high_schools_of_rhode_island_have_head_counts(
    public: duckdb.DuckDBPyConnection,
) -> None:
    counted = public.execute(
        "select count(distinct school_key) from school_enrollments "
        "inner join dim_school using (school_key) "
        "where dim_school.state = 'RI' and dim_school.school_id_nces is not null"
    ).fetchone()
    assert counted == (61,)


def test_disagreements_beyond_the_range_are_few_and_listed(
    public: duckdb.DuckDBPyConnection,
) -> None:
    found = public.execute(
        "select school_year, count(*), max(beyond_pct) < 1.5, count(source_row) "
        "from reconciliation where provider <> other_provider group by all order by all"
    ).fetchall()
    assert found == [(2012, 7, True, 7), (2014, 3, True, 3), (2015, 2, True, 2)]


def test_a_number_goes_before_the_star_of_another_file_and_both_are_listed(
    public: duckdb.DuckDBPyConnection,
) -> None:
    found = public.execute(
        "select level, value_status, other_value_status, count(*) from reconciliation "
        "where provider = other_provider group by all"
    ).fetchall()
    assert found == [("lea", "reported", "suppressed", 209)]
    bolton = public.execute(
        "select numerator, denominator, value_status from lea_outcomes "
        "where lea_name like 'Bolton%' and school_year = 2011 "
        "and metric_id = 'acgr_4yr' and student_group = 'all' and provider = 'ct'"
    ).fetchall()
    assert bolton == [(70, 74, "reported")]


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("GE95", ("range", None, 95, 100)),
        ("LE5", ("range", None, 0, 5)),
        ("LT50", ("range", None, 0, 50)),
        ("85-89", ("range", None, 85, 89)),
        ("94", ("reported", 94, None, None)),
        ("PS", ("suppressed", None, None, None)),
        (".", ("not_reported", None, None, None)),
    ],
)
def test_each_federal_cell_has_the_status_and_bounds_of_its_text(
    public: duckdb.DuckDBPyConnection, real_data: Path, token: str, expected: tuple
) -> None:
    with (real_data / "edfacts_acgr/EdFacts 2015.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    printed = [n for n, line in enumerate(lines, 2) if line["ALL_RATE_1415"] == token]
    held = public.execute(
        "select value_status, value_pct, value_low_pct, value_high_pct, count(*) "
        "from school_outcomes where source_file = 'edfacts_acgr/EdFacts 2015.csv' "
        "and student_group = 'all' and source_row in (select unnest(?)) group by all",
        [printed],
    ).fetchall()
    assert held == ([(*expected, len(printed))] if printed else [])


def test_markers_of_edsight_keep_their_status(
    public: duckdb.DuckDBPyConnection, real_data: Path
) -> None:
    folder = real_data / "ct_edsight/four-year-graduation-rates-school"
    name = "four-year-graduation-rates__2014-15_all-schools_race_grad.csv"
    text = (folder / name).read_text()
    rates = [
        line.rsplit(",", 1)[1].strip('"') for line in text.splitlines()[5:] if line
    ]
    held = dict(
        public.execute(
            "select value_status, count(*) from school_outcomes "
            "where source_file like ? and metric_id = 'acgr_4yr' group by all",
            [f"%{name}"],
        ).fetchall()
    )
    assert held == {
        "suppressed": rates.count("*"),
        "not_applicable": rates.count("N/A"),
        "reported": sum(re.fullmatch(r"[\d.]+", rate) is not None for rate in rates),
    }
    counted_beside_a_star = public.execute(
        "select count(*) from school_outcomes where value_status = 'suppressed' "
        "and provider = 'ct' and numerator > 0 and value_pct is null"
    ).fetchone()[0]
    assert counted_beside_a_star > 0


def test_an_independent_reading_of_the_same_files_gives_the_same_cells(
    lake: Lake, real_data: Path, public: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """All but the quarantined rows.

    Four print -200.0 in both their cells, three schools of California the cohort of a
    county.
    """
    bare = tmp_path / "bare.duckdb"
    subprocess.run([sys.executable, "-c", BARE, str(real_data), str(bare)], check=True)
    with duckdb.connect(str(bare), read_only=True) as con:
        con.execute(
            "create temp table t as select * from typed as every "
            "where (value_pct >= 0 or value_pct is null) and not exists ("
            "from typed where provider = 'us' and every.provider = 'us' "
            "and school = every.school and year = every.year "
            "and try_cast(denominator as bigint) > 10000)"
        )
        theirs = con.execute(BARE_ROWS.replace("from typed", "from t")).fetchall()
    assert theirs == public.execute(PIPELINE_ROWS).fetchall()
    assert sum(row[4] for row in theirs) > 900_000


def test_no_number_is_held_that_is_not_printed(
    public: duckdb.DuckDBPyConnection, real_data: Path
) -> None:
    """Every numerator, denominator and rate stands in the row it names as source."""
    cells = public.execute(
        "select source_file, source_row, numerator, denominator, value_pct "
        "from school_outcomes where provider = 'ct' and source_file is not null "
        "and value_status <> 'not_applicable' using sample 3000 rows (reservoir, 7)"
    ).fetchall()
    texts: dict[str, list[str]] = {}
    for file, row, numerator, denominator, value in cells:
        lines = texts.setdefault(file, (real_data / file).read_text().splitlines())
        printed = [cell.strip('"') for cell in lines[row - 1].split(",")]
        for number in (numerator, denominator):
            assert number is None or str(number) in printed
        assert value is None or f"{value:.1f}" in printed


CLOSED_IN_2017 = "090147000245"


def test_targets_of_the_real_baselines(public: duckdb.DuckDBPyConnection) -> None:
    """A school with a value of 2014, or within two years, has both paths to 2020."""
    per_series = public.execute(
        "select distinct baseline_year, count(*), count(distinct target_model), "
        "min(school_year), max(school_year) from school_targets "
        f"where school_key <> '{CLOSED_IN_2017}' "
        "group by school_key, metric_id, student_group, baseline_year order by all"
    ).fetchall()
    assert public.execute(
        "select max(school_year) from school_targets "
        f"where school_key = '{CLOSED_IN_2017}'"
    ).fetchone() == (2016,)
    assert per_series == [
        (2012, 12, 2, 2015, 2020),
        (2013, 12, 2, 2015, 2020),
        (2014, 12, 2, 2015, 2020),
        (2015, 10, 2, 2016, 2020),
        (2016, 8, 2, 2017, 2020),
    ]
    without = public.execute(
        """
        select count(*)
        from school_outcomes as baseline
        anti join school_targets as target
            using (school_key, metric_id, student_group)
        inner join dim_metric using (metric_id)
        where baseline.school_year = 2014 and baseline.is_preferred and has_targets
            and baseline.value_status in ('reported', 'range')
        """
    ).fetchone()
    assert without == (0,)
    ansonia = public.execute(
        "select school_year, target_model, target_not_meeting_pct::varchar "
        "from school_targets inner join dim_school using (school_key) "
        "where school_name = 'Ansonia High School' and dim_school.state = 'CT' "
        "and metric_id = 'acgr_4yr' and student_group = 'all' and school_year = 2020 "
        "order by 2"
    ).fetchall()
    ((baseline,),) = public.execute(
        "select (100 - 100.0 * numerator / denominator) from school_outcomes "
        "where school_name = 'Ansonia High School' and state = 'CT' "
        "and metric_id = 'acgr_4yr' and student_group = 'all' and school_year = 2014 "
        "and is_preferred"
    ).fetchall()
    assert [round(float(v), 8) for _, _, v in ansonia] == [
        round(baseline * 0.59213025, 8),
        round(baseline * 0.5, 8),
    ]


def test_the_six_systems_have_their_schools_in_the_federal_file(
    public: duckdb.DuckDBPyConnection,
) -> None:
    """By year; of New Orleans all of 2014-15 is missing, as all of Louisiana is."""
    held = public.execute(
        "select coalition_id, school_year, count(distinct school_key) "
        "from school_outcomes inner join bridge_coalition_school using (school_key) "
        "where provider = 'us' and source_file is not null and coalition_id <> 'nessc' "
        "group by all order by all"
    ).fetchall()
    assert held == [
        *(("cei", year, 19) for year in (2012, 2014, 2015, 2016)),
        ("citybridge", 2012, 38),
        ("citybridge", 2014, 42),
        ("citybridge", 2015, 34),
        ("citybridge", 2016, 39),
        ("leap", 2012, 101),
        ("leap", 2014, 115),
        ("leap", 2015, 114),
        ("leap", 2016, 114),
        ("nsno", 2012, 30),
        ("nsno", 2014, 33),
        ("nsno", 2016, 22),
        ("rogers", 2012, 35),
        ("rogers", 2014, 31),
        ("rogers", 2015, 30),
        ("rogers", 2016, 30),
    ]
    assert public.execute(
        "select lea_id_nces, count(distinct school_key) from school_outcomes "
        "inner join bridge_coalition_school using (school_key) "
        "inner join dim_school using (school_key) "
        "where coalition_id = 'cei' and school_year = 2015 group by all order by all"
    ).fetchall() == [("0803060", 11), ("0805400", 6), ("0807230", 2)]


def test_the_six_systems_have_outcomes_targets_and_printed_facts(
    public: duckdb.DuckDBPyConnection,
) -> None:
    systems = ["cei", "citybridge", "leap", "nessc", "nsno", "rogers"]
    for table in (
        "dim_coalition where is_harbormaster",
        "bridge_coalition_school",
        "coalition_outcomes where school_year = 2014 and value_status = 'range'",
        "coalition_printed_facts",
        "bridge_coalition_school inner join school_targets using (school_key)",
        "coalition_comparison where school_year = 2014 and student_group = 'all' "
        "and metric_id = 'acgr_4yr'",
    ):
        found = public.execute(
            f"select distinct coalition_id from {table} order by all"
        ).fetchall()
        assert found == [(system,) for system in systems], table
    chicago = public.execute(
        "select denominator, round(value_low_pct, 1), round(value_high_pct, 1), "
        "members_reporting_count from coalition_outcomes where coalition_id = 'leap' "
        "and school_year = 2015 and metric_id = 'acgr_4yr' and student_group = 'all'"
    ).fetchall()
    assert chicago == [(26190, 75.7, 77.9, 114)]


def test_states_that_the_national_file_leaves_out_are_named(
    public: duckdb.DuckDBPyConnection,
) -> None:
    assert public.execute(
        "select school_year, state, coalition_ids from national_coverage "
        "where coverage_status = 'missing' order by all"
    ).fetchall() == [
        (2012, "ID", None),
        (2012, "KY", None),
        (2012, "OK", None),
        (2014, "BI", None),
        (2014, "NM", None),
        (2015, "BI", None),
        (2015, "LA", "nsno"),
    ]
    assert public.execute(
        "select distinct value_status, members_reporting_count, members_count "
        "from coalition_outcomes where coalition_id = 'nsno' and school_year = 2015"
    ).fetchall() == [("not_reported", 0, 33)]


def test_one_state_of_five_is_not_the_network(
    public: duckdb.DuckDBPyConnection,
) -> None:
    """Connecticut alone prints counts of its graduates."""
    assert public.execute(
        "select school_year, numerator, denominator, states_reporting_count, "
        "states_count, verdict from network_progress where level = 'network' "
        "and metric_id = 'acgr_4yr' and student_group = 'all' "
        "and target_model = 'compounding' and school_year between 2014 and 2016 "
        "order by 1"
    ).fetchall() == [
        (2014, 37466, 43050, 1, 5, "no_target"),
        (2015, 36965, 42392, 1, 5, "cannot_tell"),
        (2016, 37208, 42578, 1, 5, "cannot_tell"),
    ]
    assert public.execute(
        "select school_year, round(target_low_pct, 3)::double, verdict "
        "from network_progress where entity_id = 'CT' and metric_id = 'acgr_4yr' "
        "and student_group = 'all' and target_model = 'compounding' "
        "and school_year between 2015 and 2016 order by 1"
    ).fetchall() == [(2015, 87.678, "off_track"), (2016, 88.294, "off_track")]


def test_a_second_real_run_changes_nothing(
    lake: Lake, run: Run, public: duckdb.DuckDBPyConnection, real_data: Path
) -> None:
    before = {f: f.stat().st_mtime_ns for f in lake.validated.rglob("*.parquet")}
    releases = list(release.manifests(lake))
    again = make_run(lake.root, real_data)
    assert again.returncode == 1, "the damaged file is still in the folder"
    assert list(release.manifests(lake)) == releases
    assert {
        f: f.stat().st_mtime_ns for f in lake.validated.rglob("*.parquet")
    } == before


def test_every_printed_value_is_held_against_ours_or_says_why_not(
    public: duckdb.DuckDBPyConnection, real_data: Path
) -> None:
    """Straight from the file: whatever is held under its state, year, metric, group."""
    with (real_data / "published/cdp_published.csv").open(newline="") as stream:
        printed = list(enumerate(csv.DictReader(stream), 2))
    compared = public.execute(
        "select printed_source_row, printed_value, provider, held_pct, agreement, "
        "difference_points, held_definition, explanation, not_compared_reason "
        "from printed_comparison order by all"
    ).fetchall()
    assert {row[:2] for row in compared} == {(n, p["value_pct"]) for n, p in printed}
    for _, value, provider, ours, agreement, difference, words, why, reason in compared:
        assert (provider is None) == bool(reason), reason
        if provider:
            assert agreement in ("equal", "open") or why
            assert words and difference == ours - float(value)
    codes = {"ALL": "all", "BLACK": "black", "HISP": "hispanic", "WHITE": "white"}
    codes |= {
        "EL": "el",
        "SWD": "swd",
        "HIGH_NEEDS": "high_needs",
        "TWO": "two_or_more",
    }
    names = {"acgr_4yr": "acgr_4yr", "grad_rate_4yr": "acgr_4yr"}
    names |= {"grad_rate_5yr": "acgr_5yr", "grad_rate_6yr": "acgr_6yr"}
    names |= {"ps_enroll_16mo_of_graduates": "pse_16m_graduates"}
    held = set(
        public.execute(
            "select state, school_year, metric_id, student_group from state_outcomes "
            "where value_status in ('reported', 'range')"
        ).fetchall()
    )
    due = {
        n
        for n, p in printed
        if re.fullmatch(r"\d{4}-\d\d", p["school_year"])
        and (
            p["state"],
            int(p["school_year"][:4]) + 1,
            names.get(p["metric"]),
            codes.get(p["subgroup"]),
        )
        in held
    }
    assert due <= {row[0] for row in compared if row[2]}
    counts = public.execute(
        "select agreement, count(*) from printed_comparison group by all order by all"
    ).fetchall()
    assert counts == [("equal", 42), ("not_comparable", 72), ("not_held", 245)]


# Looked up by hand in the publishers' files: what is asked, what `make explain` must
# say, and the cells that stand in the row which it names.
BY_HAND = [
    (
        ("090303000631", "acgr_4yr", 2015, "all"),
        ("ct/graduation_4yr", "94.7 %", "100 x 269 / 284 = 94.7183"),
        ("North Haven High School", "284", "269", "94.7"),
    ),
    (
        ("090303000631", "acgr_5yr", 2014, "all"),
        ("ct/graduation_5yr", "92 %", "100 x 286 / 311 = 91.9614"),
        ("North Haven High School", "311", "286", "92.0"),
    ),
    (
        ("090105000164", "acgr_6yr", 2013, "all"),
        ("ct/graduation_6yr", "98.4 %", "100 x 306 / 311 = 98.3923"),
        ("Darien High School", "311", "306", "98.4"),
    ),
    (
        ("090303000631", "pse_12m_graduates", 2009, "ed"),
        ("ct/college_entrance", "64.5 %", "printed as a rate"),
        ("North Haven High School", "64.5"),
    ),
    (
        ("230005300504", "acgr_4yr", 2015, "all"),
        ("us/edfacts_acgr", "90 to 94 %", "printed as a range"),
        ("Camden Hills Regional H S", "157", "90-94"),
    ),
    (
        ("330000300500", "acgr_4yr", 2014, "ed"),
        ("us/edfacts_acgr", "80 to 89 %", "printed as a range"),
        ("John Stark Regional High School", "35", "80-89"),
    ),
    (
        ("440009000019", "acgr_4yr", 2015, "all"),
        ("us/edfacts_acgr", "90 to 94 %", "printed as a range"),
        ("Burrillville High School", "179", "90-94"),
    ),
    (
        ("500000200419", "acgr_4yr", 2016, "all"),
        ("us/edfacts_acgr", "85 to 89 %", "printed as a range"),
        ("Spaulding UHSD #41", "164", "85-89"),
    ),
    (
        ("500824300343", "pse_16m_graduates", 2012, "all"),
        ("vt/postsecondary", "50 %", "printed as a rate"),
        ("Hazen UHS #26", "50.0"),
    ),
]


def told_of(lines: list[str], extract: str) -> dict[str, str]:
    """What `explain` prints of one provider's number, by the word before it."""
    (first,) = (n for n, line in enumerate(lines) if line.startswith(f"{extract}: "))
    block = lines[first : lines.index("", first)]
    said = {"value": block[0].removeprefix(f"{extract}: ").split("  <-")[0]}
    return said | {line[2:12].strip(): line[13:] for line in block[1:]}


@pytest.mark.parametrize(("asked", "answer", "cells"), BY_HAND)
def test_an_explanation_leads_to_the_cells_that_stand_in_the_file(
    public: duckdb.DuckDBPyConnection,
    real_data: Path,
    asked: tuple,
    answer: tuple,
    cells: tuple,
) -> None:
    extract, value, formula = answer
    said = told_of(explain(public, *asked), extract)
    assert (said["value"], said["how"]) == (value, formula)
    file, row = re.fullmatch(r"(.+), row (\d+)", said["source"]).groups()
    text = (real_data / file).read_bytes()
    assert said["receipt"].split(",")[0] == hashlib.sha256(text).hexdigest()
    printed = next(csv.reader([text.decode("utf-8-sig").splitlines()[int(row) - 1]]))
    assert set(cells) <= set(printed)
    viewed = public.execute(
        "select source_file, source_row, formula, sha256 from explained_outcomes "
        "where (school_key, metric_id, school_year, student_group) = (?, ?, ?, ?) "
        "and provider || '/' || extract = ?",
        [*asked, extract],
    ).fetchall()
    assert viewed == [(file, int(row), formula, said["receipt"].split(",")[0])]


def test_the_site_of_five_states_is_written_in_a_minute(
    lake: Lake, public: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    begun = time.process_time()
    site = write_site(
        lake.current / "public.duckdb", tmp_path, lake.current.resolve().name
    ).parent
    assert time.process_time() - begun < 60
    assert len(list((site / "schools").glob("*-letter.html"))) > 500
    assert max(page.stat().st_size for page in site.rglob("*.html")) < LIMIT


@pytest.mark.parametrize("asked", [BY_HAND[0][0], BY_HAND[6][0]])
def test_each_step_of_an_explained_path_is_a_product_that_holds(
    public: duckdb.DuckDBPyConnection, asked: tuple
) -> None:
    """From a rate with its counts, and from a range: both ends of it."""
    school, metric, year, group = asked
    lines = explain(public, school, metric, year, group)
    number = r"([\d.]+)(?: to ([\d.]+))?"
    steps = [
        re.match(rf"  (\w+) +(\d+)  {number} x \(1 - ([\d.]+) %\) = {number}", line)
        for line in lines
    ]
    steps = [step.groups() for step in steps if step]
    assert [int(year) for _, year, *_ in steps] == [*range(2015, 2021)] * 2
    for model, year, low, high, cut, to_low, to_high in steps:
        for before, after in ((low, to_low), (high, to_high)):
            assert (before is None) == (after is None)
            if before is not None:
                product = float(before) * (1 - float(cut) / 100)
                assert product == pytest.approx(float(after), abs=2e-6), (model, year)
    for (*_, to_low, _), (model, year, low, *_) in pairwise(steps):
        assert model == "linear" or year == "2015" or low == to_low
