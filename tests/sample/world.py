"""The invented world behind the sample: schools, students, what is true of them.

Every school, district, id and number is made up. A class is drawn student by student,
so that all groups, horizons and publishers describe the same young people.
"""

import csv
from collections import Counter
from itertools import product
from pathlib import Path
from random import Random
from typing import NamedTuple

CLASSES = (2012, 2013, 2014, 2015, 2016, 2017)  # end year of the class's school year
HORIZONS = (4, 5, 6)
STATUSES = ("graduated", "still_enrolled", "other")
RACES = (
    *("white", "hispanic", "black", "asian"),
    *("two_or_more", "american_indian", "pacific_islander"),
)
Counts = Counter[tuple[str, str]]  # by (student group, outcome)
# How many students of a class a state counts outside any school.
OUTSIDE = {"CT": (110, 140), "ME": (4, 9), "NH": (5, 11), "RI": (9, 16), "VT": (3, 8)}


class Mix(NamedTuple):
    """Who lives around a school: weights of RACES, then shares of the class."""

    races: tuple[float, ...]
    free: float
    reduced: float
    el: float
    swd: float


MIXES = {
    "rural": Mix((90, 3, 1.5, 1.5, 2, 1.5, 0.5), 0.26, 0.09, 0.02, 0.15),
    "suburb": Mix((74, 9, 6, 8, 2, 0.6, 0.4), 0.15, 0.06, 0.04, 0.12),
    "urban": Mix((30, 34, 26, 5, 4, 0.5, 0.5), 0.5, 0.1, 0.13, 0.16),
}
# Multiplies the odds of not graduating; 0.8 brings the mean back to the school's rate.
ODDS = {"all": 0.8, "el": 1.7, "free_lunch": 1.4, "male": 1.15, "swd": 1.8}


class School(NamedTuple):
    """One line of schools.csv: federal names and ids, EdSight's, then how it is."""

    state: str
    stnam: str
    leaid: str
    leanm: str
    ncessch: str
    schnam: str
    st_schid: str
    state_code: str
    district: str
    district_code: str
    school: str
    mix: str
    size: str
    grad_rate: str
    last_year: str
    in_crosswalk: str

    @property
    def is_matched(self) -> bool:
        """The crosswalk brings its ids together, or equal cohorts in two files do."""
        return self.in_crosswalk == "1" or self.state == "CT"


class World:
    """The schools and their true counts, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        """Draw every class; counts are kept by (NCESSCH or state, class)."""
        self.seed = seed
        with Path(__file__).with_name("schools.csv").open(newline="") as lines:
            self.schools = [School(*row) for row in list(csv.reader(lines))[1:]]
        self.counts: dict[tuple[str, int], Counts] = {}
        for year in CLASSES:
            for school in self.open_in(year):
                draws = Draws(f"{seed} {school.ncessch} {year}")
                self.counts[school.ncessch, year] = draw_school(draws, school)
            for state in OUTSIDE:
                draws = Draws(f"{seed} {state} {year}")
                self.counts[state, year] = self.draw_state(draws, state, year)

    def open_in(self, year: int, state: str = "") -> list[School]:
        """Schools with a class of that year, of one state or of all."""
        here = [s for s in self.schools if state in ("", s.state)]
        return [s for s in here if not s.last_year or year <= int(s.last_year)]

    def draw_state(self, draws: "Draws", state: str, year: int) -> Counts:
        """A state's own cohort: its schools and students outside any school.

        Measured on Connecticut's real files: the schools' sum lies above the state's
        rate in every year, so the students whom no school answers for graduate less.
        """
        size = draws.main.randint(*OUTSIDE[state])
        total = draw_class(draws, size, MIXES["urban"], 0.4)
        for school in self.open_in(year, state):
            total.update(self.counts[school.ncessch, year])
        return total


class Draws:
    """The random draws of one class.

    What only submissions tell comes from ``more``: no other file's bytes depend on it.
    """

    def __init__(self, name: str) -> None:
        self.main, self.more = Random(name), Random(f"{name} more")


def draw_school(draws: Draws, school: School) -> Counts:
    """Counts of one school's class, its size within 6 % of the usual."""
    size = round(int(school.size) * draws.main.uniform(0.94, 1.06))
    return draw_class(draws, size, MIXES[school.mix], float(school.grad_rate))


def draw_class(draws: Draws, size: int, mix: Mix, grad_rate: float) -> Counts:
    """Counts of one graduating class."""
    counts: Counts = Counter()
    for _ in range(size):
        groups = draw_groups(draws.main, mix)
        counts.update(product(groups, draw_outcomes(draws, groups, grad_rate)))
    return counts


def draw_groups(rng: Random, mix: Mix) -> list[str]:
    """Student groups of one student, with every complement and roll-up."""
    race = rng.choices(RACES, mix.races)[0]
    lunch_weights = (mix.free, mix.reduced, 1 - mix.free - mix.reduced)
    lunch = rng.choices(("free_lunch", "reduced_lunch", "non_ed"), lunch_weights)[0]
    el = "el" if rng.random() < mix.el else "non_el"
    swd = "swd" if rng.random() < mix.swd else "non_swd"
    groups = ["all", rng.choice(("female", "male")), race, lunch, el, swd]
    # Connecticut's high needs: English learner, free or reduced meals, or disability.
    easy = (lunch, el, swd) == ("non_ed", "non_el", "non_swd")
    groups += ["non_high_needs" if easy else "high_needs"]
    groups += ["asian_pacific_islander"] * (race in ("asian", "pacific_islander"))
    return groups + ["ed"] * (lunch != "non_ed")


def draw_outcomes(draws: Draws, groups: list[str], grad_rate: float) -> list[str]:
    """Outcomes of one student, from the fourth to the sixth year and into college."""
    rng = draws.main
    odds = (1 - grad_rate) / grad_rate
    for group in groups:
        odds *= ODDS.get(group, 1)
    status = rng.choices(STATUSES, (1, 0.45 * odds, 0.55 * odds))[0]
    found = draw_college(draws, groups) if status == "graduated" else []
    # The other others are in a GED programme or in college.
    if status == "other" and draws.more.random() < 0.8:
        found.append("dropped_out_4yr")
    for years in HORIZONS:
        found += [f"cohort_{years}yr", f"{status}_{years}yr"]
        # 34 CFR 200.19(b)(1): who verifiably moved away leaves the longer cohort.
        if status == "other" and rng.random() < 0.02:
            break
        if status == "still_enrolled":
            status = rng.choices(STATUSES, (0.5, 0.25, 0.25))[0]
    return found


def draw_college(draws: Draws, groups: list[str]) -> list[str]:
    """College outcomes of one four-year graduate."""
    if draws.main.random() > (0.58 if "high_needs" in groups else 0.82):
        return ["entered_16m"] * (draws.more.random() < 0.08)
    entered = ["entered_12m", "entered_16m"]
    return entered + ["persisted"] * (draws.main.random() < 0.86)
