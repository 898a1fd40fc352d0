"""The planted students: what was declared of them is what their stays tell a reader."""

from collections import Counter, defaultdict

import pytest

from college import CLOSED, COLLEGES, PATHS, SEARCHED, graduates, term_days
from computed import outcomes
from histories import HISTORIES, LEFT, ON_TIME, History
from students import COHORTS, STATES, sample_schools, students

SEED = 2014
DIPLOMAS = ("graduates", "adult_diploma")
ENDS = {
    **dict.fromkeys(DIPLOMAS, "graduated"),
    **dict.fromkeys(LEFT, "left"),
    "other_credential": "other_completion",
    "max_age": "max_age",
}


def retold(history: History, horizon: int) -> tuple[str, bool]:
    """The fate as a reader of the stays would tell it, and where."""
    last = [stay for stay in history.stays if stay.year < horizon][-1]
    goes_on = any(stay.year >= horizon for stay in history.stays)
    if last.leaves:
        # Who is back before the horizon has a later stay, and whoever comes back after
        # it is away at the horizon; nobody planted does that.
        return ENDS.get(last.why, "dropped_out"), last.away
    in_last_year = last.year == horizon - 1
    return ("still_enrolled" if goes_on or in_last_year else "dropped_out"), last.away


@pytest.mark.parametrize("name", ["graduates on time", *HISTORIES])
def test_fates_are_what_the_stays_tell(name: str) -> None:
    history = ({"graduates on time": ON_TIME} | HISTORIES)[name]
    for at, horizon in enumerate((4, 5, 6)):
        fate = (history.fates[at], history.away[at])
        if name == "moves to the other school in the fifth year" and horizon == 4:
            fate = (
                "dropped_out",
                False,
            )  # has left, for another school: still enrolled
        assert retold(history, horizon) == fate


def test_every_class_has_every_history() -> None:
    lived = defaultdict(set)
    for student in students(SEED):
        lived[student.state, student.cohort, student.schools[0]].add(student.name)
    assert len(lived) == len(STATES) * len(COHORTS) * 2
    everywhere = set.intersection(*lived.values())
    assert set(HISTORIES) - everywhere == {
        "reaches the maximum age",
        "earns an adult diploma",
        "goes to an institution",
        "moves to the other school in the fifth year",  # the year has not been sent
    }


def test_the_four_year_outcomes_are_parts_of_one_cohort() -> None:
    parts, wholes = Counter(), {}
    for row in outcomes(SEED):
        if row.metric_id in (
            "acgr_4yr",
            "still_enrolled_4yr",
            "dropout_cohort",
            "other_completion_4yr",
        ):
            key = (row.school_id_state, row.school_year, row.student_group)
            parts[key] += int(row.numerator)
            assert wholes.setdefault(key, row.denominator) == row.denominator
    assert len(wholes) > 300
    assert {key: str(part) for key, part in parts.items()} == wholes


def test_groups_by_the_two_rules_differ() -> None:
    ever, at_exit = (
        {r[:9]: r.denominator for r in outcomes(SEED, rule) if r.extract == "cohort"}
        for rule in ("ever", "at_exit")
    )
    changed = {key[8] for key in ever if ever[key] != at_exit.get(key, ever[key])}
    assert changed == {"ed", "non_ed", "el", "non_el", "swd", "non_swd"}


def test_ten_per_cent_and_short_stays_are_there() -> None:
    exactly = short = 0
    for student in students(SEED):
        for place, spell in enumerate(student.spells):
            days = len(spell.days)
            assert days > 0
            exactly += 10 * student.absences[spell.year, place] == days
            short += days < 10
    assert exactly > 20 and short > 20


def test_ids_and_names_belong_to_one_student_each() -> None:
    known = students(SEED)
    for of in ("state_id", "local_id", "last_name"):
        assert len({getattr(student, of) for student in known}) == len(known)
    states = {school.state for pair in sample_schools().values() for school in pair}
    assert states == set(STATES)


def test_paths_through_college_are_what_their_terms_tell() -> None:
    lived = set()
    for graduate in graduates(SEED):
        path, year = graduate.path, graduate.year
        entries = [
            (begin, term.college[0])
            for term in path.terms
            for begin, _ in [term_days(graduate, term)]
            if term.status not in "WDA" and begin > graduate.day
        ]
        days = (begin - graduate.day for begin, _ in entries)
        first = min(days, default=None)
        windows = {"first_fall": 100, "12m": 365, "16m": 486}
        entered = {
            w for w, n in windows.items() if first is not None and first.days <= n
        }
        assert path.entered == entered, graduate.name
        if "12m" in entered:
            when, _ = min(entries)
            assert path.level == max(level for begin, level in entries if begin == when)
        second = [b for b, _ in entries if 366 < (b - graduate.day).days <= 730]
        assert path.persisted == bool("12m" in entered and second), graduate.name
        lived.add(graduate.name)
        assert SEARCHED[year].year >= year
    assert lived == set(PATHS) and set(CLOSED) == set(SEARCHED)
    assert {college for p in PATHS.values() for *_, college, _ in p.terms} == set(
        COLLEGES
    )
