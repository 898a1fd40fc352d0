"""Connecticut's EdSight exports, in the layout and with the stars of the state.

ASCII, CRLF, title lines, codes as spreadsheet formulas, a blank last line; layout and
suppression were read off the state's files of 2010-11 to 2014-15.
"""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from records import Delivery, Fault, Outcome
from world import STATUSES, Counts, School, World

GRADUATION = {4: (2012, 2014, 2015), 5: (2012, 2014), 6: (2012,)}
COLLEGE = (2012, 2014)
# Like the state's own downloads: of the oldest class only some files are to be had.
SENT_IN_PART = {2012: ("all-students", "lunch", "race")}
WORDS = {4: "Four", 5: "Five", 6: "Six"}
ID_COLUMNS = ("District", "District Code", "School", "School Code")
GRAD = {"Graduation": "acgr"}
NONGRAD = {"Still Enrolled": "still_enrolled", "Other": "other_noncompletion"}
RATES = {"Entrance(%)": "pse_12m_graduates", "Persistence(%)": "pse_persistence"}
NOTES = (
    "Notes:",
    "* In this report, year means graduating class of that school year.",
    "* College entrance refers to the percent of high school graduates from the year "
    "who enrolled in college any time during the first year after high school.",
    "* College persistence refers to the percent of students who enrolled in college "
    "the first year after high school and returned for a second year (Freshman to "
    "Sophomore persistence).",
)
DUPLICATE_IN = "four-year-graduation-rates__2013-14_all-schools_gender_grad.csv"
NEGATIVE_IN = "college-entrance-and-persistence__2013-14_all-schools_gender.csv"
NEGATIVE_ROW = ("0106211", "Female")

with Path(__file__).with_name("labels.csv").open(newline="") as _lines:
    LABELS = list(csv.DictReader(_lines))

Place = School | None  # None is the state's own row
Table = dict[str, tuple[int, ...]]  # subgroup label: cohort, then its parts


class Sheet(NamedTuple):
    """Which graduation file: horizon, class, breakdown, half of the table, level."""

    horizon: int
    year: int
    name: str
    parts: dict[str, str]
    state: bool = False

    @property
    def path(self) -> str:
        """Where the state's naming puts the file."""
        half = "grad" if self.parts is GRAD else "nongrad"
        stem = f"{WORDS[self.horizon].lower()}-year-graduation-rates"
        kind = f"{self.name}_{half}"
        tail = f"_{kind}_ct" if self.state else f"all-schools_{kind}"
        return f"ct_edsight/{stem}-school/{stem}__{year_label(self.year)}_{tail}.csv"

    @property
    def head(self) -> list[str]:
        """Title, scope, blank line, super-header and header."""
        word, column = WORDS[self.horizon], column_of("graduation", self.name)
        scope = "State of Connecticut" if self.state else "All Districts, All Schools"
        columns = [*ID_COLUMNS[: 1 if self.state else 4], *filter(None, [column])]
        over = '""' + "," * (len(columns) + 1)
        over += quoted("Graduates" if self.parts is GRAD else "Non-Graduates")
        columns += [f"{word}-Year Cohort Count"]
        columns += [
            f"{part} {unit}" for part in self.parts for unit in ("Count", "Rate")
        ]
        return [
            quoted(f"{word}-Year Graduation Rates, {year_label(self.year)}"),
            quoted(f"{scope}, {column or 'All Students'}"),
            "",
            over + "," * (2 * len(self.parts) - 1),
            line(columns),
        ]


@cache
def groups_by_file(data_set: str) -> dict[str, dict[str, str]]:
    """Student group by printed label, for each kind of file, in printed order.

    The labels differ between data sets ("Black", "Black or African American").
    """
    found: dict[str, dict[str, str]] = {}
    for row in LABELS:
        if row["data_set"] == data_set:
            found.setdefault(row["file"], {})[row["label"]] = row["student_group"]
    return found


def column_of(data_set: str, file: str) -> str:
    """The column that this kind of file inserts, "" for the file of all students."""
    keys = {(row["data_set"], row["file"]): row["column"] for row in LABELS}
    return keys[data_set, file]


def deliveries(world: World) -> Iterator[Delivery]:
    """Every EdSight file of the sample."""
    for horizon, years in GRADUATION.items():
        for year in years:
            for name in SENT_IN_PART.get(year, groups_by_file("graduation")):
                for parts in (GRAD, NONGRAD):
                    yield graduation(world, Sheet(horizon, year, name, parts))
                    yield graduation(world, Sheet(horizon, year, name, parts, True))
    for year in COLLEGE:
        yield college(world, year, "", state=True)
        for name in groups_by_file("college"):
            yield college(world, year, name)


def graduation(world: World, sheet: Sheet) -> Delivery:
    """One graduation file with the truth of its cells."""
    lines, outcomes = sheet.head, []
    for place in [None] if sheet.state else schools(world, sheet.year):
        for label, cells in printed_groups(world, sheet, place).items():
            cells = cells[:3] if sheet.parts is GRAD else cells[:1] + cells[3:]
            subgroup = [label] * (sheet.name != "all-students")
            lines.append(line([*ids(place), *subgroup, *cells]))
            outcomes += read_graduation(sheet, place, label, cells)
    faults = []
    if sheet.path.endswith(DUPLICATE_IN):
        lines.insert(8, lines[7])
        faults = [Fault(sheet.path, 9, "duplicate_row", "row dropped as duplicate")]
    return Delivery(sheet.path, crlf(lines), outcomes, faults)


def read_graduation(
    sheet: Sheet, place: Place, label: str, cells: list[str]
) -> Iterator[Outcome]:
    """What the printed cells of one row say, one outcome a metric."""
    group = groups_by_file("graduation")[sheet.name][label]
    extract, cohort = f"graduation_{sheet.horizon}yr", cells[0]
    for i, metric in enumerate(sheet.parts.values()):
        count, rate = cells[1 + 2 * i : 3 + 2 * i]
        key = (extract, place, sheet.year, f"{metric}_{sheet.horizon}yr", group)
        yield outcome(key, rate, number(count), number(cohort))


def printed_groups(world: World, sheet: Sheet, place: Place) -> dict[str, list[str]]:
    """Printed cells by label: cohort, then count and rate of each status.

    A group without students has no row before 2014-15 and a row of N/A from then on;
    up to then the race and ELL rows of a school come in no order.
    """
    table = status_table(counts_of(world, place, sheet.year), sheet)
    stars = hidden_cells(table)
    printed = {k: printed_cells(k, row, stars) for k, row in table.items() if row[0]}
    if sheet.year >= 2015 and not sheet.state:
        return {label: printed.get(label, ["N/A"] * 7) for label in table}
    order = list(printed)
    if sheet.name in ("race", "ell") and place:
        Random(f"{place.ncessch} {sheet.year}").shuffle(order)
    return {label: printed[label] for label in order}


def status_table(counts: Counts, sheet: Sheet) -> Table:
    """True cohort and count of each status, by label."""
    columns = [f"{name}_{sheet.horizon}yr" for name in ("cohort", *STATUSES)]
    groups = groups_by_file("graduation")[sheet.name]
    return {k: tuple(counts[group, c] for c in columns) for k, group in groups.items()}


def printed_cells(label: str, row: tuple[int, ...], stars: set) -> list[str]:
    """One row as printed; no rate below 20 students, even beside a count."""
    cohort, *parts = row
    cells = ["*" if (label, 0) in stars else str(cohort)]
    for column, part in enumerate(parts, 1):
        star = (label, column) in stars
        cells.append("*" if star else str(part))
        cells.append("*" if star or cohort < 20 else printed_rate(part, cohort))
    return cells


def hidden_cells(table: Table) -> set[tuple[str, int]]:
    """Starred cells: 1 to 5 students, and a second where a sum would tell the first.

    Connecticut stars a numerator below 6, zero excepted, and below 20 students the
    rate; a starred cohort stars its whole row.
    """
    columns = range(len(next(iter(table.values()))))
    rows = [[(label, c) for c in columns[1:]] for label in table]
    lines = rows + [[(label, c) for label in table] for c in columns]
    hidden = {(k, c) for k, row in table.items() for c in columns if 0 < row[c] < 6}
    size = -1
    while size != len(hidden):
        size = len(hidden)
        hidden |= {(k, c) for k in table if (k, 0) in hidden for c in columns}
        for cells in lines:
            open_cells = [(table[k][c], k, c) for k, c in cells if (k, c) not in hidden]
            if open_cells and len(cells) - len(open_cells) == 1:
                # The smallest that is not zero; a zero only where nothing else is left.
                hidden.add(min(open_cells, key=lambda cell: (not cell[0], cell))[1:])
    return hidden


def college(world: World, year: int, name: str, state: bool = False) -> Delivery:
    """One college file with the truth of its cells."""
    stem = "college-entrance-and-persistence"
    tail = "__ct" if state else f"all-schools_{name}"
    path = f"ct_edsight/{stem}-school/{stem}__{year_label(year)}_{tail}.csv"
    lines, outcomes, faults = college_head(year, name, state), [], []
    for place in [None] if state else schools(world, year):
        for label, cells in college_rows(world, place, year, name):
            if path.endswith(NEGATIVE_IN) and (place.state_code, label) == NEGATIVE_ROW:
                cells = ["-200.0", "-200.0"]
                row = len(lines) + 1
                faults = [Fault(path, row, "negative_rate", "row quarantined")]
            else:
                outcomes += read_college(place, year, name, label, cells)
            start = ids(place)[: 3 if name else 4] if place else ["State"]
            start += [label] * bool(name)
            # Unlike the graduation files, these leave the star bare.
            lines.append(",".join([*map(quoted, start), *cells]))
    return Delivery(path, crlf(lines), outcomes, faults)


def college_head(year: int, name: str, state: bool) -> list[str]:
    """Title, scope, notes and header; subgroup files carry no School Code."""
    columns = ID_COLUMNS[:1] if state else ID_COLUMNS[: 3 if name else 4]
    columns = [*columns, *filter(None, [column_of("college", name)]), *RATES]
    title = f"College Entrance and Persistence, {year_label(year)}"
    scope = "State of Connecticut" if state else "All Districts"
    notes = [quoted(note) for note in NOTES]
    return [quoted(title), quoted(scope), "", *notes, "", line(columns)]


def college_rows(
    world: World, place: Place, year: int, name: str
) -> Iterator[tuple[str, list[str]]]:
    """Label and printed rates of every group that had graduates."""
    counts = counts_of(world, place, year)
    for label, group in groups_by_file("college")[name].items():
        steps = ("graduated_4yr", "entered_12m", "persisted")
        graduates, entered, persisted = (counts[group, step] for step in steps)
        if graduates:
            yield label, [masked(entered, graduates), masked(persisted, entered)]


def masked(part: int, whole: int) -> str:
    """The rate, or a star for 1 to 5 students or a base below 20."""
    return "*" if 0 < part < 6 or whole < 20 else printed_rate(part, whole)


def read_college(
    place: Place, year: int, name: str, label: str, cells: list[str]
) -> Iterator[Outcome]:
    """What the two printed rates of one row say."""
    group = groups_by_file("college")[name][label]
    for metric, rate in zip(RATES.values(), cells, strict=True):
        yield outcome(("college_entrance", place, year, metric, group), rate)


def outcome(key: tuple, rate: str, numerator: str = "", cohort: str = "") -> Outcome:
    """The truth of one printed rate; a count beside a star stays, the rate does not."""
    extract, place, year, metric, group = key
    status = {"*": "suppressed", "N/A": "not_applicable"}.get(rate, "reported")
    who = ("", "", "")
    if place:
        nces = place.ncessch if place.is_matched else ""
        who = (nces, place.state_code, place.school)
    known = Outcome("ct", extract, "CT", *who, year, metric, group, numerator, cohort)
    return known._replace(value_pct=number(rate), value_status=status)


def schools(world: World, year: int) -> list[School]:
    """Connecticut's schools of that year in EdSight's order."""
    return sorted(world.open_in(year, "CT"), key=lambda s: (s.district, s.school))


def counts_of(world: World, place: Place, year: int) -> Counts:
    """True counts of a school, or of the state."""
    return world.counts[place.ncessch if place else "CT", year]


def ids(place: Place) -> list[str]:
    """Names and codes; a code is a formula so that a spreadsheet keeps its zeros."""
    if not place:
        return ["State of Connecticut"]
    codes = (place.district_code, place.state_code)
    district, school = (f'="{code}"' for code in codes)
    return [place.district, district, place.school, school]


def line(cells: list[str]) -> str:
    """A graduation row: numbers bare, everything else (stars too) in quotes."""
    return ",".join(cell if cell[:1].isdigit() else quoted(cell) for cell in cells)


def quoted(text: str) -> str:
    """The text as a quoted CSV field."""
    return '"' + text.replace('"', '""') + '"'


def crlf(lines: list[str]) -> bytes:
    """The file: CRLF line ends and a blank last line."""
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def number(cell: str) -> str:
    """The cell if it holds a number, else nothing."""
    return cell if cell[:1].isdigit() else ""


def printed_rate(part: int, whole: int) -> str:
    """Per cent with one decimal, half up, as every rate in the state's files."""
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}"


def year_label(year: int) -> str:
    """2014 as 2013-14."""
    return f"{year - 1}-{year % 100:02d}"
