"""Vermont's rates: cohort graduation, college and tests.

The layouts are those that the contracts describe; the workbook and the test files of
the state were not at hand.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from records import Delivery, Fault, Outcome, as_csv
from workbook import xlsx
from world import Counts, School, World

TAKEN = (2014, 2015, 2016)  # school years in which the dashboard took its rates
INFORMATION = "vt_student_information/edu-student-information-9-5-2016.xlsx"
INFORMATION_HEADER = [
    *("SchoolYear", "OrganizationIdentifier", "NameOfInstitution"),
    *("StudentInformationGroup", "StudentInformationLabel", "SchoolPercentage"),
    *("SupervisoryUnionPercentage", "StatePercentage"),
]
GROUP = "Graduation Rate"
LABELS = {4: "Four-year", 6: "Six-year"}
NEW_LABELS = {4: "4-year Graduation Rate", 6: "6-year Graduation Rate"}
STATE_ROW_FROM = 2016  # before, only the other rows tell the state's rate
SEVEN_YEARS = ("Seven-year", "unknown_label", "row quarantined: no such rate")
PER_CENT = (85.9, "per_cent", "row quarantined: 85.9 is no proportion of 1")
CLASSES = (2012, 2013, 2014)
PUBLISHED = "vt_postsecondary/vt_postsecondary_2014.csv"
TOO_HIGH = ("PS905", 2013)  # a rate above 100
TESTED = 2016
TESTS = "vt_assessment/VT_Smarter_Balance_Assessment_2016.csv"
TEST_HEADER = (
    *("OrganizationIdentifer", "OrganizationName", "TestName", "AssessLabel"),
    *("IndicatorLabel", "SchoolValue", "SupervisoryUnionValue", "StateValue"),
)
SUBJECTS = {"ela": "SB English Language Arts", "math": "SB Math"}
TEST_GROUPS = {"All Students": "all", "FRL": "ed", "Not FRL": "non_ed"}
TEST_COUNT, PROFICIENT = "Number of Students Tested", "Total Proficient and Above"


def deliveries(world: World) -> Iterator[Delivery]:
    """One file of each kind."""
    yield student_information(world)
    yield postsecondary(world)
    yield assessment(world)


# --- graduation ---


def student_information(world: World) -> Delivery:
    """All years in one workbook: a row a place, year and label."""
    rows, outcomes, faults = [INFORMATION_HEADER], [], []
    for year in TAKEN:
        for years in LABELS:
            rows += information_rows(world, year, years)
            outcomes += graduation_truth(world, year, years)
    for at, value, (_, what, why) in (
        (4, SEVEN_YEARS[0], SEVEN_YEARS),
        (5, PER_CENT[0], PER_CENT),
    ):
        rows.append([*rows[2][:3], GROUP, LABELS[4], 0.8, 0.8, rows[2][7]])
        rows[-1][0], rows[-1][1], rows[-1][at] = TAKEN[0] - at, "PS999", value
        faults.append(Fault(INFORMATION, len(rows), what, why))
    content = xlsx({"Student Information": rows})
    return Delivery(INFORMATION, content, outcomes, faults)


def information_rows(world: World, year: int, years: int) -> list[list[object]]:
    """Schools and unions, each with the state's rate; a row of the state at the end."""
    label = (NEW_LABELS if year == 2015 else LABELS)[years]
    of_class = year - years + 4
    state = proportion(world.counts["VT", of_class], years)
    rows: list[list[object]] = []
    for school in world.open_in(of_class, "VT"):
        rate = proportion(world.counts[school.ncessch, of_class], years)
        place = [school.state_code, school.schnam]
        rows.append([year, *place, GROUP, label, rate, rate, state])
        rows.append([year, union(school), "NULL", GROUP, label, "NULL", rate, state])
    if year >= STATE_ROW_FROM:
        rows.append([year, "VT001", "Vermont", GROUP, label, "NULL", "NULL", state])
    return rows


def proportion(counts: Counts, years: int) -> float | str:
    """The rate to three decimals; NULL for 1 to 10 graduates or a small cohort."""
    part, whole = (counts["all", f"{k}_{years}yr"] for k in ("graduated", "cohort"))
    if whole < 11 or 0 < part < 11:
        return "NULL"
    return float(rounded(Decimal(part) / whole, "0.001"))


def graduation_truth(world: World, year: int, years: int) -> Iterator[Outcome]:
    """What the rates say, of the class that finished four years after it began."""
    of_class = year - years + 4
    for school in [None, *world.open_in(of_class, "VT")]:
        counts = world.counts[school.ncessch if school else "VT", of_class]
        rate = proportion(counts, years)
        cell = (of_class, f"acgr_{years}yr", "all")
        value = "" if rate == "NULL" else str(rounded(Decimal(str(rate)) * 100, "0.1"))
        yield outcome("student_information", school, cell, value)
        if school:
            known = outcome("student_information", None, cell, value)
            yield known._replace(lea_id_state=union(school))


# --- college ---


def postsecondary(world: World) -> Delivery:
    """A column a class, schools by name alone, ++ for fewer than 11 graduates."""
    header = [f"CLASS OF {year} PS ENROLLMENT RATE" for year in CLASSES]
    lines, outcomes, faults = [["SCHOOL NAME", *header]], [], []
    for school in [None, *world.open_in(CLASSES[0], "VT")]:
        line = [school.schnam if school else "STATEWIDE"]
        for year in CLASSES:
            rate = college_rate(world, school, year)
            if school and (school.state_code, year) == TOO_HIGH:
                why = "cell quarantined: no rate lies above 100"
                faults = [Fault(PUBLISHED, len(lines) + 1, "rate_above_100", why)]
                line.append("108.2")
                continue
            line.append(rate)
            value = "" if rate == "++" else rate
            cell = (year, "pse_16m_graduates", "all")
            outcomes.append(outcome("postsecondary", school, cell, value))
        lines.append(line)
    return Delivery(PUBLISHED, as_csv(lines), outcomes, faults)


def college_rate(world: World, school: School | None, year: int) -> str:
    """Per cent of the graduates with one decimal, or ++."""
    counts = world.counts[school.ncessch if school else "VT", year]
    part, whole = (counts["all", k] for k in ("entered_16m", "graduated_4yr"))
    return "++" if whole < 11 else str(rounded(Decimal(100 * part) / whole, "0.1"))


# --- tests ---


def assessment(world: World) -> Delivery:
    """Grade 11: two rows a place, test and group, and a row that stands twice."""
    rows, outcomes = [], []
    schools = world.open_in(TESTED, "VT")
    for subject, test in SUBJECTS.items():
        for label, group in TEST_GROUPS.items():
            drawn = {s: drawn_test(s, subject, group) for s in schools}
            state = tuple(map(sum, zip(*drawn.values(), strict=True)))
            for school in [*schools, None]:
                printed = test_rows(school, f"{test} Grade 11", label, drawn, state)
                rows += printed
                values = (drawn[school] if school else state, subject, group)
                outcomes.append(test_truth(school, *values))
    rows.insert(1, rows[0])
    rows.append(["PS901", "", f"{SUBJECTS['ela']} Grade 11", "All Students"])
    rows[-1] += ["Percent Proficient", "0.5", "0.5", "0.5"]
    why = "row quarantined: no such indicator"
    faults = [Fault(TESTS, len(rows) + 1, "unknown_indicator", why)]
    return Delivery(TESTS, as_csv([TEST_HEADER, *rows]), outcomes, faults)


def drawn_test(school: School, subject: str, group: str) -> tuple[int, int]:
    """How many are proficient, of how many tested; the two groups make up all."""
    if group == "all":
        parts = [drawn_test(school, subject, g) for g in ("ed", "non_ed")]
        return parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]
    draw = Random(f"vt test {school.ncessch} {subject} {group}")
    share = 0.35 if group == "ed" else 0.65
    tested = round(int(school.size) * share) - draw.randint(0, 2)
    return round(tested * draw.uniform(0.25, 0.6)), tested


def test_rows(
    school: School | None,
    test: str,
    label: str,
    drawn: dict[School, tuple[int, int]],
    state: tuple[int, ...],
) -> list[list[str]]:
    """The count of tested students and the share, for the school and those above."""
    own = printed_test(*drawn[school]) if school else ("NULL", "NULL")
    place = [school.state_code, school.schnam] if school else ["VT001", "Vermont"]
    values = zip(own, own, printed_test(*state), strict=True)
    pairs = zip((TEST_COUNT, PROFICIENT), values, strict=True)
    return [[*place, test, label, indicator, *cells] for indicator, cells in pairs]


def printed_test(part: int, whole: int) -> tuple[str, str]:
    """Both cells, or *** for fewer than 11 students."""
    if whole < 11:
        return "***", "***"
    return str(whole), str(rounded(Decimal(part) / whole, "0.001").normalize())


def test_truth(
    school: School | None, counts: tuple[int, ...], subject: str, group: str
) -> Outcome:
    """What the share says; the count of tested students is its denominator."""
    whole, share = printed_test(*counts)
    cell = (TESTED, f"proficiency_{subject}_sbac_grade_11", group)
    value = "" if share == "***" else str(Decimal(share) * 100)
    known = outcome("assessment", school, cell, value)
    return known._replace(denominator="" if whole == "***" else whole)


# --- what the parts share ---


def outcome(
    extract: str, school: School | None, cell: tuple[int, str, str], value: str
) -> Outcome:
    """The truth of one cell: a rate, or suppressed."""
    who = (school.ncessch, school.state_code, school.schnam) if school else ("",) * 3
    status = "reported" if value else "suppressed"
    known = Outcome("vt", extract, "VT", *who, *cell)
    return known._replace(value_pct=value, value_status=status)


def union(school: School) -> str:
    """Code of the school's supervisory union."""
    return f"SU{school.state_code[2:]}"


def rounded(number: Decimal, unit: str) -> Decimal:
    """The number with the digits of the unit, half up."""
    return number.quantize(Decimal(unit), ROUND_HALF_UP)
