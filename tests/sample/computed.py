"""What the students' histories amount to: the rates that a right engine computes.

Nothing here looks at a printed row. Who answers for whom, and what became of them, was
declared before the first file was written; it is only counted.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import vt_sis
from college import CLOSED, Graduate, graduates
from records import Outcome
from students import (
    FIRST_YEAR,
    LAST_YEAR,
    NEEDS,
    SampleSchool,
    Spell,
    Student,
    students,
)
from submission import exact_rate

RULES = ("ever", "at_exit")  # whose needs count: ever had, or had at exit
HORIZONS = (4, 5, 6)
WINDOWS = {"first_fall", "12m", "16m"}
EVENT_YEARS = range(FIRST_YEAR + 1, LAST_YEAR)
MINIMUM_DAYS = 10
COUNTED_WHEN_EARLY = ("NH",)  # dropouts before 1 October are in the denominator too
GROUPS_KNOWN = {"VT": ("ed",)}  # the needs that a state's layouts tell; else all
# Rhode Island's listing is of the whole state. Elsewhere the schools that send records
# say nothing of their state.
STATEWIDE = ("RI",)
# Below so many students the days are hidden: thousands of days look like many students.
HIDES_BELOW = {"CT": 20, "ME": 10, "NH": 10, "RI": 10, "VT": 11}


class Place(NamedTuple):
    """Where a rate belongs; a state has no school."""

    state: str
    school: SampleSchool | None
    school_year: int
    metric_id: str


class Tally:
    """Numerators, denominators and students by place and student group."""

    def __init__(self, extract: str, blocked: Counter[Place] | None = None) -> None:
        self.extract, self.blocked = extract, blocked or Counter()
        self.counts: dict[tuple[Place, str], list[float]] = defaultdict(lambda: [0] * 3)

    def add(
        self,
        place: Place,
        groups: Iterable[str],
        part: float,
        whole: float = 1,
        is_listed: bool = False,
    ) -> None:
        """Count one student in each group, in the school and, if listed, the state."""
        state = place._replace(school=None)
        for where in [place, *[state] * is_listed]:
            for group in ("all", *groups):
                cell = self.counts[where, group]
                for at, more in enumerate((part, whole, 1)):
                    cell[at] += more

    def outcomes(self) -> Iterator[Outcome]:
        """The rates of those places that have anybody in the denominator."""
        for (place, group), (part, whole, count) in self.counts.items():
            if whole:
                school, metric = place.school, place.metric_id
                names = ("ncessch", "state_code", "schnam")
                who = [getattr(school, name, "") for name in names]
                known = ["computed", self.extract, place.state, *who]
                row = Outcome(*known, place.school_year, metric, group)
                hides = metric == "attendance" and count < HIDES_BELOW[place.state]
                counts = ("", "") if hides else (half_up(part), half_up(whole))
                blocked = self.blocked[place._replace(metric_id="")]
                value = rate(metric, part, whole, blocked)
                yield row._replace(numerator=counts[0], denominator=counts[1], **value)


def half_up(days: float) -> str:
    """A count; half a day goes up."""
    return str(math.floor(days + 0.5))


def rate(metric: str, part: float, whole: float, blocked: int) -> dict[str, str]:
    """The rate, or its bounds where nobody knows of some whether they enrolled."""
    if not blocked:
        # Half days: doubled they are whole.
        exact = exact_rate(int(2 * part), int(2 * whole))
        return {"value_pct": exact, "value_status": "reported"}
    if metric == "pse_persistence":
        whole += blocked  # they might have entered in the first place
    low = exact_rate(int(part), int(whole))
    high = exact_rate(min(int(part) + blocked, int(whole)), int(whole))
    return {"value_low_pct": low, "value_high_pct": high, "value_status": "range"}


def outcomes(seed: int, rule: str = "ever") -> list[Outcome]:
    """Every rate; the rule says whose needs count: ever had, or at exit."""
    known = students(seed)
    paths = {g.student.state_id: g for g in graduates(seed)}
    tallies = (
        cohorts(known, rule),
        colleges(known, paths, rule),
        attendance(known),
        proficiency(known),
    )
    return sorted(outcome for tally in tallies for outcome in tally.outcomes())


def groups_of(student: Student, rule: str, until: int) -> set[str]:
    """Groups of one student over the years: a need once had, or had at the end."""
    years = [year for year in sorted(student.needs) if year <= until]
    if rule == "at_exit":
        years = years[-1:]
    had = {need for year in years for need in student.needs[year]}
    return {student.sex, student.race, *needs(student, had)}


def needs(student: Student, had: Iterable[str]) -> list[str]:
    """The needs that the state's layouts tell, or their complements."""
    told = GROUPS_KNOWN.get(student.state, NEEDS)
    return [need if need in had else f"non_{need}" for need in told]


def year_groups(student: Student, year: int) -> set[str]:
    """Groups of one student in one school year."""
    return {student.sex, student.race, *needs(student, student.needs[year])}


def cohorts(known: list[Student], rule: str) -> Tally:
    """Fates of the classes, and the dropouts of each school year."""
    tally = Tally("cohort")
    for student in known:
        listed, cohort = student.state in STATEWIDE, student.cohort
        for horizon in HORIZONS:
            until = cohort + horizon - 4
            if until <= LAST_YEAR and student.fate(horizon) != "left":
                groups = groups_of(student, rule, until)
                school = student.answering(horizon)
                for metric, is_met in fates(student.fate(horizon), horizon):
                    place = Place(student.state, school, cohort, metric)
                    tally.add(place, groups, is_met, is_listed=listed)
        count_october(tally, student)
    return tally


def fates(fate: str, horizon: int) -> Iterator[tuple[str, bool]]:
    """The metrics of one horizon, and whether the student is in the numerator."""
    yield f"acgr_{horizon}yr", fate == "graduated"
    yield f"still_enrolled_{horizon}yr", fate == "still_enrolled"
    if horizon == 4:
        yield "dropout_cohort", fate == "dropped_out"
        yield "other_completion_4yr", fate == "other_completion"


def count_october(tally: Tally, student: Student) -> None:
    """Members on 1 October, and who has gone by the next one without a reason.

    The first year is left out: who did not come back from before it is not known. So
    is the last: who comes back after it is not.
    """
    for at, spell in enumerate(student.spells):
        place = Place(student.state, spell.school, spell.year, "dropout_event")
        groups = year_groups(student, spell.year)
        early = student.state in COUNTED_WHEN_EARLY
        dropped = at in student.history.october_dropouts
        if spell.year in EVENT_YEARS and (spell.in_october or dropped):
            tally.add(place, groups, dropped, spell.in_october or early)
        summer = at in student.history.summer_dropouts
        if spell.year + 1 in EVENT_YEARS and summer:
            missed = place._replace(school_year=spell.year + 1)
            tally.add(missed, groups, True, early)


def colleges(known: list[Student], paths: dict[str, Graduate], rule: str) -> Tally:
    """Entry to college, the second year and a degree, where the window is over.

    Of the graduates of a school year, whichever class they began with; and of a cohort.
    """
    tally = Tally("postsecondary", blocked(paths))
    for graduate in paths.values():
        state = graduate.student.state
        groups = groups_of(graduate.student, rule, graduate.year)
        for metric, is_met in steps(graduate):
            place = Place(state, graduate.school, graduate.year, metric)
            tally.add(place, groups, is_met, is_listed=state in STATEWIDE)
    for student in (s for s in known if s.fate(4) != "left"):
        groups = groups_of(student, rule, student.cohort)
        for window in sorted(WINDOWS & CLOSED[student.cohort]):
            who = (student.state, student.answering(4), student.cohort)
            is_met = student.fate(4) == "graduated" and entered(student, paths, window)
            place = Place(*who, f"pse_{window}_cohort")
            tally.add(place, groups, is_met, is_listed=student.state in STATEWIDE)
    return tally


def blocked(paths: dict[str, Graduate]) -> Counter[Place]:
    """How many graduates of a school or state and year withhold their records."""
    found: Counter[Place] = Counter()
    for graduate in paths.values():
        if graduate.name == "blocked":
            for school in (graduate.school, None):
                found[Place(graduate.student.state, school, graduate.year, "")] += 1
    return found


def entered(student: Student, paths: dict[str, Graduate], window: str) -> bool:
    """Whether a graduate entered a college within the window."""
    return window in paths[student.state_id].path.entered


def steps(graduate: Graduate) -> Iterator[tuple[str, bool]]:
    """The metrics among graduates whose windows are over."""
    path, closed = graduate.path, CLOSED[graduate.year]
    for window in sorted(WINDOWS & closed):
        yield f"pse_{window}_graduates", window in path.entered
    if "12m" in closed:
        in_year = "12m" in path.entered
        yield "pse_2yr_12m_graduates", in_year and path.level == "2"
        yield "pse_4yr_12m_graduates", in_year and path.level == "4"
    if "persistence" in closed and "12m" in path.entered:
        yield "pse_persistence", path.persisted
    if "completion" in closed:
        yield "pse_completion_6yr", path.completed


def attendance(known: list[Student]) -> Tally:
    """Days attended of days enrolled, and students absent 10 % or more of them."""
    tally = Tally("attendance")
    for student in known:
        days: dict[tuple[SampleSchool, int], list[float]] = defaultdict(lambda: [0, 0])
        for at, spell in sent_days(student):
            there = days[spell.school, spell.year]
            there[0] += days_absent(student, spell.year, at)
            there[1] += len(spell.days)
        for (school, year), (absent, member) in days.items():
            groups = year_groups(student, year)
            place = Place(student.state, school, year, "attendance")
            tally.add(place, groups, member - absent, member)
            if member >= MINIMUM_DAYS:
                often = 10 * absent >= member
                tally.add(place._replace(metric_id="chronic_absence"), groups, often)
    return tally


def sent_days(student: Student) -> list[tuple[int, Spell]]:
    """The stays of which days are sent: in Vermont those of two school years."""
    years = vt_sis.DAILY if student.state == "VT" else range(FIRST_YEAR, LAST_YEAR + 1)
    return [(n, s) for n, s in enumerate(student.spells) if s.year in years]


def days_absent(student: Student, year: int, at: int) -> float:
    """Vermont counts days: half of one missed is a day absent."""
    absent = student.absences[year, at]
    return math.ceil(absent) if student.state == "VT" else absent


def proficiency(known: list[Student]) -> Tally:
    """Proficient students among the tested."""
    tally = Tally("proficiency")
    for student in known:
        for year, subjects in student.results.items() if has_tests(student) else ():
            (school,) = {s.school for s in student.spells if s.year == year}
            for subject, is_proficient in subjects.items():
                if is_proficient is not None:
                    metric = f"proficiency_{subject}"
                    place = Place(student.state, school, year, metric)
                    tally.add(place, year_groups(student, year), is_proficient)
    return tally


def has_tests(student: Student) -> bool:
    """The consortium's template alone brings results of students."""
    return student.state in ("CT", "ME")
