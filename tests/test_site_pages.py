"""A page is a few screens long, and says one thing of one number."""

import re
from pathlib import Path

import pytest
from public_file import write_public_file
from test_site import (  # noqa: F401
    COLLEGE,
    GRADUATION,
    RELEASE,
    band,
    browser,
    chart,
    dead_links,
    hidden,
    metric,
    outcome,
    pages_of,
    panel,
    progress,
    row_of,
    scale,
    school,
    section,
    tab,
    targets,
    text,
    verdict,
)

from common_metrics.publication.letter import NotFound, page_of
from common_metrics.publication.site import write_site

SAT = "college_ready_by_18_sat_2016"
CORE = (GRADUATION, "acgr_5yr", "dropout_cohort", COLLEGE, SAT, "college_ready_act")
GROUPS = [f"g{n}" for n in range(20)]
YEARS = range(2009, 2017)
TYPED = {
    "brackwater": ["Brackwater High School", "Ezra's Landing School"],
    "o’dell": ["Dr. Orrin O'Dell High School"],
    "odell": ["Dr. Orrin O'Dell High School"],
    "brakwater high": ["Brackwater High School"],
    "Ezar's Landing": ["Ezra's Landing School"],
    "Maine": ["Ridge School 000"],
    "me": ["Ridge School 000"],
    "099900200002": ["Brackwater High School"],
    "99900200002": ["Brackwater High School"],
    "0106111": ["Brackwater High School"],
}


def rows() -> dict[str, list[dict]]:
    """A school with all there may be, a closed one, and a state of two hundred."""
    dense = [
        outcome("brack", of, year, 70.0 + year % 7, denominator=400, student_group=g)
        for of in CORE
        for year in YEARS
        for g in ("all", *GROUPS[:19])
    ]
    many = [f"ridge-{n}" for n in range(200)]
    others = [
        outcome("brack", f"test_{n}", year, 50.0) for n in range(25) for year in YEARS
    ]
    restricted = {"file": "a restricted file", "status": "validated", "provider": "ct"}
    return {
        "dim_metric": [
            *(metric(of, f"Label of {of}", 90) for of in CORE[:4]),
            *(
                metric(of, f"Label of {of}", 80, denominator_definition="All of age")
                for of in CORE[4:]
            ),
            *(
                metric(f"test_{n}", f"Test {n}", None, has_targets=False)
                for n in range(25)
            ),
            metric("dual_enrolment", "Dual enrolment", None, has_targets=False),
        ],
        "dim_student_group": [
            {"student_group": g, "label": f"Group {g}", "sort_order": n}
            for n, g in enumerate(("all", *GROUPS))
        ],
        "dim_school": [
            school(
                *("brack", "Brackwater High School"),
                lea_name="Brackwater School District",
                school_id_nces="099900200002",
                school_id_state="0106111",
            ),
            school(
                *("ezra", "Ezra's Landing School"),
                lea_name="Brackwater School District",
                is_active=False,
                last_year=2014,
            ),
            school("odell", "Dr. Orrin O'Dell High School"),
            *(
                school(key, f"Ridge School {n:03}", "ME" if n == 0 else "VT")
                for n, key in enumerate(many)
            ),
        ],
        "school_outcomes": [
            *dense,
            *others,
            hidden("brack", GRADUATION, 2016, student_group="g19"),
            outcome("brack", GRADUATION, 2010, 70.0, student_group="g19"),
            outcome("ezra", GRADUATION, 2014, 56.0, denominator=30),
            outcome("odell", GRADUATION, 2015, 86.0, denominator=100),
            band("odell", "acgr_5yr", 2015, 85, 89),
            *(
                outcome(key, GRADUATION, 2015, 80.0, state="ME" if n == 0 else "VT")
                for n, key in enumerate(many)
            ),
        ],
        "school_targets": [
            *targets("brack", 15),
            *targets("brack", 22, metric_id=SAT),
            *targets("ezra", 44),
            *targets("odell", 15, is_override=True),
            *targets(
                *("odell", 12),
                metric_id="acgr_5yr",
                target_low_pct=91,
                target_high_pct=100,
            ),
        ],
        "school_target_status": [
            *verdict("brack", 2016, "off_track", "off_track"),
            *verdict("odell", 2015, "on_track", "on_track"),
            *(
                of | {"metric_id": "acgr_5yr"}
                for of in verdict("odell", 2015, "cannot_tell", "cannot_tell")
            ),
        ],
        "target_coverage": [
            {
                **{"school_key": "brack", "state": "CT", "metric_id": SAT},
                **{"student_group": "all", "school_year": 2015, "has_target": False},
                **{"reason": "break_or_baseline_after_this_year"},
            }
        ],
        "network_progress": [
            *progress(2014, 83.1, denominator=40_000, members_reporting_count=5),
            *progress(2015, 85.0, denominator=40_000),
        ],
        "dim_coalition": [
            {
                **{"coalition_id": name, "coalition_name": f"The {name} network"},
                **{"source": "roster", "description": "A network", "kind": "x"},
            }
            for name in ("league", "far")
        ],
        "bridge_coalition_school": [
            {"coalition_id": "league", "school_key": "brack", "state": "CT"}
        ],
        "coverage": [
            {
                **{"provider": "ct", "extract": "records", "school_year": 2015},
                **{"coverage_status": "received", "message": ""},
            }
        ],
        "deliveries": [
            *(restricted | {"extract": "records", "school_year": 2015},) * 10,
            *(
                {"provider": "ct", "extract": "rates", "school_year": year}
                | {"file": "a.csv", "delivery": "0f", "status": "validated"}
                for year in (2014, 2015)
            ),
        ],
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    write_public_file(folder / "public.duckdb", rows())
    return write_site(folder / "public.duckdb", folder / "site", RELEASE).parent


@pytest.fixture(scope="module")
def read(place: Path) -> dict[str, str]:
    return pages_of(place)


LONG = ["schools/brack.html", "states/VT.html", "states/CT.html"]


@pytest.mark.parametrize("name", LONG)
def test_a_page_is_six_screens_and_four_printed_pages_at_most(name, place, tab):  # noqa: F811
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.goto((place / name).as_uri())
    assert tab.evaluate("document.documentElement.scrollHeight") <= 6 * 900
    printed = tab.pdf(format="Letter")
    assert 1 <= len(re.findall(rb"/Type /Page\b", printed)) <= 4


def test_no_column_row_or_table_is_without_a_number(read):
    for name, page in read.items():
        for table in re.findall(r"<table>.*?</table>", page, re.S):
            cells = [
                [text(cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
                for row in re.findall(r"<tr.*?</tr>", table, re.S)
            ]
            assert len(cells) > 1, name
            assert not any(cell in ("–", "-") for row in cells for cell in row), name
            if name.startswith("schools/") and "letter" not in name:
                assert all(any(row[1:]) for row in cells[1:]), name
                columns = zip(*cells[1:], strict=True)
                assert all(any(c) or "svg" in table for c in columns), name


def test_a_table_of_groups_is_of_one_year(read):
    page = panel(read["schools/brack.html"], GRADUATION)
    caption = f"Label of {GRADUATION} by group, class of 2016"
    assert row_of(page, caption, "Group g0")
    assert not row_of(page, caption, "Group g19")
    assert "Not shown, to protect students in small groups: Group g19." in text(page)


def test_five_cards_and_a_chart_for_each_metric(read):
    page = read["schools/brack.html"]
    assert section(page, "glance").count("<li>") == 5
    assert page.count('class="chart"') == len(CORE) and "Test 3" in page


def test_a_closed_school_has_no_targets_and_no_letter(place, read):
    page = read["schools/ezra.html"]
    assert "schools/ezra-letter.html" not in read and "Letter for" not in page
    assert "This school is closed: no file names it after the school year 2013" in page
    assert "The school closed before a target could be judged." in text(page)
    drawn = chart(page, "Ezra")
    assert 'class="step"' not in drawn and ">2015<" not in drawn
    assert "2015" not in (place / "schools/ezra.csv").read_text().replace("file-", "")
    with pytest.raises(NotFound, match="a school that is open"):
        page_of(place.with_name("public.duckdb"), "ezra")


def test_there_is_no_saying_no_target_above_a_chart_with_targets(read):
    part = panel(read["schools/brack.html"], SAT)
    assert 'class="step"' in part and "No target" not in part
    assert "Not judged yet" in part


def test_we_said_only_what_the_school_set_itself(read):
    own = text(read["schools/odell-letter.html"])
    assert "We said it would be 85.8 or more." in own
    assert "between 91 and 100" in own and "100 or more" not in own
    ours = text(read["schools/brack-letter.html"])
    assert "We said" not in ours and "The target for that year is 86.5 or more." in ours


def test_a_label_stands_clear_of_targets_and_lines():
    row = {"school_year": 2015, "value_pct": 80.0, "value_low_pct": None}
    row |= {"value_high_pct": None, "interval_low_pct": None, "interval_high_pct": None}
    row |= {"compounding_low_pct": None, "compounding_high_pct": None}
    s = scale([{"school_year": 2015, "value_pct": 80.0}], 100)
    above = s.label_y([row], 0, None)
    assert above < s.y(80)
    target = 80 + 13 * (s.high - s.low) / (s.height - 66)
    covered = [row | {"compounding_low_pct": target, "compounding_high_pct": target}]
    assert s.label_y(covered, 0, None) > s.y(80)


def test_many_students_are_no_open_circle(read):
    drawn = chart(read["index.html"], "The network")
    assert 'class="solid"' in drawn and 'class="part"' in drawn
    assert 'class="open"' not in drawn


def test_the_footer_owns_to_records_that_are_not_public(tmp_path, read):
    assert "student records" not in read["index.html"].split("<footer>")[1]
    of = outcome("a", GRADUATION, 2015, 80.0, visibility="restricted")
    made = {"dim_school": [school("a", "A")], "school_outcomes": [of]}
    made["dim_metric"] = [metric(GRADUATION, "Graduated", 90)]
    write_public_file(tmp_path / "public.duckdb", made)
    index = write_site(tmp_path / "public.duckdb", tmp_path / "site", RELEASE)
    assert "student records that are not public" in index.read_text()


def test_each_restricted_file_counts_and_one_of_two_years_once(read):
    page = read["data-quality.html"]
    assert row_of(page, "Files by publisher", "records", "Read and used", " 10 ")
    assert row_of(page, "Files by publisher", "rates", "Read and used", " 1 ")


def test_what_is_respelled_still_has_its_address(place, read):
    link = '<a href="metrics/dual_enrolment.html">Dual enrollment</a>'
    assert link in read["index.html"] and "metrics/dual_enrolment.html" in read
    assert dead_links(place, read, bool) == []


def test_no_network_leads_to_an_empty_page(read):
    assert "coalitions/far.html" not in read and "coalitions/league.html" in read
    assert "This release has no school of: The far network." in text(read["index.html"])


@pytest.mark.parametrize("name", ["schools/brack.html", "index.html"])
def test_nothing_sticks_out_of_a_card_on_a_phone(name, place, tab):  # noqa: F811
    tab.set_viewport_size({"width": 360, "height": 740})
    tab.goto((place / name).as_uri())
    out = (
        "cards => cards.filter(card => [...card.querySelectorAll('*')].some(part => "
        "part.getBoundingClientRect().right > card.getBoundingClientRect().right))"
        ".length"
    )
    cards = tab.locator(".cards li")
    assert cards.count() >= 5 and cards.evaluate_all(out) == 0


def test_search_finds_what_is_nearly_typed_and_the_own_school_first(place, tab):  # noqa: F811
    tab.goto((place / "index.html").as_uri())
    for typed, names in TYPED.items():
        tab.get_by_label("Name of a school").fill(typed)
        found = tab.locator("#hits strong").all_inner_texts()
        assert found == names, typed


def test_a_search_without_a_find_helps_on(place, tab):  # noqa: F811
    tab.goto((place / "index.html").as_uri())
    tab.get_by_label("Name of a school").fill("Xylophone")
    assert "No school found for “Xylophone”" in tab.get_by_role("status").inner_text()
    help_on = tab.locator("#help")
    assert help_on.get_by_role("link", name="Maine").is_visible()
    tab.get_by_label("Name of a school").fill("Brackwater")
    assert not help_on.is_visible()
