"""Maine's assessments: one row a place, subject, group and achievement level.

Headers carry their blanks in one year and none in the other; from 2020-21 on an empty
cell is a suppressed one, before it was a star.
"""

from collections.abc import Iterator
from random import Random

from records import Delivery, Fault, Outcome, as_csv
from world import School, World

YEARS = (2017, 2021)
TESTS = {2017: "mea", 2021: "nwea"}
SUBJECTS = {"English Language Arts": "ela", "Mathematics": "math"}
GROUPS = {
    "All Students": ("all", 1.0),
    "Male": ("male", 0.5),
    "Economically Disadvantaged": ("ed", 0.45),
    "Students with Disabilities": ("swd", 0.16),
}
TOGETHER = "At Or Above State Expectations"
LEVELS = ("Above State Expectations", "At State Expectations", TOGETHER)
LEVEL = "Percentage of Students at Achievement Level"
HEADER = (
    *("District Name", "District ID", "School Name", "School ID", "Assessment"),
    *("Population", "Achievement Level", "Total Students Tested"),
    *("Percentage of Students Tested", "Number of Students at Achievement Level"),
    *(LEVEL, f"District - {LEVEL}", f"Statewide - {LEVEL}"),
    *("Number of Students Required to Test", "Legacy Data"),
)
CUT = {  # as statistics software writes the longer ones
    "Number of Students at Achievement Level": "NumberofStudentsatAchievemen",
    LEVEL: "PercentageofStudentsatAchiev",
    f"District - {LEVEL}": "DistrictPercentageofStudent",
    f"Statewide - {LEVEL}": "StatewidePercentageofStuden",
    "Number of Students Required to Test": "NumberofStudentsRequiredtoT",
}


def deliveries(world: World) -> Iterator[Delivery]:
    """One file a year."""
    for year in YEARS:
        yield assessment(world, year)


def assessment(world: World, year: int) -> Delivery:
    """The long file; the last row prints a per cent where proportions stand."""
    path = f"me_assessment/me_assessment_{year}.csv"
    rows: list[list[object]] = []
    outcomes = []
    for place in [None, *world.open_in(year, "ME")]:
        for subject in SUBJECTS:
            for label in GROUPS:
                printed, truth = assessed(place, year, subject, label)
                rows += printed
                outcomes.append(truth)
    wrong = [*rows[-1]]
    wrong[5], wrong[10] = "Female", "45%"
    rows.append(wrong)
    expected = "row quarantined: a proportion from 0 to 1"
    fault = Fault(path, len(rows) + 1, "a per cent among proportions", expected)
    header = (
        HEADER if year >= 2021 else [CUT.get(h, h.replace(" ", "")) for h in HEADER]
    )
    return Delivery(path, as_csv([header, *rows]), outcomes, [fault])


def assessed(
    place: School | None, year: int, subject: str, label: str
) -> tuple[list[list[object]], Outcome]:
    """The rows of one place, subject and group, and the truth of them together."""
    group, share = GROUPS[label]
    known = place.ncessch if place else "ME"
    draws = Random(f"me assessment {known} {year} {subject} {group}")
    size = int(place.size) if place else 13000
    tested = max(1, round(size * share * draws.uniform(0.88, 0.98)))
    above = round(tested * draws.uniform(0.1, 0.25))
    at = round(tested * draws.uniform(0.3, 0.5))
    district = place.st_schid.split("-")[1] if place else ""
    where = [place.leanm, district, place.schnam, place.state_code] if place else []
    head = [*(where or ["Statewide", "", "All Schools", ""]), subject, label]
    hidden = tested < 10
    mark = "" if year >= 2021 else "*"
    rows = []
    for level, count in zip(LEVELS, (above, at, above + at), strict=True):
        cells = [tested, "0.95", count, proportion(count, tested)]
        shown = [mark] * 4 if hidden else cells
        rows.append(
            [*head, level, *shown, "0.55", "0.58", mark if hidden else tested, "N"]
        )
    who = (place.ncessch, place.state_code, place.schnam) if place else ("", "", "")
    metric = f"proficiency_{SUBJECTS[subject]}_{TESTS[year]}"
    truth = Outcome("me", "assessment", "ME", *who, year, metric, group)
    if hidden:
        return rows, truth._replace(value_status="suppressed")
    counts = {"numerator": str(above + at), "denominator": str(tested)}
    value = f"{float(proportion(above + at, tested)) * 100:.2f}"
    return rows, truth._replace(**counts, value_pct=value, value_status="reported")


def proportion(part: int, whole: int) -> str:
    """Four decimals, half up."""
    units = (part * 20000 + whole) // (2 * whole)
    return f"{units / 10000:.4f}"
