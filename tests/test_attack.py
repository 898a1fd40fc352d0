"""What the attack finds in hand-made public files; the truth is never outside."""

import itertools
import json
import math
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common_metrics.disclosure.attack import recovery
from common_metrics.lake import Lake
from common_metrics.publication import audiences, audit

SEEDS = Path(__file__).parents[1] / "dbt_project" / "seeds"
RULES = ("metric_counts", "count_sums", "count_orders", "group_sums")
OUTCOME = (
    "provider varchar, state varchar, {key} school_year integer, metric_id varchar, "
    "student_group varchar, numerator bigint, denominator bigint, value_pct double, "
    "value_low_pct double, value_high_pct double, value_status varchar, "
    "visibility varchar, is_preferred boolean"
)
TABLES = {
    "school_outcomes": OUTCOME.format(key="school_key varchar,"),
    "lea_outcomes": OUTCOME.format(key="lea_key varchar,"),
    "state_outcomes": OUTCOME.format(key=""),
    "coalition_outcomes": "coalition_id varchar, school_year integer, "
    "metric_id varchar, student_group varchar, numerator bigint, denominator bigint, "
    "members_reporting_count bigint",
    "bridge_coalition_school": "coalition_id varchar, school_key varchar, "
    "first_year integer, last_year integer",
    "dim_metric": "metric_id varchar, direction varchar",
    "target_decreases": "rule_version varchar, school_year integer, "
    "decrease_pct decimal(9, 6)",
    "school_targets": "school_key varchar, metric_id varchar, student_group varchar, "
    "baseline_year integer, baseline_provider varchar, school_year integer, "
    "target_model varchar, baseline_not_meeting_pct double, "
    "baseline_not_meeting_low_pct double, baseline_not_meeting_high_pct double, "
    "target_not_meeting_pct double, target_pct double, target_low_pct double, "
    "target_high_pct double, goal_pct double, is_override boolean, "
    "rule_version varchar",
    "school_target_status": "school_key varchar, metric_id varchar, "
    "student_group varchar, baseline_year integer, baseline_provider varchar, "
    "school_year integer, target_model varchar, baseline_not_meeting_pct double, "
    "baseline_not_meeting_low_pct double, baseline_not_meeting_high_pct double, "
    "target_not_meeting_pct double, target_pct double, target_low_pct double, "
    "target_high_pct double, goal_pct double, is_override boolean, "
    "rule_version varchar, provider varchar, value_pct double, value_low_pct double, "
    "value_high_pct double, interval_low_pct double, interval_high_pct double, "
    "verdict varchar, reached varchar",
    "school_outlook": "school_key varchar, metric_id varchar, student_group varchar, "
    "baseline_year integer, school_year integer, last_target_year integer, "
    "goal_pct double, achieved_low_pct double, achieved_high_pct double, "
    "required_low_pct double, required_high_pct double, outlook varchar",
    "group_gaps": "school_key varchar, school_year integer, metric_id varchar, "
    "student_group varchar, complement_group varchar, gap_low_points double, "
    "gap_high_points double, interval_low_points double, interval_high_points double, "
    "gap varchar, provider varchar",
    "reconciliation": "level varchar, state varchar, school_key varchar, "
    "school_year integer, "
    "metric_id varchar, student_group varchar, provider varchar, value_pct double, "
    "value_low_pct double, value_high_pct double, other_provider varchar, "
    "other_value_pct double, other_value_low_pct double, other_value_high_pct double",
}
DIRECTIONS = [("acgr_4yr", "higher"), ("dropout_cohort", "lower")]


def row(
    group: str,
    numerator: int | None = None,
    denominator: int | None = None,
    metric: str = "acgr_4yr",
    **more: object,
) -> dict:
    """A restricted cell of a school in Vermont; one without a numerator is hidden."""
    hidden = numerator is None and "value_pct" not in more
    return {
        "provider": "computed",
        "state": "VT",
        "school_key": "A",
        "school_year": 2014,
        "metric_id": metric,
        "student_group": group,
        "numerator": numerator,
        "denominator": denominator,
        "value_status": "suppressed" if hidden else "reported",
        "visibility": "restricted",
        "is_preferred": True,
    } | more


def released(file: Path, rows: list[dict], **others: list[dict]) -> Path:
    """Write a public file of these outcomes, with the rule tables of the project."""
    with duckdb.connect(str(file)) as con:
        for table, columns in TABLES.items():
            con.execute(f"create table {table} ({columns})")
        for table in (*RULES, "suppression_minimums"):
            con.execute(f"create table {table} as from '{SEEDS}/{table}.csv'")
        for metric in DIRECTIONS:
            con.execute("insert into dim_metric values (?, ?)", metric)
        for line in rows:
            state = line["school_key"] is None
            held = {k: v for k, v in line.items() if not state or k != "school_key"}
            _insert(con, "state_outcomes" if state else "school_outcomes", held)
        for table, lines in others.items():
            for line in lines:
                _insert(con, table, line)
    return file


def _insert(con: duckdb.DuckDBPyConnection, table: str, line: dict) -> None:
    marks = ", ".join("?" * len(line))
    columns = ", ".join(line)
    con.execute(f"insert into {table} ({columns}) values ({marks})", [*line.values()])


def found(report: recovery.Report) -> set[tuple[str, str, str]]:
    return {(c.metric, c.student_group, c.number) for c in report.recovered}


@pytest.fixture
def attacked(tmp_path: Path):
    """Attack a file of these rows; return what was recovered."""
    names = (tmp_path / f"{n}.duckdb" for n in itertools.count())

    def attacked(rows: list[dict], earlier: list[dict] | None = None, **others):
        past = [released(next(names), earlier)] if earlier else []
        return recovery.recovered(released(next(names), rows, **others), past)

    return attacked


ALL, GIRLS = row("all", 150, 200), row("female", 80, 100)
# Their denominator follows too, and is large enough to be shown.
BOYS = (("acgr_4yr", "male", "numerator"),)


def test_one_hidden_part_of_two_is_the_difference(attacked):
    assert found(attacked([ALL, GIRLS, row("male")])) == set(BOYS)
    assert not found(attacked([ALL, row("female"), row("male")]))


def test_a_group_without_a_row_may_have_students(attacked):
    """A publisher suppressed one group and left its opposite out: it is not all."""
    elsewhere = [
        row(group, *numbers, school_key=school)
        for school in "BCD"
        for group, numbers in (("all", (150, 200)), ("swd", (70, 100)))
    ]
    opposite = [row("non_swd", 80, 100, school_key=school) for school in "BCD"]
    rows = [ALL, row("swd"), *elsewhere, *opposite]
    assert not found(attacked(rows))
    assert found(attacked([*rows, row("non_swd", 70, 90)])) == {
        ("acgr_4yr", "swd", "numerator")
    }


def test_a_group_without_students_leaves_all_to_the_other(attacked):
    none = row("male", value_status="not_applicable")
    assert ("acgr_4yr", "female", "numerator") in found(
        attacked([ALL, row("female"), none])
    )
    assert not found(attacked([row("all"), row("female"), none]))


def test_a_hidden_outcome_is_what_the_others_leave(attacked):
    outcomes = [
        row("all", 150, 200),
        row("all", 25, 200, "dropout_cohort"),
        row("all", metric="other_completion_4yr"),
    ]
    still = ("all", 20, 200, "still_enrolled_4yr")
    assert found(attacked([*outcomes, row(*still)])) == {
        ("other_completion_4yr", "all", "numerator")
    }
    assert not found(attacked([*outcomes, row("all", metric=still[3])]))


def test_a_difference_of_horizons_counts_students(attacked):
    longer = ("all", 155, 200, "acgr_5yr")
    (cell,) = attacked([ALL, row(*longer)]).recovered
    assert cell.number == "rest of order graduates_4yr"
    assert not found(attacked([ALL, row("all", metric="acgr_5yr")]))


def test_a_small_remainder_of_a_state_is_a_school(attacked):
    state, hidden = row("all", 153, 206, school_key=None), row("all", school_key="B")
    assert {c.school_key for c in attacked([state, ALL, hidden]).recovered} == {"B"}
    assert not found(attacked([state, row("all"), hidden]))


def test_what_a_publisher_printed_of_the_other_part_counts(attacked):
    rows = [ALL, row("female"), row("male")]
    printed = row("female", 80, 100, provider="ct", visibility="public")
    report = attacked([*rows, printed])
    assert found(report) == set(BOYS)
    assert {c.student_group for c in report.already} == {"female"}


def test_a_printed_range_bounds_the_other_part(attacked):
    printed = row(
        "female", None, 100, provider="us", visibility="public", value_status="range",
        value_low_pct=78, value_high_pct=80, value_pct=None,
    )  # fmt: skip
    report = attacked([ALL, row("female"), row("male"), printed])
    assert found(report) == set(BOYS)


def test_a_print_that_contradicts_is_left_out(attacked):
    printed = row("female", 90, 300, provider="ct", visibility="public")
    report = attacked([ALL, row("female"), row("male"), printed])
    assert not report.recovered
    assert report.dropped["public print"] >= 1


def test_an_earlier_release_showed_the_other_part(attacked):
    rows = [ALL, row("female"), row("male")]
    report = attacked(rows, earlier=[GIRLS, row("male")])
    assert found(report) == set(BOYS)
    # The earlier release gave both away itself: this one adds nothing.
    assert not found(attacked(rows, earlier=[ALL, GIRLS, row("male")]))


def test_a_target_gives_its_baseline(attacked):
    target = {
        "school_key": "A", "metric_id": "acgr_4yr", "student_group": "all",
        "baseline_year": 2014, "baseline_provider": "computed", "school_year": 2015,
        "target_model": "compounding", "target_pct": 76.25, "target_low_pct": 76.25,
        "target_high_pct": 76.25, "is_override": False, "rule_version": "A",
    }  # fmt: skip
    decrease = {"rule_version": "A", "school_year": 2015, "decrease_pct": 5}
    rows = [row("all"), row("all", 25, 200, "dropout_cohort")]
    others = {"school_targets": [target], "target_decreases": [decrease]}
    report = attacked(rows, **others)
    assert found(report) == {
        ("acgr_4yr", "all", "rate"),
        ("acgr_4yr", "all", "numerator"),
    }
    assert not found(attacked(rows))


def test_a_verdict_bounds_the_rate(attacked):
    status = {
        "school_key": "A", "metric_id": "acgr_4yr", "student_group": "all",
        "school_year": 2014, "provider": "computed", "goal_pct": 90,
        "verdict": "at_goal", "target_model": "compounding",
    }  # fmt: skip
    report = attacked([row("all")], school_target_status=[status])
    assert found(report) == {("acgr_4yr", "all", "rate")}
    hidden = status | {"verdict": "suppressed"}
    assert not found(attacked([row("all")], school_target_status=[hidden]))
    fact = hidden | {"verdict": "cannot_tell", "reached": "goal"}
    report = attacked([row("all")], school_target_status=[fact])
    assert found(report) == {("acgr_4yr", "all", "rate")}


def test_a_gap_and_one_side_give_the_other(attacked):
    gap = {
        "school_key": "A", "school_year": 2014, "metric_id": "acgr_4yr",
        "student_group": "female", "complement_group": "male", "provider": "computed",
        "gap_low_points": 10, "gap_high_points": 10, "gap": "cannot_tell",
    }  # fmt: skip
    report = attacked([GIRLS, row("male")], group_gaps=[gap])
    assert found(report) == {("acgr_4yr", "male", "rate")}
    assert not found(attacked([GIRLS, row("male")]))


def test_a_gap_of_two_hidden_sides_counts_where_the_sizes_are_known(attacked):
    gap = {
        "school_key": "A", "school_year": 2014, "metric_id": "acgr_4yr",
        "student_group": "female", "complement_group": "male", "provider": "computed",
        "gap_low_points": 95, "gap_high_points": 95,
    }  # fmt: skip
    rows = [row("female"), row("male")]
    sizes = [row(g, 20, 100, "dropout_cohort") for g in ("female", "male")]
    assert {
        c.number for c in attacked([*rows, *sizes], group_gaps=[gap]).recovered
    } == {
        "numerator",
        "rate",
    }


def test_the_pace_so_far_and_the_baseline_give_the_newest_rate(attacked):
    outlook = {
        "school_key": "A", "metric_id": "acgr_4yr", "student_group": "all",
        "baseline_year": 2014, "school_year": 2016, "last_target_year": 2020,
        "achieved_low_pct": 10, "achieved_high_pct": 10,
    }  # fmt: skip
    rows = [ALL, row("all", school_year=2016)]
    (cell,) = attacked(rows, school_outlook=[outlook]).recovered
    assert (cell.school_year, cell.number) == (2016, "rate")
    assert not found(attacked(rows))


def test_a_pooled_sum_may_hold_a_hidden_member(attacked):
    rows = [ALL, row("all", school_key="B")]
    members = [{"coalition_id": "c", "school_key": s, "first_year": 2009} for s in "AB"]
    pooled = {
        "coalition_id": "c", "school_year": 2014, "metric_id": "acgr_4yr",
        "student_group": "all",
    }  # fmt: skip
    both = pooled | {"numerator": 158, "denominator": 209, "members_reporting_count": 2}
    one = pooled | {"numerator": 150, "denominator": 200, "members_reporting_count": 1}
    tables = {"bridge_coalition_school": members}
    report = attacked(rows, **tables, coalition_outcomes=[both])
    assert {c.school_key for c in report.recovered} == {"B"}
    assert not found(attacked(rows, **tables, coalition_outcomes=[one]))


def test_a_coded_range_of_few_students_is_too_narrow(attacked):
    def coded(low: float, high: float) -> dict:
        return row(
            "all", value_pct=None, value_status="range",
            value_low_pct=low, value_high_pct=high,
        )  # fmt: skip

    size = row("all", 20, 100, "dropout_cohort")
    assert found(attacked([coded(80, 85), size])) == {("acgr_4yr", "all", "numerator")}
    assert not found(attacked([coded(60, 79), size]))


def test_who_is_in_no_group_is_no_less_than_nobody(attacked):
    """All but two graduate: of the boys, who are hidden, at most two do not."""
    rows = [row("all", 150, 152), GIRLS, row("male")]
    rests = {cell.number for cell in attacked(rows).recovered}
    assert rests >= {"numerator", "rest of complement"}


def test_another_provider_shows_the_same_cell(attacked):
    rows = [ALL, row("female"), row("male")]
    report = attacked([*rows, GIRLS | {"provider": "nessc"}])
    assert {c.student_group for c in report.recovered} == {"female", "male"}


def test_an_insider_learns_nothing_of_others(tmp_path: Path):
    public = released(tmp_path / "p.duckdb", [ALL, row("female"), row("male")])
    knows = released(tmp_path / "k.duckdb", [GIRLS])
    report = recovery.recovered(public, insider=knows)
    assert {c.student_group for c in report.recovered} == {"male"}
    assert {c.student_group for c in report.already} == {"female"}


def test_what_is_told_of_one_state_is_not_taken_for_another_s(tmp_path: Path):
    here = {"school_key": None, "denominator": 100}
    rows = [row("all", **here), row("all", **here, state="NH")]
    compared = {
        "level": "state",
        "state": "VT",
        "school_year": 2014,
        "metric_id": "acgr_4yr",
        "student_group": "all",
        "provider": "computed",
        "value_pct": 91.0,
    }
    public = released(tmp_path / "p.duckdb", rows, reconciliation=[compared])
    told = recovery.recovered(public).recovered
    assert {cell.state for cell in told} == {"VT"}


def test_one_school_of_two_knows_the_other_from_their_total(tmp_path: Path):
    own, other = row("all", 150, 200), row("all", school_key="B")
    knows = released(tmp_path / "k.duckdb", [own])

    def learnt(name: str, *rows: dict) -> set[str]:
        public = released(tmp_path / f"{name}.duckdb", [row("all"), other, *rows])
        return {
            c.school_key for c in recovery.recovered(public, insider=knows).recovered
        }

    assert learnt("two", row("all", 153, 206, school_key=None)) == {"B"}
    assert not learnt("hidden", row("all", school_key=None))
    third = row("all", school_key="C")
    assert not learnt("three", row("all", 190, 280, school_key=None), third)


def test_the_report_names_cells_and_prints_no_value(tmp_path: Path):
    rows = [row("all", 7153, 8219), row("female", 3331, 4242), row("male")]
    file = released(tmp_path / "public.duckdb", rows)
    ran = subprocess.run(
        [sys.executable, "-m", "common_metrics.cli", "attack", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "school_outcomes" in ran.stdout and "male" in ran.stdout
    for value in ("3822", "3977", "155", "7153", "8219", "3331", "4242"):
        assert value not in ran.stdout + ran.stderr


def test_a_release_that_gives_a_cell_away_is_refused(lake: Lake):
    candidate = lake.candidate("20260101T000000Z-0a0a0a0a")
    candidate.mkdir(parents=True)
    (candidate / "manifest.json").write_text("{}")
    public = candidate / "public.duckdb"
    released(public, [row("all", 7153, 8219), row("female", 3331, 4242), row("male")])
    with pytest.raises(
        audiences.ReleaseRefused, match="VT A 2014 acgr_4yr male"
    ) as told:
        audit.refuse_recovered(lake, candidate, [])
    assert "3822" not in str(told.value) and "runbook" in str(told.value)
    public.unlink()
    released(public, [row("all", 7153, 8219), row("female"), row("male")])
    audit.refuse_recovered(lake, candidate, [])
    noted = json.loads((candidate / "manifest.json").read_text())["attack"]
    assert noted["hidden_cells"] == 2 and noted["recovered"] == 0


def test_a_release_that_tells_a_partner_of_others_is_refused(lake: Lake):
    candidate = lake.candidate("20260101T000000Z-0a0a0a0a")
    (candidate / "partners").mkdir(parents=True)
    (candidate / "manifest.json").write_text("{}")
    released(candidate / "public.duckdb", [ALL, row("female"), row("male")])
    released(candidate / "partners" / "girls.duckdb", [GIRLS])
    partner = audiences.Partner("girls", "school", "VT", "A")
    audit.refuse_recovered(lake, candidate, [])
    with pytest.raises(
        audiences.ReleaseRefused, match="girls.*VT A 2014 acgr_4yr male"
    ):
        audit.refuse_recovered(lake, candidate, [partner])


PARTS = {"gender": ("female", "male"), "ed": ("ed", "non_ed")}
OUTCOMES = {
    "acgr_4yr": 60, "dropout_cohort": 20, "still_enrolled_4yr": 10,
    "other_completion_4yr": 6,
}  # fmt: skip


@st.composite
def truths(draw: st.DrawFn) -> list[dict]:
    """Whole tables in which every student has a gender, a group and an outcome."""
    chance, rows = draw(st.randoms(use_true_random=False)), []
    for school in ("A", "B"):
        students = [
            (
                chance.choice(PARTS["gender"]),
                chance.choice(PARTS["ed"]),
                chance.choices([*OUTCOMES, "none"], [*OUTCOMES.values(), 4])[0],
            )
            for _ in range(chance.randint(1, 60))
        ]
        for group in ("all", *PARTS["gender"], *PARTS["ed"]):
            of_group = [s for s in students if group in ("all", *s)]
            rows += [
                row(
                    group,
                    sum(s[2] == metric for s in of_group),
                    len(of_group),
                    metric,
                    school_key=school,
                )
                for metric in OUTCOMES
                if of_group
            ]
    return rows + [
        row(group, sum(n), sum(d), metric, school_key=None)
        for (group, metric), n, d in _summed(rows)
    ]


def _summed(rows: list[dict]):
    cells: dict = {}
    for line in rows:
        key = line["student_group"], line["metric_id"]
        n, d = cells.setdefault(key, ([], []))
        n.append(line["numerator"])
        d.append(line["denominator"])
    return [(key, n, d) for key, (n, d) in cells.items()]


def _hidden(line: dict) -> dict:
    return line | {"numerator": None, "denominator": None, "value_status": "suppressed"}


def _numbers(rows: list[dict]) -> dict[str, int]:
    """The key and value of each number, as the attack names it."""
    counts = duckdb.execute(f"from '{SEEDS}/metric_counts.csv'").fetchall()
    names = {metric: (above, below) for metric, above, below in counts}
    return {
        "|".join(
            [
                line["provider"],
                "school" if line["school_key"] else "state",
                line["state"],
                line["school_key"] or "",
                str(line["school_year"]),
                name,
                line["student_group"],
            ]
        ): line[side]
        for line in rows
        for side, name in zip(
            ("numerator", "denominator"), names[line["metric_id"]], strict=True
        )
    }


@settings(max_examples=12, deadline=None)
@given(truths(), st.randoms(use_true_random=False))
def test_the_truth_is_in_every_interval(tmp_path_factory, truth, chance):
    folder = tmp_path_factory.mktemp("truth")
    rows = [_hidden(line) if chance.random() < 0.4 else line for line in truth]
    bounds = recovery.intervals(released(folder / "public.duckdb", rows))
    numbers = _numbers(truth)
    for key, (low, high) in bounds.items():
        if key in numbers:
            assert low - 1e-4 <= numbers[key] <= high + 1e-4, key


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
    st.randoms(use_true_random=False),
)
def test_the_intervals_are_those_of_all_tables_tried(tmp_path_factory, cells, chance):
    """Girls and boys meet the metric or do not; all tables that fit are counted."""
    girls_met, girls_not, boys_met, boys_not = cells
    truth = [
        row("all", girls_met + boys_met, sum(cells)),
        row("female", girls_met, girls_met + girls_not),
        row("male", boys_met, boys_met + boys_not),
    ]
    hides = [False, chance.random() < 0.7, True]
    rows = [
        _hidden(line) if hide else line for line, hide in zip(truth, hides, strict=True)
    ]
    folder = tmp_path_factory.mktemp("tiny")
    bounds = recovery.intervals(released(folder / "public.duckdb", rows))
    whole, girls = truth[0], truth[1]
    fits = [
        (f, fd, m, md)
        for f, fd, m, md in itertools.product(range(13), repeat=4)
        if f <= fd and m <= md
        and f + m == whole["numerator"] and fd + md == whole["denominator"]
        and (hides[1] or (f, fd) == (girls["numerator"], girls["denominator"]))
    ]  # fmt: skip
    keys = [key for line in truth[1:] for key in _numbers([line])]
    for index, key in enumerate(keys):
        if key in bounds:
            low, high = bounds[key]
            tried = [fit[index] for fit in fits]
            assert math.isclose(low, min(tried), abs_tol=1e-4), key
            assert math.isclose(high, max(tried), abs_tol=1e-4), key
