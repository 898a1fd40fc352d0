"""The sample generator: same bytes, the publishers' layouts, and a truth that holds.

The expected headers, labels and bands are written out here and the printed files are
read again by a parser of its own, so that the generator is never its own witness.
"""

import csv
import io
import os
import re
import subprocess
import sys
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parent / "sample"
# In no crosswalk: the federal id whose cohorts are those of the state's code.
SAME_COHORTS = ("099900700008", "2596114")
GROUPS = {
    "ELL": "el",
    "Non-ELL": "non_el",
    "Female": "female",
    "Male": "male",
    "High Needs": "high_needs",
    "Non-High Needs": "non_high_needs",
    "Eligible For Free Lunch": "free_lunch",
    "Eligible For Reduced Lunch": "reduced_lunch",
    "Not Eligible For Lunch": "non_ed",
    "Asian": "asian",
    "Black": "black",
    "Black or African American": "black",
    "Hawaiian or Pacific Islander": "pacific_islander",
    "Native Hawaiian or Other Pacific Islander": "pacific_islander",
    "Hispanic": "hispanic",
    "Hispanic or Latino": "hispanic",
    "Indian or Alaska Native": "american_indian",
    "American Indian or Alaska Native": "american_indian",
    "Two or More Races": "two_or_more",
    "White": "white",
    "Special Education": "swd",
    "Non-Special Education": "non_swd",
    "English Language Learners": "el",
    "Students with Disabilities": "swd",
    "Eligible for Free or Reduced-Price Meals": "ed",
}
FEDERAL = {
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
METRICS = {
    "Graduation": "acgr_{}yr",
    "Still Enrolled": "still_enrolled_{}yr",
    "Other": "other_noncompletion_{}yr",
}
TRUE_OUTCOME = {
    "acgr": "graduated",
    "still_enrolled": "still_enrolled",
    "other_noncompletion": "other",
}
# The exports that this page reads again; test_ct.py has the others.
RATE_FILES = re.compile(r"(graduation-rates|college-entrance-and-persistence)-school/")
READ_AGAIN = re.compile(
    r"graduation_.yr|college_entrance|edfacts_acgr|common_metrics_submission"
)
PRINTED = ("ct_edsight/", "edfacts_acgr/")  # the files whose faults are known here
COLLEGE = {"Entrance(%)": "pse_12m_graduates", "Persistence(%)": "pse_persistence"}
STATES = {"CONNECTICUT": "CT", "MAINE": "ME", "NEW HAMPSHIRE": "NH"}
STATES |= {"RHODE ISLAND": "RI", "VERMONT": "VT"}
SUBMISSION = (
    "state,school_id_nces,school_id_state,school_name,lea_id_state,lea_name,school_year,"
    "metric_id,student_group,numerator,denominator,value_status,definition_id,data_as_of"
)
SUBMITTED = {  # part, whole, definition, and the states that submit it
    "dropout_cohort": ("dropped_out_4yr", "cohort_4yr", "nessc_cohort_dropout"),
    "dropout_event": ("dropped_out_4yr", "cohort_4yr", "nces_event_dropout"),
    "acgr_4yr": ("graduated_4yr", "cohort_4yr", "acgr_34cfr200_19"),
    "acgr_5yr": ("graduated_5yr", "cohort_5yr", "acgr_34cfr200_19"),
    "pse_12m_graduates": ("entered_12m", "graduated_4yr", "ct_edsight_college"),
    "pse_16m_graduates": ("entered_16m", "graduated_4yr", "vt_aoe_16_months"),
}
SUBMITTERS = {
    "acgr_4yr": {"ME"},
    "dropout_event": {"ME"},
    "dropout_cohort": {"CT", "ME", "NH", "RI", "VT"},
    "acgr_5yr": {"ME", "NH", "RI", "VT"},
    "pse_12m_graduates": {"ME"},
    "pse_16m_graduates": {"VT"},
}
MINIMUMS = {  # denominator, numerator, all others
    "CT": (20, 6, 6),
    "ME": (10, 10, 10),
    "NH": (10, 5, 5),
    "RI": (10, 10, 10),
    "VT": (11, 11, 11),
}


def generate(out: Path, *options: str, hash_seed: str = "0") -> Path:
    """The folder that one run of the generator filled."""
    command = [sys.executable, str(SAMPLE / "generate.py"), str(out), *options]
    env = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, check=True, env=env)
    return out


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default sample."""
    return generate(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with every broken delivery."""
    return generate(tmp_path_factory.mktemp("broken"), "--faults", "all")


def files(out: Path) -> dict[str, bytes]:
    """Every file's bytes by path."""
    found = sorted(path for path in out.rglob("*") if path.is_file())
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in found}


def rows(path: Path) -> list[list[str]]:
    """Rows of a CSV file, whatever its line ends."""
    return list(csv.reader(io.StringIO(path.read_text("ascii"), newline="")))


def truth(out: Path, name: str) -> list[dict[str, str]]:
    """Rows of a truth file."""
    with (out / "truth" / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


# --- an own reader of the printed files ---


def crosswalk(out: Path) -> list[tuple[str, str]]:
    """Pairs of federal id and the code of the state's own files."""
    return [
        (r[5], r[10]) for r in rows(out / "extracts/crosswalk/hs_crosswalk.csv")[1:]
    ]


def known_ids(out: Path) -> list[tuple[str, str]]:
    return [*crosswalk(out), SAME_COHORTS]


def code(cell: str) -> str:
    """The code inside a spreadsheet formula."""
    return re.fullmatch(r'="(\d{7})"', cell)[1]


def school_codes(out: Path) -> dict[tuple[str, str], str]:
    """State code by district code and school name, from the files that print it."""
    found = {}
    for path in (out / "extracts/ct_edsight").rglob(
        "*all-schools_*all-students_grad.csv"
    ):
        for row in rows(path)[5:]:
            if row:
                found[code(row[1]), row[2]] = code(row[3])
    return found


def read_edsight(out: Path) -> list[tuple]:
    """Every cell of the EdSight files as the warehouse should hold it."""
    nces = {state: federal for federal, state in known_ids(out)}
    codes, found = school_codes(out), []
    for path in sorted((out / "extracts/ct_edsight").rglob("*.csv")):
        if not RATE_FILES.search(path.as_posix()):
            continue
        word, year = re.match(r"(\w+).*?__\d{4}-(\d\d)_", path.name).groups()
        horizon = {"four": 4, "five": 5, "six": 6}.get(word)
        lines = rows(path)
        start = next(i for i, row in enumerate(lines) if row[:1] == ["District"])
        head, seen = lines[start], set()
        for row in filter(None, lines[start + 1 :]):
            if tuple(row) in seen or "-200.0" in row:
                continue
            seen.add(tuple(row))
            cells, who = dict(zip(head, row, strict=True)), ("", "", "")
            if "School" in cells:
                state_id = codes[code(cells["District Code"]), cells["School"]]
                if "School Code" in cells:
                    assert code(cells["School Code"]) == state_id
                who = (nces.get(state_id, ""), state_id, cells["School"])
            group = next((GROUPS[v] for v in row if v in GROUPS), "all")
            extract = f"graduation_{horizon}yr" if horizon else "college_entrance"
            place = ("ct", extract, "CT", *who, f"20{year}")
            for metric, count, cohort, rate in measures(cells, horizon):
                known = (*place, metric, group, digits(count), digits(cohort))
                found.append((*known, *read_star(rate)))
    return found


def measures(cells: dict[str, str], horizon: int | None) -> list[tuple]:
    """Metric, count, cohort and rate of each measure in one row."""
    if not horizon:
        return [(m, "", "", cells[c]) for c, m in COLLEGE.items()]
    cohort = next(v for k, v in cells.items() if k.endswith("Cohort Count"))
    names = [name for name in METRICS if f"{name} Count" in cells]
    return [
        (
            METRICS[n].format(horizon),
            cells[f"{n} Count"],
            cohort,
            cells[f"{n} Rate"],
        )
        for n in names
    ]


def digits(cell: str) -> str:
    """The cell if it is a number."""
    return cell if re.fullmatch(r"[\d.]+", cell) else ""


def read_star(rate: str) -> tuple[str, str, str, str]:
    """Value, range and status of an EdSight rate."""
    status = {"*": "suppressed", "N/A": "not_applicable"}.get(rate, "reported")
    return digits(rate), "", "", status


def read_edfacts(out: Path) -> list[tuple]:
    """Every cell of the five states in the federal files."""
    state_id, found = dict(known_ids(out)), []
    for path in sorted((out / "extracts/edfacts_acgr").glob("*.csv")):
        head, *lines = rows(path)
        year = "20" + path.stem[-2:]
        for row in lines:
            if row[0] not in STATES:
                continue
            cells = dict(zip(head, row, strict=True))
            nces = cells["NCESSCH"]
            assert re.fullmatch(r"\d{12}", nces) and nces.startswith(cells["LEAID"])
            who = (STATES[row[0]], nces, state_id.get(nces, ""), cells["SCHNAM"], year)
            for name, group in FEDERAL.items():
                suffix = f"{int(year) - 2001}{year[2:]}"
                cohort = digits(cells[f"{name}_COHORT_{suffix}"].strip("."))
                value = read_band(cells[f"{name}_RATE_{suffix}"])
                known = ("us", "edfacts_acgr", *who, "acgr_4yr", group, "", cohort)
                found.append((*known, *value))
    return found


def read_band(rate: str) -> tuple[str, str, str, str]:
    """Value, range and status of an EDFacts rate."""
    if rate in (".", ""):
        return "", "", "", "not_reported"
    if rate == "PS":
        return "", "", "", "suppressed"
    if rate.isdigit():
        return rate, "", "", "reported"
    if rate.startswith("GE"):
        return "", rate[2:], "100", "range"
    if rate[:2] in ("LE", "LT"):
        return "", "0", rate[2:], "range"
    return "", *rate.split("-"), "range"


def read_submissions(out: Path) -> list[tuple]:
    """Every cell of the submissions as the warehouse should hold it."""
    nces, found = {state: federal for federal, state in known_ids(out)}, []
    for path in sorted((out / "extracts/nessc_submissions").glob("*.csv")):
        for row in rows(path)[2:]:
            state, federal, code, name, _, _, year, metric, group, *cells = row
            assert federal in ("", nces.get(code))
            who = (state, nces.get(code, ""), code, name, str(int(year[:4]) + 1))
            extract = ("nessc", "common_metrics_submission")
            part, whole, status = cells[:3]
            known = (*extract, *who, metric, group, part, whole)
            rate = exact(part, whole) if status == "reported" else ""
            found.append((*known, rate, "", "", status))
    return found


def exact(part: str, whole: str) -> str:
    """The rate in per cent to twelve decimals."""
    rate = Decimal(100 * int(part)) / int(whole)
    return f"{rate.quantize(Decimal('1e-12'), ROUND_HALF_UP):f}"


# --- the tests ---


def test_same_seed_writes_the_same_bytes(out: Path, tmp_path: Path) -> None:
    again = generate(tmp_path / "again", "--seed", "2014", hash_seed="7")
    assert files(again) == files(out)
    other = generate(tmp_path / "other", "--seed", "2015")
    assert files(other).keys() == files(out).keys()
    assert files(other) != files(out)


GRAD_4 = (
    "extracts/ct_edsight/four-year-graduation-rates-school/four-year-graduation-rates__"
)
GRAD_6 = (
    "extracts/ct_edsight/six-year-graduation-rates-school/six-year-graduation-rates__"
)
ENTRANCE = (
    "extracts/ct_edsight/college-entrance-and-persistence-school/"
    "college-entrance-and-persistence__"
)
NOTES = [
    "",
    '"Notes:"',
    '"* In this report, year means graduating class of that school year."',
    '"* College entrance refers to the percent of high school graduates from the year '
    'who enrolled in college any time during the first year after high school."',
    '"* College persistence refers to the percent of students who enrolled in college '
    "the first year after high school and returned for a second year (Freshman to "
    'Sophomore persistence)."',
    "",
]
HEADS = {
    GRAD_4 + "2013-14_all-schools_all-students_grad.csv": [
        '"Four-Year Graduation Rates, 2013-14"',
        '"All Districts, All Schools, All Students"',
        "",
        '"",,,,,"Graduates",',
        '"District","District Code","School","School Code","Four-Year Cohort Count",'
        '"Graduation Count","Graduation Rate"',
    ],
    GRAD_4 + "2014-15_all-schools_race_nongrad.csv": [
        '"Four-Year Graduation Rates, 2014-15"',
        '"All Districts, All Schools, Race/Ethnicity"',
        "",
        '"",,,,,,"Non-Graduates",,,',
        '"District","District Code","School","School Code","Race/Ethnicity",'
        '"Four-Year Cohort Count","Still Enrolled Count","Still Enrolled Rate",'
        '"Other Count","Other Rate"',
    ],
    GRAD_4 + "2013-14__all-students_grad_ct.csv": [
        '"Four-Year Graduation Rates, 2013-14"',
        '"State of Connecticut, All Students"',
        "",
        '"",,"Graduates",',
        '"District","Four-Year Cohort Count","Graduation Count","Graduation Rate"',
    ],
    GRAD_6 + "2011-12__lunch_nongrad_ct.csv": [
        '"Six-Year Graduation Rates, 2011-12"',
        '"State of Connecticut, Free/Reduced Price Meal Eligibility"',
        "",
        '"",,,"Non-Graduates",,,',
        '"District","Free/Reduced Price Meal Eligibility","Six-Year Cohort Count",'
        '"Still Enrolled Count","Still Enrolled Rate","Other Count","Other Rate"',
    ],
    ENTRANCE + "2013-14_all-schools_.csv": [
        '"College Entrance and Persistence, 2013-14"',
        '"All Districts"',
        *NOTES,
        '"District","District Code","School","School Code","Entrance(%)",'
        '"Persistence(%)"',
    ],
    ENTRANCE + "2011-12_all-schools_race.csv": [
        '"College Entrance and Persistence, 2011-12"',
        '"All Districts"',
        *NOTES,
        '"District","District Code","School","Race/Ethnicity","Entrance(%)",'
        '"Persistence(%)"',
    ],
    ENTRANCE + "2011-12___ct.csv": [
        '"College Entrance and Persistence, 2011-12"',
        '"State of Connecticut"',
        *NOTES,
        '"District","Entrance(%)","Persistence(%)"',
    ],
}


@pytest.mark.parametrize("path", HEADS)
def test_edsight_head_is_the_state_s(out: Path, path: str) -> None:
    lines = (out / path).read_bytes().decode("ascii").split("\r\n")
    assert lines[: len(HEADS[path])] == HEADS[path]


def test_edsight_files_are_printed_as_the_state_prints(out: Path) -> None:
    printed = {
        p: b
        for p, b in files(out).items()
        if p.startswith("extracts/ct_edsight") and RATE_FILES.search(p)
    }
    assert len(printed) == 4 * ((3 + 7 + 7) + (3 + 7) + 3) + 2 * 7
    assert not any("__2012-13" in path for path in printed), "2012-13 is not delivered"
    for path, content in printed.items():
        assert content.isascii() and content.endswith(b"\r\n\r\n"), path
        assert content.count(b"\n") == content.count(b"\r\n"), path
        stars = set(re.findall(rb',("?\*"?)(?=[,\r])', content))
        assert stars <= {b"*" if "college" in path else b'"*"'}, path
    first = printed[GRAD_4 + "2011-12_all-schools_all-students_grad.csv"]
    assert b'"=""0036111""",' in first and b'"Dr. Orrin O\'Dell High School"' in first


COLUMNS = (
    "ALL_COHORT_{0},ALL_RATE_{0},MAM_COHORT_{0},MAM_RATE_{0},MAS_COHORT_{0},"
    "MAS_RATE_{0},MBL_COHORT_{0},MBL_RATE_{0},MHI_COHORT_{0},MHI_RATE_{0},"
    "MTR_COHORT_{0},MTR_RATE_{0},MWH_COHORT_{0},MWH_RATE_{0},CWD_COHORT_{0},"
    "CWD_RATE_{0},ECD_COHORT_{0},ECD_RATE_{0},LEP_COHORT_{0},LEP_RATE_{0}"
)


@pytest.mark.parametrize(
    ("name", "suffix", "dates"),
    [
        ("2011-12", "1112", "DATE_CUR"),
        ("2012-13", "1213", "DATE_CUR"),
        ("2013-14", "1314", "INSERT_DATE,DATE_CUR"),
        ("2014-15", "1415", "DATE_CUR"),
        ("2015-16", "1516", "DATE_CUR"),
    ],
)
def test_edfacts_layout(out: Path, name: str, suffix: str, dates: str) -> None:
    content = (out / f"extracts/edfacts_acgr/acgr-sch-sy{name}.csv").read_bytes()
    head, *lines = content.decode("ascii").split("\n")
    start = "STNAM,FIPST,LEAID,LEANM,NCESSCH,SCHNAM"
    assert head == f"{start},{COLUMNS.format(suffix)},{dates}"
    assert b"\r" not in content and lines[-1] == ""
    assert {line.split(",")[0] for line in lines[:-1]} == {*STATES, "MASSACHUSETTS"}
    assert all(len(row[5]) <= 60 for row in csv.reader(lines) if row)


def test_crosswalk_layout(out: Path) -> None:
    content = (out / "extracts/crosswalk/hs_crosswalk.csv").read_bytes()
    assert content.startswith(
        b"state,stnam,leaid,st_leaid,leanm,ncessch,st_schid,schnam,"
        b"state_district_part,state_school_part,state_published_school_code\r\n"
    )
    states = Counter(
        row[0] for row in rows(out / "extracts/crosswalk/hs_crosswalk.csv")[1:]
    )
    # Two schools a state stand in the students' extracts alone.
    assert states == {"CT": 13, "ME": 8, "NH": 8, "RI": 8, "VT": 8}


def test_truth_is_what_the_printed_cells_say(out: Path) -> None:
    planted = [
        tuple(row.values())[:-1]  # these files print no rows of districts
        for row in truth(out, "outcomes")
        if READ_AGAIN.fullmatch(row["extract"])
    ]
    assert len({row[:9] for row in planted}) == len(planted), "a cell is planted twice"
    printed = read_edsight(out) + read_edfacts(out) + read_submissions(out)
    assert sorted(planted) == sorted(printed)
    statuses = {"reported", "range", "suppressed", "not_reported", "not_applicable"}
    assert {row[-1] for row in planted} == statuses


def true_counts(out: Path, state: str = "CT") -> dict[tuple[str, str, str], Counter]:
    """True count by outcome for (state code or "", class, group) in a state."""
    found: dict[tuple[str, str, str], Counter] = {}
    for row in truth(out, "counts"):
        if row["state"] == state:
            key = (row["school_id_state"], row["school_year"], row["student_group"])
            found.setdefault(key, Counter())[row["outcome"]] = int(row["count"])
    return found


def test_printed_counts_are_true_and_small_ones_hidden(out: Path) -> None:
    counts, beside_star = true_counts(out), 0
    for row in truth(out, "outcomes"):
        if not re.fullmatch(r"graduation_.yr", row["extract"]):
            continue
        metric, horizon = row["metric_id"].rsplit("_", 1)
        key = (row["school_id_state"], row["school_year"], row["student_group"])
        true = counts.get(key, Counter())
        cohort = true[f"cohort_{horizon}"]
        count = true[f"{TRUE_OUTCOME[metric]}_{horizon}"]
        assert row["numerator"] in ("", str(count))
        assert row["denominator"] in ("", str(cohort))
        if 0 < cohort < 6:
            assert row["numerator"] == row["denominator"] == ""
        if 0 < count < 6:
            assert row["numerator"] == ""
        if row["value_pct"]:
            assert cohort >= 20
            assert row["value_pct"] == f"{int(1000 * count / cohort + 0.5) / 10:.1f}"
        if cohort == 0:
            assert row["value_status"] == "not_applicable"
            assert int(row["school_year"]) >= 2015
        beside_star += row["value_status"] == "suppressed" and row["numerator"] != ""
    assert beside_star > 0


def test_submissions_are_filled_templates(out: Path) -> None:
    paths = sorted((out / "extracts/nessc_submissions").glob("*.csv"))
    years = ("2013-14", "2014-15")
    states = [state.lower() for state in MINIMUMS]
    assert [p.name for p in paths] == [f"{s}_{y}.csv" for s in states for y in years]
    for path in paths:
        state, year = path.stem.split("_")
        title, head, *body = path.read_bytes().decode("ascii").splitlines()
        assert title == f'"NESSC common metrics submission, {year}"'
        assert head == SUBMISSION
        assert path.read_bytes().endswith(b"\n")
        cells = [
            dict(zip(head.split(","), row, strict=True)) for row in csv.reader(body)
        ]
        assert {row["state"] for row in cells} == {state.upper()}
        assert {row["school_year"] for row in cells} == {year}
        groups = {row["student_group"] for row in cells}
        assert groups == {"all", "ed", "non_ed", "swd", "non_swd"}
        metrics = {m for m, who in SUBMITTERS.items() if state.upper() in who}
        metrics -= {"acgr_5yr"} if year == "2014-15" else set()
        assert {row["metric_id"] for row in cells} == metrics
        for row in cells:
            assert row["definition_id"] == SUBMITTED[row["metric_id"]][2]
            assert row["data_as_of"] == f"{int(year[:4]) + 2}-11-30"
            school = [row[name] for name in head.split(",")[1:6]]
            assert not any(school) or all(school[1:])
    ends = {b"\r\n" in path.read_bytes() for path in paths}
    assert ends == {False, True}


@pytest.mark.parametrize("state", MINIMUMS)
def test_submitted_counts_are_true_and_small_ones_are_there(
    out: Path, state: str
) -> None:
    counts, small = true_counts(out, state), Counter()
    own = [r for r in truth(out, "outcomes") if r["state"] == state]
    for row in (r for r in own if r["extract"] == "common_metrics_submission"):
        key = (row["school_id_state"], row["school_year"], row["student_group"])
        part, whole = (
            counts.get(key, Counter())[name] for name in SUBMITTED[row["metric_id"]][:2]
        )
        whole *= 4 if row["metric_id"] == "dropout_event" else 1  # grades
        if row["value_status"] == "not_applicable":
            assert whole == 0
        elif row["value_status"] == "suppressed":
            assert state == "RI" and 0 < whole < 10
        else:
            assert (row["numerator"], row["denominator"]) == (str(part), str(whole))
            sizes = {"whole": whole, "part": part, "others": whole - part}
            limits = dict(zip(sizes, MINIMUMS[state], strict=True))
            below = [name for name in sizes if sizes[name] < limits[name]]
            small.update(below or ["none"])
    kinds = {"whole", "part", "others", "none"}
    assert {kind for kind in kinds if not small[kind]} == (
        {"whole"} if state == "RI" else set()  # it hides small wholes itself
    )


def test_a_state_submits_more_than_its_schools(out: Path) -> None:
    for state in MINIMUMS:
        counts = true_counts(out, state)
        for year in ("2014", "2015"):
            schools = sum(
                true["cohort_4yr"]
                for (code, class_year, group), true in counts.items()
                if code and (class_year, group) == (year, "all")
            )
            assert counts["", year, "all"]["cohort_4yr"] > schools


PARTITIONS = [
    ("female", "male"),
    ("el", "non_el"),
    ("swd", "non_swd"),
    ("ed", "non_ed"),
    ("free_lunch", "reduced_lunch", "non_ed"),
    ("high_needs", "non_high_needs"),
    ("asian_pacific_islander", "black", "hispanic", "white")
    + ("american_indian", "two_or_more"),
    ("asian", "pacific_islander", "black", "hispanic", "white")
    + ("american_indian", "two_or_more"),
]


@pytest.mark.parametrize("state", MINIMUMS)
def test_true_counts_add_up(out: Path, state: str) -> None:
    counts = true_counts(out, state)
    for (school, year, group), true in counts.items():
        for years in "456":
            parts = [true[f"{s}_{years}yr"] for s in TRUE_OUTCOME.values()]
            assert sum(parts) == true[f"cohort_{years}yr"]
        assert true["graduated_4yr"] <= true["graduated_5yr"] <= true["graduated_6yr"]
        assert true["persisted"] <= true["entered_12m"] <= true["entered_16m"]
        assert true["entered_16m"] <= true["graduated_4yr"]
        assert true["dropped_out_4yr"] <= true["other_4yr"]
        in_need = counts.get((school, year, "high_needs"), Counter())["cohort_4yr"]
        for need in ("el", "swd", "ed") if group == "all" else []:
            needy = counts.get((school, year, need), Counter())["cohort_4yr"]
            assert in_need >= needy
        for groups in PARTITIONS if group == "all" else []:
            total = Counter()
            for part in groups:
                total += counts.get((school, year, part), Counter())
            assert total == true, (school, year, groups)


def test_college_rates_are_true_and_small_ones_hidden(out: Path) -> None:
    counts = true_counts(out)
    for row in truth(out, "outcomes"):
        if row["extract"] == "college_entrance":
            key = (row["school_id_state"], row["school_year"], row["student_group"])
            steps = ("graduated_4yr", "entered_12m", "persisted")
            steps = steps[:2] if row["metric_id"] == "pse_12m_graduates" else steps[1:]
            whole, part = (counts[key][step] for step in steps)
            shown = f"{int(1000 * part / whole + 0.5) / 10:.1f}" if whole >= 20 else ""
            assert row["value_pct"] == ("" if 0 < part < 6 else shown)


def test_no_star_follows_from_its_row_or_column(out: Path) -> None:
    schools: dict[tuple, dict[str, dict[str, str]]] = {}
    for row in read_edsight(out):
        if row[1] != "graduation_4yr" or row[-1] == "not_applicable":
            continue
        schools.setdefault((row[4], row[6]), {}).setdefault(row[8], {})[row[7]] = row[9]
    for place, groups in schools.items():
        for group, cells in groups.items():
            stars = [metric for metric, count in cells.items() if count == ""]
            assert len(stars) != 1, (place, group, stars)
        for metric in groups["all"]:
            sexes = [groups[g][metric] for g in ("female", "male") if g in groups]
            assert sexes.count("") != 1, (place, metric)


@pytest.mark.parametrize(
    ("rate", "cohort", "group", "printed"),
    [
        (100, 1, "ALL", "PS"),
        (0, 5, "MWH", "PS"),
        (49, 6, "ALL", "LT50"),
        (50, 15, "ALL", "GE50"),
        (20, 16, "ALL", "LE20"),
        (21, 16, "CWD", "21-39"),
        (59, 30, "ALL", "40-59"),
        (79, 30, "ALL", "60-79"),
        (80, 30, "ALL", "GE80"),
        (10, 31, "ALL", "LE10"),
        (11, 31, "ALL", "11-19"),
        (89, 60, "ALL", "80-89"),
        (90, 60, "ALL", "GE90"),
        (5, 61, "ALL", "LE5"),
        (6, 61, "ALL", "6-9"),
        (10, 200, "ALL", "10-14"),
        (94, 200, "ALL", "90-94"),
        (95, 200, "ALL", "GE95"),
        (95, 201, "ALL", "95"),
        (95, 201, "ECD", "GE95"),
        (87, 300, "ECD", "85-89"),
        (87, 301, "ECD", "87"),
        (1, 301, "ALL", "LE1"),
        (2, 301, "ALL", "2"),
        (98, 301, "ALL", "98"),
        (99, 301, "ALL", "GE99"),
    ],
)
def test_federal_bands(
    monkeypatch: pytest.MonkeyPatch, rate: int, cohort: int, group: str, printed: str
) -> None:
    monkeypatch.syspath_prepend(SAMPLE)
    from edfacts import banded

    assert banded(rate, cohort, group) == printed


def test_federal_rate_rounds_half_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SAMPLE)
    from edfacts import whole_percent

    assert [whole_percent(n, 200) for n in (1, 189, 190, 191)] == [1, 95, 95, 96]
    assert whole_percent(0, 7) == 0


def test_state_row_is_not_the_sum_of_schools(out: Path) -> None:
    cells = [r for r in truth(out, "outcomes") if r["extract"] == "graduation_4yr"]
    cells = [r for r in cells if r["metric_id"] == "acgr_4yr"]
    cells = [r for r in cells if r["student_group"] == "all"]
    for year in ("2012", "2014", "2015"):
        here = [r for r in cells if r["school_year"] == year]
        (state,) = [r for r in here if not r["school_id_state"]]
        schools = true_counts(out)
        codes = {r["school_id_state"] for r in here} - {""}
        true = [schools[code, year, "all"] for code in codes]
        cohort = sum(t["cohort_4yr"] for t in true)
        graduated = sum(t["graduated_4yr"] for t in true)
        assert int(state["denominator"]) > cohort
        assert float(state["value_pct"]) < 100 * graduated / cohort


def test_the_two_publishers_agree_but_for_the_planted_cell(out: Path) -> None:
    own = {(r[3], r[6], r[8]): r for r in read_edsight(out) if r[7] == "acgr_4yr"}
    compared, different = 0, []
    for row in read_edfacts(out):
        mine = own.get((row[3], row[6], row[8]))
        if not mine or mine[-1] != "reported" or row[-1] not in ("reported", "range"):
            continue
        low, high = (row[11], row[11]) if row[11] else row[12:14]
        inside = float(low) - 0.5 <= float(mine[11]) < float(high) + 0.55
        compared += 1
        if not inside or mine[10] != row[10]:
            different.append((row[5], row[6], row[8]))
    # Two of them by an id that no crosswalk has (SAME_COHORTS).
    assert compared == 97
    assert different == [("Elmsgrove High School", "2015", "all")]


def test_schools_that_close_or_have_no_crosswalk_row(out: Path) -> None:
    cells = truth(out, "outcomes")
    closed = {r["school_year"] for r in cells if r["school_id_state"] == "0106211"}
    assert closed == {"2012", "2013", "2014"}
    # Equal cohorts in the state's files and the federal one make it one school.
    one = [r for r in cells if r["school_id_state"] == "2596114"]
    assert {r["school_id_nces"] for r in one} == {"099900700008"}
    assert {r["provider"] for r in one} >= {"ct", "us"}


def test_default_faults_are_where_they_are_said_to_be(out: Path) -> None:
    faults = {
        fault["what"]: fault
        for fault in truth(out, "faults")
        if fault["file"].startswith(PRINTED)
    }
    assert faults.keys() >= {"negative_rate", "duplicate_row", "reconciliation"}
    line = {
        what: (out / "extracts" / fault["file"])
        .read_bytes()
        .splitlines()[int(fault["row"]) - 1]
        for what, fault in faults.items()
    }
    assert line["negative_rate"].endswith(b',"Female",-200.0,-200.0')
    assert b"Elmsgrove High School" in line["reconciliation"]
    twice = []
    for path, content in files(out).items():
        if path.startswith(tuple(f"extracts/{folder}" for folder in PRINTED)):
            lines = Counter(text for text in content.splitlines() if text)
            twice += [
                (path.removeprefix("extracts/"), text)
                for text, n in lines.items()
                if n > 1
            ]
    assert twice == [(faults["duplicate_row"]["file"], line["duplicate_row"])]
    assert sum(b"-200.0" in content for content in files(out).values()) == 1


def test_broken_deliveries_are_broken_as_said(out: Path, broken: Path) -> None:
    good, all_files = files(out), files(broken)
    changed = {p for p in good if good[p] != all_files[p]}
    assert changed == {"truth/outcomes.csv", "truth/faults.csv"}
    extra = {
        re.sub(r".*_broken_", "", p): b
        for p, b in all_files.items()
        if p not in good and p.removeprefix("extracts/").startswith(PRINTED)
    }
    assert extra["empty.csv"] == b""
    assert extra["html.csv"].startswith(b"<!DOCTYPE html>")
    assert not extra["truncated.csv"].endswith(b"\n")
    assert extra["truncated.csv"].splitlines()[-1].count(b'"') % 2 == 1
    assert not extra["latin1.csv"].isascii()
    with pytest.raises(UnicodeDecodeError):
        extra["latin1.csv"].decode("utf-8")
    assert extra["other_year.csv"].startswith(b'"Four-Year Graduation Rates, 2015-16"')
    assert b'"Cohort N"' in extra["renamed_column.csv"]
    assert b"Cohort Count" not in extra["renamed_column.csv"]
    assert b'"Other Count"\r\n' in extra["missing_column.csv"]
    widths = {
        len(row)
        for row in csv.reader(extra["missing_column.csv"].decode().splitlines()[4:-1])
    }
    assert widths == {8}
    assert max(map(len, extra["long_line.csv"].splitlines())) > 40_000_000
    assert re.search(rb",9\.99001E\+10,", extra["exponent_ids.csv"])
    assert not re.search(rb",\d{12},", extra["exponent_ids.csv"])
    first, second = extra["duplicate_key.csv"].splitlines()[5:7]
    assert first != second and first.split(b",")[:4] == second.split(b",")[:4]
    wrong = extra["wrong_cells.csv"].splitlines()[5:12]
    assert any(b",-" in row for row in wrong) and any(row[-1:] == b"," for row in wrong)
    assert len(extra) == 17


def test_every_broken_delivery_is_listed(broken: Path) -> None:
    listed = truth(broken, "faults")
    found = {p.removeprefix("extracts/") for p in files(broken) if "_broken_" in p}
    assert {f["file"] for f in listed if "_broken_" in f["file"]} == found
    used = ("duplicate_key", "wrong_cells")  # some of their rows are
    for fault in listed:
        refused = "_broken_" in fault["file"] and not any(
            name in fault["file"] for name in used
        )
        assert fault["expected"].startswith("file refused: ") == refused
    kept = [r for r in truth(broken, "outcomes") if r["school_year"] == "2017"]
    kept = [r for r in kept if r["extract"] == "graduation_4yr"]
    assert len(kept) == 10 and "0036111" not in {r["school_id_state"] for r in kept}


def test_broken_deliveries_of_an_earlier_run_go_away(tmp_path: Path) -> None:
    generate(tmp_path, "--faults", "all")
    generate(tmp_path)
    assert not [path for path in files(tmp_path) if "_broken_" in path]
