"""New Hampshire's own workbooks: enrolment and cohort counts.

The enrolment has the layout of the state's files; that of the cohort counts is assumed,
as their contract says.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import NamedTuple

from records import Delivery, Fault, HeadCount, Outcome
from workbook import xlsx
from world import School, World

YEARS = (2014, 2015, 2016)
GRADES = ("PK", "KG", *(f"{n:02d}" for n in range(1, 13)), "PG")
GRADE_HEADERS = ("PreSchool", "Kindergarten", *map(str, range(1, 13)), "*PG", "Total")
SCHOOL_HEADER = [
    *("SAU #", "SAU Name", "District #", "District Name", "School #", "School Name"),
    *GRADE_HEADERS,
]
DISTRICT_HEADER = [
    *("SAU #", "SAU Name", "District #", "District Name", "PreSchool"),
    *("Kindergarten", "Elementary", "Middle", "High", "PG", "Total "),
]
COHORT_HEADER = [
    *("SAU #", "District #", "District Name", "School Name", "Cohort", "Graduated"),
    *("Graduation Rate", "Earned HiSET", "Dropped Out", "Total Non-Graduates"),
    "Dropout Rate",
]
CHARTER = "Second Chance Charter School (H)"
# In this fall the interstate table has a sub-total and no school: the total of the
# state counts students whom no row of a school holds.
INTERSTATE = {2016: {"09": 5, "10": 4, "11": 6, "12": 2}}
WRONG_TOTAL = (2014, "Pike Lake High School")  # this row's grades do not add up
TOO_MANY = (2015, "Pike Lake High School")  # more graduates than members of the cohort
Grades = dict[str, int]


def deliveries(world: World) -> Iterator[Delivery]:
    """Two enrolment workbooks and one of cohort counts a year."""
    for year in YEARS:
        yield schools_by_grade(world, year)
        yield districts(world, year)
        yield cohort_counts(world, year)


# --- enrolment ---


def schools_by_grade(world: World, year: int) -> Delivery:
    """The workbook of schools, with the truth of its head counts."""
    counts = {s: enrolled(world, s, year) for s in world.open_in(year, "NH")}
    state = added([*counts.values(), interstate(year)])
    path = f"nh_enrollment/nh_school_{year}.xlsx"
    rows = stacked(counts, state, year)
    why = "row quarantined: its grades do not add up"
    faults = [
        Fault(path, n, "wrong_total", why)
        for n, row in enumerate(rows, 1)
        if (year, *row[5:6]) == WRONG_TOTAL
    ]
    heads = [
        head("enrollment_school", school, year, grade, count)
        for school, grades in [*counts.items(), (None, state)]
        if not school or (year, school.schnam) != WRONG_TOTAL
        for grade, count in with_all(grades).items()
    ]
    content = xlsx({"School Enrollments by Grade Pub": rows})
    return Delivery(path, content, [], faults, tuple(heads))


def stacked(
    counts: dict[School, Grades], state: Grades, year: int
) -> list[list[object]]:
    """Four tables below each other, the first below the row of the state."""
    charter = {s: grades for s, grades in counts.items() if s.schnam == CHARTER}
    ordinary = {s: grades for s, grades in counts.items() if s not in charter}
    beyond = interstate(year)
    without_schools = [[*[""] * 5, "SubTotal", *cells(beyond)]]
    return [
        *preamble(11, f"{year - 1} - {year} Public School Enrollments by Grade", year),
        SCHOOL_HEADER,
        [*[""] * 5, "State Total", *cells(state)],
        *table(ordinary, year),
        *headed("Public Academies and Joint Maintenance Agreements"),
        *table({}, year),
        *headed("Public Charter Schools"),
        *table(charter, year),
        *headed("Public Interstate Schools"),
        *(without_schools if any(beyond.values()) else table({}, year)),
        ["Foot Notes"],
        ["Academic School year starts July 1 thru Jun 30"],
        ["*PG - Post Graduate"],
        [],
        ["Data Source"],
        [SOURCE_NOTE],
    ]


def interstate(year: int) -> Grades:
    """Students whom the state counts and no row of a school holds."""
    return dict.fromkeys(GRADES, 0) | INTERSTATE.get(year, {})


SOURCE_NOTE = (
    "This report shows the total student enrollments by district as well as by school "
    "for each grade."
)


def enrolled(world: World, school: School, year: int) -> Grades:
    """Students by grade; a class shrinks on its way to grade 12."""
    draw = Random(f"nh enrolment {school.ncessch} {year}")
    grades = dict.fromkeys(GRADES, 0)
    for ahead, grade in enumerate(("12", "11", "10", "09")):
        cohort = world.counts.get((school.ncessch, year + ahead), {})
        size = cohort.get(("all", "cohort_4yr")) or int(school.size)
        grades[grade] = size + ahead - draw.randint(0, 3)
    grades["PG"] = draw.choice((0, 0, 0, 1))
    return grades


def added(parts: list[Grades]) -> Grades:
    """The sum of each grade."""
    return {grade: sum(part[grade] for part in parts) for grade in GRADES}


def with_all(grades: Grades) -> Grades:
    """The grades and all of them together."""
    return grades | {"all": sum(grades.values())}


def cells(grades: Grades) -> list[int]:
    """One printed row of counts, the total last."""
    return list(with_all(grades).values())


def preamble(report: int, title: str, year: int) -> list[list[object]]:
    """The lines above the table."""
    return [
        [f"Report ID : {report}"],
        ["Type of Data: Final"],
        [f"Report Date: 12/3/{year - 1}"],
        [],
        ["New Hampshire Department of Education\nDivision of Education "],
        [],
        [title],
        [f"As of October 1, {year - 1}"],
    ]


def table(counts: dict[School, Grades], year: int) -> list[list[object]]:
    """Rows of schools and their sub-total; an empty table holds a lone zero."""
    if not counts:
        return [[*[""] * 21, 0], [*[""] * 5, "SubTotal", *[""] * 15, 0]]
    rows: list[list[object]] = []
    for school, grades in counts.items():
        printed = cells(grades)
        printed[-1] += 10 * ((year, school.schnam) == WRONG_TOTAL)
        rows.append([*sau(school), int(school.state_code), school.schnam, *printed])
    total = cells(added(list(counts.values())))
    return [*rows, [*[""] * 5, "SubTotal", *total], []]


def headed(title: str) -> list[list[object]]:
    """The heading of a table and the header that is repeated below it."""
    return [[title], [], SCHOOL_HEADER]


def sau(school: School) -> list[object]:
    """Administrative unit and district, each number with its name."""
    name, number = district_name(school), int(district_number(school))
    return [number - 880, f"{name} ", number, name]


def district_number(school: School) -> str:
    """The state's number of the district, as in NH-275-..."""
    return school.st_schid.split("-")[1]


def district_name(school: School) -> str:
    """The state's files leave the words School District out."""
    return school.leanm.removesuffix(" School District")


def head(
    extract: str, school: School | None, year: int, grade: str, count: int
) -> HeadCount:
    """One head count of a school, or of the state."""
    place = (
        (district_number(school), school.ncessch, school.state_code, school.schnam)
        if school
        else ("", "", "", "")
    )
    return HeadCount("nh", extract, "NH", *place, year, grade, "all", str(count))


def districts(world: World, year: int) -> Delivery:
    """The workbook of districts, with the truth of its head counts."""
    counts = {s: enrolled(world, s, year) for s in world.open_in(year, "NH")}
    state = added([*counts.values(), interstate(year)])
    ordinary = {s: grades for s, grades in counts.items() if s.schnam != CHARTER}
    sub_total = bands(added(list(ordinary.values())))
    rows = [
        *preamble(4, f"{year - 1} - {year} District Fall Enrollments", year),
        DISTRICT_HEADER,
        ["", "", "", "State Totals", *bands(state)],
        *([*sau(s), *bands(grades)] for s, grades in ordinary.items()),
        ["", "", "", "Traditional District Total:", *sub_total],
        ["", "", "", "Charter Schools"],
        [],
        DISTRICT_HEADER,
        *([*sau(s), *bands(counts[s])] for s in counts if s not in ordinary),
        [],
        ["Foot Notes"],
        ["Data Source"],
        ["Data collected through i4see system BOY Submission."],
    ]
    heads = [
        # A district's row is known by its number alone.
        head(
            "enrollment_district", school, year, grade, with_all(grades)[grade]
        )._replace(school_id_nces="", school_id_state="", school_name="")
        for school, grades in [*counts.items(), (None, state)]
        for grade in ("PK", "KG", "PG", "all")
    ]
    path = f"nh_enrollment/nh_district_{year}.xlsx"
    content = xlsx({"District Fall Enrollments": rows})
    return Delivery(path, content, [], [], tuple(heads))


def bands(grades: Grades) -> list[int]:
    """Counts by kind of school: all students here are in high schools."""
    high = sum(grades[g] for g in ("09", "10", "11", "12"))
    total = sum(grades.values())
    return [grades["PK"], grades["KG"], 0, 0, high, grades["PG"], total]


# --- cohort counts ---


class Cohort(NamedTuple):
    """A class after four years."""

    size: int
    graduated: int
    hiset: int
    dropped_out: int

    def __add__(self, other: "Cohort") -> "Cohort":
        """Two classes together."""
        return Cohort(*(a + b for a, b in zip(self, other, strict=True)))


# The state's own cohort counts students outside any school.
OUTSIDE = Cohort(7, 2, 1, 3)


def cohort_counts(world: World, year: int) -> Delivery:
    """Rows of the state, of each district and of each school."""
    classes = {s: cohort(world, s, year) for s in world.open_in(year, "NH")}
    whole = sum(classes.values(), OUTSIDE)
    rows = preamble(30, f"{year - 1} - {year} Cohort Graduation and Dropout Rate", year)
    rows += [COHORT_HEADER, ["", "", "", "State Total", *cohort_cells(whole)]]
    outcomes, faults = cohort_outcomes(None, "state", year, whole), []
    path = f"nh_graduation/cohort_counts_{year}.xlsx"
    for school, part in classes.items():
        unit, _, number, name = sau(school)
        printed = cohort_cells(part)
        rows.append([unit, number, name, "", *printed])
        outcomes += cohort_outcomes(school, "lea", year, part)
        if (year, school.schnam) == TOO_MANY:
            printed[1] = part.size + 1
            why = "row quarantined: more graduates than members of the cohort"
            faults.append(Fault(path, len(rows) + 1, "too_many_graduates", why))
        else:
            outcomes += cohort_outcomes(school, "school", year, part)
        rows.append([unit, number, name, school.schnam, *printed])
    rows += [["Foot Notes"], ["Academic School year starts July 1 thru Jun 30"]]
    return Delivery(path, xlsx({"Cohort Counts By School": rows}), outcomes, faults)


def cohort(world: World, school: School, year: int) -> Cohort:
    """The class of the world; some of its others earned an adult diploma."""
    counts = world.counts[school.ncessch, year]
    size, graduated = counts["all", "cohort_4yr"], counts["all", "graduated_4yr"]
    dropped_out = counts["all", "dropped_out_4yr"]
    rest = counts["all", "other_4yr"] - dropped_out
    adult = Random(f"nh adult {school.ncessch} {year}").randint(0, rest)
    return Cohort(size, graduated + adult, rest - adult, dropped_out)


def cohort_cells(part: Cohort) -> list[object]:
    """The printed cells of one row."""
    left = part.size - part.graduated
    done, dropped = (f"{rate}%" for rate in cohort_rates(part))
    return [*part[:2], done, part.hiset, part.dropped_out, left, dropped]


def cohort_rates(part: Cohort) -> tuple[str, str]:
    """Graduation and dropout rate, two decimals."""
    return hundredths(part.graduated, part.size), hundredths(
        part.dropped_out, part.size
    )


def hundredths(part: int, whole: int) -> str:
    """Per cent with two decimals, half up."""
    rate = Decimal(100 * part) / whole
    return str(rate.quantize(Decimal("0.01"), ROUND_HALF_UP))


def cohort_outcomes(
    school: School | None, level: str, year: int, part: Cohort
) -> list[Outcome]:
    """Both rates of one row."""
    done, dropped = cohort_rates(part)
    known = outcome("cohort_counts", school, level, year)
    known = known._replace(denominator=str(part.size), value_status="reported")
    return [
        known._replace(
            metric_id="grad_4yr_nh_adult", numerator=str(part.graduated), value_pct=done
        ),
        known._replace(
            metric_id="dropout_cohort",
            numerator=str(part.dropped_out),
            value_pct=dropped,
        ),
    ]


def outcome(extract: str, school: School | None, level: str, year: int) -> Outcome:
    """An outcome of all students of a school, its district or the state."""
    names = ("", "", "")
    if school and level == "school":
        names = (school.ncessch, school.state_code, school.schnam)
    lea = district_number(school) if school and level == "lea" else ""
    return Outcome("nh", extract, "NH", *names, year, "", "all", lea_id_state=lea)
