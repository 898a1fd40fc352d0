"""The files that a Vermont supervisory union sends at the end of a school year.

Layout: the state's specification of the collection. A spell that goes on keeps its
first day over the years; a student who stays has no last day; who is promoted has two
rows of grades in one year.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from records import Delivery, Fault, as_csv, nobody, years_ago
from students import FIRST_YEAR, LAST_YEAR, Spell, Student, students
from world import World

IDENTITY = "ADMINID,ENRORGID,LCLSTUNUM,PERMNUMBER,FNAME,MNAME,LNAME,POSTNAME,DOB,GENDER"
ENROLLMENT = (
    "ADMINID,ENRORGID,PERMNUMBER,ETHNO,RACE_AMI,RACE_ASI,RACE_AFA,RACE_NAT,RACE_WHT,"
    "ADMINSTAT,ENTRYTYPE,ENRBEGDATE,ENRENDDATE,EXITTYPE,NEWENRORGID,SS504,EST,NSLELG,"
    "HOMELESS,MKSERVICE,UNYOUTH,NTRESNO,DUAL_ENR,T1SERVICES,IST1RLA,IST1MATH,"
    "IST1SCIENCE,IST1SOCIAL,IST1VOC,IST1OTHER,SST1HEALTH,SST1GUID,SST1OTHER"
)
GRADES = "ADMINID,ENRORGID,PERMNUMBER,GRADE,GRADEBEGIN,GRADEEND"
ATTENDANCE = (
    "ADMINID,ENRORGID,PERMNUMBER,ATTEVENTDATE,DAILY_STATUS,ATTENTYPEID,ABSCATID,"
    "DSID_VALUE"
)
DAILY = (2014, 2015)  # a row for each day of each student: two years are enough
ENTRIES = {
    "new": "06",
    "continues": "06",
    "transfer_in_state": "01",
    "transfer_from_out": "03",
    "reentry": "07",
}
EXITS = {
    "graduates": "08",
    "other_credential": "09",
    "ged_program": "18",
    "drops_out": "14",
    "unknown": "15",
    "moves_in_state": "01",
    "other_state": "04",
    "emigrates": "04",
    "private_in_state": "03",
    "private_elsewhere": "04",
    "home_school": "06",
    "dies": "11",
    "institution": "05",
    "early_college": "19",
}
RACE_COLUMNS = ("american_indian", "asian", "black", "pacific_islander", "white")
FAULTY_YEAR, LONG_AGO = 2013, 10  # of whose rows a few are repeated as wrong
DROPPED = "row dropped as duplicate"


def deliveries(world: World) -> Iterator[Delivery]:
    """Four files a school year; daily attendance in the last two."""
    here = [student for student in students(world.seed) if student.state == "VT"]
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        now = [
            (student, n, spell)
            for student in here
            for n, spell in enumerate(student.spells)
            if spell.year == year
        ]
        yield file(year, "0_Student_Identity", IDENTITY, identities(now))
        yield file(year, "4_PS_Enroll", ENROLLMENT, enrollments(now))
        if year == FAULTY_YEAR:
            ago = year - LONG_AGO
            yield faulty(file(ago, "4_PS_Enroll", ENROLLMENT, enrollments(now)), ago)
        yield file(year, "5_PS_GradeProg", GRADES, grades(now))
        if year in DAILY:
            yield file(year, "7_PS_Att", ATTENDANCE, attendance(now))


Spells = list[tuple[Student, int, Spell]]


def file(year: int, name: str, header: str, rows: Iterator[list[str]]) -> Delivery:
    """One file; every row ends with the school year."""
    lines = [[*row, str(year)] for row in rows]
    content = as_csv([[*header.split(","), "SY"], *lines], "\r\n")
    return Delivery(f"vt_sis/{year}/04_{name}.csv", content, [], [])


def ids(student: Student, spell: Spell) -> list[str]:
    """Supervisory union, school, student."""
    return [spell.school.lea_code, spell.school.state_code, student.state_id]


def day(when: date | None, padded: bool = True) -> str:
    """A day as the layout writes it; zeroes are left out in places."""
    if when is None:
        return ""
    return f"{when:%m/%d/%Y}" if padded else f"{when.month}/{when.day}/{when.year}"


def born(student: Student) -> str:
    """The birth date as written, the same in every file of the layout."""
    return day(student.birth_date, padded=student.sex == "male")


def identities(now: Spells) -> Iterator[list[str]]:
    """A row for each student and school."""
    seen = set()
    for student, _, spell in now:
        if (student.state_id, spell.school) not in seen:
            seen.add((student.state_id, spell.school))
            union, school, number = ids(student, spell)
            known = [union, school, student.local_id, number]
            names = [student.first_name, "", student.last_name, ""]
            yield [*known, *names, born(student), student.sex[0].upper()]


def enrollments(now: Spells) -> Iterator[list[str]]:
    """A row for each spell."""
    for student, n, spell in now:
        first = begun(student, n)
        entry = ENTRIES[first.stay.comes]
        days = [day(first.first_day), day(spell.last_day)]
        leaves = EXITS[spell.stay.why] if spell.last_day else ""
        lunch = meals(student, spell.year)
        start = [*ids(student, spell), *races(student), "01", entry]
        rest = ["N"] * 2 + ["", "N", "N"] + ["N"] * 9
        yield [*start, *days, leaves, "", "N", "N", lunch, *rest, ""]


def begun(student: Student, n: int) -> Spell:
    """The spell in which the stay in this school began without a break."""
    while student.spells[n].stay.comes == "continues":
        n -= 1
    return student.spells[n]


def races(student: Student) -> list[str]:
    """Ethnicity and the five flags; two of them for two or more races."""
    flags = {student.race}
    if student.race == "two_or_more":
        flags = {"white", "asian"}
    ethnicity = "1" if student.race == "hispanic" else "2"
    return [ethnicity, *("Y" if race in flags else "N" for race in RACE_COLUMNS)]


def meals(student: Student, year: int) -> str:
    """The code of eligibility for free or reduced-price meals."""
    if "ed" not in student.needs[year]:
        return "96"
    return "01" if student.lunch == "free_lunch" else "02"


def grades(now: Spells) -> Iterator[list[str]]:
    """The grade of the year, and for the promoted who stay the next one."""
    for student, n, spell in now:
        who, first = ids(student, spell), spell.first_day
        promoted = spell.last_day is None and goes_up(student, n)
        end = date(spell.year, 6, 30) if promoted else spell.last_day
        yield [*who, f"{spell.stay.grade:02}", day(first), day(end, padded=False)]
        if promoted:
            after = date(spell.year, 7, 1)
            yield [*who, f"{spell.stay.grade + 1:02}", day(after, padded=False), ""]


def goes_up(student: Student, n: int) -> bool:
    """Whether the school promotes the student at the end of the year."""
    stays = student.history.stays
    if n + 1 < len(stays):
        return stays[n + 1].grade > stays[n].grade
    return stays[n].grade < 12


def attendance(now: Spells) -> Iterator[list[str]]:
    """A row for each day, two for a day that is part absence.

    Half a day missed is a day absent, a quarter is none, and a day on which the student
    was not expected is neither.
    """
    for student, n, spell in now:
        absent = student.absences[spell.year, n]
        rng = Random(f"{student.state_id} {spell.year} {n}")
        away = rng.sample(spell.days, int(absent + 0.5))
        missed = dict.fromkeys(away, 1.0) | ({away[-1]: 0.5} if absent % 1 else {})
        late = rng.choice(spell.days)
        missed |= {} if late in away else {late: 0.25}
        who = ids(student, spell)
        for when in spell.days:
            yield from parts(who, when, missed.get(when, 0), rng)
        saturday = spell.days[0] + timedelta(5 - spell.days[0].weekday())
        yield [*who, day(saturday), "ABS", "FT", "SNE", "1"]


def parts(
    who: list[str], when: date, missed: float, rng: Random
) -> Iterator[list[str]]:
    """The rows of one day: what was missed of it, and what was not."""
    if missed:
        reason = rng.choice(("EA", "UA", "SUS"))
        yield [*who, day(when), "ABS", "FT", reason, f"{missed:g}"]
    if missed < 1:
        yield [*who, day(when), "PRS", "FT", "", f"{1 - missed:g}"]


def faulty(good: Delivery, year: int) -> Delivery:
    """Pupils long before the years of any rate, a few rows of them wrong."""
    lines = good.content.decode("ascii").splitlines()[:60]
    lines = [
        f"{text.rsplit(',', 1)[0]},{year}" if n else text
        for n, text in enumerate(lines)
    ]
    lines = [
        re.sub(r"(,[0-9/]{10},[0-9/]{10}),\d+,", r"\1,01,", text) for text in lines
    ]
    short_id = lines[1].split(",")
    short_id[2] = short_id[2][:6]
    backwards = lines[2].split(",")
    backwards[11:14] = ["09/30/2012", "09/03/2012", "14"]
    unknown = lines[3].split(",")
    unknown[11:14] = ["09/10/2012", "09/21/2012", "10"]
    backwards[2], unknown[2] = nobody(backwards[2]), nobody(unknown[2])
    added = {
        "short_student_id": short_id,
        "exit_before_entry": backwards,
        "unknown_exit_type": unknown,
    }
    faults = [
        Fault(good.path, len(lines) + n, what, "row quarantined")
        for n, what in enumerate(added, start=1)
    ]
    faults.append(Fault(good.path, len(lines) + 4, "duplicate_row", DROPPED))
    rows = [text.split(",") for text in lines] + [*added.values(), lines[4].split(",")]
    content = years_ago(as_csv(rows, "\r\n"), LONG_AGO)
    return good._replace(content=content, faults=faults)
