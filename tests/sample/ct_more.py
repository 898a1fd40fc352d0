"""Connecticut's other exports: enrolment, absence, assessments, districts, the portal.

Layouts were read off the state's files of 2007-08 to 2019-20 and its export of 2023-24.
The world knows classes, not whole schools: who is enrolled, absent and proficient is
drawn here, from strings of its own, so that no other file's bytes depend on it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from random import Random
from typing import NamedTuple

import edsight
from edsight import ID_COLUMNS, Place, line, printed_rate, quoted, year_label
from records import Delivery, Fault, HeadCount, Outcome
from workbook import xlsx
from world import MIXES, RACES, School, World

YEARS = (2014, 2015)
HIGH = {f"Grade {n}": f"{n:02}" for n in range(9, 13)}
LOW = {"Pre-Kindergarten": "PK", "Kindergarten": "KG"}
LOW |= {f"Grade {n}": f"{n:02}" for n in range(1, 9)}
RACE = {
    "American Indian or Alaska Native": "american_indian",
    "Asian": "asian",
    "Black or African American": "black",
    "Hispanic/Latino of any race": "hispanic",
    "Native Hawaiian or Other Pacific Islander": "pacific_islander",
    "Two or More Races": "two_or_more",
    "White": "white",
}
EXPORTED_RACE = {
    label.replace("/Latino of any race", " or Latino"): group
    for label, group in RACE.items()
}
# Wide tables by the end of the file's name: extract, title, grade and group by header.
Columns = dict[str, tuple[str, str]]
TOTAL: Columns = {"Total": ("all", "all")}
TABLES: dict[str, tuple[str, str, Columns]] = {
    "all-students": ("enrollment", "Year", {"Count": ("all", "all")}),
    "grade": (
        "enrollment",
        "Grade",
        {label: (grade, "all") for label, grade in (LOW | HIGH).items()} | TOTAL,
    ),
    "race": (
        "enrollment",
        "Race",
        {label: ("all", group) for label, group in RACE.items()} | TOTAL,
    ),
    "ell": (
        "enrollment_status",
        "English Learner Status",
        {"No": ("all", "non_el"), "Yes": ("all", "el")} | TOTAL,
    ),
}
TAKERS = ("Total Numberof Students", "Total NumberTested")
SCORED = "Total Number with Scored Tests"
SBAC_LEVELS = {  # super-header: header; the web page's line breaks are lost in both
    "Level 1Not Met": "Level 1 Not Met  Count",
    "Level 2Approaching": "Level 2 Approaching  Count",
    "Level 3Met": "Level 3 Met  Count",
    "Level 4Exceeded": "Level 4 Exceeded  Count",
    "Level 3&4Met or Exceeded": "Level 3&4 Met or Exceeded Count",
}
SCIENCE_LEVELS = dict.fromkeys(
    ("Below Basic", "Basic", "Proficient", "Goal", "Advanced", "At or Above Goal"),
    "Count",
)
STATE = ["State of Connecticut"]
ALL = ", All Students"
ONE_RATE = ("% Chronically Absent",)
DISTRICTS = {4: (2014, 2015), 5: (2014,), 6: (2012,)}
FAULTY = "0136111"  # the school whose row is wrong where one is planted
LOST_ZEROS = ("race", 2015)
NEGATIVE_YEAR = 2015
BEYOND_100 = ("smarter_balanced", "all-grades")


class Body(NamedTuple):
    """The students of a school or of the state, by grade and by group."""

    grades: Counter[str]
    groups: Counter[str]


def deliveries(world: World) -> Iterator[Delivery]:
    """Every file of these extracts."""
    for year in YEARS:
        yield from (enrollment(world, year, name) for name in TABLES)
        yield absence(world, year)
    yield grade_by_gender(world, 2015)
    yield race_by_disability(world, 2015)
    yield trend(world)
    yield export(world, 2024)
    yield absence_by_grade(world, 2015)
    yield state_absence(world, 2015)
    for year in (2018, 2019):  # the layout changes between the two
        yield district_absence(world, year)
        yield district_absence(world, year, state=True)
    for grades in ("all-grades-combined", "all-grades"):
        yield smarter_balanced(world, 2015, grades)
    yield science(world, 2015)
    yield science(world, 2015, state=True)
    for horizon, years in DISTRICTS.items():
        yield from (district_graduation(world, horizon, year) for year in years)


# --- who is enrolled ---


@cache
def school_body(school: School, year: int) -> Body:
    """The students of one school."""
    rng, mix = Random(f"body {school.ncessch} {year}"), MIXES[school.mix]
    size = int(school.size)
    grades = Counter({g: round(size * rng.uniform(0.9, 1.1)) for g in HIGH.values()})
    number = grades.total()
    groups = Counter(rng.choices(RACES, mix.races, k=number))
    groups.update(rng.choices(("el", "non_el"), (mix.el, 1 - mix.el), k=number))
    groups.update(rng.choices(("female", "male"), k=number))
    groups["all"] = number
    return Body(grades, groups)


def body(world: World, place: Place, year: int) -> Body:
    """The students of a school, or of all and 200 more outside any school."""
    if place:
        return school_body(place, year)
    bodies = [school_body(school, year) for school in edsight.schools(world, year)]
    grades, groups = Counter(dict.fromkeys(HIGH.values(), 50)), Counter()
    groups.update(white=200, non_el=200, female=90, male=110, all=200)
    for one in bodies:
        grades.update(one.grades)
        groups.update(one.groups)
    return Body(grades, groups)


def starred(values: list[int]) -> list[str]:
    """Counts as printed: 1 to 5 is a star, and one more where a sum would tell it."""
    hidden = {at for at, value in enumerate(values) if 0 < value < 6}
    others = [(value, at) for at, value in enumerate(values) if value > 5]
    if len(hidden) == 1 and others:
        hidden.add(min(others)[1])
    return ["*" if at in hidden else str(value) for at, value in enumerate(values)]


def enrollment(world: World, year: int, name: str) -> Delivery:
    """One table of schools with the truth of its cells."""
    extract, title, columns = TABLES[name]
    path = enrollment_path(year, f"all-schools_{name}")
    rows, heads, faults = [], [], []
    for place in edsight.schools(world, year):
        cells, ids = enrolled(world, place, year, columns), edsight.ids(place)
        if (name, year, place.state_code) == (*LOST_ZEROS, FAULTY):
            ids[3] = str(int(place.state_code))
            row = 7 + len(rows)  # two rows of header below three titles and a blank
            faults = [Fault(path, row, "lost_zeros", "row quarantined")]
        else:
            heads += told(extract, place, year, columns, cells)
        rows.append(line([*ids, *cells]))
    titles = [f"Student Counts by School and {title}", "All Districts, All Schools"]
    head = [line([*ID_COLUMNS, *columns])]
    if len(columns) > 1:
        head.insert(0, over(4, [title], len(columns)))
    content = file_of([*titles, year_label(year)], head + rows)
    return Delivery(path, content, [], faults, tuple(heads))


def enrollment_path(year: int, tail: str) -> str:
    """Where the state's naming puts a table of enrolment."""
    folder = "ct_edsight/enrollment-school"
    return f"{folder}/enrollment__{year_label(year)}_{tail}.csv"


def enrolled(world: World, place: Place, year: int, columns: Columns) -> list[str]:
    """Printed counts in the order of the columns; a total is never starred here."""
    grades, groups = body(world, place, year)
    parts = [of for name, of in columns.items() if name != "Total"]
    values = [groups[group] if g == "all" else grades[g] for g, group in parts]
    return starred(values) + [str(groups["all"])] * ("Total" in columns)


def told(
    extract: str, place: Place, year: int, columns: Columns, cells: list[str]
) -> Iterator[HeadCount]:
    """What one row says; the total of a school is the one of the file of it alone."""
    for (name, of), cell in zip(columns.items(), cells, strict=True):
        if name != "Total" or extract != "enrollment":
            yield head_count((extract, place, year, *of), cell)


def head_count(key: tuple, cell: str) -> HeadCount:
    """The truth of one printed count; what is no number is hidden."""
    extract, place, *cell_of = key
    who = ("", "", "")
    if place:
        nces = place.ncessch if place.is_matched else ""
        who = (nces, place.state_code, place.school)
    status = "reported" if cell[:1].isdigit() else "suppressed"
    number = edsight.number(cell)
    return HeadCount("ct", extract, "CT", "", *who, *cell_of, number, status)


def grade_by_gender(world: World, year: int) -> Delivery:
    """The state's students by grade and gender."""
    whole, rows, heads = body(world, None, year), [], []
    for label, grade in HIGH.items():
        number = whole.grades[grade]
        values = {"female": number // 2, "male": number - number // 2, "all": number}
        rows.append(line([label, *map(str, values.values())]))
        heads += state_counts("enrollment", year, grade, values)
    values = {group: whole.groups[group] for group in ("female", "male", "all")}
    rows.append(line(["Total", *map(str, values.values())]))
    heads += state_counts("enrollment", year, "all", values)
    head = [over(1, ["Gender"], 3), line(["Grade", "Female", "Male", "Total"])]
    titles = ["Student Counts by Grade and Gender", "State of Connecticut"]
    content = file_of([*titles, year_label(year)], head + rows)
    path = enrollment_path(year, "grade-by-gender_ct")
    return Delivery(path, content, [], [], tuple(heads))


def state_counts(
    extract: str, year: int, grade: str, values: dict[str, int]
) -> Iterator[HeadCount]:
    """The state's own counts of one row, by group."""
    for group, value in values.items():
        yield head_count((extract, None, year, grade, group), str(value))


def race_by_disability(world: World, year: int) -> Delivery:
    """The state's students by race and special education status, one in seven."""
    groups, rows, sums = body(world, None, year).groups, [], Counter()
    for label, group in RACE.items():
        yes = groups[group] // 7
        values = {"non_swd": groups[group] - yes, "swd": yes, "all": groups[group]}
        sums.update(values)
        rows.append(line([label, *map(str, values.values())]))
    rows.append(line(["Total", *map(str, sums.values())]))
    values = {group: groups[group] for group in RACE.values()} | sums
    heads = tuple(state_counts("enrollment_status_state", year, "all", values))
    name = "Special Education Status"
    head = [over(1, [name], 3), line(["Race", "No", "Yes", "Total"])]
    titles = [f"Student Counts by Race and {name}", "State of Connecticut"]
    content = file_of([*titles, year_label(year)], head + rows)
    path = enrollment_path(year, "race_ethnicity-by-special-education_ct")
    return Delivery(path, content, [], [], heads)


def trend(world: World) -> Delivery:
    """The state's students by gender, one column a school year."""
    groups = {year: body(world, None, year).groups for year in YEARS}
    rows, heads = [], []
    for label, group in (("Female", "female"), ("Male", "male"), ("Total", "all")):
        values = {year: groups[year][group] for year in YEARS}
        rows.append(line([label, *map(str, values.values())]))
        for year, value in values.items():
            heads += state_counts("enrollment_trend", year, "all", {group: value})
    head = [over(1, ["YEAR"], len(YEARS)), line(["GENDER", *map(year_label, YEARS)])]
    titles = ["Student Enrollment Trend", "Student Counts by Gender and Year"]
    content = file_of([*titles, "State of Connecticut"], head + rows)
    path = "ct_edsight/enrollment-school/enrollment__trend_gender_ct.csv"
    return Delivery(path, content, [], [], tuple(heads))


def export(world: World, year: int) -> Delivery:
    """The portal's workbook: the code inside the name, a small number left empty."""
    names = ("Student Group", "District", "School", "School Year", "Student Count*")
    rows, heads = [list(names)], []
    for label, group in EXPORTED_RACE.items():
        for place in edsight.schools(world, year):
            number = body(world, place, year).groups[group]
            cell = "" if 0 < number < 6 else number
            name = f"{place.school} ({place.state_code})"
            rows.append([label, place.district, name, year_label(year), cell])
            key = ("enrollment_export", place, year, "all", group)
            heads.append(head_count(key, str(cell)))
    content = xlsx({"Results": rows, "pivot-table": [["Sum of Student Count*"]]})
    path = f"ct_edsight_export_{year}/enrollment.xlsx"
    return Delivery(path, content, [], [], tuple(heads))


# --- who is absent ---


def absence(world: World, year: int) -> Delivery:
    """Chronic absence of every school."""
    path = absence_path(year, "all-schools_all-students")
    rows, outcomes, faults = [], [], []
    for place in edsight.schools(world, year):
        part, whole = absent(world, place, year)
        cell = masked(part, whole)
        if (year, place.state_code) == (NEGATIVE_YEAR, FAULTY):
            cell = "-12.5"
            faults = [Fault(path, 5 + len(rows), "negative_absence", "row quarantined")]
        else:
            outcomes.append(chronic("chronic_absence", place, year, "all", cell))
        rows.append(line([*edsight.ids(place), cell]))
    head = line([*ID_COLUMNS, "% Chronically Absent"])
    titles = absence_titles(year, ", All Schools, All Students")
    content = file_of(titles, [head, *rows])
    return Delivery(path, content, outcomes, faults)


def absent(world: World, place: Place, year: int, grade: str = "") -> tuple[int, int]:
    """How many students missed 10 per cent of their days or more, and of how many."""
    students = body(world, place, year)
    whole = students.grades[grade] if grade else students.groups["all"]
    rng = Random(f"absence {place and place.ncessch} {year} {grade}")
    return round(whole * rng.uniform(0.03, 0.25)), whole


def masked(part: int, whole: int) -> str:
    """The rate, or a star for fewer than 6 students or a base below 20."""
    return "*" if part < 6 or whole < 20 else printed_rate(part, whole)


def chronic(extract: str, place: Place, year: int, group: str, cell: str) -> Outcome:
    """The truth of one printed rate of absence."""
    return edsight.outcome((extract, place, year, "chronic_absence_k12", group), cell)


def absence_path(year: int, tail: str, districts: bool = False) -> str:
    """Where the state's naming puts a table of absence."""
    schools = "ct_edsight/chronic-absenteeism-school"
    folder = "ct_districts/chronic_all/raw" if districts else schools
    return f"{folder}/chronic-absenteeism__{year_label(year)}_{tail}.csv"


def absence_titles(year: int, scope: str) -> list[str]:
    """The lines above a table of absence."""
    return [f"Chronic Absenteeism, {year_label(year)}", scope]


def absence_by_grade(world: World, year: int) -> Delivery:
    """Chronic absence of every school by grade; blanks pad the number to two places."""
    rows, outcomes = [], []
    for place in edsight.schools(world, year):
        for grade in HIGH.values():
            cell = masked(*absent(world, place, year, grade))
            label = f"Grade {int(grade):>{2 if grade > '09' else 3}}"
            rows.append(line([*edsight.ids(place), label, cell]))
            group = f"grade_{grade}"
            outcomes.append(chronic("chronic_absence", place, year, group, cell))
    head = line([*ID_COLUMNS, "Grade", "% Chronically Absent"])
    content = file_of(absence_titles(year, ", All Schools, Grade"), [head, *rows])
    return Delivery(absence_path(year, "all-schools_grade"), content, outcomes, [])


def state_absence(world: World, year: int) -> Delivery:
    """Chronic absence of the state."""
    cell = masked(*absent(world, None, year))
    head = line(["Organization", "% Chronically Absent"])
    titles = absence_titles(year, "State of Connecticut, All Students")
    content = file_of(titles, [head, line(["State of Connecticut", cell])])
    truth = chronic("chronic_absence", None, year, "all", cell)
    return Delivery(absence_path(year, "_all-students_ct"), content, [truth], [])


def district_absence(world: World, year: int, state: bool = False) -> Delivery:
    """Chronic absence of the districts or the state, with a count from 2018-19 on."""
    counts, first = year >= 2019, ["Organization"] if state else [*ID_COLUMNS[:2]]
    rows, outcomes = [], []
    for ids, lea, places in [(STATE, "", [None])] if state else districts(world, year):
        of = [absent(world, place, year) for place in places]
        part, cell = sum(p for p, _ in of), masked(*map(sum, zip(*of, strict=True)))
        count = "*" if cell == "*" else str(part)
        rows.append(line([*ids, *[count] * counts, cell]))
        truth = chronic("chronic_absence_district", None, year, "all", cell)
        printed = edsight.number(count) if counts else ""
        outcomes.append(truth._replace(numerator=printed, lea_id_state=lea))
    head = [line([*first, *(("Student Count", "%") if counts else ONE_RATE)])]
    head = [over(len(first), ["Chronically Absent"], 2)] * counts + head
    titles = absence_titles(year, f"{STATE[0] if state else 'All Districts'}{ALL}")
    path = absence_path(year, "all-students" + "_ct" * state, districts=True)
    return Delivery(path, file_of(titles, head + rows), outcomes, [])


def districts(world: World, year: int) -> Iterator[tuple[list[str], str, list[School]]]:
    """Printed name and code, the code alone, and the schools of each district."""
    found: dict[str, list[School]] = {}
    for school in edsight.schools(world, year):
        found.setdefault(school.district_code, []).append(school)
    for code, members in found.items():
        yield edsight.ids(members[0])[:2], code, members


# --- who is proficient ---


def smarter_balanced(world: World, year: int, grades: str) -> Delivery:
    """Smarter Balanced of every school: high schools test grade 11 alone."""
    by_grade = grades == "all-grades"
    tail = f"all-schools_ela-and-math_all-students_{grades}"
    path = f"ct_edsight/smarter-balanced-school/smarter-balanced__{year_label(year)}"
    path, rows, outcomes, faults = f"{path}_{tail}.csv", [], [], []
    for place in edsight.schools(world, year):
        for subject in ("ELA", "Math"):
            cells = test_cells(world, place, year, subject, SBAC_LEVELS)
            if by_grade and (place.state_code, subject) == (FAULTY, "ELA"):
                cells[-1], row = "169.1", 6 + len(rows)
                faults = [Fault(path, row, "rate_above_100", "row quarantined")]
            else:
                metric = f"proficiency_{subject.lower()}_sbac"
                group = "grade_11" if by_grade else "all"
                key = ("smarter_balanced", place, year, metric, group)
                outcomes.append(tested(key, cells))
            more = ["11"] * by_grade + [subject, *cells] + ["2610"] * by_grade
            rows.append(line([*edsight.ids(place), *more]))
    columns = [*ID_COLUMNS, *["Grade"] * by_grade, "Subject", *TAKERS]
    columns += ["Smarter BalancedParticipationRate", SCORED]
    head = [over(len(columns), [*SBAC_LEVELS], 2) + ',""' * by_grade]
    columns += [name for level in SBAC_LEVELS.values() for name in (level, "%")]
    head += [line(columns + ["AverageVSS"] * by_grade)]
    scope = "All Grades" + " Combined" * (not by_grade)
    titles = [f"Smarter Balanced Assessments, {year_label(year)}"]
    titles += [f"All Districts, ELA and Math, {scope}, All Students"]
    return Delivery(path, file_of(titles, head + rows), outcomes, faults)


def test_cells(
    world: World, place: Place, year: int, subject: str, levels: Iterable[str]
) -> list[str]:
    """Who took a test, then count and rate of each level and of the upper ones."""
    rng = Random(f"{subject} {place and place.ncessch} {year}")
    number = body(world, place, year).grades["11"]
    tested = round(number * rng.uniform(0.9, 1))
    takers = [str(number), str(tested), masked(tested, number), str(tested)]
    splits = sorted(rng.randint(0, tested) for _ in [*levels][2:])
    counts = [b - a for a, b in zip([0, *splits], [*splits, tested], strict=True)]
    counts.append(sum(counts[-2:]))
    for number in counts:
        hidden = 0 < number < 6 or tested < 20
        takers += ["*"] * 2 if hidden else [str(number), printed_rate(number, tested)]
    return takers


def tested(key: tuple, cells: list[str]) -> Outcome:
    """The truth of the last rate of one row, of the students with a score."""
    return edsight.outcome(key, cells[-1], edsight.number(cells[-2]), cells[3])


def science(world: World, year: int, state: bool = False) -> Delivery:
    """Science of grade 10, the CAPT; six pairs of columns are headed alike."""
    extract, rows, outcomes = "science" + "_state" * state, [], []
    for place in [None] if state else edsight.schools(world, year):
        cells = test_cells(world, place, year, "science", SCIENCE_LEVELS)
        key = (extract, place, year, "proficiency_science_cmt_capt", "grade_10")
        outcomes.append(tested(key, cells))
        rows.append(line([*edsight.ids(place), *cells, "250"]))
    first = ["District"] if state else [*ID_COLUMNS[:3], "SchoolCode"]
    columns = [*first, *TAKERS, "ParticipationRate", SCORED]
    head = [over(len(columns), [*SCIENCE_LEVELS], 2) + ',""']
    head += [line([*columns, *["Count", "%"] * len(SCIENCE_LEVELS), "AverageSS"])]
    scope = STATE[0] if state else "All Districts"
    titles = [f"CMT/CAPT Science Assessment, {year_label(year)}"]
    content = file_of([*titles, f"{scope}, Grade 10{ALL}"], head + rows)
    tail = "_all-students_10_ct" if state else "all-schools_all-students_10"
    path = f"ct_edsight/cmt-capt-science-school/cmt-capt-science__{year_label(year)}"
    return Delivery(f"{path}_{tail}.csv", content, outcomes, [])


# --- who graduates in a district ---


def district_graduation(world: World, horizon: int, year: int) -> Delivery:
    """Graduates of every district; up to 2013-14 some files print no code."""
    extract, coded = f"graduation_{horizon}yr_district", (horizon, year) != (4, 2014)
    word, rows, outcomes = edsight.WORDS[horizon], [], []
    for ids, lea, places in districts(world, year):
        counts = sum((world.counts[p.ncessch, year] for p in places), Counter())
        cohort, part = (
            counts["all", f"{name}_{horizon}yr"] for name in ("cohort", "graduated")
        )
        cell = masked(part, cohort)
        shown = "*" if 0 < part < 6 else str(part)
        rows.append(line([*ids[: 1 + coded], str(cohort), shown, cell]))
        key = (extract, None, year, f"acgr_{horizon}yr", "all")
        truth = edsight.outcome(key, cell, edsight.number(shown), str(cohort))
        outcomes.append(truth._replace(lea_id_state=lea))
    columns = [*ID_COLUMNS[: 1 + coded], f"{word}-Year Cohort Count"]
    head = [over(len(columns), ["Graduates"], 2)]
    head += [line([*columns, "Graduation Count", "Graduation Rate"])]
    titles = [f"{word}-Year Graduation Rates, {year_label(year)}"]
    titles.append(f"All Districts{ALL}")
    name = f"{word.lower()}-year-graduation-rates"
    folder = f"ct_edsight/{name}-district"
    folder = folder if coded else "ct_districts/four_year_all/raw"
    path = f"{folder}/{name}__{year_label(year)}_all-students_grad.csv"
    return Delivery(path, file_of(titles, head + rows), outcomes, [])


# --- how a file is put together ---


def over(blanks: int, names: list[str], apart: int) -> str:
    """The row above the header: blanks, then a name over ``apart`` columns each."""
    cells = [quoted(name) + "," * (apart - 1) for name in names]
    return '""' + "," * blanks + ",".join(cells)


def file_of(titles: list[str], rows: list[str]) -> bytes:
    """A file of titles, a blank line and rows."""
    return edsight.crlf([*map(quoted, titles), "", *rows])
