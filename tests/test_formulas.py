"""One place for each formula that several models need, and an order that decides."""

import re

import pytest

from common_metrics.warehouse.build import DBT_PROJECT

SQL = {
    file.relative_to(DBT_PROJECT).as_posix(): re.sub(
        r"--[^\n]*|\{#.*?#\}", "", file.read_text(), flags=re.DOTALL
    )
    for folder in ("models", "macros", "tests")
    for file in sorted((DBT_PROJECT / folder).rglob("*.sql"))
}
# What a formula cannot be written without, and the files that may hold it.
PLACES = {
    "Wilson's interval": (r"sqrt\([^;]{0,120}1 - ", {"macros/rates.sql"}),
    "Newcombe's distance": (r"sqrt\(\s*pow\(", {"macros/rates.sql"}),
    "at goal": (
        r"goal\w*_pct\s*(?:[<>]=?|=)\s*(?:\w+\.)?\w|[<>]=?\s*(?:\w+\.)?goal_pct",
        {
            "macros/rates.sql",
            # Not a rate of students, and a share that is 100 less the goal.
            "models/marts/financial_sustainability.sql",
            "models/intermediate/targets/int_school_outlook.sql",
        },
    ),
    "closing of a school": (
        r"min\(\s*school_year\s*\) as closed_year",
        {"macros/rates.sql"},
    ),
    "pooled rate": (r"sum\([^)]*_pct \* ", {"macros/rates.sql"}),
    "status of a pool": (r"when has_rates_without_counts", {"macros/rates.sql"}),
    "newest row": (
        r"landed_at desc(?: nulls last)?,\s*(?:\w+\.|\{\{ \w+ \}\})?source_file desc",
        {"macros/rates.sql"},
    ),
    "nearest year": (
        r"abs\((?:\w+\.|\{\{ )?school_year(?: \}\})? - [^)]*\), ",
        {"macros/rates.sql"},
    ),
    "per cent from counts": (
        r"100(?:\.0)? \* (?:\w+\.)?\w*(?:count|numerator)\w* / |\* 100000000000000",
        {
            "macros/cells.sql",
            # Holds the printed rate against the counts by an arithmetic of its own.
            "tests/printed_rates_follow_from_printed_counts.sql",
            # Judges counts before it is known that the formula can take them.
            "models/intermediate/outcomes/int_outcomes_judged.sql",
            # Words for people: a share of members, and the sum written out.
            "models/published/coalition_comparison.sql",
            "models/published/explained_outcomes.sql",
        },
    ),
    "half a unit of the last digit": (r"then 0\.05\b", {"macros/cells.sql"}),
}


@pytest.mark.parametrize("formula", PLACES)
def test_a_formula_stands_in_one_place(formula: str) -> None:
    pattern, places = PLACES[formula]
    found = {file for file, sql in SQL.items() if re.search(pattern, sql)}
    if formula == "newest row":
        # Of students' rows the newest is one key of several.
        found = {f for f in found if not f.startswith("models/intermediate/students/")}
    assert found == places
