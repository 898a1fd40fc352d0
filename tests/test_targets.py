"""Targets, verdicts and outlooks: the published decimals, and what always holds."""

import math
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from compiled import Rows, Warehouse, compile_models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from public_file import view_text

MODELS = [
    "int_metric_segments",
    "int_baselines",
    "int_target_factors",
    "int_school_targets",
    "int_school_verdicts",
    "int_school_outlook",
    "int_group_gaps",
    "school_targets",
    "group_gaps",
]
PATHS = MODELS[:4]
# Whole and tenths too, that ends meet: a rate of 50 against a goal of 50.
TO_A_HUNDRED = (
    st.integers(0, 100).map(Decimal)
    | st.integers(0, 1000).map(lambda tenths: Decimal(tenths) / 10)
    | st.decimals(0, 100, places=12)
)
GOALS = st.none() | st.integers(0, 100).map(Decimal)
many = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return compile_models(tmp_path_factory.mktemp("compiled"), MODELS)


@pytest.fixture
def memory(models: dict[str, str]) -> Warehouse:
    made = Warehouse(models)
    made.make(*PATHS)
    return made


def outcome(school: str, metric: str, met: int, of: int, **other: object) -> dict:
    """A school's rate of 2014 with both its counts."""
    rate = Decimal(100 * met) / of
    return {
        "provider": "ct",
        "level": "school",
        "state": "CT",
        "school_key": school,
        "school_id_nces": school,
        "school_year": 2014,
        "metric_id": metric,
        "student_group": "all",
        "numerator": met,
        "denominator": of,
        "value_pct": rate,
        "lowest_pct": rate,
        "highest_pct": rate,
        "value_status": "reported",
        "visibility": "public",
        "source_file": "a.csv",
        "source_row": 7,
        "is_preferred": True,
    } | other


# Share not meeting in 2015 to 2020, as worked out by hand from the target sentence:
# 5 per cent in 2015 and 2016, 10 per cent in 2017 to 2020.
GOLDEN = {
    ("acgr_4yr", "all", 850, "compounding"): (
        "14.25 13.5375 12.18375 10.965375 9.8688375 8.88195375"
    ),
    ("acgr_4yr", "all", 850, "linear"): "14.25 13.5 12 10.5 9 7.5",
    ("pse_12m_graduates", "all", 520, "compounding"): (
        "45.6 43.32 38.988 35.0892 31.58028 28.422252"
    ),
    ("pse_12m_graduates", "all", 520, "linear"): "45.6 43.2 38.4 33.6 28.8 24",
    ("dropout_cohort", "all", 96, "compounding"): (
        "9.12 8.664 7.7976 7.01784 6.316056 5.6844504"
    ),
    ("dropout_cohort", "all", 96, "linear"): "9.12 8.64 7.68 6.72 5.76 4.8",
    ("dropout_cohort", "ed", 180, "compounding"): (
        "17.1 16.245 14.6205 13.15845 11.842605 10.6583445"
    ),
    ("dropout_cohort", "ed", 180, "linear"): "17.1 16.2 14.4 12.6 10.8 9",
}
# The first year whose target meets the goal, or none to 2020.
REACHED = {
    ("acgr_4yr", "all", "compounding"): 2019,
    ("acgr_4yr", "all", "linear"): 2019,
    ("pse_12m_graduates", "all", "compounding"): None,
    ("pse_12m_graduates", "all", "linear"): None,
    ("dropout_cohort", "all", "compounding"): None,
    ("dropout_cohort", "all", "linear"): 2020,
    ("dropout_cohort", "ed", "compounding"): None,
    ("dropout_cohort", "ed", "linear"): None,
}


def golden_outcomes() -> Rows:
    cells = {(metric, group): met for metric, group, met, _ in GOLDEN}
    return [
        outcome("league", metric, met, 1000, student_group=group)
        for (metric, group), met in cells.items()
    ]


@pytest.fixture
def golden(memory: Warehouse) -> Warehouse:
    """The real rules, and the starts of the golden table in one school."""
    memory.put("intermediate.int_outcomes_reconciled", golden_outcomes())
    memory.make(*PATHS, "school_targets")
    return memory


@pytest.mark.parametrize("case", GOLDEN)
def test_the_golden_table_is_met_to_the_last_decimal(
    golden: Warehouse, case: tuple[str, str, int, str]
) -> None:
    metric, group, _, model = case
    rows = golden.rows(
        f"{published()} and student_group = "
        f"'{group}' and metric_id = '{metric}' and target_model = '{model}' "
        "order by school_year"
    )
    assert [row["school_year"] for row in rows] == list(range(2015, 2021))
    missing = [row["target_not_meeting_pct"] for row in rows]
    assert missing == [Decimal(text) for text in GOLDEN[case].split()]
    rates = [m if metric == "dropout_cohort" else 100 - m for m in missing]
    assert [row["target_pct"] for row in rows] == rates
    reached = [row["school_year"] for row in rows if row["meets_goal"]]
    assert min(reached, default=None) == REACHED[metric, group, model]


def test_the_league_passes_ninety_in_2019_and_the_reading_decides_the_dropout_goal(
    golden: Warehouse,
) -> None:
    found = {
        (row["metric_id"], row["target_model"], row["school_year"]): row
        for row in golden.rows(f"{published()} and student_group = 'all'")
    }
    rate = {key: round(row["target_pct"], 3) for key, row in found.items()}
    assert rate["acgr_4yr", "compounding", 2018] < 90
    assert rate["acgr_4yr", "compounding", 2019] == Decimal("90.131")
    assert rate["acgr_4yr", "compounding", 2020] == Decimal("91.118")
    assert rate["acgr_4yr", "linear", 2019] == 91
    assert rate["acgr_4yr", "linear", 2020] == Decimal("92.5")
    assert not found["dropout_cohort", "compounding", 2020]["meets_goal"]
    assert found["dropout_cohort", "linear", 2020]["meets_goal"]


def test_rows_of_the_rule_carry_targets_beyond_2020(golden: Warehouse) -> None:
    more = [
        {"rule_version": "2014-A", "school_year": y, "decrease_pct": 10}
        for y in (2021, 2022)
    ]
    golden.put("rules.target_decreases", more, only=False)
    golden.make(*PATHS)
    last = golden.rows(
        "select target_model, school_year, target_not_meeting_high_pct as m "
        "from warehouse.intermediate.int_school_targets where metric_id = 'acgr_4yr' "
        "and school_year > 2020 order by target_model, school_year"
    )
    assert [row["m"] for row in last] == [
        Decimal("7.993758375"),
        Decimal("7.1943825375"),
        6,
        Decimal("4.5"),
    ]


def set_rule(memory: Warehouse, assignment: str) -> None:
    memory.con.execute(f"update warehouse.rules.target_rules set {assignment}")


@pytest.mark.parametrize(
    ("means", "first", "last"), [("class_year", 2015, 2020), ("known_year", 2014, 2019)]
)
def test_what_a_target_s_year_means_is_a_setting_and_stands_on_each_target(
    memory: Warehouse, means: str, first: int, last: int
) -> None:
    """A five-year rate is known a year after the class's fourth."""
    set_rule(memory, f"target_year_means = '{means}', baseline_year = 2013")
    start = outcome("ash", "acgr_5yr", 850, 1000, school_year=2013)
    memory.put("intermediate.int_outcomes_reconciled", [start])
    memory.make(*PATHS, "school_targets")
    ((low, high, rule_first, meanings, missing),) = memory.con.execute(
        "select min(school_year), max(school_year), min(rule_year), "
        "list(distinct target_year_means), max(target_not_meeting_pct) "
        "from warehouse.published.school_targets"
    ).fetchall()
    assert (low, high, rule_first, meanings) == (first, last, 2015, [means])
    assert missing == Decimal("14.25")
    steps = derivations(memory, "compounding")
    assert steps[0] == "15.000000 x (1 - 5.00 %) = 14.250000"


def derivations(memory: Warehouse, model: str) -> list:
    """The steps of the one path, as the view of a published file words them."""
    con = memory.con
    con.execute(f"create or replace temp view school_targets as {published()}")
    con.execute(
        "create or replace temp view target_decreases as "
        "from warehouse.rules.target_decreases"
    )
    view = view_text("explained_targets")
    con.execute(f"create or replace temp view explained_targets as {view}")
    return [
        text
        for (text,) in con.execute(
            "select derivation from explained_targets "
            f"where target_model = '{model}' order by school_key, school_year"
        ).fetchall()
    ]


def published(audience: str = "partner", table: str = "school_targets") -> str:
    return (
        f"select * exclude (audience) from warehouse.published.{table} "
        f"where audience = '{audience}'"
    )


OWN = {
    "school_id_nces": "ash",
    "metric_id": "acgr_4yr",
    "student_group": "all",
    "school_year": 2017,
    "target_pct": 93,
    "reason": "Two schools merge",
    "author_role": "superintendent",
    "decided_on": "2015-06-30",
}


def test_a_school_s_own_target_stands_with_its_reason_and_the_rule_goes_on(
    memory: Warehouse,
) -> None:
    memory.put("rules.school_target_overrides", [OWN])
    start = outcome("ash", "acgr_4yr", 850, 1000, visibility="restricted")
    memory.put("intermediate.int_outcomes_reconciled", [start])
    memory.make(*PATHS, "school_targets")
    rows = memory.rows(f"{published()} order by school_year, target_model")
    own = [row for row in rows if row["is_override"]]
    assert {row["target_model"] for row in own} == {"compounding", "linear"}
    for row in own:
        assert (row["school_year"], row["target_pct"]) == (2017, 93)
        told = [row[f"override_{x}"] for x in ("reason", "author_role", "decided_on")]
        assert [str(x) for x in told] == list(OWN.values())[-3:]
    others = [row for row in rows if not row["is_override"]]
    assert {row["override_reason"] for row in others} == {None}
    assert rows[-2]["target_not_meeting_pct"] == Decimal("8.88195375")
    steps = derivations(memory, "compounding")
    assert steps[2] == (
        "13.537500 x (1 - 10.00 %) = 12.183750; set by the school: 7.000000 "
        "(Two schools merge; superintendent, 2015-06-30)"
    )
    assert steps[3] == "12.183750 x (1 - 10.00 %) = 10.965375"


def test_of_a_hidden_baseline_the_public_sees_no_target(
    memory: Warehouse,
) -> None:
    memory.put("rules.school_target_overrides", [OWN])
    start = outcome("ash", "acgr_4yr", 9, 10, visibility="restricted")
    memory.put("intermediate.int_outcomes_reconciled", [start])
    hidden = {k: start[k] for k in ("provider", "level", "state", "school_key")}
    hidden |= {k: start[k] for k in ("school_year", "metric_id", "student_group")}
    memory.put("intermediate.int_suppressed_cells", [hidden])
    memory.make(*PATHS, "school_targets")
    assert memory.rows(published()) and not memory.rows(published("public"))


# What always holds, whatever the rule: years, decreases, goals and starts at random.


@st.composite
def rules(draw: st.DrawFn) -> dict:
    years = draw(st.lists(st.integers(2010, 2026), min_size=1, max_size=9, unique=True))
    tenths = st.integers(0, 1000).map(lambda x: Decimal(x) / 10)
    return {
        "decreases": {year: draw(tenths) for year in sorted(years)},
        "means": draw(st.sampled_from(["class_year", "known_year"])),
        "at_goal": draw(st.sampled_from(["continue", "stop_at_goal"])),
        "goals": {m: draw(GOALS) for m in ("acgr_4yr", "acgr_5yr", "dropout_cohort")},
    }


@st.composite
def starts(draw: st.DrawFn) -> dict:
    metric = draw(st.sampled_from(["acgr_4yr", "acgr_5yr", "dropout_cohort"]))
    low = draw(TO_A_HUNDRED)
    return {
        "metric_id": metric,
        "direction": "lower" if metric == "dropout_cohort" else "higher",
        "baseline_year": draw(st.integers(2008, 2026)),
        "segment_last_year": draw(st.sampled_from([2016, 2019, 9999])),
        "not_meeting_low_pct": low,
        "not_meeting_high_pct": max(low, draw(st.just(low) | TO_A_HUNDRED)),
    }


def begin(memory: Warehouse, rule: dict, baselines: Rows) -> Rows:
    """Put a rule and baselines; return the targets."""
    decreases = [
        {"rule_version": "2014-A", "school_year": y, "decrease_pct": r}
        for y, r in rule["decreases"].items()
    ]
    goals = [
        {"metric_id": m, "goal_pct": g, "goal_version": 1, "is_current": True}
        for m, g in rule["goals"].items()
        if g is not None
    ]
    memory.put("rules.target_decreases", decreases)
    memory.put("rules.metric_goals", goals)
    set_rule(
        memory,
        f"target_year_means = '{rule['means']}', at_goal_rule = '{rule['at_goal']}'",
    )
    common = {"rule_version": "2014-A", "student_group": "all"}
    memory.put(
        "intermediate.int_baselines",
        [common | b | {"school_key": f"s{i}"} for i, b in enumerate(baselines)],
    )
    memory.make("int_target_factors", "int_school_targets")
    return memory.rows(
        "from warehouse.intermediate.int_school_targets "
        "order by school_key, target_model, school_year"
    )


def expected_years(rule: dict, start: dict) -> list[int]:
    late = rule["means"] == "known_year" and start["metric_id"] == "acgr_5yr"
    return [
        year
        for year in (y - late for y in rule["decreases"])
        if start["baseline_year"] < year <= start["segment_last_year"]
    ]


def remaining(rule: dict, row: dict) -> Fraction:
    """Fractions of whole numbers: an arithmetic of its own."""
    late = row["rule_year"] - row["school_year"]
    shares = [
        Fraction(r) / 100
        for y, r in rule["decreases"].items()
        if row["baseline_year"] + late < y <= row["rule_year"]
    ]
    if row["target_model"] == "linear":
        return max(Fraction(0), 1 - sum(shares))
    return math.prod(1 - share for share in shares)


@many
@given(rule=rules(), baselines=st.lists(starts(), min_size=1, max_size=60))
def test_targets_follow_the_rule_and_never_ask_for_less_than_before(
    memory: Warehouse, rule: dict, baselines: Rows
) -> None:
    targets = begin(memory, rule, baselines)
    for i, start in enumerate(baselines):
        for model in ("compounding", "linear"):
            path = [
                t
                for t in targets
                if t["school_key"] == f"s{i}" and t["target_model"] == model
            ]
            assert [t["school_year"] for t in path] == expected_years(rule, start)
            for target in path:
                holds_for_one(target, rule)
            for before, after in pairwise(path):
                for end in ("low", "high"):
                    name = f"target_not_meeting_{end}_pct"
                    assert after[name] <= before[name]


def holds_for_one(target: dict, rule: dict) -> None:
    goal = rule["goals"][target["metric_id"]]
    higher = target["direction"] == "higher"
    assert target["target_year_means"] == rule["means"]
    for end in ("low", "high"):
        start = target[f"not_meeting_{end}_pct"]
        asked = target[f"rule_not_meeting_{end}_pct"]
        missing = target[f"target_not_meeting_{end}_pct"]
        assert abs(Fraction(start) * remaining(rule, target) - Fraction(asked)) < 1e-9
        assert 0 <= asked <= missing <= start <= 100
        if rule["at_goal"] == "continue" or goal is None:
            assert missing == asked
        else:
            assert missing == max(asked, min(start, 100 - goal if higher else goal))
    low, high = target["target_low_pct"], target["target_high_pct"]
    assert 0 <= low <= high <= 100
    assert {low, high} == {
        100 - m if higher else m
        for m in (
            target["target_not_meeting_low_pct"],
            target["target_not_meeting_high_pct"],
        )
    }
    if goal is None:
        assert target["meets_goal"] is None
    else:
        ends = {low >= goal, high >= goal} if higher else {low <= goal, high <= goal}
        assert target["meets_goal"] is (ends.pop() if len(ends) == 1 else None)


@many
@given(missing=st.lists(TO_A_HUNDRED, min_size=1, max_size=200))
def test_by_the_rule_of_2014_the_linear_path_ends_at_half_and_the_other_above(
    memory: Warehouse, missing: list[Decimal]
) -> None:
    start = {"metric_id": "acgr_4yr", "direction": "higher", "baseline_year": 2014}
    start |= {"rule_version": "2014-A", "student_group": "all"}
    memory.put(
        "intermediate.int_baselines",
        [
            start
            | {"school_key": f"s{i}", "segment_last_year": 9999}
            | {"not_meeting_low_pct": m, "not_meeting_high_pct": m}
            for i, m in enumerate(missing)
        ],
    )
    memory.make("int_target_factors", "int_school_targets")
    for row in memory.rows(
        "from warehouse.intermediate.int_school_targets where school_year = 2020"
    ):
        whole = Fraction(row["not_meeting_low_pct"])
        share = Fraction(1, 2)
        if row["target_model"] == "compounding":
            share = Fraction(95, 100) ** 2 * Fraction(9, 10) ** 4
        left = Fraction(row["target_not_meeting_low_pct"])
        assert abs(left - whole * share) <= Fraction(1, 2 * 10**12)


# Verdicts: of one rate against many targets.


@st.composite
def observed(draw: st.DrawFn) -> dict:
    """A rate with its counts, a printed range, or a marker."""
    status = draw(st.sampled_from(["reported", "range", "suppressed", "not_reported"]))
    row: dict = {"value_status": status, "denominator": draw(st.integers(1, 400))}
    if status == "reported":
        met = draw(st.integers(0, row["denominator"]))
        row["numerator"] = met
        rate = (Decimal(100 * met) / row["denominator"]).quantize(Decimal("1e-12"))
        row |= {"value_pct": rate, "lowest_pct": rate, "highest_pct": rate}
    if status == "range":
        low, high = sorted(draw(st.tuples(*[st.integers(0, 100)] * 2)))
        row |= {"value_low_pct": low, "value_high_pct": high}
        row |= {"lowest_pct": max(Decimal(0), low - Decimal("0.5"))}
        row |= {"highest_pct": min(Decimal(100), high + Decimal("0.5"))}
    return row


def wilson(row: dict) -> tuple[float, float]:
    """Bounds in per cent: (2np + z2 -+ z sqrt(z2 + 4np(1-p))) / 2(n + z2).

    Of a band the lower one is of its lower end and the upper one of its upper end.
    """
    n, z = row["denominator"], 1.96
    ends = []
    for sign, end in ((-1, "lowest_pct"), (1, "highest_pct")):
        p = float(row[end]) / 100
        root = z * math.sqrt(z * z + 4 * n * p * (1 - p))
        bound = (2 * n * p + z * z + sign * root) / (2 * (n + z * z))
        ends.append(round(100 * min(1, max(0, bound)), 9))
    return ends[0], ends[1]


def judge(target: dict, row: dict) -> tuple[str, str, str]:
    """What is reached, how firm, and the verdict; turned so that more is better."""
    if row["value_status"] == "suppressed":
        return ("suppressed",) * 3
    if row["value_status"] == "not_reported":
        return ("no_data",) * 3
    turn = 1 if target["direction"] == "higher" else -1
    goal = math.inf if target["goal_pct"] is None else turn * target["goal_pct"]
    low, high = sorted(turn * float(target[f"target_{x}_pct"]) for x in ("low", "high"))
    exact = sorted(turn * float(row[f"{x}_pct"]) for x in ("lowest", "highest"))
    ends = [row.get("value_low_pct"), row.get("value_high_pct")]
    printed = exact if None in ends else sorted(turn * end for end in ends)
    fact = side(printed, exact, goal, low, high)
    if fact == "unclear":
        return fact, "range", "cannot_tell"
    interval = sorted(turn * end for end in wilson(row))
    firm = side(interval, interval, goal, low, high)
    if firm == fact:
        names = {"goal": "at_goal", "target": "on_track", "missed": "off_track"}
        return fact, "firm", names[fact]
    if fact in ("goal", "target") and interval[0] >= high:
        firmness = "firm_of_target" if fact == "goal" else "firm"
        return fact, firmness, "on_track"
    return fact, "close", "cannot_tell"


def side(
    printed: list[float], exact: list[float], goal: float, low: float, high: float
) -> str:
    if printed[0] >= goal:
        return "goal"
    if exact[0] >= high:
        return "target"
    return "missed" if exact[1] < low and printed[1] < goal else "unclear"


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict, dict]:
    """An outcome and a target that it is held against."""
    low, high = sorted(draw(st.tuples(TO_A_HUNDRED, TO_A_HUNDRED)))
    return draw(observed()), {
        "target_low_pct": low,
        "target_high_pct": draw(st.sampled_from([low, high])),
        "goal_pct": draw(GOALS),
        "direction": draw(st.sampled_from(["higher", "lower"])),
    }


@many
@given(pairs=st.lists(cases(), min_size=20, max_size=60))
def test_verdicts_are_called_only_where_interval_and_target_lie_apart(
    memory: Warehouse, pairs: list[tuple[dict, dict]]
) -> None:
    key = {"metric_id": "m", "student_group": "all", "school_year": 2015}
    blank = outcome("", "m", 1, 1, numerator=None) | key
    blank |= dict.fromkeys(("value_pct", "lowest_pct", "highest_pct"))
    cells = [blank | row | {"school_key": f"s{i}"} for i, (row, _) in enumerate(pairs)]
    asked = [
        key | target | {"rule_version": "2014-A", "school_key": f"s{i}"}
        for i, (_, target) in enumerate(pairs)
    ]
    memory.put("intermediate.int_outcomes_reconciled", cells)
    memory.put("intermediate.int_school_targets", asked)
    memory.make("int_school_verdicts")
    found = {
        row["school_key"]: row
        for row in memory.rows("from warehouse.intermediate.int_school_verdicts")
    }
    for i, (row, target) in enumerate(pairs):
        is_judged_rightly(found[f"s{i}"], row, target)


@pytest.mark.parametrize("of", [12, 20, 31])
def test_a_class_that_graduates_as_a_whole_is_not_off_a_target_of_all(
    memory: Warehouse, of: int
) -> None:
    """Of doubles alone the interval would end at 99.99999999999997."""
    target = {"metric_id": "m", "student_group": "all", "school_year": 2015}
    target |= {"school_key": "s", "rule_version": "2014-A", "direction": "higher"}
    target |= {"target_low_pct": 100, "target_high_pct": 100}
    cell = outcome("s", "m", of, of, school_year=2015)
    memory.put("intermediate.int_outcomes_reconciled", [cell])
    memory.put("intermediate.int_school_targets", [target])
    memory.make("int_school_verdicts")
    (verdict,) = memory.rows("from warehouse.intermediate.int_school_verdicts")
    assert (verdict["verdict"], verdict["interval_high_pct"]) == ("cannot_tell", 100)


def test_a_band_of_few_is_no_firmer_than_a_number_of_few(memory: Warehouse) -> None:
    """70 to 79 of 34 against 89.4: the bare band ends at 79.5, its interval at 89.7."""
    key = {"metric_id": "m", "student_group": "all", "school_year": 2016}
    bands = {"few": 34, "many": 3400, "unknown": None}
    cell = {"value_status": "range", "value_low_pct": 70, "value_high_pct": 79}
    cell |= {"lowest_pct": Decimal("69.5"), "highest_pct": Decimal("79.5")}
    cell |= {"numerator": None, "value_pct": None}
    target = {"rule_version": "2014-A", "direction": "higher"}
    target |= dict.fromkeys(("target_low_pct", "target_high_pct"), Decimal("89.38"))
    cells = [
        outcome(school, "m", 1, 1) | key | cell | {"denominator": of}
        for school, of in bands.items()
    ]
    memory.put("intermediate.int_outcomes_reconciled", cells)
    asked = [key | target | {"school_key": school} for school in bands]
    memory.put("intermediate.int_school_targets", asked)
    memory.make("int_school_verdicts")
    found = memory.rows("from warehouse.intermediate.int_school_verdicts")
    verdicts = {row["school_key"]: row["verdict"] for row in found}
    expected = {"few": "cannot_tell", "many": "off_track", "unknown": "cannot_tell"}
    assert verdicts == expected


def is_judged_rightly(verdict: dict, row: dict, target: dict) -> None:
    said = verdict["reached"], verdict["firmness"], verdict["verdict"]
    assert said == judge(target, row)
    if row["value_status"] not in ("reported", "range"):
        assert verdict["interval_low_pct"] is None
        return
    low, high = wilson(row)
    found = (verdict["interval_low_pct"], verdict["interval_high_pct"])
    assert found == pytest.approx((low, high), abs=1e-9)
    if verdict["verdict"] in ("on_track", "off_track"):
        asked = target["target_low_pct"], target["target_high_pct"]
        assert not (low < asked[1] and high > asked[0]), "both may be the same"


# Outlook: the pace so far, the pace asked for, and the year in which it leads there.


@st.composite
def journeys(draw: st.DrawFn) -> dict:
    start, now = (draw(st.decimals("0.1", 100, places=3)) for _ in range(2))
    return {
        "start": start,
        "now": now,
        "year": draw(st.integers(2015, 2022)),
        "goal": draw(st.integers(0, 100)),
    }


@many
@given(journey=st.lists(journeys(), min_size=1, max_size=60))
def test_the_outlook_reaches_the_goal_in_the_year_it_names_or_says_why_not(
    memory: Warehouse, journey: Rows
) -> None:
    verdicts, cells = [], []
    for i, step in enumerate(journey):
        key = {"school_key": f"s{i}", "metric_id": "dropout_cohort"}
        key |= {"student_group": "all", "school_year": step["year"]}
        verdicts.append(
            key
            | {"rule_version": "2014-A", "target_model": "compounding"}
            | {"direction": "lower", "value_status": "reported", "baseline_year": 2014}
            | {"goal_pct": step["goal"], "not_meeting_low_pct": step["start"]}
            | {"not_meeting_high_pct": step["start"]}
            | {"reached": "goal" if step["now"] <= step["goal"] else "missed"}
        )
        cell = outcome(f"s{i}", "dropout_cohort", 1, 1, school_year=step["year"])
        cells.append(cell | {"lowest_pct": step["now"], "highest_pct": step["now"]})
    memory.put("intermediate.int_outcomes_reconciled", cells)
    memory.make("int_school_verdicts")
    memory.put("intermediate.int_school_verdicts", verdicts)
    memory.make("int_school_outlook")
    found = {
        row["school_key"]: row
        for row in memory.rows("from warehouse.intermediate.int_school_outlook")
    }
    assert len(found) == len(journey)
    for i, step in enumerate(journey):
        leads_there(found[f"s{i}"], step)


def leads_there(row: dict, step: dict) -> None:
    start, now, goal = (float(step[x]) for x in ("start", "now", "goal"))
    gone, left = step["year"] - 2014, 2020 - step["year"]
    achieved = 1 - row["achieved_low_pct"] / 100
    assert start * achieved**gone == pytest.approx(now)
    assert row["achieved_low_pct"] == row["achieved_high_pct"]
    if left <= 0:
        assert row["required_low_pct"] is None
    elif now <= goal:
        assert row["required_low_pct"] == 0
    else:
        asked = 1 - row["required_low_pct"] / 100
        assert now * asked**left == pytest.approx(goal, abs=1e-9)
    said = (row["outlook"], row["outlook_reason"])
    late = now * max(achieved, 0) ** max(left, 0) - goal
    if now <= goal:
        assert said == ("at_goal", "")
    elif gone < 3:
        assert said == ("cannot_tell", "too_few_years")
    elif goal == 0:
        assert said == ("not_at_this_pace", "goal_of_nobody")
    elif now >= start:
        assert said == ("not_at_this_pace", "does_not_fall")
    elif late > 1e-6:
        assert said == ("not_at_this_pace", "after_last_target_year")
    elif late < -1e-6:
        assert said == ("at_this_pace", "")
        years = row["goal_year"] - step["year"]
        assert now * achieved**years <= goal + 1e-6
        assert now * achieved ** (years - 1) > goal - 1e-6
    assert (row["goal_year"] is None) == (row["outlook"] != "at_this_pace")


# Gaps between a group and its complement.


@many
@given(one=observed(), other=observed(), hidden=st.sampled_from(["", "ed", "non_ed"]))
def test_a_gap_is_shown_only_where_both_groups_are(
    memory: Warehouse, one: dict, other: dict, hidden: str
) -> None:
    blank = dict.fromkeys(("numerator", "value_pct", "lowest_pct", "highest_pct"))
    cells = [
        outcome("s", "acgr_4yr", 1, 1, student_group=group) | blank | row
        for group, row in (("ed", one), ("non_ed", other))
    ]
    marks = [
        {k: c[k] for k in ("provider", "level", "school_key", "school_year")}
        | {k: c[k] for k in ("metric_id", "student_group")}
        for c in cells
        if c["student_group"] == hidden
    ]
    memory.put("intermediate.int_outcomes_reconciled", cells)
    memory.put("intermediate.int_suppressed_cells", marks)
    memory.make("int_group_gaps", "group_gaps")
    (partner,) = memory.rows(published("partner", "group_gaps"))
    (public,) = memory.rows(published("public", "group_gaps"))
    numbers = [name for name in partner if name.endswith("_points")]
    shown = {one["value_status"], other["value_status"]} <= {"reported", "range"}
    assert all((partner[name] is not None) == shown for name in numbers)
    if hidden:
        assert {public[name] for name in numbers} == {None}
        assert (public["value_status"], public["gap"]) == ("suppressed", "suppressed")
    else:
        assert public == partner
    if "suppressed" in (one["value_status"], other["value_status"]):
        assert partner["gap"] == "suppressed"
    elif shown:
        is_a_gap(partner, one, other)


def is_a_gap(gap: dict, one: dict, other: dict) -> None:
    """Newcombe (1998), method 10, from the bounds of the two rates."""
    (p, q), (lows, highs) = (
        [(float(r["lowest_pct"]), float(r["highest_pct"])) for r in (one, other)],
        zip(wilson(one), wilson(other), strict=True),
    )
    low, high = p[0] - q[1], p[1] - q[0]
    assert (gap["gap_low_points"], gap["gap_high_points"]) == pytest.approx((low, high))
    below = low - math.hypot(p[0] - lows[0], highs[1] - q[1])
    above = high + math.hypot(highs[0] - p[1], q[0] - lows[1])
    interval = (gap["interval_low_points"], gap["interval_high_points"])
    assert interval == pytest.approx((below, above), abs=1e-9)
    word = "higher" if interval[0] > 0 else "lower" if interval[1] < 0 else None
    assert gap["gap"] == (word or "cannot_tell")
