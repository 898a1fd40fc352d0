import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from common_metrics.site import scale, write_site

RELEASE = "20260102T030405Z-0123abcd"
EVIL = '<script>alert(1)</script> "O\'Brien" & Co'
HEADINGS = [
    "The network’s goals",
    "Where the states stand",
    "How many schools are on their path",
    "What is missing",
    "What the numbers leave out",
    "The data",
]
CHROMIUM = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=390,2000",
]

COLUMNS = {
    "dim_metric": "metric_id varchar, label varchar, direction varchar, "
    "goal_pct double, has_targets boolean",
    "dim_school": "school_key varchar, school_name varchar, lea_name varchar",
    "state_outcomes": "state varchar, school_year integer, metric_id varchar, "
    "value_pct double, value_low_pct double, value_high_pct double, "
    "value_status varchar, source_file varchar, student_group varchar default 'all', "
    "is_preferred boolean default true, provider varchar default 'ct', "
    "extract varchar default 'graduation_4yr'",
    "school_outcomes": "school_key varchar, school_year integer, metric_id varchar, "
    "value_pct double, value_low_pct double, value_high_pct double, "
    "value_status varchar, provider varchar, source_file varchar, "
    "student_group varchar default 'all', is_preferred boolean default true",
    "school_targets": "school_key varchar, school_year integer, target_model varchar, "
    "target_pct decimal(18, 12), baseline_not_meeting_pct decimal(18, 12), "
    "state varchar default 'CT', metric_id varchar default 'acgr_4yr', "
    "student_group varchar default 'all', baseline_year integer default 2014, "
    "baseline_status varchar default 'reported', "
    "baseline_provider varchar default 'ct', goal_pct double default 90",
    "school_target_status": "school_key varchar, state varchar, school_year integer, "
    "target_model varchar, verdict varchar, interval_low_pct double, "
    "interval_high_pct double, metric_id varchar default 'acgr_4yr', "
    "student_group varchar default 'all'",
    "target_rules": "rule_version varchar, is_active boolean",
    "target_decreases": "rule_version varchar, school_year integer, "
    "decrease_pct decimal(9, 6)",
    "coverage": "provider varchar, extract varchar, school_year integer, "
    "coverage_status varchar, message varchar",
    "deliveries": "status varchar, file varchar, rows_raw bigint, "
    "rows_quarantined bigint, message varchar",
    "reconciliation": "state varchar",
}

ROWS = {
    "dim_metric": [
        ("acgr_4yr", "Graduated within four years", "higher", 90, True),
        ("acgr_5yr", "Graduated within five years", "higher", 90, True),
        ("dropout_cohort", "Dropped out of the cohort", "lower", 5, True),
        ("pse_12m_graduates", "Entered college", "higher", 80, True),
    ],
    "dim_school": [("s1", EVIL, "HILL DISTRICT"), ("s2", "Far School", None)],
    "state_outcomes": [
        ("CT", 2010, "acgr_4yr", 81.0, None, None, "reported", "a.csv"),
        ("CT", 2011, "acgr_4yr", 82.0, None, None, "reported", "b.csv"),
        ("CT", 2013, "acgr_4yr", 84.0, None, None, "reported", "c.csv"),
        ("CT", 2014, "acgr_4yr", None, 85, 89, "range", "d.csv"),
        ("CT", 2015, "acgr_4yr", None, None, None, "suppressed", "e.csv"),
        ("CT", 2016, "acgr_4yr", 88.0, None, None, "reported", "f.csv"),
        ("RI", 2014, "dropout_cohort", 9.6, None, None, "reported", EVIL),
    ],
    "school_outcomes": [
        ("s1", 2012, "acgr_4yr", 82.2, None, None, "reported", "ct", "a.csv"),
        ("s1", 2013, "acgr_4yr", None, 85, 89, "range", "us", "b.csv"),
        ("s1", 2014, "acgr_4yr", 85.0, None, None, "reported", "ct", "c.csv"),
        ("s1", 2015, "acgr_4yr", 86.0, None, None, "reported", "ct", "d.csv"),
        ("s2", 2014, "acgr_5yr", 99.0, None, None, "reported", "ct", "d.csv"),
    ],
    "school_targets": [
        ("s1", 2015, "compounding", "85.75", "15"),
        ("s1", 2015, "linear", "85.75", "15"),
        ("s1", 2016, "compounding", "86.4625", "15"),
        ("s1", 2016, "linear", "86.5", "15"),
        ("s2", 2015, "compounding", "60", "40"),
        ("s2", 2015, "linear", "60", "40"),
    ],
    "school_target_status": [
        ("s1", "CT", 2015, "compounding", "cannot_tell", 80.1, 91.2),
        ("s1", "CT", 2015, "linear", "off_track", 80.1, 91.2),
        ("s2", "CT", 2015, "compounding", "suppressed", None, None),
        ("s3", "TX", 2015, "compounding", "at_goal", 99, 100),
    ],
    "target_rules": [("2014-A", True), ("old", False)],
    "target_decreases": [
        ("2014-A", 2015, 5),
        ("2014-A", 2016, 5),
        ("2014-A", 2017, 10),
        ("old", 2015, 50),
    ],
    "coverage": [
        ("ct", "graduation_4yr", 2011, "received", ""),
        ("ct", "graduation_4yr", 2012, "missing", "Due and not delivered"),
        ("ct", "graduation_4yr", 2017, "refused", "see deliveries"),
        ("us", EVIL, 2011, "not_collected", EVIL),
    ],
    "deliveries": [
        ("validated", "a.csv", 10, 2, EVIL),
        ("refused", EVIL, 0, 0, "ids lost"),
        ("unmatched", "x.csv", None, None, "nobody asks"),
    ],
    "reconciliation": [("CT",)],
}


def build(folder: Path, **changed: list[tuple]) -> str:
    """Return the page written from ROWS, with some tables' rows changed."""
    file = folder / "public.duckdb"
    with duckdb.connect(str(file)) as con:
        for table, columns in COLUMNS.items():
            con.execute(f"create table {table} ({columns})")
            for row in changed.get(table, ROWS[table]):
                names = [c.split()[0] for c in re.split(r", (?=[a-z])", columns)]
                con.execute(
                    f"insert into {table} ({', '.join(names[: len(row)])}) "
                    f"values ({', '.join('?' * len(row))})",
                    row,
                )
    return write_site(file, folder / "site", RELEASE).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("release")


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return build(folder)


class Outline(HTMLParser):
    """What a reader's tool sees: headings, ids, and what refers to them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.levels, self.ids, self.refers, self.links = [], [], [], []
        self.scripts = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        found = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        self.scripts += tag == "script"
        self.ids += [found["id"]] if "id" in found else []
        self.refers += [found["aria-labelledby"]] if "aria-labelledby" in found else []
        self.links += [found[name] for name in ("href", "src") if name in found]


def chart(page: str, label: str) -> str:
    """Return the chart whose text alternative starts with ``label``."""
    return page.split(f'aria-label="{label}', 1)[1].split("</figure>")[0]


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))


def row_of(page: str, caption: str, *cells: str) -> bool:
    """Return whether the table of ``caption`` has a row with ``cells`` in order."""
    table = page.split(caption, 1)[1].split("</table>")[0]
    rows = [text(row) for row in table.split("<tr>")]
    return any(re.search(".*".join(map(re.escape, cells)), row) for row in rows)


def test_hostile_text_is_shown_and_not_run(page):
    assert "<script" not in page and Outline(page).scripts == 0
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 5


def test_no_outside_address(page):
    assert not re.search(r"https?:|//[a-z]|url\((?!#)|@import", page)
    assert all(re.match(r"#|\.\./", link) for link in Outline(page).links)
    assert '<a href="../public/dim_school.parquet">' in page


def test_outline_is_sound(page):
    outline = Outline(page)
    steps = zip(outline.levels, outline.levels[1:], strict=False)
    assert outline.levels[0] == 1 and outline.levels.count(1) == 1
    assert all(after - before <= 1 for before, after in steps)
    assert len(outline.ids) == len(set(outline.ids))
    assert set(outline.refers) <= set(outline.ids)
    assert '<html lang="en">' in page and len(page) < 300_000


def test_line_stops_at_a_missing_year(page):
    path = re.search(r' d="([^"]*)"', chart(page, "Connecticut, Graduated"))[1]
    places = re.findall(r"[ML][\d.]+(?=,)", path)
    s = scale([{"school_year": 2010}, {"school_year": 2017}], [], 210)
    years = [("M", 2010), ("L", 2011), ("M", 2013), ("M", 2016)]
    assert places == [f"{move}{s.x(year)}" for move, year in years]


def test_range_is_a_band_and_not_a_point(page):
    drawn = chart(page, "Connecticut, Graduated")
    assert drawn.count('class="band"') == 1 and drawn.count("<circle") == 4
    assert "85–89" in drawn and "87" not in text(drawn)
    assert row_of(page, "Connecticut: state rates", "2014", "85 to 89 %", "d.csv")


def test_why_there_is_no_rate_in_words(page):
    for year, words in [
        ("2012", "Due, not delivered"),
        ("2015", "Hidden: too few students"),
        ("2017", "Delivered, but refused"),
    ]:
        assert row_of(page, "Connecticut: state rates", year, words)
    assert ">hidden</text>" in chart(page, "Connecticut, Graduated")


def test_state_without_rates_is_not_summed(page):
    assert re.search(r"Maine</h3>\s*<p>No state rate has been delivered", page)


def test_verdicts_are_counted_in_words(page):
    assert row_of(page, "number of schools by verdict", "Connecticut 2015 0 0 1 0 1 2")
    assert "Cannot tell 1, Off track 0, No data 1." in page
    assert "either side of the target" in page and "TX" not in text(page)
    assert "before the first target year, 2015" in text(page)


def test_path_of_the_school_nearest_to_85(page):
    caption = "rates, targets and verdicts by year"
    cells = ["2015", "86.0 %", "85.8 %", "Cannot tell", "85.8 %", "Off track"]
    assert row_of(page, caption, *cells)
    assert row_of(page, caption, "2016", "Not delivered yet", "86.5 %", "86.5 %")
    drawn = page.split("with both target paths.", 1)[1].split("</figure>")[0]
    paths = re.findall(r'<path class="([a-z]+)[^"]*" d="([^"]*)"', drawn)
    shapes = {name: re.sub(r"[^ML]", "", path) for name, path in paths}
    assert shapes == {"compounding": "MLL", "linear": "MLL", "rate": "MML"}
    assert drawn.count('class="band"') == 1


def test_goals_and_steps_come_from_the_release(page):
    words = text(page)
    assert "at least 90 % of students graduate within five years" in words
    assert "at most 5 % of students drop out" in words
    steps = "by 5 per cent a year in 2015 and 2016 and by 10 per cent a year in 2017."
    assert steps in words and "made on 2 January 2026" in words


def test_what_is_missing(page):
    assert row_of(page, "did not come as expected", "four-year", "2012", "Due, not")
    assert row_of(page, "what became of them", "Read and used", "1", "10", "2")
    assert row_of(page, "rows set aside", "ids lost")


def test_release_without_targets_and_state_rates(tmp_path):
    empty = {name: [] for name in ROWS if name not in ("dim_metric", "target_rules")}
    words = text(build(tmp_path, **empty))
    assert words.count("No state rate has been delivered.") == 5
    assert "there is no example to show" in words
    assert "Everything that was due has come." in words


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("Expected chromium on the path. Found none. Install it.")
    if found is None:
        pytest.skip("chromium is not installed: apt-get install -y chromium")
    return found


def test_a_real_browser_opens_the_file(chromium, folder, page, tmp_path):
    image = tmp_path / "page.png"
    outputs = [
        subprocess.run(
            [
                chromium,
                *CHROMIUM,
                f"--user-data-dir={tmp_path / 'profile'}",
                action,
                (folder / "site" / "index.html").as_uri(),
            ],
            capture_output=True,
            timeout=120,
            check=True,
            text=True,
        ).stdout
        for action in ("--dump-dom", f"--screenshot={image}")
    ]
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", outputs[0])
    assert set(HEADINGS) <= set(headings) and len(headings) == len(HEADINGS) + 1
    assert image.read_bytes()[:4] == b"\x89PNG" and image.stat().st_size > 20_000
