"""What the National Student Clearinghouse returns about the graduates of each school.

StudentTracker detail: a row a term and a row a degree, one bare row for a student who
was not found. The file says nothing of students who withhold their records; a small
file beside it tells how many there are.
"""

from collections.abc import Iterator
from datetime import date
from random import Random

from college import COLLEGES, SEARCHED, Graduate, Term, graduates, term_days
from edsight import year_label
from records import Delivery, Fault, as_csv, nobody
from students import STATES, SampleSchool, sample_schools
from world import World

HEADER = (
    *("Your Unique Identifier", "First Name", "Middle Initial", "Last Name"),
    *("Name Suffix", "Requester Return Field", "Record Found Y/N", "Search Date"),
    *("College Code/Branch", "College Name", "College State", "2-year / 4-year"),
    *("Public / Private", "Enrollment Begin", "Enrollment End", "Enrollment Status"),
    *("Class Level", "Enrollment Major 1", "Enrollment CIP 1", "Enrollment Major 2"),
    *("Enrollment CIP 2", "Graduated?", "Graduation Date", "Degree Title"),
    *("Degree Major 1", "Degree CIP 1", "Degree Major 2", "Degree CIP 2"),
    *("Degree Major 3", "Degree CIP 3", "Degree Major 4", "Degree CIP 4"),
    "College Sequence",
)
BLOCKED = ("state", "school_id_state", "school_year", "graduates_sent", "blocked")
TITLES = {"2": "ASSOCIATE IN ARTS", "4": "BACHELOR OF SCIENCE"}
FAULTY = ("ME", 2014)


def deliveries(world: World) -> Iterator[Delivery]:
    """A return for each state and year of graduation, and a state's blocked counts."""
    for state in STATES:
        known = [g for g in graduates(world.seed) if g.student.state == state]
        for year in SEARCHED:
            sent = [graduate for graduate in known if graduate.year == year]
            rows = [row for graduate in sent for row in detail(graduate)]
            path = f"nsc/student_tracker_{state.lower()}_{year}.csv"
            good = Delivery(path, as_csv([HEADER, *rows], "\r\n"), [], [])
            yield with_faults(good) if (state, year) == FAULTY else good
        lines = [
            blocked(school, year, known)
            for school in sample_schools()[state]
            for year in SEARCHED
        ]
        path, faults = f"nsc/blocked_counts_{state.lower()}.csv", []
        if state == FAULTY[0]:
            # Of a year that has no graduates.
            lines.append([*lines[0][:2], "2011-12", 4, 9])
            what = "more_blocked_than_sent"
            faults = [Fault(path, 1 + len(lines), what, "row quarantined")]
        yield Delivery(path, as_csv([BLOCKED, *lines]), [], faults)


def blocked(school: SampleSchool, year: int, known: list[Graduate]) -> list[object]:
    """How many graduates of a school were asked about, and how many are blocked."""
    sent = [g.name for g in known if (g.school, g.year) == (school, year)]
    place = [school.state, school.state_code, year_label(year)]
    return [*place, len(sent), sent.count("blocked")]


def detail(graduate: Graduate) -> list[list[str]]:
    """The rows of one graduate, in the order of time."""
    searched = SEARCHED[graduate.year]
    rows = sorted(dated_rows(graduate))
    known = [(college, cells) for begin, college, cells in rows if begin <= searched]
    if not known:
        return [[*who(graduate, "N"), *[""] * (len(HEADER) - 8)]]
    found, seen = [], []
    for college, cells in known:
        first = college not in seen
        seen += [college] * first
        sequence = str(len(seen)) if first else ""
        found.append([*who(graduate, "Y"), *COLLEGE_CELLS[college], *cells, sequence])
    return found


def who(graduate: Graduate, is_found: str) -> list[str]:
    """The cells about the student; the id comes back with a line below behind."""
    student = graduate.student
    name = [student.first_name.upper(), "", student.last_name.upper(), ""]
    searched = f"{SEARCHED[graduate.year]:%Y%m%d}"
    school = f"{student.state} {graduate.school.state_code}"
    return [f"{student.state_id}_", *name, school, is_found, searched]


COLLEGE_CELLS = {
    level: [code, name, state, f"{level[0]}-year", kind]
    for level, (code, name, state, kind) in COLLEGES.items()
}


def dated_rows(graduate: Graduate) -> Iterator[tuple[date, str, list[str]]]:
    """First day, college and cells of each term and degree."""
    for term in graduate.path.terms:
        begin, end = term_days(graduate, term)
        yield begin, term.college, term_cells(graduate, term, begin, end)
    if graduate.path.degree:
        years, month, day, college = graduate.path.degree
        when = date(graduate.year + years, month, day)
        degree = [TITLES[college[0]], "GENERAL STUDIES", "24.0102", *[""] * 6]
        yield when, college, [*[""] * 8, "Y", f"{when:%Y%m%d}", *degree]


def term_cells(graduate: Graduate, term: Term, begin: date, end: date) -> list[str]:
    """The cells of one term, which ends no later than the search."""
    rng = Random(f"{graduate.student.state_id} {begin}")
    level = rng.choice(("F", "S", "")) if term.college == "4" else ""
    days = [f"{begin:%Y%m%d}", f"{end:%Y%m%d}"]
    return [*days, term.status, level, *[""] * 4, "N", *[""] * 10]


def with_faults(good: Delivery) -> Delivery:
    """One return with two rows more that are wrong."""
    lines = good.content.decode("ascii").splitlines()
    term = next(text for text in lines[1:] if ",Y," in text and ",N," in text)
    backwards, unknown = term.split(","), term.split(",")
    backwards[13:15] = ["20151214", "20140826"]
    unknown[13:16] = ["20150114", "20150510", "Z"]
    for row in (backwards, unknown):
        row[0] = f"{nobody(row[0].rstrip('_'))}_"
    added = {"term_ends_before_it_begins": backwards, "unknown_status": unknown}
    faults = [
        Fault(good.path, len(lines) + n, what, "row quarantined")
        for n, what in enumerate(added, start=1)
    ]
    rows = [text.split(",") for text in lines] + list(added.values())
    return good._replace(content=as_csv(rows, "\r\n"), faults=faults)
