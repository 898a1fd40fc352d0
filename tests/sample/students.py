"""The invented students of the sample: who they are, and which history each lives.

Two schools a state stand in student extracts alone. Every name, birth date and id here
is a sentinel: nothing of it may be seen below the lake but in the landed bytes.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from histories import ELSEWISE, HISTORIES, ON_TIME, WHERE, History, Stay
from world import MIXES, RACES

STATES = ("CT", "ME", "NH", "RI", "VT")
COHORTS = (2013, 2014, 2015)  # classes; the first entered grade 9 in 2009-10
FIRST_YEAR, LAST_YEAR = 2010, 2015  # school years of the extracts, by their end
ID_DIGITS = {"CT": 10, "ME": 9, "NH": 10, "RI": 10, "VT": 9}
ON_TIME_COUNT = (10, 16)
SESSION_DAYS = 180
HOLIDAYS = (  # first and last day, (month, day)
    *(((9, 1), (9, 3)), ((11, 24), (11, 29)), ((12, 23), (12, 31))),
    *(((1, 1), (1, 4)), ((2, 17), (2, 23)), ((4, 17), (4, 23))),
)
# Words that no language and no other file of the project has.
FIRST_NAMES = [
    start + end
    for start in ("Xylv", "Quenb", "Zorth", "Vexm", "Jhorl", "Tzik", "Yndr", "Wrozz")
    for end in ("ane", "ivar", "ulka", "omir", "essa", "adur")
]
SURNAME_STARTS = (
    *("Quozz", "Vrexh", "Zlomb", "Jaxw", "Tzarq", "Krywv", "Phlux", "Gwozd"),
    *("Xanthw", "Yblof", "Skvorz", "Dzhup", "Mbirq", "Ngwyx", "Fjolz", "Hrozk"),
)
SURNAME_MIDDLES = ("ab", "ek", "il", "om", "un", "ars", "eth", "isk", "olt", "umb")
SURNAME_ENDS = ("erfax", "ingquist", "oughwell", "adzic", "ivelle", "omptz", "yzko")
NEEDS = ("ed", "el", "swd")


class SampleSchool(NamedTuple):
    """One line of student_schools.csv."""

    state: str
    stnam: str
    leaid: str
    leanm: str
    ncessch: str
    schnam: str
    st_schid: str
    state_code: str
    lea_code: str


class Spell(NamedTuple):
    """A stay with its dates; no last day = still there when the school year ends."""

    stay: Stay
    school: SampleSchool
    year: int
    first_day: date
    last_day: date | None

    @property
    def days(self) -> list[date]:
        """Session days of the stay."""
        last = self.last_day or session_days(self.year)[-1]
        return [d for d in session_days(self.year) if self.first_day <= d <= last]

    @property
    def in_october(self) -> bool:
        """Whether the student is a member on 1 October."""
        return self.stay.arrives == "autumn" and self.stay.leaves != "september"


@dataclass
class Student:
    """One student: the person, the history, and what else is drawn for them."""

    state: str
    cohort: int
    name: str  # of the history
    history: History
    schools: tuple[SampleSchool, SampleSchool]  # at home, away
    state_id: str
    local_id: str
    first_name: str
    last_name: str
    birth_date: date
    sex: str
    race: str
    lunch: str
    needs: dict[int, frozenset[str]] = field(default_factory=dict)  # by school year
    absences: dict[tuple[int, int], float] = field(default_factory=dict)
    results: dict[int, dict[str, bool | None]] = field(default_factory=dict)

    @property
    def spells(self) -> list[Spell]:
        """The stays of the history up to the last school year of the extracts."""
        found = [self.spell(stay) for stay in self.history.stays]
        return [spell for spell in found if spell.year <= LAST_YEAR]

    def spell(self, stay: Stay) -> Spell:
        """One stay with its dates."""
        year = self.cohort - 3 + stay.year
        school = self.schools[stay.away]
        return Spell(stay, school, year, first_day(stay, year), last_day(stay, year))

    def answering(self, horizon: int) -> SampleSchool:
        """The school that answers for the student after so many years."""
        return self.schools[self.history.away[horizon - 4]]

    def fate(self, horizon: int) -> str:
        """What became of the student within so many years."""
        fates = ELSEWISE.get((self.state, self.name), self.history.fates)
        return fates[horizon - 4]

    def groups(self, school_year: int) -> set[str]:
        """Student groups, with complements, in one school year."""
        needs = self.needs[school_year]
        return {self.sex, self.race, *(n if n in needs else f"non_{n}" for n in NEEDS)}


@cache
def sample_schools() -> dict[str, tuple[SampleSchool, SampleSchool]]:
    """The two schools of each state."""
    with Path(__file__).with_name("student_schools.csv").open(newline="") as lines:
        rows = [SampleSchool(*row) for row in list(csv.reader(lines))[1:]]
    pairs = {state: [s for s in rows if s.state == state] for state in STATES}
    return {state: (first, second) for state, (first, second) in pairs.items()}


@cache
def session_days(year: int) -> list[date]:
    """The 180 session days of a school year."""
    day, found = date(year - 1, 8, 27), []
    while len(found) < SESSION_DAYS:
        closed = any(a <= (day.month, day.day) <= b for a, b in HOLIDAYS)
        found += [day] * (day.weekday() < 5 and not closed)
        day += timedelta(1)
    return found


def first_day(stay: Stay, year: int) -> date:
    """The day on which a stay begins: of the school year, or one in late January."""
    return session_days(year)[0] if stay.arrives == "autumn" else date(year, 1, 27)


def last_day(stay: Stay, year: int) -> date | None:
    """The day on which a stay ends, if it does."""
    return {
        "": None,
        "september": session_days(year)[6],
        "winter": date(year, 1, 15),
        "june": session_days(year)[-1],
        "summer": date(year, 8, 8),
    }[stay.leaves]


@cache
def students(seed: int) -> list[Student]:
    """Every student of the sample, the same for the same seed."""
    names, found = surnames(seed), []
    for state in STATES:
        ids = state_ids(seed, state)
        for cohort in COHORTS:
            for home in (0, 1):
                rng = Random(f"{seed} students {state} {cohort} {home}")
                for name, history in lived(rng, state, cohort):
                    who = (state, cohort, name, history, home, next(ids), next(names))
                    found.append(draw(rng, *who))
    return found


def lived(rng: Random, state: str, cohort: int) -> Iterator[tuple[str, History]]:
    """The histories of one class: each once, and some more who graduate on time."""
    for _ in range(rng.randint(*ON_TIME_COUNT)):
        yield "graduates on time", ON_TIME
    for name, history in HISTORIES.items():
        if state in WHERE.get(name, STATES) and can_be_told(history, cohort):
            yield name, history


def can_be_told(history: History, cohort: int) -> bool:
    """Whether the extracts reach far enough: a move is known by the arrival alone."""
    known = [stay for stay in history.stays if cohort - 3 + stay.year <= LAST_YEAR]
    return known == [*history.stays] or known[-1].why != "moves_in_state"


def surnames(seed: int) -> Iterator[str]:
    """Surnames, each once."""
    names = [
        a + b + c for a in SURNAME_STARTS for b in SURNAME_MIDDLES for c in SURNAME_ENDS
    ]
    Random(f"{seed} surnames").shuffle(names)
    return (f"{name}{more}" for more in ("", "son", "berg") for name in names)


def state_ids(seed: int, state: str) -> Iterator[str]:
    """The state's student ids: of its own length, in no order."""
    rng, known = Random(f"{seed} ids {state}"), set()
    while True:
        number = rng.randrange(10 ** (ID_DIGITS[state] - 1), 10 ** ID_DIGITS[state])
        if number not in known:
            known.add(number)
            yield str(number)


def draw(
    rng: Random,
    state: str,
    cohort: int,
    name: str,
    history: History,
    home: int,
    state_id: str,
    last_name: str,
) -> Student:
    """One student with a person, needs, absences and results."""
    pair = sample_schools()[state]
    student = Student(
        *(state, cohort, name, history, (pair[home], pair[1 - home])),
        *(state_id, f"L{rng.randrange(10**7, 10**8)}"),
        *(rng.choice(FIRST_NAMES), last_name),
        date(cohort - 19, 9, 1) + timedelta(rng.randrange(365)),
        rng.choice(("female", "male")),
        rng.choices(RACES, MIXES["urban"].races)[0],
        rng.choice(("free_lunch", "free_lunch", "reduced_lunch")),
    )
    student.needs = draw_needs(rng, student)
    student.absences = draw_absences(rng, student)
    student.results = draw_results(rng, student)
    return student


def draw_needs(rng: Random, student: Student) -> dict[int, frozenset[str]]:
    """Needs by school year: most lasting, some in the first or last year alone."""
    known = sorted({spell.year for spell in student.spells})
    found: dict[int, set[str]] = {year: set() for year in known}
    for need, share in (("ed", 0.45), ("el", 0.12), ("swd", 0.16)):
        when = rng.choice(("lasting", "lasting", "lasting", "first", "last"))
        has = rng.random() < share
        at = {"lasting": known, "first": known[:1], "last": known[-1:]}[when]
        for year in at if has else []:
            found[year].add(need)
    return {year: frozenset(needs) for year, needs in found.items()}


def draw_absences(rng: Random, student: Student) -> dict[tuple[int, int], float]:
    """Days absent by school year and place of the spell; exactly 10 % now and then."""
    found = {}
    for place, spell in enumerate(student.spells):
        days = len(spell.days)
        often = rng.random() < 0.2
        absent = rng.randint(0, 2 * days * (3 if often else 1) // 13) / 2
        exactly = rng.random() < 0.1 and days % 10 == 0
        found[spell.year, place] = days / 10 if exactly else min(absent, days)
    return found


def draw_results(rng: Random, student: Student) -> dict[int, dict[str, bool | None]]:
    """Results of the tests in grade 11: proficient or not, None = not tested."""
    found = {}
    for spell in student.spells:
        if spell.stay.grade == 11 and spell.stay.leaves in ("", "june"):
            subjects = {}
            for subject, share in (("math", 0.4), ("ela", 0.55), ("science", 0.5)):
                tested, proficient = rng.random() < 0.93, rng.random() < share
                subjects[subject] = proficient if tested else None
            found[spell.year] = subjects
    return found
