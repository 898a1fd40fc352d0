"""What states hand to the consortium in its own template, small cells and all.

Nobody has hidden anything here, but for Rhode Island, which leaves out a group of fewer
than 10 students. States know a school by the federal id, by their own code or by both.
"""

from collections.abc import Iterator

from edsight import year_label
from records import Delivery, Outcome, as_csv
from world import Counts, School, World

HEADER = (
    *("state", "school_id_nces", "school_id_state", "school_name", "lea_id_state"),
    *("lea_name", "school_year", "metric_id", "student_group", "numerator"),
    *("denominator", "value_status", "definition_id", "data_as_of"),
)
METRICS = {  # what is counted, of whom, by which definition
    "dropout_cohort": ("dropped_out_4yr", "cohort_4yr", "nessc_cohort_dropout"),
    "acgr_4yr": ("graduated_4yr", "cohort_4yr", "acgr_34cfr200_19"),
    "dropout_event": ("dropped_out_4yr", "cohort_4yr", "nces_event_dropout"),
    "acgr_5yr": ("graduated_5yr", "cohort_5yr", "acgr_34cfr200_19"),
    "pse_12m_graduates": ("entered_12m", "graduated_4yr", "ct_edsight_college"),
    "pse_16m_graduates": ("entered_16m", "graduated_4yr", "vt_aoe_16_months"),
}
# In one year as many leave four grades as leave one class in four years.
GRADES_IN_WHOLE = {"dropout_event": 4}
SUBMITTED = {
    "CT": ("dropout_cohort",),
    "ME": (
        "dropout_cohort",
        "dropout_event",
        "acgr_4yr",
        "acgr_5yr",
        "pse_12m_graduates",
    ),
    "NH": ("dropout_cohort", "acgr_5yr"),
    "RI": ("dropout_cohort", "acgr_5yr"),
    "VT": ("dropout_cohort", "acgr_5yr", "pse_16m_graduates"),
}
GROUPS = ("all", "ed", "non_ed", "swd", "non_swd")
NEWEST = {"acgr_5yr": 2014}  # the class of 2015 has not had its fifth year
YEARS = (2014, 2015)
WITH_FEDERAL_ID = ("ME", "VT")
LINE_ENDS = {"ME": "\r\n", "RI": "\r\n"}
HIDES_BELOW = {"RI": 10}


def deliveries(world: World) -> Iterator[Delivery]:
    """One file a state and class."""
    for state in SUBMITTED:
        for year in YEARS:
            yield submission(world, state, year)


def submission(world: World, state: str, year: int) -> Delivery:
    """One filled template with the truth of its cells."""
    rows, outcomes = [], []
    for place in [None, *world.open_in(year, state)]:
        counts = world.counts[place.ncessch if place else state, year]
        for metric in SUBMITTED[state]:
            for group in GROUPS if year <= NEWEST.get(metric, year) else []:
                cells = count_cells(state, metric, counts, group)
                rows.append(row(state, place, year, metric, group, cells))
                outcomes.append(outcome(state, place, year, metric, group, cells))
    title = [f"NESSC common metrics submission, {year_label(year)}"]
    path = f"nessc_submissions/{state.lower()}_{year_label(year)}.csv"
    content = as_csv([title, HEADER, *rows], LINE_ENDS.get(state, "\n"))
    return Delivery(path, content, outcomes, [])


def count_cells(
    state: str, metric: str, counts: Counts, group: str
) -> tuple[str, str, str]:
    """Numerator, denominator and status of one cell."""
    part, whole, _ = METRICS[metric]
    numerator = counts[group, part]
    denominator = counts[group, whole] * GRADES_IN_WHOLE.get(metric, 1)
    if not denominator:
        return "", "", "not_applicable"
    if denominator < HIDES_BELOW.get(state, 0):
        return "", "", "suppressed"
    return str(numerator), str(denominator), "reported"


def row(
    state: str,
    place: School | None,
    year: int,
    metric: str,
    group: str,
    cells: tuple[str, str, str],
) -> list[str]:
    """One row of the template; a state's own row names no school."""
    federal = place.ncessch if place and state in WITH_FEDERAL_ID else ""
    school = [federal, *school_cells(place)] if place else [""] * 5
    definition, taken = METRICS[metric][-1], f"{year + 1}-11-30"
    known = [state, *school, year_label(year), metric, group]
    return [*known, *cells, definition, taken]


def school_cells(school: School) -> list[str]:
    """The state's code and the name of the school, then those of its district."""
    district = school.district_code or school.st_schid.split("-")[1]
    names = (school.school or school.schnam, school.district or school.leanm)
    return [school.state_code, names[0], district, names[1]]


def outcome(
    state: str,
    place: School | None,
    year: int,
    metric: str,
    group: str,
    cells: tuple[str, str, str],
) -> Outcome:
    """The truth of one cell: its counts and, unrounded, their quotient."""
    who = ("", "", "")
    if place:
        federal = place.ncessch if place.is_matched else ""
        who = (federal, *school_cells(place)[:2])
    numerator, denominator, status = cells
    extract = ("nessc", "common_metrics_submission")
    known = Outcome(*extract, state, *who, year, metric, group, numerator, denominator)
    rate = exact_rate(int(numerator), int(denominator)) if numerator else ""
    return known._replace(value_pct=rate, value_status=status)


def exact_rate(part: int, whole: int) -> str:
    """Per cent with twelve decimals, half up."""
    units = (part * 10**14 + whole // 2) // whole
    return f"{units // 10**12}.{units % 10**12:012}"
