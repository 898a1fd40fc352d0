"""Vermont's head counts: the file with codes, and the printed report without any.

The report has the state's layout as a workbook and as its csv twin: names where they
change, columns without a header, blanks for no students, commas at the thousands.
"""

from collections import Counter
from collections.abc import Iterator
from random import Random

import vt_rates
from records import Delivery, Fault, HeadCount, as_csv
from workbook import xlsx
from world import School, World

COUNTED = (2013, 2014, 2015)  # in the one file with codes
WORKBOOKS = (2014, 2015)
TWINS = (2013, 2014)  # of 2012-13 there is no workbook
COUNT_HEADER = (
    *("Fiscal Year", "SUID", "SUName", "ORGID", "OrgName", "Enrollment"),
    *("Concat", "K12FTE", "TotStaffFTE", "VCFlag"),
)
HEADINGS = {  # the grade of each column of the report
    "PK": "PK/EEE", "KP": "K Part", "KF": "K Full", "01": "1st", "02": "2nd",
    "03": "3rd", "04": "4th", "05": "5th", "06": "6th", "07": "7th", "08": "8th",
    "09": "9th", "10": "10th", "11": "11th", "12": "12th", "AW": "AW", "PG": "PD",
    "all": "Total",
}  # fmt: skip
# Where the columns stand among merged cells: B, G, H, L, then M on with gaps.
COUNTY, UNION, DISTRICT, NAME, WIDTH = 1, 6, 7, 11, 39
PLACES = (12, 13, 16, 17, 18, 19, 20, 24, 25, 26, 27, 30, 32, 33, 35, 36, 37, 38)
AT = dict(zip(HEADINGS, PLACES, strict=True))
NOTE = (
    "Note: The enrollment for independent schools including Alder Academy do not "
    "appear in this report."
)
# No file with codes prints this name, so that nobody knows which school it is.
RENAMED = {"Two Rivers Academy": "Two Rivers UHSD #94 (School)"}
ALL_GRADES = "Middle Gore High School"  # teaches from kindergarten on
LOST_CODE = (2015, "PS905")  # printed as 905
LETTER_O = (2015, "PS903", "10")  # a letter among the digits of this cell
Grades = Counter[str]


def deliveries(world: World) -> Iterator[Delivery]:
    """Head counts here, rates from vt_rates."""
    yield head_count(world)
    for year in WORKBOOKS:
        yield workbook(world, year)
    for year in TWINS:
        yield twin(world, year)
    yield from vt_rates.deliveries(world)


def enrolled(school: School, year: int) -> Grades:
    """Students by grade of one school."""
    draw = Random(f"vt enrolment {school.ncessch} {year}")
    size, grades = int(school.size), Grades()
    for grade in ("09", "10", "11", "12"):
        grades[grade] = size + draw.randint(-5, 5)
    if school.schnam == ALL_GRADES:
        for grade in list(HEADINGS)[:11]:
            grades[grade] = 0 if grade == "KP" else size // 2 + draw.randint(-3, 3)
    grades["AW"] = draw.choice((0, 0, 1))
    grades["all"] = grades.total()
    return grades


def union_preschool(school: School, year: int) -> Grades:
    """The children whom a supervisory union itself serves."""
    count = Random(f"vt preschool {school.ncessch} {year}").randint(8, 40)
    return Grades({"PK": count, "all": count})


# --- the file with codes ---


def head_count(world: World) -> Delivery:
    """Kindergarten to grade 12 of several years, schools and unions' offices."""
    path, rows, heads, faults = "vt_enrollment/K12headcount_school.csv", [], [], []
    for year in COUNTED:
        for school in world.open_in(year, "VT"):
            rows.append(count_row(school, year, office=True))
            rows.append(count_row(school, year))
            if (year, school.state_code) == LOST_CODE:
                rows[-1][3] = school.state_code[2:]
                why = "row quarantined: the code lost its letters"
                faults.append(Fault(path, len(rows) + 1, "lost_code", why))
            else:
                heads.append(counted(school, year))
    return Delivery(path, as_csv([COUNT_HEADER, *rows]), [], faults, tuple(heads))


def count_row(school: School, year: int, office: bool = False) -> list[object]:
    """One organisation; an office has staff and no students of its own."""
    code, name = union(school)
    org = (code, name) if office else (school.state_code, school.schnam)
    count = 0 if office else k_to_12(school, year)
    known = [f"{year - 1}-{year}", code, name, *org, count]
    return [*known, f"{org[0]}{year}", 8.8, 20.7, 0]


def counted(school: School, year: int) -> HeadCount:
    """The truth of a school's row."""
    place = (union(school)[0], school.ncessch, school.state_code, school.schnam)
    count = str(k_to_12(school, year))
    return HeadCount("vt", "head_count", "VT", *place, year, "KG-12", "all", count)


def k_to_12(school: School, year: int) -> int:
    """All but preschool, adults and postgraduates."""
    grades = enrolled(school, year)
    return grades["all"] - grades["PK"] - grades["AW"] - grades["PG"]


def union(school: School) -> tuple[str, str]:
    """Code and name of the school's supervisory union."""
    return f"SU{school.state_code[2:]}", f"{school.schnam.split()[0]} SU"


# --- the printed report ---


def workbook(world: World, year: int) -> Delivery:
    """The report as a workbook; .xlsx here, .xls at the state."""
    path = f"vt_enrollment/Enrollment Report {year - 1}-{year}.xlsx"
    rows, heads, faults = report(world, year, "enrollment_report", path)
    content = xlsx({"Enrollment Report": rows})
    return Delivery(path, content, [], faults, tuple(heads))


def twin(world: World, year: int) -> Delivery:
    """The same as csv in the spreadsheet's code page, counted where it is alone."""
    path = f"vt_enrollment/Enrollment Report {year - 1}-{year}.csv"
    rows, heads, faults = report(world, year, "enrollment_report_csv", path)
    cells = [[*row, *[""] * (WIDTH - len(row))] for row in rows]
    content = as_csv(cells, encoding="cp1252")
    alone = tuple(heads) if year not in WORKBOOKS else ()
    return Delivery(path, content, [], faults, alone)


def report(
    world: World, year: int, extract: str, path: str
) -> tuple[list[list[str]], list[HeadCount], list[Fault]]:
    """The rows of the report, the truth of its cells, and the planted faults."""
    schools = world.open_in(year, "VT")
    counts = {s: enrolled(s, year) for s in schools}
    own = {s: union_preschool(s, year) for s in schools}
    state = added([*counts.values(), *own.values()])
    rows = [*head(year), placed({NAME: "Statewide Total"}, state)]
    heads, faults = cells(extract, None, year, state), []
    for county, members in (("Gore", schools[:3]), ("Reach", schools[3:])):
        for school in members:
            first = {COUNTY: f"{county} County"} if school is members[0] else {}
            rows += school_rows(school, first, own[school], counts[school])
            heads += cells(extract, school, year, counts[school])
            if (year, school.state_code) == LETTER_O[:2]:
                rows[-1][AT[LETTER_O[2]]] = "2O4"
                heads = [h for h in heads if not is_letter_o(h)]
                why = "cell quarantined: a letter among its digits"
                faults.append(Fault(path, len(rows), "letter_in_count", why))
        part = added([c for s in members for c in (own[s], counts[s])])
        rows.append(placed({NAME: "County Total"}, part))
    return [*rows, [], ["", "", NOTE]], heads, faults


def is_letter_o(head: HeadCount) -> bool:
    """Whether this is the cell that nobody can read."""
    where = (head.school_year, head.school_id_state, head.grade)
    return where == LETTER_O


def head(year: int) -> list[list[str]]:
    """Title, year, links and the two header rows."""
    blank: list[str] = []
    gap = "\u00a0" * 15
    names = f"County{gap}SU/SD{gap}Operating\u00a0District{gap}School\u00a0Name"
    headings = placed({}, Grades())
    for grade, heading in HEADINGS.items():
        headings[AT[grade]] = heading
    return [
        *(blank, blank, ["Enrollment Report"], blank, blank, ["Export to Excel"]),
        ["", f"School Year  {year - 1}-{year}"],
        *(blank, blank, ["", "School Report"], blank, ["", names], blank, headings),
    ]


def school_rows(
    school: School, first: dict[int, str], own: Grades, counts: Grades
) -> list[list[str]]:
    """The union's own students, then the school; the union's name is printed once."""
    name = union(school)[1]
    printed = RENAMED.get(school.schnam, school.schnam)
    return [
        placed({**first, UNION: name, DISTRICT: name, NAME: name}, own),
        placed({DISTRICT: school.leanm, NAME: printed}, counts),
    ]


def placed(names: dict[int, str], counts: Grades) -> list[str]:
    """A row of the report: a blank where there are no students."""
    row = [""] * WIDTH
    for grade, at in AT.items():
        row[at] = f"{counts[grade]:,}" if counts[grade] else " "
    for at, name in names.items():
        row[at] = name
    return row


def cells(
    extract: str, school: School | None, year: int, counts: Grades
) -> list[HeadCount]:
    """The truth of one row; a school of a name that nothing explains has no code."""
    place = ("", "", "", "")
    if school:
        printed = RENAMED.get(school.schnam)
        ids = ("", "") if printed else (school.ncessch, school.state_code)
        place = ("", *ids, printed or school.schnam)
    return [
        HeadCount("vt", extract, "VT", *place, year, grade, "all", str(counts[grade]))
        for grade in HEADINGS
        if counts[grade]
    ]


def added(parts: list[Grades]) -> Grades:
    """The sum of head counts, grade by grade."""
    return sum(parts, Grades())
