"""New Hampshire's end-of-year enrolment: no header, attendance in half days.

The year stands in the file's name alone. Four columns at the end are the consortium's.
"""

from collections.abc import Iterator
from datetime import date

from edsight import year_label
from records import Delivery, Fault, as_csv, nobody, years_ago
from students import (
    FIRST_YEAR,
    LAST_YEAR,
    NEEDS,
    Spell,
    Student,
    students,
)
from world import World

STATE = "NH"
RACES = {
    "american_indian": "1",
    "asian": "2",
    "black": "3",
    "hispanic": "4",
    "white": "5",
    "pacific_islander": "6",
    "two_or_more": "7",
}
ENTRIES = {
    "new": "1",
    "continues": "E1",
    "transfer_in_state": "R2",
    "transfer_from_out": "4",
    "reentry": "R9",
}
SAU = "91"
COMPLETED = "3"  # the promoted indicator
EXITS = {  # exit code, promoted indicator, diploma type
    "": ("", "1", ""),
    "graduates": ("W7", COMPLETED, "1"),
    "adult_diploma": ("W7", COMPLETED, "5"),
    "other_credential": ("W7", COMPLETED, "4"),
    "ged_program": ("W13", "", ""),
    "drops_out": ("W9", "", ""),
    "unknown": ("W11", "", ""),
    "moves_in_state": ("W2", "", ""),
    "other_state": ("W5", "", ""),
    "emigrates": ("W5", "", ""),
    "private_in_state": ("W3", "", ""),
    "private_elsewhere": ("W3", "", ""),
    "home_school": ("W6", "", ""),
    "dies": ("W8", "", ""),
    "early_college": ("W14", "", ""),
}
HEADED_YEAR = 2013
LONG_AGO = 10  # years before the year of which a few rows are repeated as wrong
HEADINGS = (  # which the state asks to remove
    "SASID,DOB,RACE,ENROLLMENT STATUS,SAUNBR,DISTNBR,SCHOOLNBR,TOWN RESPONSIBLE,"
    "DISTRICT RESPONSIBLE,GRADE,FULL DAY PCT,ENTRY DATE,ENTRY CODE,EXIT DATE,EXIT CODE,"
    "HALF DAYS IN ATTENDANCE,HALF DAYS ABSENT,PROMOTED INDICATOR,DIPLOMA TYPE,"
    "POST GRAD PLANS,ORIG GRAD YEAR,DAYS SUSPENDED IS,DAYS SUSPENDED OS,SEX,"
    "FREE OR REDUCED,ENGLISH LEARNER,SPECIAL EDUCATION"
)


def deliveries(world: World) -> Iterator[Delivery]:
    """A file for each school year, of the two districts of one SAU."""
    here = [student for student in students(world.seed) if student.state == STATE]
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        rows = [
            spell_row(student, n, spell)
            for student in here
            for n, spell in enumerate(student.spells)
            if spell.year == year
        ]
        path = f"nh_i4see/sau{SAU}_eoy_enrollment_{year_label(year)}.csv"
        good = Delivery(path, as_csv(rows, "\r\n"), [], [])
        yield headed(good) if year == HEADED_YEAR else good
        if year == LAST_YEAR:
            yield faulty(rows, year)


def spell_row(student: Student, n: int, spell: Spell) -> list[str]:
    """One stay; a stay that ends has its own half days."""
    absent = round(2 * student.absences[spell.year, n])
    leaves, promoted, diploma = EXITS[spell.stay.why]
    last_day = day(spell.last_day)
    if promoted == COMPLETED and spell.stay.leaves == "june":
        # Whoever completes at the end of the year has no exit.
        leaves = last_day = ""
    number = spell.school.lea_code
    who = [student.state_id, day(student.birth_date), RACES[student.race], "1"]
    place = [SAU, number, spell.school.state_code, "21", number]
    when = [day(spell.first_day), ENTRIES[spell.stay.comes], last_day]
    days = [str(2 * len(spell.days) - absent), str(absent)]
    plans = [promoted, diploma, "", str(student.cohort), "0", "0"]
    flags = ["Y" if need in student.needs[spell.year] else "N" for need in NEEDS]
    grade = [str(spell.stay.grade), "100"]
    sex = student.sex[0].upper()
    return [*who, *place, *grade, *when, leaves, *days, *plans, sex, *flags]


def day(when: date | None) -> str:
    """A day without zeroes in front."""
    return f"{when.month}/{when.day}/{when.year}" if when else ""


def headed(good: Delivery) -> Delivery:
    """A header that should not be there."""
    rows = [text.split(",") for text in good.content.decode("ascii").splitlines()]
    fault = Fault(good.path, 1, "header_not_removed", "row quarantined")
    content = as_csv([HEADINGS.split(","), *rows], "\r\n")
    return good._replace(content=content, faults=[fault])


def faulty(rows: list[list[str]], year: int) -> Delivery:
    """Pupils of grade 5, long before the years of any rate, a few of them wrong."""
    path = f"nh_i4see/sau{SAU}_eoy_enrollment_{year_label(year - LONG_AGO)}.csv"
    rows = [
        [*row[:9], "5", *row[10:14], row[13] and "W2", *row[15:17], "1", "", *row[19:]]
        for row in rows[:60]
    ]
    short_id, backwards, unknown, days = (list(row) for row in rows[:4])
    short_id[0] = short_id[0][:8]
    for row in (backwards, unknown, days):
        row[0] = nobody(row[0])
    backwards[11:15] = ["10/7/2014", "1", "10/2/2014", "W9"]
    unknown[11:15] = ["10/7/2014", "1", "10/9/2014", "W16"]
    days[11:17] = ["10/7/2014", "1", "", "", "390", "15"]
    added = {
        "short_student_id": short_id,
        "exit_before_entry": backwards,
        "unknown_exit_code": unknown,
        "more_days_than_in_session": days,
        "duplicate_row": rows[5],
    }
    faults = [
        Fault(path, len(rows) + n, what, expected(what))
        for n, what in enumerate(added, start=1)
    ]
    content = as_csv([*rows, *added.values()], "\r\n")
    return Delivery(path, years_ago(content, LONG_AGO), [], faults)


def expected(what: str) -> str:
    """What becomes of a row with a fault."""
    return "row dropped as duplicate" if what == "duplicate_row" else "row quarantined"
