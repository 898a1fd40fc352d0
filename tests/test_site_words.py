"""What a parent reads is short and plain, and says of one number one thing."""

import re

import pytest
from reading import grade, sentences, words
from test_site import GRADUATION, KINDS, pages, panel, site, text  # noqa: F401

FOR_FAMILIES = KINDS[:4]
# Sentences that strangers had to translate, and what they read instead.
REWRITTEN = {
    "a number of few would follow": "Not shown, to protect students in small groups",
    "oom for doubt": "Margin of error",
    "read the other way": "Show the second way of counting the targets",
    "neither good news nor bad": "alone could put the rate above or below",
    "is not the rate of all": "Covers 1 of 5 states",
    "with a target has been delivered": "No results since targets began (class of",
    "numerator below": "groups of fewer than 20 students, and counts below 6, are not",
    "per cent": "85%",
    "Hidden by its publisher": "What is not shown, and why",
}


@pytest.mark.parametrize("name", FOR_FAMILIES)
def test_families_read_no_sentence_beyond_high_school(name, pages):  # noqa: F811
    said = sentences(pages[name])
    hard = {x: round(grade([x])) for x in said if grade([x]) > 12 and "Very" not in x}
    assert len(said) > 5 and hard == {} and grade(said) < 7


@pytest.mark.parametrize("name", KINDS[4:])
def test_other_pages_stay_below_the_tenth_grade(name, pages):  # noqa: F811
    assert grade(sentences(pages[name])) < 10


def test_the_grade_knows_hard_from_easy():
    easy = "This is the rate of the class that left school in May."
    hard = (
        "Notwithstanding methodological heterogeneity, longitudinal denominators "
        "necessitate categorical disaggregation."
    )
    assert grade([easy]) < 4 and grade([hard]) > 20 and len(words(hard)) == 8


@pytest.mark.parametrize(("old", "new"), REWRITTEN.items())
def test_a_sentence_that_had_to_be_translated_is_gone(old, new, pages):  # noqa: F811
    read = {name: text(page) for name, page in pages.items() if "method" not in name}
    assert not [name for name, page in read.items() if old in page]
    assert [name for name, page in pages.items() if new in text(page)], new


def test_the_forms_are_american_and_a_class_is_no_school_year(pages):  # noqa: F811
    for name, page in pages.items():
        assert not re.search(r"\d %|\d{4}–\d{2}\b|\bper cent\b", text(page)), name
    page = text(pages["schools/s1.html"])
    assert "Newest figures: class of 2018" in page
    assert "School year 2014-15" in text(
        pages["schools/s1.html"].split('id="other"')[1]
    )
    years = re.findall(
        r'<th scope="row">(\d{4})</th>', panel(pages["schools/s1.html"], GRADUATION)
    )
    assert years == sorted(years, reverse=True) and years[0] == "2018"
