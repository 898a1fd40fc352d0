"""What Rhode Island's schools send of students: census, attendance, cohort listing.

The census is the district's, a file a year. Attendance is one workbook with a sheet a
year and a row for each student and school, until the census has the days. A listing
tells the exit class of each member of a cohort after four, five or six years.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from edsight import year_label
from records import Delivery, Fault, as_csv, nobody, years_ago
from students import (
    COHORTS,
    FIRST_YEAR,
    LAST_YEAR,
    NEEDS,
    Spell,
    Student,
    students,
)
from workbook import xlsx
from world import World

STATE, DISTRICT = "RI", "97"
PERSON = (
    *("GENDER", "HISPANIC", "AIAN", "ASIAN", "BAA", "NHOPI", "WHITE"),
    *("ECODIS", "ELL", "IEP"),
)
CENSUS = (
    *("DISTCODE", "SCHCODE", "SASID", "LASID", "LASTNAME", "FIRSTNAME", "MIDDLENAME"),
    *("DOB", *PERSON, "GRADE", "ENROLL_DATE", "EXIT_DATE", "EXIT_TYPE"),
    *("MEMBERSHIP_DAYS", "ATTENDANCE_DAYS"),
)
ATTENDANCE = (
    *("YEAR", "ID", "LAST_NAME", "FIRST_NAME", "GRADE", "TOWN", "DISTRICT_NAME"),
    *("SCHOOL_NUMBER", "SCHOOL_NAME", "SCHOOL_CODE_OUT", "ADM_CALCULATED"),
    *("ABS_TOTAL", "ABSENTEEISM"),
)
LISTING = (
    *("SASID", "LASTNAME", "FIRSTNAME", "DOB", "DISTCODE", "SCHCODE", "COHORT"),
    *("EXIT_CLASS", *PERSON),
)
RACES = (
    *("hispanic", "american_indian", "asian", "black", "pacific_islander", "white"),
)
EXITS = {
    "": "",
    "graduates": "14",
    "other_credential": "15",
    "ged_program": "25",
    "drops_out": "20",
    "unknown": "23",
    "moves_in_state": "02",
    "other_state": "03",
    "emigrates": "10",
    "private_in_state": "05",
    "private_elsewhere": "06",
    "home_school": "12",
    "dies": "16",
    "institution": "11",
    "early_college": "22",
    "max_age": "19",
}
CLASSES = {  # exit classes of the listing; a graduate's tells the years
    "dropped_out": "2",
    "other_completion": "3",
    "still_enrolled": "4",
    "max_age": "5",
    "left": "8",
}
GRADUATED = {4: "1", 5: "11", 6: "12"}
IN_WORKBOOK = (2010, 2011, 2012, 2013)  # later days stand in the census itself
FAULTY_YEAR, LONG_AGO = 2012, 10  # of whose rows a few are repeated as wrong


def deliveries(world: World) -> Iterator[Delivery]:
    """The census of each year, the workbook, and the listings of each cohort."""
    here = [student for student in students(world.seed) if student.state == STATE]
    known = [(s, n, spell) for s in here for n, spell in enumerate(s.spells)]
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        rows = [census_row(*one) for one in known if one[2].year == year]
        path = f"ri_eride/{DISTRICT}_enrollment_census_{year_label(year)}.csv"
        good = Delivery(path, as_csv([CENSUS, *rows]), [], [])
        yield good
        if year == FAULTY_YEAR:
            yield faulty(good)
    yield attendance(known)
    for cohort in COHORTS:
        for horizon in range(4, 5 + LAST_YEAR - cohort):
            rows = [listed(s, horizon) for s in here if s.cohort == cohort]
            path = f"ri_eride/cohort_listing_{cohort}_after_{horizon}_years.csv"
            yield Delivery(path, as_csv([LISTING, *rows]), [], [])


Spells = list[tuple[Student, int, Spell]]


def census_row(student: Student, n: int, spell: Spell) -> list[object]:
    """One spell with its days."""
    school, absent = spell.school, student.absences[spell.year, n]
    place = [school.lea_code, school.state_code, student.state_id, student.local_id]
    names = [student.last_name, student.first_name, "", day(student.birth_date)]
    when = [day(spell.first_day), day(spell.last_day), EXITS[spell.stay.why]]
    member = len(spell.days)
    days = ["", ""]
    if spell.year not in IN_WORKBOOK:
        days = [str(member), f"{member - absent:g}"]
    grade = f"{spell.stay.grade:02}"
    flags = person(student, spell.year)
    return [*place, *names, *flags, grade, *when, *days]


def person(student: Student, year: int) -> list[str]:
    """Sex, flags of race, and needs of a year."""
    races = {
        "two_or_more": {"black", "white"},
        "hispanic": {"hispanic", "black"},
    }.get(student.race, {student.race})
    flags = ["Y" if race in races else "N" for race in RACES]
    needs = ["Y" if need in student.needs[year] else "N" for need in NEEDS]
    return [student.sex[0].upper(), *flags, *needs]


def day(when: date | None) -> str:
    """A day without zeroes in front."""
    return f"{when.month}/{when.day}/{when.year}" if when else ""


def attendance(known: Spells) -> Delivery:
    """The workbook: a sheet a year, a row a student and school."""
    days: dict[tuple[int, str, str], list[float]] = defaultdict(lambda: [0, 0])
    people = {}
    for student, n, spell in (k for k in known if k[2].year in IN_WORKBOOK):
        key = (spell.year, student.state_id, spell.school.state_code)
        people[key] = (student, spell)
        days[key][0] += len(spell.days)
        days[key][1] += student.absences[spell.year, n]
    sheets: dict[str, list[list[object]]] = {
        year_label(year): [list(ATTENDANCE)] for year in IN_WORKBOOK
    }
    for key, (member, absent) in days.items():
        row = attendance_row(*people[key], member, absent)
        sheets[year_label(key[0])].append(row)
    path = "ri_eride/student_attendance_2009-10_to_2012-13.xlsx"
    first, *_, last = sheets.values()
    row = [*last[-1][:10], 12, 13.5, 1]  # of a student who was not there in that year
    row[:2], row[4] = [first[1][0], nobody(row[1])], "5"
    first.append(row)
    fault = Fault(path, len(first), "absent_more_than_member", "row quarantined")
    return Delivery(path, xlsx(sheets), [], [fault])


def attendance_row(
    student: Student, spell: Spell, member: float, absent: float
) -> list[object]:
    """One row of the workbook; the state's flag is of all schools together."""
    names = [student.last_name, student.first_name]
    place = [spell.school.leanm, spell.school.state_code, spell.school.schnam, ""]
    who = [year_label(spell.year), student.state_id, *names, spell.stay.grade]
    often = int(10 * absent >= member)
    return [*who, "Invented Town", *place, member, absent, often]


def listed(student: Student, horizon: int) -> list[object]:
    """One member of a cohort, as of a horizon; needs as of the four years."""
    school = student.answering(horizon)
    years = [n for n in range(4, horizon + 1) if student.fate(n) == "graduated"]
    leaves = GRADUATED[years[0]] if years else CLASSES[student.fate(horizon)]
    if student.name == "whereabouts unknown":
        leaves = "9"
    last = max(year for year in student.needs if year <= student.cohort)
    names = [student.last_name, student.first_name, day(student.birth_date)]
    place = [school.lea_code, school.state_code, student.cohort, leaves]
    return [student.state_id, *names, *place, *person(student, last)]


def faulty(good: Delivery) -> Delivery:
    """Pupils of grade 5, long before the years of any rate, a few of them wrong."""
    ago = year_label(FAULTY_YEAR - LONG_AGO)
    path = f"ri_eride/{DISTRICT}_enrollment_census_{ago}.csv"
    rows = [text.split(",") for text in good.content.decode("ascii").splitlines()[:60]]
    at, grade = CENSUS.index("ENROLL_DATE"), CENSUS.index("GRADE")
    for row in rows[1:]:
        row[grade] = "05"
        row[at + 2] = row[at + 1] and "01"
    short_id, backwards, unknown, days = (list(row) for row in rows[1:5])
    short_id[2] = short_id[2][:8]
    backwards[at : at + 3] = ["10/7/2011", "10/3/2011", "20"]
    unknown[at : at + 3] = ["10/7/2011", "10/11/2011", "77"]
    days[at:] = ["10/7/2011", "10/11/2011", "20", "3", "4"]
    for row in (backwards, unknown, days):
        row[2] = nobody(row[2])
    added = {
        "short_student_id": short_id,
        "exit_before_entry": backwards,
        "unknown_exit_type": unknown,
        "attended_more_than_member": days,
    }
    faults = [
        Fault(path, len(rows) + n, what, "row quarantined")
        for n, what in enumerate(added, start=1)
    ]
    content = as_csv([*rows, *added.values()])
    return Delivery(path, years_ago(content, LONG_AGO), [], faults)
