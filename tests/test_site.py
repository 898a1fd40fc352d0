import csv
import os
import re
import struct
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import program
from playwright.sync_api import Browser, Page, sync_playwright
from public_file import write_public_file

from common_metrics.lake import Lake
from common_metrics.publication.letter import QUIET
from common_metrics.publication.site import scale, write_site

RELEASE = "20260102T030405Z-0123abcd"
EVIL = '<script>alert(1)</script> "O\'Brien" & Co'
WAY_OUT = "../../up and=away"
GRADUATION, COLLEGE = "acgr_4yr", "pse_12m_graduates"
# One page of each kind; a page of each is held against axe and opened on a phone.
KINDS = [
    "index.html",
    "schools/s1.html",
    "schools/s1-letter.html",
    "states/CT.html",
    "coalitions/league.html",
    f"metrics/{GRADUATION}.html",
    "method.html",
    "data-quality.html",
    "calendar.html",
]
LIMIT = 300_000


def outcome(
    key: str, metric: str, year: int, pct: float | None = None, **other: object
) -> dict:
    return {
        **{"school_key": key, "state": "CT", "metric_id": metric},
        **{"school_year": year, "value_pct": pct, "student_group": "all"},
        **{"value_status": "reported", "provider": "ct", "extract": "graduation_4yr"},
        **{"visibility": "public", "source_file": f"file-{year}.csv"},
        **{"source_row": year - 2000, "delivery": "0f0f0f0f", "is_preferred": True},
        **other,
    }


def band(key: str, metric: str, year: int, low: float, high: float, **of: object):
    bounds = {"value_low_pct": low, "value_high_pct": high, "value_status": "range"}
    return outcome(key, metric, year, None, **{"provider": "us", **bounds, **of})


def hidden(key: str, metric: str, year: int, **other: object) -> dict:
    return outcome(key, metric, year, None, value_status="suppressed", **other)


def targets(key: str, start: float, **other: object) -> list[dict]:
    """Return both paths of a school from 2014, as the rule of 2014 has them."""
    compounding, so_far, rows = start, 0, []
    for year, fall in zip(range(2015, 2021), (5, 5, 10, 10, 10, 10), strict=True):
        compounding, so_far = compounding * (1 - fall / 100), so_far + fall
        for model, not_meeting in (
            ("compounding", compounding),
            ("linear", start * (1 - so_far / 100)),
        ):
            rows.append(
                {
                    **{"school_key": key, "state": "CT", "metric_id": GRADUATION},
                    **{"student_group": "all", "baseline_year": 2014},
                    **{"school_year": year, "target_model": model},
                    **{"target_low_pct": 100 - not_meeting, "is_override": False},
                    **{"target_high_pct": 100 - not_meeting, "goal_pct": 90},
                    **{"baseline_not_meeting_low_pct": start},
                    **{"baseline_not_meeting_high_pct": start},
                    **other,
                }
            )
    return rows


# The fact and how firm it is, of which a verdict follows.
STANDS = {
    "at_goal": ("goal", "firm"),
    "on_track": ("target", "firm"),
    "cannot_tell": ("target", "close"),
    "off_track": ("missed", "firm"),
}


def verdict(key: str, year: int, compounding: str, linear: str, **of: object):
    return [
        {
            **{"school_key": key, "state": "CT", "metric_id": GRADUATION},
            **{"student_group": "all", "school_year": year, "target_model": model},
            **{"verdict": word, "reached": reached, "firmness": firmness, **of},
        }
        for model, word in (("compounding", compounding), ("linear", linear))
        for reached, firmness in [STANDS.get(word, (word, word))]
    ]


def metric(metric_id: str, label: str, goal: float | None, **other: object) -> dict:
    return {
        **{"metric_id": metric_id, "label": label, "goal_pct": goal},
        **{"direction": "higher", "has_targets": True, "is_of_high_schools": True},
        **{"numerator_definition": f"Who {label.lower()}", "evidence": "stated"},
        **{"denominator_definition": "The class", "definition_id": metric_id},
        **{"source": "34 CFR", "comparability_class": metric_id, **other},
    }


def school(key: str, name: str | None, state: str = "CT", **other: object) -> dict:
    return {
        **{"school_key": key, "school_name": name, "state": state},
        **{"lea_name": "HILL DISTRICT", "is_active": True, "school_id_nces": key},
        **{"first_year": 2012, "last_year": 2016, **other},
    }


def progress(year: int, pct: float | None, status: str = "reported", **of: object):
    return [
        {
            **{"level": "network", "entity_id": "nessc", "metric_id": GRADUATION},
            **{"student_group": "all", "school_year": year, "target_model": model},
            **{"value_pct": pct, "value_status": status, "goal_pct": 90},
            **{"states_reporting_count": 1, "states_count": 5, "verdict": "no_data"},
            **{"members_reporting_count": 1, "members_count": 5, **of},
        }
        for model in ("compounding", "linear")
    ]


LONG = "The Very Reverend Bartholomew Featherstonehaugh Regional Technical Academy of "
ROWS = {
    "dim_metric": [
        metric(GRADUATION, "Graduated within four years", 90),
        metric("acgr_5yr", "Graduated within five years", 90),
        metric("dropout_cohort", "Dropped out of the cohort", 5, direction="lower"),
        metric(COLLEGE, "Entered college within 12 months", 80),
        metric("pse_16m_graduates", "Entered college within 16 months", 80),
        metric(
            *("chronic_absence", "Absent", None),
            has_targets=False,
            denominator_definition="All who were enrolled",
        ),
    ],
    "dim_student_group": [
        {"student_group": "all", "label": "All students", "sort_order": 1},
        {"student_group": "female", "label": "Female", "sort_order": 2},
        {"student_group": "male", "label": "Male", "sort_order": 3},
        {"student_group": "el", "label": EVIL, "sort_order": 4},
    ],
    "dim_school": [
        school("s1", "Maple High School"),
        school("s2", EVIL),
        school("s3", "=HYPERLINK(1)", lea_name="+1"),
        school(WAY_OUT, None, "VT"),
        school("s5", LONG * 2, lea_name=LONG),
        school("s6", "Lower School"),
        school("tx", "Far away", "TX"),
    ],
    "school_outcomes": [
        outcome("s1", GRADUATION, 2012, 82.2, denominator=150),
        band("s1", GRADUATION, 2012, 80, 84, is_preferred=False),
        band("s1", GRADUATION, 2013, 85, 89),
        outcome("s1", GRADUATION, 2014, 85.0, denominator=40),
        outcome("s1", GRADUATION, 2015, 86.0, denominator=43),
        band("s1", GRADUATION, 2015, 85, 89, is_preferred=False),
        hidden("s1", GRADUATION, 2016),
        outcome("s1", GRADUATION, 2018, 91.0),
        hidden("s1", "dropout_cohort", 2015, visibility="restricted"),
        outcome("s1", "chronic_absence", 2015, 12.0, visibility="restricted"),
        outcome("s1", GRADUATION, 2015, 91.3, student_group="female"),
        outcome("s1", GRADUATION, 2015, 80.1, student_group="male", denominator=60),
        hidden("s1", GRADUATION, 2015, student_group="el"),
        outcome("s2", GRADUATION, 2014, 60.0, source_file="=evil()", source_sheet=EVIL),
        band("s3", "acgr_5yr", 2014, 0, 49),
        outcome(WAY_OUT, GRADUATION, 2014, 77.0, state="VT", provider="computed"),
        *(
            row
            for of in (GRADUATION, "acgr_5yr", "dropout_cohort", COLLEGE)
            for row in (band("s5", of, 2012, 1, 5), outcome("s5", of, 2015, 9.0))
        ),
        hidden("s5", "pse_16m_graduates", 2018),
        outcome("tx", GRADUATION, 2014, 70.0, state="TX"),
    ],
    "school_targets": [
        *targets("s1", 15),
        *targets("s5", 33),
        *targets("s3", 75, metric_id="acgr_5yr"),
    ],
    "school_target_status": [
        *verdict(
            *("s1", 2015, "cannot_tell", "off_track"),
            interval_low_pct=72.1,
            interval_high_pct=93.4,
        ),
        *verdict("s1", 2016, "suppressed", "suppressed"),
        *verdict(
            *("s5", 2015, "cannot_tell", "cannot_tell"),
            students_count=33,
            interval_low_pct=4,
            interval_high_pct=15,
        ),
        *verdict("s1", 2018, "at_goal", "at_goal"),
        *verdict("tx", 2015, "on_track", "on_track", state="TX"),
    ],
    "school_outlook": [
        {
            **{"school_key": key, "metric_id": GRADUATION, "student_group": "all"},
            **{"outlook": "not_at_this_pace", "outlook_reason": reason},
            **{"last_target_year": 2020},
        }
        for key, reason in (("s1", "after_last_target_year"), ("s5", "does_not_fall"))
    ],
    "target_coverage": [
        {
            **{"school_key": "s2", "state": "CT", "metric_id": GRADUATION},
            **{"student_group": "all", "school_year": 2015, "has_target": False},
            **{"reason": "no_baseline"},
        }
    ],
    "group_gaps": [
        {
            **{"school_key": "s1", "state": "CT", "metric_id": GRADUATION},
            **{"school_year": 2015, "student_group": "female", "gap": "higher"},
            **{"complement_group": "male", "is_preferred": True},
            **{"gap_low_points": 11.2, "gap_high_points": 11.2},
        }
    ],
    "state_outcomes": [
        {k: v for k, v in outcome("", *of).items() if k != "school_key"}
        for of in ((GRADUATION, 2011, 82.0), (GRADUATION, 2013, 84.0))
    ],
    "network_progress": [
        *progress(2014, 83.1),
        *progress(2015, 85.0, verdict="cannot_tell", verdict_reason="1 of 5 states"),
        *progress(2016, None, "not_yet_observed"),
        *(
            row | {"level": "coalition", "entity_id": "league"}
            for row in progress(
                *(2015, None, "range"),
                **{"value_low_pct": 77.0, "value_high_pct": 77.8},
                **{"same_members_count": 5, "verdict": "cannot_tell"},
                **{"same_members_low_pct": 76.7, "same_members_high_pct": 77.6},
                **{"same_members_baseline_low_pct": 76.1},
                **{"same_members_baseline_high_pct": 76.1, "verdict_reason": "few"},
            )
        ),
    ],
    "dim_coalition": [
        {
            **{"coalition_id": "league", "coalition_name": EVIL, "source": "roster"},
            **{"description": "A network", "kind": "school_network"},
        }
    ],
    "bridge_coalition_school": [
        {
            **{"coalition_id": "league", "school_key": key, "state": "CT"},
            **{"first_year": 2013},
        }
        for key in ("s1", "s6")
    ],
    "coverage": [
        {
            **{"provider": "ct", "extract": "graduation_4yr", "school_year": year},
            **{"coverage_status": status, "message": message},
        }
        for year, status, message in [
            (2012, "received", ""),
            (2013, "partly_received", EVIL),
            (2017, "missing", "Due and not delivered: nothing is filled in."),
        ]
    ],
    "supplier_scores": [
        {
            **{"provider": "ct", "quarter_from": "2026-01-01", "files_count": 3},
            **{"accepted_at_first_pct": 66.7, "never_accepted_count": 1},
            **{"years_count": 0},
        }
    ],
    "delivery_calendar": [
        {
            **{"provider": "ct", "extract": "graduation_4yr", "state": "CT"},
            **{"school_year": year, "delivery_status": status, "message": EVIL},
            **{"due_on": "2018-05-31", "missing_from": "2018-07-01"},
            **{"due_basis": "contract"},
        }
        for year, status in ((2012, "delivered"), (2017, "open"))
    ],
    "deliveries": [
        {
            **{"provider": "ct", "extract": "graduation_4yr", "school_year": 2014},
            **{"file": "file-2014.csv", "delivery": "0f0f0f0f", "sha256": "0f" * 32},
            **{"landed_at": "2026-01-01 00:00:00", "status": "validated"},
            **{"rows_raw": 10, "rows_validated": 8, "rows_quarantined": 2},
            **{"rows_duplicate": 0, "message": EVIL},
        },
        {"file": EVIL, "status": "refused", "message": "ids lost", "rows_raw": 0},
    ],
}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    write_public_file(folder / "public.duckdb", ROWS)
    return write_site(folder / "public.duckdb", folder / "site", RELEASE).parent


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, str]:
    return pages_of(site)


def pages_of(site: Path) -> dict[str, str]:
    """Return each page by its path below the site."""
    return {
        file.relative_to(site).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(site.rglob("*.html"))
    }


class Outline(HTMLParser):
    """What a reader's tool sees: headings, ids, and what refers to them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.levels, self.ids, self.refers, self.links = [], [], [], []
        self.scripts = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        found = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "script":
            self.scripts.append(found.get("src"))
        self.ids += [found["id"]] if "id" in found else []
        for name in ("aria-labelledby", "aria-controls", "aria-describedby", "for"):
            self.refers += found.get(name, "").split()
        self.links += [found[name] for name in ("href", "src") if name in found]


def section(page: str, of: str) -> str:
    return page.split(f'<section aria-labelledby="{of}">')[1].split("</section>")[0]


def folded(page: str, of: str) -> str:
    """Return what stands behind the summary of that id."""
    return page.split(f'<summary><h2 id="{of}">')[1].split("</details>")[0]


def panel(page: str, of: str) -> str:
    """Return a metric's part of a page."""
    return page.split(f'<h3 id="{of}">')[1].split("</details>")[0]


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))


def chart(page: str, label: str) -> str:
    """Return the chart whose text alternative starts with ``label``."""
    return page.split(f'aria-label="{label}', 1)[1].split("</figure>")[0]


def row_of(page: str, caption: str, *cells: str) -> bool:
    """Return whether the table of ``caption`` has a row with ``cells`` in order."""
    table = page.split(f">{caption}", 1)[1].split("</table>")[0]
    rows = [text(row) for row in table.split("<tr")]
    return any(re.search(".*".join(map(re.escape, cells)), row) for row in rows)


HISTORY = "Graduated within four years, all students, year by year"


def test_each_school_state_coalition_and_metric_has_its_page(site, pages):
    kinds = Counter(Path(name).parent.as_posix() for name in pages)
    assert set(KINDS) <= set(pages) and kinds["states"] == 5 and kinds["metrics"] == 6
    schools = [name for name in pages if name.startswith("schools/")]
    assert len(schools) == 10 and not any("tx" in name for name in schools)
    assert all(re.fullmatch(r"[A-Za-z0-9_/-]+\.html", name) for name in pages)
    assert sum("up-and-away" in name for name in schools) == 2
    suffixes = {file.suffix for file in site.rglob("*.*")}
    assert suffixes == {".html", ".css", ".js", ".csv"}


def test_hostile_text_is_shown_and_not_run(site, pages):
    own = {"assets/site.js", "assets/schools.js", "../assets/site.js"}
    for name, page in pages.items():
        assert set(Outline(page).scripts) <= own and "<script>" not in page, name
    shown = "&lt;script&gt;alert(1)&lt;/script&gt;"
    assert all(
        shown in pages[name]
        for name in ("schools/s2.html", "schools/s2-letter.html", "states/CT.html")
        + ("index.html", "data-quality.html", "calendar.html", "coalitions/league.html")
    )


def test_no_outside_address(site, pages):
    for name, page in pages.items():
        assert not any(re.match(r"[a-z]+:|//", x) for x in Outline(page).links), name
    for file in (site / "assets").iterdir():
        assert not re.search(r"https?:|//[a-z]|url\(|@import", file.read_text()), file


def dead_links(
    site: Path, pages: dict[str, str], is_beside: Callable[[str], object]
) -> list[tuple[str, str]]:
    """Return pages and their links that lead nowhere.

    ``is_beside`` tells of a path below the release whether there is such a file.
    """
    outlines = {name: Outline(page) for name, page in pages.items()}
    assert sum(len(outline.links) for outline in outlines.values()) > 300

    def leads_somewhere(name: str, link: str) -> object:
        path, fragment = urldefrag(urljoin(f"site/{name}", link))
        inside = unquote(path).removeprefix("site/")
        if inside == unquote(path):
            return is_beside(inside)
        is_there = (site / inside).is_file()
        return is_there and (not fragment or fragment in outlines[inside].ids)

    links = [(name, link) for name in outlines for link in outlines[name].links]
    return [pair for pair in links if not leads_somewhere(*pair)]


def test_every_link_leads_somewhere(site, pages):
    table = r"\w+\.parquet|excel/[A-Z]{2}\.xlsx"
    beside = rf"public\.duckdb|public/(manifest\.json|{table})"
    assert dead_links(site, pages, re.compile(beside).fullmatch) == []


def test_outline_of_each_page_is_sound(pages):
    for name, page in pages.items():
        outline = Outline(page)
        steps = zip(outline.levels, outline.levels[1:], strict=False)
        assert outline.levels[0] == 1 and outline.levels.count(1) == 1, name
        assert all(after - before <= 1 for before, after in steps), name
        assert len(outline.ids) == len(set(outline.ids)), name
        assert set(outline.refers) <= set(outline.ids), name
        assert '<html lang="en">' in page and '<meta charset="utf-8">' in page


def test_a_range_or_a_hidden_rate_is_never_a_point(pages):
    drawn = chart(pages["schools/s1.html"], "Maple High School, Graduated within four")
    marks = re.findall(r'<(?:circle|rect) class="(\w+)"', drawn)
    assert Counter(marks) - Counter({"step": 12}) == Counter(
        {"solid": 1, "open": 3, "band": 1, "veil": 1, "void": 1}
    )
    assert ">85–89</text>" in drawn and "87" not in text(drawn)
    assert re.search(r">hidden</text>", drawn) and re.search(r">none</text>", drawn)
    page = pages["schools/s1.html"]
    assert "Maple High School, Dropped out" not in page
    assert "in small groups: Dropped out of the cohort." in text(page)


def test_a_line_stops_at_a_year_without_a_rate(pages):
    drawn = chart(pages["schools/s1.html"], "Maple High School, Graduated within four")
    path = re.search(r'<path class="rate" d="([^"]*)"', drawn)[1]
    s = scale([{"school_year": 2012}, {"school_year": 2020}], 90)
    years = [("M", 2012), ("M", 2014), ("L", 2015), ("M", 2018)]
    assert re.findall(r"[ML][\d.]+(?=,)", path) == [f"{m}{s.x(y)}" for m, y in years]
    target = re.search(r'<path class="target compounding" d="([^"]*)"', drawn)[1]
    assert re.sub("[^ML]", "", target) == "MLLLLLL"


def test_why_there_is_no_rate_in_words(pages):
    page = pages["schools/s1.html"]
    assert row_of(page, HISTORY, "2013", "85 to 89%")
    for year in ("2016", "2017", "2020"):
        assert not row_of(page, HISTORY, year)
    words = text(panel(page, GRADUATION))
    assert "Not shown, to protect students in small groups: 2016." in words
    assert "Due, not delivered: 2017." in words
    ahead = r"Targets of years without a rate: 2016: 86.5%.*2020: 91.1%"
    assert re.search(ahead, words)
    words = text(folded(page, "hidden"))
    assert "fewer than 20 students" in words and "never counted as zero" in words


def test_both_readings_of_a_target_with_their_verdicts(pages):
    page = pages["schools/s1.html"]
    room = "72.1 to 93.4%"
    cells = ["2015", "86.0%", "43", room, "85.8%", "Too close to call", "85.8%"]
    assert row_of(page, HISTORY, *cells, "Off track")
    words = text(panel(page, GRADUATION))
    said = "Class of 2018: 91.0% ?. That meets the goal of at least 90%. At goal"
    assert re.search(said, words)
    close = text(panel(pages["schools/s5.html"], GRADUATION))
    # The fact first, then how firm it is.
    fact, _, firm = close.partition("Too close to call")
    assert "That reaches the target of" in fact
    assert firm.strip().startswith("With 33 students, chance alone could put the rate")
    without = text(panel(pages["schools/s2.html"], GRADUATION))
    assert "There is no target: there is no rate for the starting year" in without


def test_no_year_is_foretold_that_lies_behind_the_last_target(pages):
    late = "At the pace since 2014 the goal would not be met by 2020."
    flat = "the share of students who do not meet it has not fallen"
    said = {key: pages[f"schools/{key}.html"] for key in ("s1", "s5")}
    assert (late in said["s1"], flat in said["s1"]) == (True, False)
    assert (late in said["s5"], flat in said["s5"]) == (False, True)


def test_each_number_names_its_source(pages):
    page = pages["schools/s1.html"]
    file, row = re.search(r'"#source-(\d+)">file \1</a>, row (14)<', page).groups()
    listed = page.split(f'id="source-{file}"')[1].split("</li>")[0]
    assert "file-2014.csv" in listed and "0f" * 8 in listed and row == "14"
    others = text(folded(page, "other"))
    assert "a restricted file" in others and "file-2015" not in others
    assert "U.S. Department of Education: 80 to 84%" in text(panel(page, GRADUATION))


def test_groups_and_gaps(pages):
    caption = "Graduated within four years by group, class of 2015"
    page = pages["schools/s1.html"]
    gap = "11.2 points higher than male"
    assert row_of(page, caption, "Female", "91.3%", gap)
    assert not row_of(page, caption, "alert(1)")
    assert "in small groups: &lt;script&gt;alert(1)" in text(panel(page, GRADUATION))


def test_a_rate_of_some_states_is_not_the_networks(pages):
    page = pages["index.html"]
    drawn = chart(page, "The network, Graduated within four years")
    assert drawn.count('class="part"') == 2 and 'class="solid"' not in drawn
    assert "Class of 2015: 85.0%. Covers 1 of 5 states" in text(page)
    said = text(page.split('id="acgr_4yr"')[1].split("<figure>")[0])
    assert "Not judged" in said and "Covers 1 of 5 states, so there is no" in said
    caption = "The network, Graduated within four years, year by year"
    assert row_of(page, caption, "2015", "85.0%", "1 of 5", "Not judged")


def test_the_same_members_stand_beside_a_rate_of_changing_ones(pages):
    page = pages["coalitions/league.html"]
    (row,) = re.findall("<tr><th[^>]*>2015</th>.*</tr>", page)
    before, said = text(row).split("5 schools: ")
    assert " ".join(before.split()) == "2015 77.0 to 77.8% 1 of 5"
    assert said.startswith("76.7 to 77.6%, start 76.1%")
    assert text(row).count("Not judged") == 2
    assert 'class="band partial"' in page


def test_a_number_stands_where_fewest_lines_pass():
    names = ("interval_low_pct", "interval_high_pct", "value_low_pct")
    bare = dict.fromkeys((*names, "value_high_pct"))
    rows = [
        bare
        | {"school_year": year, "value_pct": rate}
        | dict.fromkeys(("compounding_low_pct", "compounding_high_pct"), target)
        for year, rate, target in ((2014, 87.6, 87.6), (2015, 84.0, 88.2))
    ] + [
        bare
        | {"school_year": 2016, "value_pct": 86.9}
        | {"compounding_low_pct": 88.8, "compounding_high_pct": 88.8}
    ]
    s = scale(rows, 90, 220)
    assert all(s.label_y(rows, at, 90) > s.y(rows[at]["value_pct"]) for at in range(3))


def test_state_rates_are_printed_ones(pages):
    page = pages["states/CT.html"]
    caption = "Connecticut, Graduated within four years, year by year"
    assert row_of(page, caption, "2011", "82.0%", "file-2011.csv, row 11")
    assert "Not reported: 2012." in text(page)
    assert "No state rate has been delivered." in text(pages["states/ME.html"])
    assert row_of(page, "High schools of", "Maple", "91.0%", "2018", "At goal")


def test_what_was_due_and_what_came(pages):
    page = pages["data-quality.html"]
    assert row_of(page, "Each data set", "graduation 4yr", "missing", "in part", "came")
    assert row_of(page, "Files by publisher", "Read and used", "1", "10", "8", "2")
    assert row_of(page, "Files not used", "ids lost")


def test_csv_is_whole_and_no_formula(site):
    with (site / "schools" / "s1.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    of = {
        (r["school_year"], r["student_group"], r["is_preferred"]): r
        for r in rows
        if r["metric_id"] == GRADUATION
    }
    assert len(rows) == 16 and of["2015", "all", "True"]["verdict"] == "cannot_tell"
    held = {"verdict", "target_low_pct", "verdict_from_start"}
    assert all(of["2015", "all", "True"][column] for column in held)
    assert not any(of["2015", "all", "False"][column] for column in held)
    hidden_row = of["2016", "all", "True"]
    assert hidden_row["value_status"] == "suppressed" and not hidden_row["value_pct"]
    assert of["2020", "all", ""]["target_low_pct"].startswith("91.1")
    assert "'=evil()" in (site / "schools" / "s2.csv").read_text()


def test_the_method_explains_the_columns_of_a_csv(site, pages):
    header = (site / "schools" / "s1.csv").read_text().split("\n")[0].strip()
    explained = section(pages["method.html"], "csv")
    for column in header.replace('"', "").split(","):
        assert f"<code>{column}</code>" in explained, column


def test_letter_says_where_we_are_in_plain_words(pages):
    words = text(pages["schools/s1-letter.html"])
    for part in [
        "To the families of our students Maple High School",
        "Finished high school in four years 91.0 (class of 2018)",
        "90 or more Yes. We are at the goal.",
        "Left school without finishing Not shown (class of 2015)",
        "Not shown does not mean zero.",
        "We do not guess where in the range we are.",
        "For some measures there is no number for 2017.",
    ]:
        assert part in words, part
    assert "Department of Education, not from our school." in words
    shouting = [w for w in re.findall("[A-Za-z]+", words) if len(w) > 13]
    assert not set(shouting) - {"Connecticut"}


def test_a_letter_says_the_fact_before_how_firm_it_is(pages):
    assert "Yes, but too close to call." in text(pages["schools/s5-letter.html"])


def test_a_letter_does_not_disown_records_that_a_school_sent(pages):
    (name,) = [n for n in pages if n.endswith("-letter.html") and "up-and" in n]
    words = text(pages[name])
    assert "come from records of students in Vermont. The full page" in words


def test_a_release_with_rules_alone(tmp_path):
    write_public_file(tmp_path / "public.duckdb", {})
    index = write_site(tmp_path / "public.duckdb", tmp_path / "site", RELEASE)
    assert "No state rate has been delivered." in text(index.read_text())
    quality = text(index.with_name("data-quality.html").read_text())
    assert "Everything that was due has come." in quality


def test_pages_of_many_years_groups_and_schools_stay_light(tmp_path):
    groups = [f"g{n}" for n in range(20)]
    labels = [
        {"student_group": g, "label": f"A group of students called {g}"} for g in groups
    ]
    metrics = [metric(f"m{n}", f"Measure number {n}", 90) for n in range(7)]
    more = [metric(f"n{n}", f"Test {n}", None, has_targets=False) for n in range(20)]
    dense = [
        outcome("s0", of["metric_id"], year, 80.0, denominator=100, student_group=g)
        for of in metrics + more
        for year in range(2005, 2025)
        for g in (["all", *groups] if of in metrics and year > 2022 else ["all"])
    ]
    schools = [
        school(f"s{n}", f"A school of that name, number {n}") for n in range(300)
    ]
    every = [
        outcome(of["school_key"], m["metric_id"], 2015, 80.0)
        for of in schools
        for m in metrics[:1]
    ]
    rows = {"dim_metric": metrics + more, "dim_student_group": labels}
    write_public_file(
        tmp_path / "public.duckdb",
        rows | {"dim_school": schools, "school_outcomes": dense + every},
    )
    write_site(tmp_path / "public.duckdb", tmp_path / "site", RELEASE)
    weights = {f: f.stat().st_size for f in (tmp_path / "site").rglob("*.html")}
    assert len(weights) > 600 and max(weights.values()) < LIMIT
    assert (tmp_path / "site/schools/s0.html").stat().st_size > 100_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = program("chromium")
    with sync_playwright() as playwright:
        args = ["--no-sandbox", *QUIET]
        with playwright.chromium.launch(executable_path=found, args=args) as browser:
            yield browser


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab in which nothing may be asked of another machine or go wrong."""
    with browser.new_context(viewport={"width": 1200, "height": 900}) as context:
        page, wrong = context.new_page(), []
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda request: wrong.append(request.url))
        context.on(
            "request",
            lambda request: (
                request.url.startswith("file:") or wrong.append(request.url)
            ),
        )
        yield page
        assert not wrong


def picture(tab: Page, name: str, folder: Path) -> None:
    """Keep a page as a picture in ARTEFACTS; it is whole, as wide as its window."""
    folder = Path(os.environ.get("ARTEFACTS") or folder)
    folder.mkdir(parents=True, exist_ok=True)
    window = tab.viewport_size
    file = folder / f"{name.replace('/', '-')}-{window['width']}.png"
    png = tab.screenshot(path=file, full_page=True)
    height = tab.evaluate("document.documentElement.scrollHeight")
    assert struct.unpack(">II", png[16:24]) == (window["width"], height)
    assert height >= window["height"]
    # A blank page is a few bytes over and over.
    places = [m.start() for m in re.finditer(b"IDAT", png)]
    lengths = [int.from_bytes(png[at - 4 : at], "big") for at in places]
    packed = zip(places, lengths, strict=True)
    shades = zlib.decompress(b"".join(png[at + 4 : at + 4 + n] for at, n in packed))
    assert len(set(shades)) > 100


@pytest.mark.parametrize("name", KINDS)
def test_axe_finds_nothing(name, site, tab, tmp_path):
    tab.goto((site / name).as_uri())
    if tab.locator("#both").count():
        tab.check("#both")
    for details in tab.locator("summary").all():
        details.click()
    picture(tab, name, tmp_path)
    found = Axe().run(tab, options={"preload": False}).response["violations"]
    assert [(v["id"], v["impact"], v["nodes"][0]["html"][:200]) for v in found] == []


@pytest.mark.parametrize("name", KINDS)
def test_a_phone_needs_no_sideways_scroll(name, site, tab, tmp_path):
    tab.set_viewport_size({"width": 360, "height": 740})
    tab.goto((site / name).as_uri())
    picture(tab, name, tmp_path)
    assert tab.evaluate("document.documentElement.scrollWidth") == 360


def test_search_finds_a_school_by_keyboard_alone(site, tab):
    tab.goto((site / "index.html").as_uri())
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.get_by_label("Name of a school").focus()
    tab.keyboard.type("hill màple")
    assert tab.get_by_role("status").inner_text() == "1 school found."
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate("document.activeElement.textContent").startswith("Maple")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/schools/s1.html")
    assert tab.get_by_role("heading", level=1).inner_text() == "Maple High School"


def test_search_shows_hostile_names_as_text(site, tab):
    tab.goto((site / "index.html").as_uri())
    tab.get_by_label("Name of a school").fill("script")
    assert EVIL in tab.locator("#hits").inner_text()
    assert tab.locator("#hits script").count() == 0
    tab.keyboard.press("Escape")
    assert tab.locator("#hits li").count() == 0


def test_the_other_reading_shows_on_request(site, tab):
    tab.goto((site / "schools" / "s1.html").as_uri())
    column = tab.get_by_role("columnheader", name="Target, second way").first
    tab.locator("summary").first.click()
    assert not column.is_visible()
    tab.locator("#both").focus()
    tab.keyboard.press("Space")
    assert column.is_visible()


def test_a_column_sorts_by_keyboard(site, tab):
    tab.goto((site / "states" / "CT.html").as_uri())
    head = tab.get_by_role("columnheader", name="Graduated within four years").last
    first = tab.locator("table:has(th[data-sort]) tbody tr").first
    tab.get_by_text("All schools in a table").click()
    head.get_by_role("button").press("Enter")
    assert (
        head.get_attribute("aria-sort") == "ascending" and "9.0%" in first.inner_text()
    )
    head.get_by_role("button").press("Enter")
    assert "Maple" in first.inner_text()


def test_tables_and_charts_stand_without_javascript(site, browser):
    with browser.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto((site / "index.html").as_uri())
        assert "The search needs JavaScript" in tab.locator("noscript").inner_text()
        tab.get_by_role("link", name="Connecticut").click()
        tab.get_by_role("link", name="Maple High School").click()
        tab.locator("summary").first.click()
        assert tab.get_by_role("cell", name="86.0%").is_visible()
        assert tab.get_by_role("img", name="Maple High School, Grad").is_visible()


@pytest.mark.parametrize("paper", ["Letter", "A4"])
@pytest.mark.parametrize("key", ["s1", "s5"])
def test_a_letter_is_one_page(key, paper, site, tab):
    tab.goto((site / "schools" / f"{key}-letter.html").as_uri())
    assert re.search(rb"/Type /Pages\s+/Count 1\s", tab.pdf(format=paper))


def test_print_leaves_out_what_is_folded_away(site, tab):
    tab.goto((site / "states" / "CT.html").as_uri())
    summary = tab.locator("summary").first
    summary.click()
    source = tab.get_by_text("file-2011.csv, row 11")
    assert source.is_visible()
    tab.emulate_media(media="print")
    assert not source.is_visible() and not summary.is_visible()
    assert not tab.get_by_role("navigation").first.is_visible()


def letter(root: Path, asked: str) -> subprocess.CompletedProcess:
    command = [
        "-m",
        "common_metrics.cli",
        "letter",
        "--lake",
        str(root),
        "--school",
        asked,
    ]
    return subprocess.run([sys.executable, *command], capture_output=True, text=True)


def test_make_letter_writes_one_page_or_says_what_to_do(site, browser, tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.published.mkdir(parents=True)
    lake.current.symlink_to(site.parent, target_is_directory=True)
    done = letter(lake.root, "Maple")
    assert done.returncode == 0, done.stdout + done.stderr
    pdf = Path(done.stdout.strip())
    assert pdf == lake.root / "letters" / "s1.pdf"
    assert pdf.parent.stat().st_mode & 0o777 == 0o700
    assert re.search(rb"/Type /Pages\s+/Count 1\s", pdf.read_bytes())
    for asked, found in [("Nowhere", "Found 0"), ("School", "Found 2"), ("s6", "s6")]:
        refused = letter(lake.root, asked)
        assert refused.returncode == 2
        assert "expected" in refused.stdout and found in refused.stdout
