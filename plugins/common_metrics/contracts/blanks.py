"""Templates made from their contracts: blank files, and the page of the consortium's.

``make sources`` writes docs/submission-template.md and a file
for each contract of BLANKS below docs/templates; `make sources` calls it.
"""

from pathlib import Path
from typing import Any

from common_metrics.contracts.forms import seed_rows
from common_metrics.contracts.loading import load_contract_of
from common_metrics.contracts.model import Contract
from common_metrics.files import csv_text
from common_metrics.validation import plausibility

KEY = "nessc/common_metrics_submission"
ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/submission-template.md"
TEMPLATES = ROOT / "docs/templates"
BLANK = TEMPLATES / "common_metrics_submission.csv"
# Contract and blank file: what people fill in by hand.
BLANKS = {
    KEY: BLANK,
    "nessc/learner_profiles": TEMPLATES / "learner_profiles.csv",
    "nessc/learning_paths": TEMPLATES / "learning_paths.csv",
    "nessc/mastery": TEMPLATES / "mastery.csv",
    "league/membership": TEMPLATES / "league_membership.csv",
    "league/milestones": TEMPLATES / "league_milestones.csv",
    "league/needs_assessments": TEMPLATES / "league_needs_assessments.csv",
    "league/self_assessments": TEMPLATES / "league_self_assessments.csv",
    "league/activities": TEMPLATES / "league_activities.csv",
    "league/levers": TEMPLATES / "league_levers.csv",
    "league/finances": TEMPLATES / "league_finances.csv",
    "nessc/growth": TEMPLATES / "growth.csv",
    "nessc/college_readiness": TEMPLATES / "college_readiness.csv",
}
HEAD = """# The consortium's submission template

Written by `make sources` from the contract and the registries; do not edit this page.
The contract is `{path}`.

One CSV file in UTF-8, one row for each state or school, metric and student group. Any
of the five states can fill it with what it has not published. Begin with the
[blank file](templates/{blank}):

1. Line 1 is the title, `"{title}"`,
   in quotes since it holds a comma. Put the school year of the file there; a file
   holds one year. For cohort metrics it is the year of the class, that of 2014-15 also
   for its rate within six years.
2. Line 2 is the header. Keep its names; their order is free.
3. Each further line is a row as below. A row of the state leaves the cells of school
   and district empty. The state counts its row itself and never adds up its schools:
   students placed outside any school count for the state only.
4. Write counts, no rates: the rate is numerator by denominator, unrounded.
5. Hide nothing: cells below the minimum of the state are suppressed before anything is
   published. Where the state may not give a number, leave both counts empty and say
   `suppressed`.
6. Name the file after state and year.

Then judge it, before anything is sent:

```
make check FILE=me_2014-15.csv
```

The file goes through the contract of a real run on a lake that is thrown away; nothing
of it is kept. What is to mend is printed by row, without the cells. The exit code is 0
only if every row would be accepted; otherwise make exits with 2 and prints `Error 3`
(some rows are to mend), `Error 4` (the file is refused) or `Error 2` (nothing was
begun, such as for a file that is not there). `KEY=` names the contract of another
extract, such as `ct/graduation_4yr`.
"""


def page(contract: Contract) -> str:
    """Return the page: how to fill the template, then every name that it takes."""
    blank = BLANK.name
    head = HEAD.format(path=contract.path, blank=blank, title=title(contract))
    parts = [head, columns(contract), statuses(), metrics(contract), groups(contract)]
    return "\n".join([*parts, checks(contract)])


def blank(contract: Contract) -> str:
    """Return the template without rows: the title where it has one, then the header."""
    names = next(iter(contract.layouts.values()))
    header = [contract.columns[name].headers[0] for name in names]
    head = [[title(contract)]] if contract.identity.preamble else []
    return csv_text([*head, header])


def title(contract: Contract) -> str:
    """Return the title of a file of the last year that is due."""
    year = contract.landing.school_years.last
    return f"NESSC common metrics submission, {year - 1}-{year % 100:02d}"


def columns(contract: Contract) -> str:
    """Return the table of columns."""
    names = next(iter(contract.layouts.values()))
    rows = [[f"`{n}`", contract.columns[n].description] for n in names]
    return _section("Columns", ["column", "what it holds"], rows)


def statuses() -> str:
    """Return the table of statuses."""
    rows = [
        ["`reported`", "both counts stand in the row; a count of zero is reported"],
        ["`suppressed`", "the state has counted and may not say; both counts empty"],
        ["`not_reported`", "the state has not counted; both counts empty"],
        ["`not_applicable`", "there are no such students; both counts empty"],
    ]
    return _section("Statuses", ["`value_status`", "meaning"], rows)


def metrics(contract: Contract) -> str:
    """Return the table of metrics, each with the one definition that it takes."""
    known = {row["metric_id"]: row for row in seed_rows("metrics")}
    rows = [
        [
            f"`{name}`",
            f"`{definition}`",
            known[name]["numerator_definition"],
            known[name]["denominator_definition"],
        ]
        for name, definition in _allowed(contract, "value_pairs_set")
    ]
    head = ["`metric_id`", "`definition_id`", "`numerator`", "`denominator`"]
    note = (
        "\nWho counts by another definition has another metric: ask for it to be added "
        "to the\nregistry rather than to fit the numbers.\n"
    )
    return _section("Metrics", head, rows) + note


def groups(contract: Contract) -> str:
    """Return the table of student groups."""
    known = {row["student_group"]: row["label"] for row in seed_rows("student_groups")}
    allowed = _allowed(contract, "value_set", "student_group")
    rows = [[f"`{name}`", known[name]] for name in allowed]
    return _section("Student groups", ["`student_group`", "who"], rows)


def checks(contract: Contract) -> str:
    """Return what each row is checked for, in the contract's words."""
    rules = plausibility.expectations(contract)
    lines = [f"- {text}" for text in dict.fromkeys(r["meta"]["says"] for r in rules)]
    return "\n".join(["## What is checked", "", "Expected is", "", *lines, ""])


def _allowed(contract: Contract, argument: str, column: str | None = None) -> list[Any]:
    (found,) = (
        kwargs[argument]
        for rule in contract.expectations
        if argument in (kwargs := rule["kwargs"])
        and column in (None, kwargs.get("column"))
    )
    return found


def _section(heading: str, head: list[str], rows: list[list[str]]) -> str:
    table = [head, ["---"] * len(head), *rows]
    lines = ["| " + " | ".join(cells) + " |" for cells in table]
    return "\n".join([f"## {heading}", "", *lines, ""])


def write() -> None:
    """Write page and blank files anew."""
    TEMPLATES.mkdir(exist_ok=True)
    PAGE.write_text(page(load_contract_of(KEY)))
    for key, file in BLANKS.items():
        file.write_text(blank(load_contract_of(key)))
