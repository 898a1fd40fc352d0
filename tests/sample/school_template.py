"""Students in the consortium's school template, from Connecticut and Maine.

A file a school holds every school year. Codes are those of CEDS.
"""

from collections import defaultdict
from collections.abc import Iterator

from edsight import year_label
from records import Delivery, Fault, as_csv, nobody
from students import NEEDS, SampleSchool, Spell, Student, sample_schools, students
from world import World

SENDERS = ("CT", "ME")
ENROLLMENT = (
    *("state", "student_id_state", "last_name", "first_name", "birth_date", "sex"),
    *("is_hispanic", "is_american_indian", "is_asian", "is_black"),
    *("is_pacific_islander", "is_white", "lea_id_state", "school_id_state"),
    *("school_year", "grade", "entry_date", "entry_type", "exit_date", "exit_type"),
    *("diploma_type", "is_economically_disadvantaged", "is_english_learner", "is_idea"),
)
KNOWN = ("state", "student_id_state", "lea_id_state", "school_id_state", "school_year")
ATTENDANCE = (*KNOWN, "days_member", "days_absent")
ASSESSMENT = (*KNOWN, "grade", "subject", "is_tested", "is_proficient")
RACES = (
    *("hispanic", "american_indian", "asian", "black", "pacific_islander", "white"),
)
ENTRIES = {
    "new": "01821",
    "continues": "01835",
    "transfer_in_state": "01822",
    "transfer_from_out": "01823",
    "reentry": "01836",
}
EXITS = {  # exit type, diploma type
    "graduates": ("01921", "00806"),
    "other_credential": ("01922", "00813"),
    "ged_program": ("73060", ""),
    "drops_out": ("01927", ""),
    "unknown": ("01931", ""),
    "moves_in_state": ("01908", ""),
    "other_state": ("01909", ""),
    "emigrates": ("01916", ""),
    "private_in_state": ("01911", ""),
    "private_elsewhere": ("01912", ""),
    "home_school": ("01918", ""),
    "dies": ("01923", ""),
    "institution": ("01917", ""),
    "early_college": ("01930", ""),
    "max_age": ("01926", ""),
}
EARLIER = {"school_year": "2001-02"}  # of which there is no rate
PUPIL = {"student_id_state": nobody("0000000000"), "grade": "05"}
DROPPED = "row dropped as duplicate"
Spells = list[tuple[Student, int, Spell]]


def deliveries(world: World) -> Iterator[Delivery]:
    """Three files for each school."""
    for state in SENDERS:
        here = [student for student in students(world.seed) if student.state == state]
        for school in sample_schools()[state]:
            known = [
                (student, n, spell)
                for student in here
                for n, spell in enumerate(student.spells)
                if spell.school == school
            ]
            yield enrollment_faults(file(school, "enrollment", enrollments(known)))
            yield attendance_faults(file(school, "attendance", attendance(known)))
            yield assessment_faults(file(school, "assessment", assessment(known)))


HEADERS = {
    "enrollment": ENROLLMENT,
    "attendance": ATTENDANCE,
    "assessment": ASSESSMENT,
}


def file(school: SampleSchool, kind: str, rows: Iterator[list[object]]) -> Delivery:
    """One file, the school years in order."""
    at = HEADERS[kind].index("school_year")
    lines = sorted(rows, key=lambda row: str(row[at]))
    path = f"nessc_students/{school.state.lower()}_{school.state_code}_student_{kind}"
    return Delivery(f"{path}.csv", as_csv([HEADERS[kind], *lines]), [], [])


def where(school: SampleSchool, year: int) -> list[str]:
    """District, school and school year."""
    return [school.lea_code, school.state_code, year_label(year)]


def enrollments(known: Spells) -> Iterator[list[object]]:
    """A row for each stay."""
    for student, _, spell in known:
        names = [student.last_name, student.first_name, student.birth_date]
        who = [student.state, student.state_id, *names, student.sex[0].upper()]
        place = [*where(spell.school, spell.year), f"{spell.stay.grade:02}"]
        entry = [spell.first_day, ENTRIES[spell.stay.comes]]
        leaves = EXITS[spell.stay.why] if spell.last_day else ("", "")
        flags = ["Y" if n in student.needs[spell.year] else "N" for n in NEEDS]
        rest = [*entry, spell.last_day or "", *leaves, *flags]
        yield [*who, *races(student), *place, *rest]


def races(student: Student) -> list[str]:
    """Hispanic of any race, then a flag for each race."""
    flags = {
        "two_or_more": {"asian", "black"},
        "hispanic": {"hispanic", "white"},
    }.get(student.race, {student.race})
    return ["Y" if race in flags else "N" for race in RACES]


def attendance(known: Spells) -> Iterator[list[object]]:
    """A row for each student and school year, however many stays."""
    days: dict[tuple[int, str], list[float]] = defaultdict(lambda: [0, 0])
    people = {student.state_id: (student, spell) for student, _, spell in known}
    for student, n, spell in known:
        there = days[spell.year, student.state_id]
        there[0] += len(spell.days)
        there[1] += student.absences[spell.year, n]
    for (year, number), (member, absent) in days.items():
        student, spell = people[number]
        place = where(spell.school, year)
        yield [student.state, number, *place, member, f"{absent:g}"]


def assessment(known: Spells) -> Iterator[list[object]]:
    """A row for each student and subject."""
    for student, _, spell in known:
        for subject, proficient in student.results.get(spell.year, {}).items():
            who = [student.state, student.state_id, *where(spell.school, spell.year)]
            tested = "N" if proficient is None else "Y"
            result = {None: "", True: "Y", False: "N"}[proficient]
            yield [*who, f"{spell.stay.grade:02}", subject, tested, result]


def enrollment_faults(good: Delivery) -> Delivery:
    """The spells of one school with a few more that are wrong."""
    if not good.path.startswith("nessc_students/ct_0316111"):
        return good
    rows = split(good)
    added = {
        "short_student_id": changed(
            rows[1],
            ENROLLMENT,
            **EARLIER,
            student_id_state="4711",
            entry_date="2001-08-28",
            exit_date="",
            exit_type="",
            diploma_type="",
        ),
        "exit_before_entry": changed(
            rows[2],
            ENROLLMENT,
            **PUPIL,
            entry_date="2009-10-05",
            exit_date="2009-09-30",
            exit_type="01927",
        ),
        "unknown_exit_type": changed(
            rows[3],
            ENROLLMENT,
            **PUPIL,
            entry_date="2009-10-05",
            exit_date="2009-10-06",
            exit_type="01900",
        ),
        "diploma_of_a_dropout": changed(
            rows[4],
            ENROLLMENT,
            **PUPIL,
            entry_date="2009-10-05",
            exit_date="2009-10-06",
            exit_type="01927",
            diploma_type="00806",
        ),
        "duplicate_row": rows[5],
    }
    return with_rows(good, rows, added)


def attendance_faults(good: Delivery) -> Delivery:
    """The days of one school with two rows more that are wrong."""
    if not good.path.startswith("nessc_students/me_1932"):
        return good
    rows = split(good)
    added = {
        "absent_more_than_member": changed(
            rows[-1],
            ATTENDANCE,
            **EARLIER,
            **PUPIL,
            days_member="170",
            days_absent="175.5",
        ),
        "days_of_no_year": changed(
            rows[-2], ATTENDANCE, **EARLIER, **PUPIL, days_member="400", days_absent="4"
        ),
    }
    return with_rows(good, rows, added)


def assessment_faults(good: Delivery) -> Delivery:
    """The tests of one school with one row more that is wrong."""
    if not good.path.startswith("nessc_students/me_1934"):
        return good
    rows = split(good)
    untested = {"is_tested": "N", "is_proficient": "Y", **EARLIER, **PUPIL}
    added = {"proficient_untested": changed(rows[-1], ASSESSMENT, **untested)}
    return with_rows(good, rows, added)


def split(good: Delivery) -> list[list[str]]:
    """The rows of a file whose cells hold no comma."""
    return [text.split(",") for text in good.content.decode("ascii").splitlines()]


def changed(row: list[str], header: tuple[str, ...], **cells: str) -> list[str]:
    """The same row with a few other cells."""
    return [cells.get(name, cell) for name, cell in zip(header, row, strict=True)]


def with_rows(
    good: Delivery, rows: list[list[str]], added: dict[str, list[str]]
) -> Delivery:
    """The file with rows behind, each of them one fault."""
    faults = [
        Fault(good.path, len(rows) + n, what, expected(what))
        for n, what in enumerate(added, start=1)
    ]
    content = as_csv([*rows, *added.values()])
    return good._replace(content=content, faults=faults)


def expected(what: str) -> str:
    """What becomes of a row with a fault."""
    return DROPPED if what == "duplicate_row" else "row quarantined"
