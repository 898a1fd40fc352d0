"""A OneRoster 1.1 export of one school: who is on the roll, and nothing of why.

Students of the last school year of the extracts, in the first Connecticut school, which
sends the consortium's template as well.
"""

from collections.abc import Iterator

from records import Delivery, Fault, as_csv
from students import (
    LAST_YEAR,
    STATES,
    SampleSchool,
    Spell,
    Student,
    sample_schools,
    session_days,
    students,
)
from world import World

STAMP = "2015-06-15T06:00:00.000Z"
ORGS = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"
SESSIONS = (
    "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,"
    "schoolYear"
)
USERS = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,"
    "givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,"
    "password"
)
ENROLLMENTS = (
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,"
    "role,primary,beginDate,endDate"
)
DEMOGRAPHICS = (
    "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,"
    "asian,blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,"
    "demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,"
    "stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus"
)
RACES = (
    *("american_indian", "asian", "black", "pacific_islander", "white"),
    *("two_or_more", "hispanic"),
)
ACTIVE = ("active", STAMP)
TEACHER = "STAFF-7715042"
TEACHER_NAME = ("Wrozzivar", "Tharnquell")


def deliveries(world: World) -> Iterator[Delivery]:
    """The five files that are read, and the manifest that no contract asks for."""
    school = sample_schools()[STATES[0]][0]
    here = [
        (student, spell)
        for student in students(world.seed)
        for spell in student.spells
        if (spell.school, spell.year) == (school, LAST_YEAR)
    ]
    org, lea = f"ORG-{school.state_code}", f"ORG-{school.lea_code}"
    days = session_days(LAST_YEAR)
    yield table(
        "orgs",
        ORGS,
        [
            [lea, *ACTIVE, school.leanm.title(), "district", school.lea_code, ""],
            [org, *ACTIVE, school.schnam, "school", known_by(school), lea],
        ],
    )
    year = ["2014-2015", "schoolYear", days[0], days[-1], "", LAST_YEAR]
    yield table("academicSessions", SESSIONS, [["TERM-2015", *ACTIVE, *year]])
    people = [user(org, student, spell) for student, spell in here]
    yield table("users", USERS, [staff(org), *people])
    rows = [enrollment(org, n, *one) for n, one in enumerate(here, start=2)]
    yield with_fault(table("enrollments", ENROLLMENTS, [teaching(org), *rows]))
    yield table("demographics", DEMOGRAPHICS, [person(student) for student, _ in here])


def table(name: str, header: str, rows: list[list[object]]) -> Delivery:
    """One file of the set."""
    content = as_csv([header.split(","), *rows], "\r\n")
    return Delivery(f"oneroster/{LAST_YEAR}/{name}.csv", content, [], [])


def known_by(school: SampleSchool) -> str:
    """The consortium's identifier of a school: its state and the state's code."""
    return f"{school.state}-{school.state_code}"


def staff(org: str) -> list[object]:
    """The account of a teacher, who has no state id."""
    known = [TEACHER, *ACTIVE, "true", org, "teacher", TEACHER, ""]
    return [*known, *TEACHER_NAME, "", "", "", "", "", "", "", ""]


def user(org: str, student: Student, spell: Spell) -> list[object]:
    """The account of one student; the state's id is its identifier."""
    name = [student.first_name, student.last_name, ""]
    contact = [student.state_id, f"{student.local_id}@school.invalid", "", "", ""]
    known = [f"{student.local_id}", *ACTIVE, "true", org, "student"]
    login = f"{student.local_id}"
    return [*known, login, "", *name, *contact, f"{spell.stay.grade:02}", ""]


def enrollment(org: str, n: int, student: Student, spell: Spell) -> list[object]:
    """The homeroom of one student, from the first day to the last."""
    room = f"HOMEROOM-{spell.stay.grade:02}"
    last = spell.last_day or session_days(spell.year)[-1]
    known = [f"E-{n}", *ACTIVE, room, org, student.local_id]
    return [*known, "student", "true", spell.first_day, last]


def teaching(org: str) -> list[object]:
    """The row of a teacher, who is no student."""
    room = ["E-1", *ACTIVE, "HOMEROOM-12", org, TEACHER]
    return [*room, "teacher", "true", "", ""]


def person(student: Student) -> list[object]:
    """Birth date, sex and the flags of race."""
    flags = ["true" if student.race == race else "false" for race in RACES]
    born = student.birth_date.isoformat()
    return [student.local_id, *ACTIVE, born, student.sex, *flags, "", "", "", ""]


def with_fault(good: Delivery) -> Delivery:
    """The enrolments with one row more that ends before it begins."""
    rows = [text.split(",") for text in good.content.decode("ascii").splitlines()]
    backwards = rows[2][:8] + ["2014-10-14", "2014-10-01"]
    backwards[0] += "-1"
    what = Fault(good.path, len(rows) + 1, "roster_ends_early", "row quarantined")
    return good._replace(content=as_csv([*rows, backwards], "\r\n"), faults=[what])
