"""The League of the sample: who is in it, what its schools did, and what they say.

Everything is invented. One member, Saltgrass Friends School, is private: no public file
tells of it, so that it lowers the coverage of every pooled number.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from edsight import year_label
from records import Delivery, as_csv
from world import School, World

SCHOOL = ("state", "school_id_nces", "school_id_state", "school_name")
PRIVATE = ("ME", "", "", "Saltgrass Friends School")
YEARS = (2014, 2015, 2016, 2017)
COHORTS = {  # federal id: planned, actual cohort; launch falls in the year before
    "099900200002": (1, 1),
    "239990100001": (1, 1),
    "239990400005": (1, 1),
    "449990200002": (1, 1),
    "339990100001": (1, 2),
    "099900500006": (2, 2),
    "509990300003": (2, 2),
    "239990200002": (2, ""),
}
MEMBERS = {  # federal id: first day, last day, kind
    **{school: ("2012-07-01", "", "public") for school in COHORTS},
    "099900600007": ("2011-09-01", "2014-06-30", "public"),
    "099900400005": ("2013-10-02", "", "charter"),
    "449990200003": ("2013-09-15", "", "career_technical"),
    "509990100001": ("2011-09-01", "", "public"),
}
AGAIN = {"099900600007": ("2015-09-01", "", "public")}  # left and came back
PHASES = ("self_assessment", "selected", "preparation_year", "launch", "implementing")
PLANS = {
    1: ("2013-11-01", "2014-03-01", "2014-07-01", "2015-09-01", "2015-10-01"),
    2: ("2014-11-01", "2015-03-01", "2015-07-01", "2016-09-01", "2016-10-01"),
}
ARCHETYPES = ("community_driven", "leadership_driven", "early_adoption")
DIMENSIONS = ("equity", "multiple_pathways", "shared_leadership")
LEVERS = (
    *("proficiency_based_graduation", "traditional", "online", "dual_enrolment"),
    *("blended", "flipped", "internships", "projects"),
)


class Planted(NamedTuple):
    """What is true of a member in a school year."""

    school_id_nces: str
    league_group: str
    school_year: int
    is_member: str
    levers: str
    coaching_days: str
    dimensions_up: int
    dimensions_same: int
    dimensions_down: int


class Scores(NamedTuple):
    """Scores of one school's teachers, by year and dimension."""

    school: School
    by_year: dict[int, tuple[int, ...]]


def deliveries(world: World) -> Iterator[Delivery]:
    """The six extracts, one file each."""
    parts = (memberships, milestones, needs, self_assessments, activities, levers)
    names = (
        *("membership", "milestones", "needs_assessments", "self_assessments"),
        *("activities", "levers"),
    )
    for name, part in zip(names, parts, strict=True):
        yield Delivery(f"league/{name}.csv", as_csv(part(world)), [], [])


def members(world: World) -> list[School]:
    """Members that public files know, in the order of the list of schools."""
    return [school for school in world.schools if school.ncessch in MEMBERS]


def who(school: School) -> list[str]:
    """The cells that say which school it is; Vermont's by the state's code alone."""
    federal = "" if school.state == "VT" else school.ncessch
    code = school.state_code if school.state == "VT" else ""
    return [school.state, federal, code, school.school or school.schnam]


def memberships(world: World) -> Iterator[list[object]]:
    """An interval a row; one school has two."""
    yield [*SCHOOL, "first_day", "last_day", "school_kind", "source"]
    for school in members(world):
        for intervals in (MEMBERS, AGAIN):
            if school.ncessch in intervals:
                yield [*who(school), *intervals[school.ncessch], "League roster"]
    yield [*PRIVATE, "2013-07-01", "", "private", "League roster"]


def milestones(world: World) -> Iterator[list[object]]:
    """A phase a row; what has not begun has no actual day."""
    head = ("phase", "planned_date", "actual_date", "planned_cohort", "actual_cohort")
    yield [*SCHOOL, *head]
    for school in members(world):
        planned, actual = COHORTS.get(school.ncessch, ("", ""))
        for n, phase in enumerate(PHASES if planned else ()):
            began = PLANS[int(actual)][n] if actual else ""
            cohorts = (planned, actual) if phase == "selected" else ("", "")
            yield [*who(school), phase, PLANS[int(planned)][n], began, *cohorts]


def needs(world: World) -> Iterator[list[object]]:
    """One needs assessment of each school of a cohort."""
    areas = ("curriculum", "leadership", "community_engagement", "infrastructure")
    yield [*SCHOOL, "assessed_on", "archetype", *(f"needs_{area}" for area in areas)]
    for n, school in enumerate(s for s in members(world) if s.ncessch in COHORTS):
        asked = ["Y" if (n + area) % 3 else "N" for area in range(4)]
        yield [*who(school), "2014-05-01", ARCHETYPES[n % 3], *asked]


def scores(world: World) -> list[Scores]:
    """Scores of the cohorts' schools, each drawn from the school's own name."""
    found = []
    for school in members(world):
        if school.ncessch in COHORTS:
            rng = Random(f"{world.seed} {school.ncessch} gbp")
            drawn = {y: tuple(rng.randint(1, 5) for _ in DIMENSIONS) for y in YEARS[:3]}
            found.append(Scores(school, drawn))
    return found


def self_assessments(world: World) -> Iterator[list[object]]:
    """Each spring, by teachers."""
    columns = ("edition", "dimension", "rater_role", "score", "evidence_count")
    yield [*SCHOOL, "assessed_on", *columns]
    for school, by_year in scores(world):
        for year, values in by_year.items():
            for dimension, score in zip(DIMENSIONS, values, strict=True):
                known = [*who(school), f"{year}-04-15", 2, dimension, "teachers"]
                yield [*known, score, score + 2]


def coaching(school: School) -> dict[int, list[str]]:
    """Days of coaching by school year, for schools of a cohort."""
    cohort = COHORTS.get(school.ncessch, ("", ""))[1]
    first = {1: 2015, 2: 2016}.get(cohort, 9999)
    return {year: ["1", "0.5"][: 2018 - year] for year in YEARS if year >= first}


def activities(world: World) -> Iterator[list[object]]:
    """Coaching days, then a visit and a resource."""
    yield [
        *(*SCHOOL, "activity_kind", "activity_date", "days", "visitor_state"),
        *("visitor_school_id_nces", "visitor_school_id_state", "visitor_school_name"),
        "resource_title",
    ]
    for school in members(world):
        for year, days in coaching(school).items():
            for n, length in enumerate(days):
                when = f"{year - 1}-{11 + n}-12"
                yield [*who(school), "coaching_day", when, length, *[""] * 5]
    host, visitor = members(world)[0], members(world)[-1]
    yield [*who(host), "site_visit", "2015-03-10", "", *who(visitor), ""]
    title = "Rubrics for capstone projects"
    yield [*who(visitor), "shared_resource", "2015-04-02", "", *[""] * 4, title]


def used(school: School, year: int) -> list[str]:
    """Levers that a school uses; a cohort adds one a year from its launch on."""
    cohort = COHORTS.get(school.ncessch, ("", ""))[1]
    more = max(0, year - {1: 2015, 2: 2016}.get(cohort, 9999))
    return [*LEVERS[1 : 3 + more], *(LEVERS[:1] if more else [])]


def levers(world: World) -> Iterator[list[object]]:
    """Every lever of every member and school year; one school does not answer."""
    yield [*SCHOOL, "school_year", "lever", "is_in_use"]
    for year in YEARS:
        for school in answering(world):
            for lever in LEVERS:
                says = "Y" if lever in used(school, year) else "N"
                yield [*who(school), year_label(year), lever, says]


def answering(world: World) -> list[School]:
    """Members that say which levers they use."""
    return [s for s in members(world) if s.ncessch != "449990200003"]


def is_member(school: School, year: int) -> bool:
    """Whether it is one on 1 October of the school year."""
    day = f"{year - 1}-10-01"
    intervals = [i[school.ncessch] for i in (MEMBERS, AGAIN) if school.ncessch in i]
    return any(first <= day <= (last or "9999") for first, last, _ in intervals)


def rows(world: World) -> Iterator[list[object]]:
    """The truth: implementation of every member and school year."""
    yield list(Planted._fields)
    drawn = {s.school.ncessch: s.by_year for s in scores(world)}
    for school in members(world):
        cohort = COHORTS.get(school.ncessch, ("", ""))[1]
        for year in YEARS:
            values = drawn.get(school.ncessch, {})
            before, now = values.get(year - 1), values.get(year)
            moves = list(zip(before, now, strict=True)) if before and now else []
            signs = [(b > a) - (b < a) for a, b in moves]
            answers = used(school, year) if school in answering(world) else []
            yield list(
                Planted(
                    school.ncessch,
                    f"cohort_{cohort}" if cohort else "other_members",
                    year,
                    "Y" if is_member(school, year) else "N",
                    "|".join(sorted(answers)),
                    f"{sum(map(float, coaching(school).get(year, []))):g}",
                    *(signs.count(sign) for sign in (1, 0, -1)),
                )
            )
