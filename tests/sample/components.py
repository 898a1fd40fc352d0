"""Learner profiles, learning paths and mastery: what members of the League send.

Counts alone, of two school years; one school more is so small that most of its cells
are hidden from the public. Each file has one row that cannot be true, of English
learners, who stand in no other row.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

import league
from edsight import year_label
from records import Delivery, Fault, Outcome, as_csv
from submission import exact_rate
from world import School, World

YEARS = (2015, 2016)
SMALL = "239990300004"  # classes of about eight
GRADES = 4  # of a class's size each
PARTS = ("ed", "non_ed")
Tally = Counter[str]


class Component(NamedTuple):
    """A file: how a group is counted, the metric of each count, and the wrong row."""

    draw: Callable[[Random, int], Tally]
    metrics: dict[str, str]
    what: str
    wrong: Callable[[Tally], dict[str, int]]


def deliveries(world: World) -> Iterator[Delivery]:
    """One file a component."""
    for name, component in COMPONENTS.items():
        yield filled(world, name, component)


def filled(world: World, name: str, component: Component) -> Delivery:
    """A filled template with the truth of its cells and its fault."""
    head = (*league.SCHOOL, "school_year", "student_group", "students_count")
    rows: list[list[object]] = [
        [*head, *component.metrics, "value_status", "data_as_of"]
    ]
    outcomes = []
    for school, year in places(world):
        for group, tally in tallies(world, school, year, component).items():
            rows.append(row(school, year, group, tally, component))
            outcomes += truth(name, school, year, group, tally, component)
    school, year = places(world)[0]
    tally = tallies(world, school, year, component)["all"]
    broken = Tally(tally | component.wrong(tally))
    rows.append(row(school, year, "el", broken, component))
    path = f"nessc_components/{name}.csv"
    fault = Fault(path, len(rows), component.what, "row quarantined")
    return Delivery(path, as_csv(rows), outcomes, [fault])


def places(world: World) -> list[tuple[School, int]]:
    """Members of the League and the small school, in each year."""
    small = [school for school in world.schools if school.ncessch == SMALL]
    return [(s, year) for year in YEARS for s in [*league.members(world), *small]]


def tallies(
    world: World, school: School, year: int, component: Component
) -> dict[str, Tally]:
    """Counts by student group; those of all students are the sum of both others."""
    found = {}
    for group in PARTS:
        size = GRADES * world.counts[school.ncessch, year][group, "cohort_4yr"]
        names = [*component.metrics]
        rng = Random(f"{world.seed} {school.ncessch} {year} {group} {names[0]}")
        found[group] = Tally(component.draw(rng, size), students_count=size)
    return {"all": found["ed"] + found["non_ed"], **found}


def row(
    school: School, year: int, group: str, tally: Tally, component: Component
) -> list[object]:
    """One row of the template."""
    counts = [tally[name] for name in ("students_count", *component.metrics)]
    known = [*league.who(school), year_label(year), group]
    return [*known, *counts, "reported", f"{year}-06-15"]


def truth(
    name: str, school: School, year: int, group: str, tally: Tally, component: Component
) -> Iterator[Outcome]:
    """What a correct warehouse holds of a row: a cell a count."""
    whole = tally["students_count"]
    federal = school.ncessch if school.is_matched else ""
    who = (federal, school.state_code, school.school or school.schnam)
    for column, metric in component.metrics.items():
        known = ("nessc", name, school.state, *who, year, metric, group)
        rate = exact_rate(tally[column], whole)
        cell = Outcome(*known, str(tally[column]), str(whole), rate)
        yield cell._replace(value_status="reported")


def profiles(rng: Random, size: int) -> Tally:
    """A complete profile has every element; another lacks one of the three or more."""
    complete = round(size * rng.uniform(0.3, 0.8))
    rest = size - complete
    names = ("skills_count", "interests_count", "aspirations_count")
    found = {name: complete + rng.randint(rest // 3, 2 * rest // 3) for name in names}
    return Tally(found, complete_count=complete)


def paths(rng: Random, size: int) -> Tally:
    """Each active path has one main mode."""
    active = round(size * rng.uniform(0.3, 0.9))
    modes = [name for name in PATHS if name != "active_path_count"]
    drawn = Tally(rng.choices(modes, (6, 4, 3, 3, 2, 1, 2), k=active))
    return Tally(drawn, active_path_count=active)


def mastery(rng: Random, size: int) -> Tally:
    """Who advanced by standard."""
    return Tally(by_standard_count=round(size * rng.uniform(0.1, 0.7)))


PROFILES = {
    "complete_count": "learner_profile_complete",
    "skills_count": "learner_profile_skills",
    "interests_count": "learner_profile_interests",
    "aspirations_count": "learner_profile_aspirations",
}
PATHS = {"active_path_count": "learning_path_active"} | {
    f"{mode}_count": f"learning_path_mode_{mode}" for mode in league.LEVERS[1:]
}
COMPONENTS = {
    "learner_profiles": Component(
        profiles,
        PROFILES,
        "more_complete_than_with_skills",
        lambda tally: {"complete_count": tally["skills_count"] + 1},
    ),
    "learning_paths": Component(
        paths,
        PATHS,
        "modes_do_not_add_up",
        lambda tally: {"online_count": tally["online_count"] + 1},
    ),
    "mastery": Component(
        mastery,
        {"by_standard_count": "mastery_advanced_by_standard"},
        "more_advanced_than_students",
        lambda tally: {"by_standard_count": tally["students_count"] + 1},
    ),
}
