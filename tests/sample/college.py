"""What becomes of the sample's graduates in college, and the NSC's answer about them.

As with the histories of school, each path says twice what happens: as terms and
degrees, which the StudentTracker file prints, and as facts, which the truth counts.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from random import Random
from typing import NamedTuple

from students import SampleSchool, Student, students

# When the NSC was asked about the graduates of a school year: after six years, after
# two and a bit, and before the first year was over.
SEARCHED = {2013: date(2019, 10, 15), 2014: date(2016, 11, 10), 2015: date(2016, 3, 10)}
# The graduates' day to which a window must have passed: months after June.
CLOSED = {
    2013: {"first_fall", "12m", "16m", "persistence", "completion"},
    2014: {"first_fall", "12m", "16m", "persistence"},
    2015: {"first_fall"},
}
COLLEGES = {  # level: code, name, state, public or private
    "4": ("990101-00", "QUILLFEATHER UNIVERSITY", "VT", "Private"),
    "4b": ("990102-00", "STATE COLLEGE AT MARROWSTONE", "ME", "Public"),
    "2": ("990201-00", "HALVARD RIVER COMMUNITY COLLEGE", "CT", "Public"),
}


class Term(NamedTuple):
    """One term: years after graduation, and the NSC's letter of how much."""

    season: str
    year: int
    college: str = "4"
    status: str = "F"


class Path(NamedTuple):
    """Terms and a degree (year, month, day, college), then the facts."""

    weight: int
    terms: tuple[Term, ...] = ()
    degree: tuple[int, int, int, str] | None = None
    entered: frozenset[str] = frozenset()
    level: str = ""
    persisted: bool = False
    completed: bool = False


def full_years(first: int, last: int, college: str = "4") -> tuple[Term, ...]:
    """Fall and spring of each of these years."""
    seasons = ("fall", "spring")
    return tuple(
        Term(season, year, college)
        for year in range(first, last + 1)
        for season in seasons
    )


IN_FALL = frozenset({"first_fall", "12m", "16m"})
IN_YEAR = frozenset({"12m", "16m"})
LATER = frozenset({"16m"})
PATHS: dict[str, Path] = {
    "degree in four years": Path(
        5, full_years(0, 3), (4, 5, 17, "4"), IN_FALL, "4", True, True
    ),
    "another college in the second year": Path(
        2, full_years(0, 0) + full_years(1, 1, "4b"), None, IN_FALL, "4", True
    ),
    "one year alone": Path(2, full_years(0, 0), None, IN_FALL, "4"),
    "one term alone, two-year": Path(
        2, (Term("fall", 0, "2", "H"),), None, IN_FALL, "2"
    ),
    "two-year degree": Path(
        2, full_years(0, 1, "2"), (2, 5, 12, "2"), IN_FALL, "2", True, True
    ),
    "enters in spring": Path(
        1,
        (Term("spring", 0, "2", "Q"), *full_years(1, 1, "2")),
        None,
        IN_YEAR,
        "2",
        True,
    ),
    "enters a year later": Path(1, full_years(1, 2, "4b"), None, LATER, "4"),
    "enters two years later": Path(1, full_years(2, 2), None),
    "both levels in the first term": Path(
        1,
        (Term("fall", 0, "2", "L"), Term("fall", 0, "4", "H"), Term("spring", 0)),
        None,
        IN_FALL,
        "4",
    ),
    "withdraws at once": Path(1, (Term("fall", 0, "4", "W"),)),
    "on leave": Path(1, (Term("fall", 0, "4b", "A"),)),
    "withdraws, enters in spring": Path(
        1,
        (Term("fall", 0, "4", "D"), Term("spring", 0, "2"), Term("fall", 1, "2")),
        None,
        IN_YEAR,
        "2",
        True,
    ),
    "college courses in grade 12 alone": Path(1, (Term("spring", -1, "2", "L"),)),
    "degree after more than six years": Path(
        1, full_years(0, 5, "4b"), (6, 9, 20, "4b"), IN_FALL, "4", True
    ),
    "not found": Path(6),
    "blocked": Path(1),
}


@dataclass
class Graduate:
    """A student with a diploma of a school year, and the path after it."""

    student: Student
    school: SampleSchool
    year: int
    day: date
    name: str  # of the path

    @property
    def path(self) -> Path:
        """What happens after school."""
        return PATHS[self.name]


@cache
def graduates(seed: int) -> list[Graduate]:
    """Everybody whose last stay ends with a diploma, whichever class they are of."""
    found = []
    for student in students(seed):
        last = student.spells[-1]
        if last.stay.why in ("graduates", "adult_diploma"):
            rng = Random(f"{seed} college {student.state_id}")
            name = rng.choices(list(PATHS), [p.weight for p in PATHS.values()])[0]
            found.append(Graduate(student, last.school, last.year, last.last_day, name))
    return found


def term_days(graduate: Graduate, term: Term) -> tuple[date, date]:
    """First and last day of a term."""
    year = graduate.year + term.year
    if term.season == "fall":
        return date(year, 8, 26), date(year, 12, 14)
    return date(year + 1, 1, 13), date(year + 1, 5, 9)
