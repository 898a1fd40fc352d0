"""Growth, college readiness and money of some schools, as they send them in.

Everything is invented. Each file has one planted fault, which its contract sets aside.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from edsight import year_label
from league import COHORTS
from records import Delivery, Fault, Outcome, as_csv
from submission import exact_rate
from world import School, World

WHO = ("state", "school_id_nces", "school_id_state", "school_name", "school_year")
COUNTED = ("value_status", "data_as_of")
GROWTH = (
    *(*WHO, "subject", "vendor", "norm_edition", "threshold_years", "student_group"),
    *("grew_count", "tested_twice_count", *COUNTED),
)
READY = (
    *(*WHO, "benchmark_id", "student_group", "ready_count", "turned_18_count"),
    *COUNTED,
)
MONEY = (
    *(*WHO, "launch_year", "value_status"),
    *("per_pupil_revenue", "enrollment", "operating_cost"),
)
SMALL = "239990300004"  # classes of about eight
NORMS = {2015: "2011", 2016: "2015"}
SUBJECTS = ("math", "ela")
READY_YEARS = (2014, 2015, 2016)
ENOUGH = ("400", "15000.00", 6)
A_DOLLAR = ("150", "12266.66", 2, "91.99995")  # a dollar is lacking for 92 per cent


class Cell(NamedTuple):
    """Students of one group: those who count, and among how many."""

    group: str
    part: int
    whole: int


class Money(NamedTuple):
    """A year of a school and what a right warehouse says of it."""

    school_id_nces: str
    school_year: int
    launch_year: str
    enrollment: str
    per_pupil_revenue: str
    cost_in_millions: float | str
    value_pct: str
    sustainability_year: str
    verdict: str


# Cohort 1 launched in 2015-16 by the list of milestones, which wins over what the
# second school states; the fourth school has not launched.
MONEYS = (
    Money("099900200002", 2016, "", "1600", "8750.00", 20, "70", "1", "not_yet_due"),
    Money("099900200002", 2017, "", "1600", "10625.00", 20, "85", "2", "not_yet_due"),
    Money("099900200002", 2018, "", "1600", "11500.00", 20, "92", "3", "not_yet_due"),
    Money("099900200002", 2019, "", "1600", "11500.00", 20, "92", "4", "below"),
    Money("239990100001", 2015, "2010-11", *ENOUGH, "100", "0", "not_applicable"),
    Money("239990100001", 2018, "2010-11", "400", "15600.00", 6, "104", "3", "met"),
    Money("239990100001", 2019, "2010-11", *ENOUGH, "100", "4", "met"),
    Money("239990300003", 2016, "2013-14", *A_DOLLAR, "3", "not_yet_due"),
    Money("239990300003", 2017, "", *A_DOLLAR, "4", "below"),
    Money("239990300003", 2018, "", "", "", "", "", "5", "not_reported"),
    Money("239990200002", 2019, "", "280", "12000.00", 4, "84", "", "not_applicable"),
    Money(SMALL, 2017, "2013-14", "9", "24975.00", 0.25, "89.91", "4", "below"),
    Money("509990400004", 2017, "", "120", "16000.00", 2, "96", "", "unknown"),
)


def deliveries(world: World) -> Iterator[Delivery]:
    """Three files."""
    yield growth(world)
    yield readiness(world)
    yield finances(world)


def schools(world: World) -> list[School]:
    """Who sends counts: the cohorts of the League, and a very small school."""
    return [s for s in world.schools if s.ncessch in (*COHORTS, SMALL)]


def cells(world: World, school: School, year: int, what: str) -> Iterator[Cell]:
    """All students of a class and its two parts, of which each adds up to the whole."""
    rng = Random(f"{world.seed} {school.ncessch} {year} {what}")
    counts = world.counts[school.ncessch, year]
    parts = []
    for group, share in (("ed", 0.45), ("non_ed", 0.68)):
        whole = counts[group, "cohort_4yr"]
        part = round(whole * share * rng.uniform(0.8, 1.2))
        parts.append(Cell(group, part, whole))
    yield Cell("all", sum(c.part for c in parts), sum(c.whole for c in parts))
    yield from parts


def who(school: School, year: int) -> list[str]:
    """The cells that say which school and year it is."""
    name = school.school or school.schnam
    return [school.state, school.ncessch, school.state_code, name, year_label(year)]


def printed(cell: Cell, year: int) -> tuple[str, str, str, str]:
    """Counts, status and day; of no students there is nothing to count."""
    counts = (str(cell.part), str(cell.whole)) if cell.whole else ("", "")
    return *counts, "reported" if cell.whole else "not_applicable", f"{year}-09-30"


def outcome(extract: str, known: list[str], year: int, metric: str, cell: Cell):
    """The truth of one cell."""
    numerator, denominator, status, _ = printed(cell, year)
    truth = Outcome("nessc", extract, *known[:4], year, metric, cell.group)
    rate = exact_rate(cell.part, cell.whole) if cell.whole else ""
    return truth._replace(
        numerator=numerator,
        denominator=denominator,
        value_pct=rate,
        value_status=status,
    )


def growth(world: World) -> Delivery:
    """Two years, each against another norm; in the last row too many grew."""
    rows, truth = [], []
    for year, edition in NORMS.items():
        for school in schools(world):
            for subject in SUBJECTS:
                metric = f"growth_{subject}_1_5yr_nwea_map_{edition}"
                known = who(school, year)
                norm = [subject, "nwea_map", edition, "1.5"]
                for cell in cells(world, school, year, subject):
                    rows.append([*known, *norm, cell.group, *printed(cell, year)])
                    truth.append(outcome("growth", known, year, metric, cell))
    rows.append([*known, *norm, "female", "60", "50", "reported", f"{year}-09-30"])
    says = "row quarantined: no more in grew_count than in tested_twice_count"
    return sent("growth", GROWTH, rows, truth, "more_grew_than_tested", says)


def readiness(world: World) -> Delivery:
    """Three years; Connecticut changes to the SAT; the last benchmark is unknown."""
    rows, truth = [], []
    for year in READY_YEARS:
        for school in schools(world):
            is_sat = school.state == "CT" and year == 2016
            benchmark = "sat_2016" if is_sat else "act_2013"
            metric, known = f"college_ready_by_18_{benchmark}", who(school, year)
            for cell in cells(world, school, year, "ready"):
                rows.append([*known, benchmark, cell.group, *printed(cell, year)])
                truth.append(outcome("college_readiness", known, year, metric, cell))
    rows.append([*known, "act_1990", *rows[-1][6:]])
    says = "row quarantined: a benchmark of the seed readiness_benchmarks"
    return sent("college_readiness", READY, rows, truth, "unknown_benchmark", says)


def sent(name, head, rows, truth, what: str, says: str) -> Delivery:
    """A file of counts whose last row is the fault."""
    path = f"nessc_components/{name}.csv"
    fault = Fault(path, len(rows) + 1, what, says)
    return Delivery(path, as_csv([head, *rows]), truth, [fault])


def finances(world: World) -> Delivery:
    """A row a school and year; in the last a whole school's revenue is one pupil's."""
    known = {school.ncessch: school for school in world.schools}
    rows = []
    for year in MONEYS:
        status = "reported" if year.enrollment else "not_reported"
        place = who(known[year.school_id_nces], year.school_year)
        cost = f"{year.cost_in_millions * 1_000_000:.0f}" if year.enrollment else ""
        amounts = [year.per_pupil_revenue, year.enrollment, cost]
        rows.append([*place, year.launch_year, status, *amounts])
    place = who(known["509990400004"], 2018)
    rows.append([*place, "", "reported", "1920000.00", "120", "2000000"])
    path = "league/finances.csv"
    says = "row quarantined: dollars for one pupil from 0 to 99999.99, without signs"
    fault = Fault(path, len(rows) + 1, "revenue_of_the_whole_school", says)
    return Delivery(path, as_csv([MONEY, *rows]), [], [fault])


def rows(world: World) -> Iterator[tuple]:
    """The truth about the money."""
    yield Money._fields
    yield from MONEYS
