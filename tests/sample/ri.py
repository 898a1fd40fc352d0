"""Rhode Island's public files: wide October head counts, and rates of mixed notation.

Schools are named and nothing else. A district counts some students more than its
schools do: those placed outside any school.
"""

from collections.abc import Iterator
from random import Random

from edsight import year_label
from records import Delivery, Fault, HeadCount, Outcome, as_csv
from workbook import xlsx
from world import School, World

YEARS = (2014, 2015, 2016)
TESTED_YEARS = (2018, 2019)
GRADES = ("09", "10", "11", "12")
TESTS = ("sat_math", "sat_ela", "ngsa_science")
GROUPS = {
    "All Groups": ("all", 1.0),
    "Female": ("female", 0.5),
    "Economically Disadvantaged": ("ed", 0.4),
    "Students with Disabilities": ("swd", 0.14),
}
HEADER = (
    *("Year", "District", "School", "Grade", "StudentGroup", "StudentTestedNumber"),
    *("StudentTestedPercentage", "NotMeetingExpectations"),
    *("PartiallyMeetingExpectations", "MeetingExpectations", "ExceedingExpectations"),
    "MeetingorExceedingExpectations",
)
NOT_A_COUNT = "see note"


def deliveries(world: World) -> Iterator[Delivery]:
    """The two workbooks, and a file a test and subject."""
    yield head_count(world)
    yield state_head_count(world)
    for test in TESTS:
        yield assessment(world, test)


def enrolled(school: School, year: int) -> int:
    """Students of a school on 1 October."""
    draws = Random(f"ri head count {school.ncessch} {year}")
    return round(int(school.size) * draws.uniform(3.9, 4.2))


def head_count(world: World) -> Delivery:
    """One column a year; the third school's newest cell is no number."""
    path = "ri_enrollment/oct1st-headcount-2014-2016.xlsx"
    schools = [["Row Labels", *map(str, YEARS)]]
    heads: list[HeadCount] = []
    for school in world.open_in(YEARS[0], "RI"):
        counts: list[object] = [enrolled(school, year) for year in YEARS]
        if len(schools) == 3:
            counts[-1] = NOT_A_COUNT
        heads += [
            school_count(school, *pair)
            for pair in zip(YEARS, counts, strict=True)
            if pair[1] != NOT_A_COUNT
        ]
        schools.append([school.schnam, *counts])
    leas, more = lea_rows(world)
    charters = [row for row in schools if "Charter" in str(row[0]) or row is schools[0]]
    sheets = {"LEAs": leas, "Schools": schools, "Charter Schools": charters}
    fault = Fault(path, 4, "text in a count", "row quarantined: a count of students")
    return Delivery(path, xlsx(sheets), [], [fault], (*heads, *more))


def lea_rows(world: World) -> tuple[list[list[object]], list[HeadCount]]:
    """The districts and the state, whose names are all that is printed."""
    rows: list[list[object]] = [["LEA NAME", *map(str, YEARS)]]
    heads = []
    schools = world.open_in(YEARS[0], "RI")
    for name in dict.fromkeys(school.leanm for school in schools):
        own = [school for school in schools if school.leanm == name]
        outside = Random(f"ri outside {name}").randint(0, 9)
        counts = [outside + sum(enrolled(s, year) for s in own) for year in YEARS]
        rows.append([name, *counts])
        heads += [lea_count(name, *pair) for pair in zip(YEARS, counts, strict=True)]
    totals = [sum(row[at] for row in rows[1:]) for at in range(1, len(YEARS) + 1)]
    rows.append(["Grand Total", *totals])
    heads += [
        state_count("october_head_count_lea", year, "all", "all", count)
        for year, count in zip(YEARS, totals, strict=True)
    ]
    return rows, heads


def school_count(school: School, year: int, count: object) -> HeadCount:
    """The truth of one cell of a school; its ids come from the crosswalk's name."""
    who = ("", school.ncessch, school.state_code, school.schnam)
    key = ("ri", "october_head_count", "RI")
    return HeadCount(*key, *who, year, "all", "all", str(count))


def lea_count(name: str, year: int, count: int) -> HeadCount:
    """The truth of one cell of a district: the file has no code, so the name is it."""
    key = ("ri", "october_head_count_lea", "RI", name, "", "", "")
    return HeadCount(*key, year, "all", "all", str(count))


def state_count(extract: str, year: int, grade: str, group: str, n: int) -> HeadCount:
    """The truth of one cell of the state."""
    return HeadCount("ri", extract, "RI", *[""] * 4, year, grade, group, str(n))


def state_head_count(world: World) -> Delivery:
    """The state by grade and group; the code list has no group for the homeless."""
    path = "ri_enrollment/oct1st-headcount-2014-2016-State-Demo.xlsx"
    totals = lea_rows(world)[0][-1][1:]
    printed: dict[str, tuple[str, str, list[int]]] = {}
    for at, grade in enumerate(GRADES):
        counts = [(total + at) // 4 for total in totals]
        printed[f"GRADE-{grade}"] = (grade, "all", counts)
    female = [total * 49 // 100 for total in totals]
    male = [total - count for total, count in zip(totals, female, strict=True)]
    printed["GENDER-F"] = ("all", "female", female)
    printed["GENDER-M"] = ("all", "male", male)
    printed["FRL"] = ("all", "ed", [total * 2 // 5 for total in totals])
    printed["TOTAL"] = ("all", "all", totals)
    rows = [[name, *counts] for name, (_, _, counts) in printed.items()]
    rows.insert(-1, ["HOMELESS", 11, 12, 9])
    heads = [
        state_count("october_head_count_state", year, grade, group, count)
        for grade, group, counts in printed.values()
        for year, count in zip(YEARS, counts, strict=True)
    ]
    sheet = {"sheet1": [["(No column name)", *YEARS], *rows]}
    return Delivery(path, xlsx(sheet), [], [], tuple(heads))


def assessment(world: World, test: str) -> Delivery:
    """One test and subject; the last row hides its levels behind a bare 0.5."""
    path = f"ri_assessment/{test}_2018-2019.csv"
    rows, outcomes = [], []
    for year in TESTED_YEARS:
        for place in [None, *world.open_in(year, "RI")]:
            for label in GROUPS:
                row, truth = assessed(test, place, year, label)
                rows.append(row)
                outcomes.append(truth)
    rows[-1][5:] = [20, "95%", "*", "*", "*", "*", "0.5"]
    fault = Fault(
        path,
        len(rows) + 1,
        "a bare 0.5 beside hidden levels",
        "row quarantined: per cent or proportion",
    )
    return Delivery(path, as_csv([HEADER, *rows]), outcomes[:-1], [fault])


def assessed(
    test: str, place: School | None, year: int, label: str
) -> tuple[list[object], Outcome]:
    """One printed row and its truth."""
    group, share = GROUPS[label]
    draws = Random(f"ri {test} {place.ncessch if place else 'RI'} {year} {group}")
    size = int(place.size) if place else 9500
    tested = round(size * share * draws.uniform(0.9, 1))
    low, partly = draws.randint(15, 35), draws.randint(20, 35)
    top = draws.randint(3, 12)
    levels = [low, partly, 100 - low - partly - top, top, 100 - low - partly]
    where = [place.leanm, place.schnam] if place else ["Statewide", "All Schools"]
    grade = "Grade: 11"
    cells: list[object] = [tested, "95%", *(notation(draws, n) for n in levels)]
    who = (place.ncessch, place.state_code, place.schnam) if place else ("", "", "")
    subject = test.split("_")[1]
    metric = f"proficiency_{subject}_{test.split('_')[0]}"
    truth = Outcome("ri", "assessment", "RI", *who, year, metric, group)
    if tested < 10:
        cells = ["*"] * 7
        truth = truth._replace(value_status="suppressed")
    else:
        truth = truth._replace(
            denominator=str(tested), value_pct=str(levels[-1]), value_status="reported"
        )
    return [year_label(year), *where, grade, label, *cells], truth


def notation(draws: Random, per_cent: int) -> str:
    """45 as 45%, 45 or 0.45, as the portal prints it: by no rule, cell by cell."""
    return draws.choice((f"{per_cent}%", str(per_cent), f"{per_cent / 100:.2f}"))
