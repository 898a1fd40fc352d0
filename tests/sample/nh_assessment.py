"""New Hampshire's disaggregated assessment files, one year of each layout.

Layouts and oddities are those of the state's files: numbers of schools until 2018,
bands and a year that a spreadsheet took for dates, a byte order mark.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from nh import district_name, district_number, outcome
from records import Delivery, Fault, Outcome, as_csv
from world import School, World

ASSESSED = (2018, 2019, 2021)  # a layout each; in 2020 there was no test
SUBJECTS = {  # the metric that grade 11 counts for in these years
    "mat": "proficiency_math_sat_grade_11_nh",
    "rea": "proficiency_ela_sat_grade_11_nh",
    "sci": "proficiency_science_nh_sas_grade_11",
}
LABELS = {
    "All students": "all",
    "Female": "female",
    "Male": "male",
    "Asian+PI+Hawaiian": "asian_pacific_islander",
    "White": "white",
    "SES": "ed",
    "EL - Current": "el",
    "IEP/SWD": "swd",
}
UNREAD = "Homeless"  # a group that the consortium does not report
SHARES = dict(zip(LABELS, (1, 0.49, 0.51, 0.04, 0.88, 0.3, 0.04, 0.15), strict=True))
CODED = [
    *("yearid", "replevel", "subject", "DenominatorType", "disname", "discode"),
    *("schname", "schcode", "subgroup", "grade", "NumberStudents", "plevel1"),
    *("plevel2", "plevel3", "plevel4", "pAboveprof", "pBelowProf", "MeanSGP"),
    *("AvgScore", "pParticipate"),
]
NAMED = [
    *("yearid", "Level of Data", "Subject", "District", "School", "Grade"),
    *("Subgroup", "Total FAY Students", "level1%", "level2%", "level3%", "level4%"),
    *("Above prof% (lvl 3&4)", "Participate%", "Mean SGP", "Avg Score", "Report Date"),
]
LOST_YEAR = (2019, "Ashdown High School", "sci", "EL - Current")  # printed as 11-Jul


def deliveries(world: World) -> Iterator[Delivery]:
    """One file a year, of all levels, subjects, groups and grades."""
    for year in ASSESSED:
        yield assessment(world, year)


class Tested(NamedTuple):
    """One cell: who, how many were tested, and the printed share that is proficient."""

    level: str
    school: School | None
    subject: str
    label: str
    grade: str
    students: int
    proficient: str


def assessment(world: World, year: int) -> Delivery:
    """One file with the truth of its cells of grade 11."""
    path = f"nh_assessment/disaggregated_{year}.csv"
    rows, outcomes, faults = [CODED if year < 2019 else NAMED], [], []
    for cell in tested(world, year):
        rows.append(coded(cell, year) if year < 2019 else named(cell, year))
        if is_lost(cell, year):
            rows[-1][0] = "11-Jul"
            why = "row quarantined: a spreadsheet took its year for a date"
            faults.append(Fault(path, len(rows), "year_as_date", why))
        elif cell.grade == "11" and cell.label != UNREAD:
            outcomes.append(assessed(cell, year))
    return Delivery(path, printed(rows, year), outcomes, faults)


def is_lost(cell: Tested, year: int) -> bool:
    """Whether it is the one cell whose year is unreadable."""
    name = cell.school.schnam if cell.school and cell.level == "school" else ""
    return cell.grade == "11" and (year, name, cell.subject, cell.label) == LOST_YEAR


def printed(rows: list[list[str]], year: int) -> bytes:
    """The newest files print each row for two denominators, after a byte order mark."""
    if year <= 2019:
        return as_csv(rows)
    kinds = ("Regular", "95Percent")
    twice = [[kind, *row] for row in rows[1:] for kind in kinds]
    return b"\xef\xbb\xbf" + as_csv([["DenominatorType", *rows[0]], *twice])


def tested(world: World, year: int) -> Iterator[Tested]:
    """Every cell of the year, in the order of print."""
    schools = world.open_in(year, "NH")
    places = [("state", None, sum(int(s.size) for s in schools))]
    places += [("lea", s, int(s.size)) for s in schools]
    places += [("school", s, int(s.size)) for s in schools]
    for level, school, size in places:
        for subject in SUBJECTS:
            for label in (*LABELS, UNREAD):
                who = school.ncessch if school else "NH"
                draw = Random(f"nh test {who} {year} {subject} {label}")
                students = round(size * SHARES.get(label, 0.02))
                share = shown(draw, students, label, subject, year)
                for grade in ("0", "11"):
                    yield Tested(level, school, subject, label, grade, students, share)


def shown(draw: Random, students: int, label: str, subject: str, year: int) -> str:
    """A share as the state prints it; some cells of its database hold nothing."""
    if students <= 10:
        return "* n < 11"
    if (subject, label) == ("sci", "Male") and draw.random() < 0.2:
        return "NULL" if year < 2019 else "Not available"
    share = round(draw.gauss(52 if label != "IEP/SWD" else 12, 16))
    space = " " if year > 2019 else ""
    if share < 10:
        return f"<{space}10{space and ' %'}"
    return f">{space}90{space and ' %'}" if share > 90 else str(share)


def assessed(cell: Tested, year: int) -> Outcome:
    """What the warehouse reads from a cell."""
    known = outcome("assessment", cell.school, cell.level, year)
    known = known._replace(
        metric_id=SUBJECTS[cell.subject], student_group=LABELS[cell.label]
    )
    marks = {"*": "suppressed", "N": "not_reported"}
    if status := marks.get(cell.proficient[0]):
        return known._replace(value_status=status)
    bound = {"<": ("0", "10"), ">": ("90", "100")}.get(cell.proficient[0])
    if bound:
        low, high = bound
        return known._replace(
            value_low_pct=low, value_high_pct=high, value_status="range"
        )
    return known._replace(value_pct=cell.proficient, value_status="reported")


def band(students: int, year: int) -> str:
    """How many were tested; a spreadsheet took the band of 10 to 15 for a date."""
    low = students // 5 * 5
    if low == 10 and year < 2021:
        return "15-Oct" if year < 2019 else "43753"
    return f"{low} - {low + 5}" if students > 10 else " 0 - 10"


def levels(cell: Tested) -> list[str]:
    """The shares of the four levels, as far as the proficient share tells."""
    if not cell.proficient.isdigit():
        return [cell.proficient if cell.proficient[0] == "*" else "<10"] * 4
    proficient = int(cell.proficient)
    high, low = proficient // 3, (100 - proficient) // 2
    printed = (100 - proficient - low, low, proficient - high, high)
    return [str(share) if share >= 10 else "<10" for share in printed]


def coded(cell: Tested, year: int) -> list[str]:
    """A row with numbers of district and school, as until 2018."""
    school, label = cell.school, f"{cell.label:<25}"
    level = {"state": "sta", "lea": "dis", "school": "sch"}[cell.level]
    place = ["NULL", "0"] if not school else [district_name(school)]
    place += [district_number(school)] if school else []
    place += [school.schnam, school.state_code] if level == "sch" else ["NULL", "0"]
    below = cell.proficient
    if below.isdigit():
        below = str(100 - int(below))
    return [
        *(str(year), level, cell.subject, "Regular", *place, label, cell.grade),
        *(band(cell.students, year), *levels(cell), cell.proficient, below),
        *("NULL", "NULL", "* N< 40 " if cell.students < 40 else "96"),
    ]


def named(cell: Tested, year: int) -> list[str]:
    """A row without numbers of district and school, as since 2019."""
    level = {"state": "State", "lea": "District", "school": "School"}[cell.level]
    district = district_name(cell.school) if cell.school else "State Data"
    school = cell.school.schnam if level == "School" else f"{level} Data"
    grade = cell.grade if cell.grade != "0" else "All grades"
    return [
        *(str(year), f"{level} Level", cell.subject, district, school, grade),
        *(cell.label, band(cell.students, year), *levels(cell), cell.proficient),
        *("95", "Not available", "Not available", f"10/4/{year}"),
    ]
