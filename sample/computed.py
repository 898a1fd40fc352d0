"""What the students' histories amount to: the rates that a right engine computes.

Nothing here looks at a printed row. Who answers for whom, and what became of them, was
declared before the first file was written; it is only counted.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator

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

Place = tuple[SampleSchool, int, str]  # school, class or school year, metric
HORIZONS = (4, 5, 6)
RULES = ("ever", "at_exit")  # whose needs count: ever had, or had at exit
WINDOWS = {"first_fall", "12m", "16m"}
MINIMUM_DAYS = 10
COUNTED_WHEN_EARLY = ("NH",)  # dropouts before 1 October are in the denominator too
GROUPS_KNOWN = {"VT": ("ed",)}  # the needs that a state's layouts tell; else all


class Tally:
    """Numerators and denominators by place and student group."""

    def __init__(self, extract: str) -> None:
        self.extract = extract
        self.counts: dict[tuple[Place, str], list[float]] = defaultdict(lambda: [0, 0])

    def add(
        self, place: Place, groups: Iterable[str], part: float, whole: float = 1
    ) -> None:
        """Count one student, or some days, in each group."""
        for group in ("all", *sorted(groups)):
            cell = self.counts[place, group]
            cell[0] += part
            cell[1] += whole

    def outcomes(self) -> Iterator[Outcome]:
        """The rates."""
        for ((school, year, metric), group), (part, whole) in self.counts.items():
            who = (school.ncessch, school.state_code, school.schnam)
            place = ("computed", self.extract, school.state, *who, year)
            # Half days: exact in doubles, and whole numbers when doubled.
            rate = exact_rate(int(2 * part), int(2 * whole)) if whole else ""
            counts = (number(part), number(whole))
            yield Outcome(*place, metric, group, *counts, rate, value_status="reported")


def number(value: float) -> str:
    """A count, or days and a half."""
    return str(value) if value % 1 else str(int(value))


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
        for horizon in HORIZONS:
            until = student.cohort + horizon - 4
            if until <= LAST_YEAR and student.fate(horizon) != "left":
                groups = groups_of(student, rule, until)
                for metric, is_met in fates(student.fate(horizon), horizon):
                    place = (student.answering(horizon), student.cohort, metric)
                    tally.add(place, groups, is_met)
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
    """Members on 1 October, and who has gone by the next one without a reason."""
    for place, spell in enumerate(student.spells):
        dropped = place in student.history.october_dropouts
        groups = year_groups(student, spell.year)
        if spell.year < LAST_YEAR and (spell.in_october or dropped):
            where = (spell.school, spell.year, "dropout_event")
            whole = spell.in_october or student.state in COUNTED_WHEN_EARLY
            tally.add(where, groups, dropped, whole)
        if spell.year < LAST_YEAR - 1 and place in student.history.summer_dropouts:
            where = (spell.school, spell.year + 1, "dropout_event")
            tally.add(where, groups, True, student.state in COUNTED_WHEN_EARLY)


def colleges(known: list[Student], paths: dict[str, Graduate], rule: str) -> Tally:
    """Entry to college, the second year and a degree, where the window is over.

    Of the graduates of a school year, whichever class they began with; and of a cohort.
    """
    tally = Tally("postsecondary")
    for graduate in paths.values():
        groups = groups_of(graduate.student, rule, graduate.year)
        for metric, is_met in steps(graduate):
            tally.add((graduate.school, graduate.year, metric), groups, is_met)
    for student in (s for s in known if s.fate(4) != "left"):
        groups = groups_of(student, rule, student.cohort)
        for window in sorted(WINDOWS & CLOSED[student.cohort]):
            place = (student.answering(4), student.cohort, f"pse_{window}_cohort")
            is_met = student.fate(4) == "graduated" and entered(student, paths, window)
            tally.add(place, groups, is_met)
    return tally


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
        for place, spell in sent_days(student):
            there = days[spell.school, spell.year]
            there[0] += days_absent(student, spell.year, place)
            there[1] += len(spell.days)
        for (school, year), (absent, member) in days.items():
            groups = year_groups(student, year)
            tally.add((school, year, "attendance"), groups, member - absent, member)
            if member >= MINIMUM_DAYS:
                often = 10 * absent >= member
                tally.add((school, year, "chronic_absence"), groups, often)
    return tally


def sent_days(student: Student) -> list[tuple[int, Spell]]:
    """The stays of which days are sent: in Vermont those of two school years."""
    years = vt_sis.DAILY if student.state == "VT" else range(FIRST_YEAR, LAST_YEAR + 1)
    return [(n, s) for n, s in enumerate(student.spells) if s.year in years]


def days_absent(student: Student, year: int, place: int) -> float:
    """Vermont counts days: half of one missed is a day absent."""
    absent = student.absences[year, place]
    return math.ceil(absent) if student.state == "VT" else absent


def proficiency(known: list[Student]) -> Tally:
    """Proficient students among the tested."""
    tally = Tally("proficiency")
    for student in known:
        for year, subjects in student.results.items() if has_tests(student) else ():
            (school,) = {s.school for s in student.spells if s.year == year}
            for subject, is_proficient in subjects.items():
                if is_proficient is not None:
                    place = (school, year, f"proficiency_{subject}")
                    tally.add(place, year_groups(student, year), is_proficient)
    return tally


def has_tests(student: Student) -> bool:
    """The consortium's template alone brings results of students."""
    return student.state in ("CT", "ME")
