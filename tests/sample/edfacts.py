"""The federal EDFacts file of four-year rates by school, and the school crosswalk."""

from collections.abc import Iterator

from records import Delivery, Fault, Outcome, as_csv
from students import SampleSchool, sample_schools
from world import School, World

YEARS = (2012, 2013, 2014, 2015, 2016)
MEMBERS = ("CT", "ME", "NH", "RI", "VT")
GROUPS = {
    "ALL": "all",
    "MAM": "american_indian",
    "MAS": "asian_pacific_islander",
    "MBL": "black",
    "MHI": "hispanic",
    "MTR": "two_or_more",
    "MWH": "white",
    "CWD": "swd",
    "ECD": "ed",
    "LEP": "el",
}
LADDERS = {  # the ranges by cohort size, from the smallest rate up
    30: "LE20 21-39 40-59 60-79 GE80",
    60: "LE10 11-19 20-29 30-39 40-49 50-59 60-69 70-79 80-89 GE90",
    300: "LE5 6-9 10-14 15-19 20-24 25-29 30-34 35-39 40-44 45-49 50-54 55-59 60-64 "
    "65-69 70-74 75-79 80-84 85-89 90-94 GE95",
}
STAMPS = ("26SEP15", "14OCT15", "29AUG15", "26NOV16", "01JUL17", "03AUG18")
INSERTED = {2014: ["30AUG15"]}  # the one year with the extra column INSERT_DATE
DISAGREES = ("099900500006", 2015)  # here the two publishers do not describe one cohort
START = ["STNAM", "FIPST", "LEAID", "LEANM", "NCESSCH", "SCHNAM"]
CROSSWALK = [
    *("state", "stnam", "leaid", "st_leaid", "leanm", "ncessch", "st_schid", "schnam"),
    *("state_district_part", "state_school_part", "state_published_school_code"),
]


def deliveries(world: World) -> Iterator[Delivery]:
    """One national file a class, and the crosswalk."""
    for year in YEARS:
        yield national(world, year)
    known = [s for s in world.schools if s.in_crosswalk == "1"]
    known += [school for pair in sample_schools().values() for school in pair]
    rows = [crosswalk_row(s) for s in known]
    content = as_csv([CROSSWALK, *rows], "\r\n")
    yield Delivery("crosswalk/hs_crosswalk.csv", content, [], [])


def national(world: World, year: int) -> Delivery:
    """One EDFacts file; the warehouse keeps the rows of the member states."""
    path = f"edfacts_acgr/acgr-sch-sy{year - 1}-{year % 100:02d}.csv"
    rows, outcomes, faults = [header(year)], [], []
    for school in world.open_in(year):
        cells = school_cells(world, school, year)
        if (school.ncessch, year) == DISAGREES:
            faults = [Fault(path, len(rows) + 1, *disagree(cells))]
        start = [school.stnam, school.leaid[:2], school.leaid, school.leanm]
        printed = [text for group in GROUPS for text in cells[group]]
        start += [school.ncessch, school.schnam]
        rows.append([*start, *printed, *stamps(year)])
        if school.state in MEMBERS:
            outcomes += read_cells(school, year, cells)
    return Delivery(path, as_csv(rows), outcomes, faults)


def header(year: int) -> list[str]:
    """Column names, which carry the year."""
    suffix = f"{(year - 1) % 100:02d}{year % 100:02d}"
    pairs = [f"{g}_{what}_{suffix}" for g in GROUPS for what in ("COHORT", "RATE")]
    return START + pairs + ["INSERT_DATE"] * (year in INSERTED) + ["DATE_CUR"]


def stamps(year: int) -> list[str]:
    """The file's dates, the same in every row."""
    return [*INSERTED.get(year, []), STAMPS[year - YEARS[0]]]


def school_cells(world: World, school: School, year: int) -> dict[str, tuple[str, str]]:
    """Printed cohort and rate of each federal group."""
    counts = world.counts[school.ncessch, year]
    cells = {}
    for group, name in GROUPS.items():
        cohort, done = counts[name, "cohort_4yr"], counts[name, "graduated_4yr"]
        # Some states leave LEP blank where the others print a dot.
        none = "" if group == "LEP" and school.state in ("MA", "ME", "NH") else "."
        rate = banded(whole_percent(done, cohort), cohort, group) if cohort else none
        cells[group] = (str(cohort) if cohort else none, rate)
    return cells


def disagree(cells: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """Changes the school's ALL cell to another cohort and rate; says what it did."""
    cohort, rate = cells["ALL"]
    cells["ALL"] = (str(int(cohort) - 61), str(int(rate) - 14))
    federal, own = "/".join(cells["ALL"]), f"{cohort}/{rate}"
    return "reconciliation", f"difference reported: federal {federal}, EdSight {own}"


def whole_percent(part: int, whole: int) -> int:
    """Per cent without decimals, half up."""
    return (200 * part + whole) // (2 * whole)


def banded(rate: int, cohort: int, group: str) -> str:
    """The whole per cent as the agency prints it for a cohort of that size.

    The agency's publication rule; 27,801 of 27,805 real cells follow it. Whole numbers
    begin above 200 students for ALL, above 300 for a subgroup.
    """
    if cohort <= 5:
        return "PS"
    if cohort <= 15:
        return "GE50" if rate >= 50 else "LT50"
    if cohort > (200 if group == "ALL" else 300):
        return "LE1" if rate <= 1 else "GE99" if rate >= 99 else str(rate)
    ladder = next(LADDERS[size] for size in LADDERS if cohort <= size)
    return next(band for band in ladder.split() if rate <= limits(band)[1])


def limits(band: str) -> tuple[int, int]:
    """Lowest and highest per cent of a printed range."""
    if band[:2] in ("LE", "LT"):
        return 0, int(band[2:])
    low, _, high = band.removeprefix("GE").partition("-")
    return int(low), int(high or 100)


def read_cells(
    school: School, year: int, cells: dict[str, tuple[str, str]]
) -> Iterator[Outcome]:
    """What the printed cells of one school say."""
    state_code = school.state_code if school.is_matched else ""
    for group, (cohort, rate) in cells.items():
        who = (school.state, school.ncessch, state_code, school.schnam, year)
        known = Outcome("us", "edfacts_acgr", *who, "acgr_4yr", GROUPS[group])
        yield known._replace(denominator=cohort.strip("."), **read_rate(rate))


def read_rate(rate: str) -> dict[str, str]:
    """Value columns of one printed federal rate."""
    if rate in ("", ".", "PS"):
        return {"value_status": "suppressed" if rate == "PS" else "not_reported"}
    if rate.isdigit():
        return {"value_pct": rate, "value_status": "reported"}
    low, high = map(str, limits(rate))
    return {"value_low_pct": low, "value_high_pct": high, "value_status": "range"}


def crosswalk_row(school: School | SampleSchool) -> list[str]:
    """The school's line: federal id, state id, the code of the state's own files."""
    state, district, part = school.st_schid.split("-")
    federal = [school.leaid, f"{state}-{district}", school.leanm, school.ncessch]
    codes = [district, part, school.state_code]
    return [state, school.stnam, *federal, school.st_schid, school.schnam, *codes]
