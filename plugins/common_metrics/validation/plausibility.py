"""Plausibility: what is wrong in a delivery although each cell looks right.

A numerator above its denominator, a rate that does not follow from its counts, a school
twice in two spellings, a code without its zeros. Contracts declare what the columns are
to each other, and the rest follows for all of them. Great Expectations judges; the
numbers that it compares are added to the judged frame, never to what is written.
"""

import re
from collections.abc import Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from common_metrics.contracts.loading import CODE_FORMS
from common_metrics.contracts.model import Contract, Whole
from common_metrics.reading.workbook import MARK
from common_metrics.validation import measures
from common_metrics.validation.measures import SCHOOL_IDS

if TYPE_CHECKING:
    import pandas as pd

    from common_metrics.validation.measures import Measure

FIRST_YEAR, LAST_YEAR = 1990, 2050
LEA_IDS = ("lea_id_nces", "lea_id_state")
BETWEEN = "expect_column_values_to_be_between"
MATCH = "expect_column_values_to_match_regex"
NULL = "expect_column_values_to_be_null"
NOT_ABOVE = "expect_column_pair_values_a_to_be_greater_than_b"


class Rule(NamedTuple):
    """An expectation, what it says, and the columns that it needs beside the cells."""

    type: str
    says: str
    kwargs: dict[str, Any]
    measures: "dict[str, Measure]" = {}  # noqa: RUF012
    severity: str = "critical"

    @property
    def expectation(self) -> dict[str, Any]:
        """The rule as Great Expectations takes it."""
        return {
            "type": self.type,
            "kwargs": {"mostly": 0.9, **self.kwargs},
            "severity": self.severity,
            "meta": {"says": self.says},
        }


def expectations(contract: Contract) -> list[dict[str, Any]]:
    """Return the contract's own expectations and those that follow from it."""
    own = [_ascii(expectation) for expectation in contract.expectations]
    return own + [rule.expectation for rule in _rules(contract)]


def of_reading(contract: Contract) -> list[dict[str, Any]]:
    """Return what follows from how the contract has its file read.

    That rows say their year, and that no cell carries a mark of a workbook: a column
    may have no expectation of its own, or take whatever stands there.
    """
    year = Rule(
        "expect_column_values_to_not_be_null",
        "a school year such as 2014-15 or 2015 in each row",
        {"column": "_school_year"},
    )
    marked = [f"`{n}`.str.contains(r'{MARK}', na=False)" for n in contract.columns]
    unmarked = Rule(
        NULL,
        "no cell with an error, a superscript or subscript digit or a "
        "struck-out text, none that is hidden and no number merged over rows",
        # The rows picked are the wrong ones: they are no share of anything.
        {"column": "_delivery", **_where(" | ".join(marked)), "mostly": 0},
    )
    rules = [year] * bool(contract.identity.column)
    rules += [unmarked] * (contract.read.format == "workbook")
    return [rule.expectation for rule in rules]


def measured(contract: Contract, frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the frame with the columns that the derived expectations judge."""
    return with_measures(frame, measures_of(contract))


def measures_of(contract: Contract) -> "dict[str, Measure]":
    """Return what computes the columns that the derived expectations judge."""
    return {n: m for rule in _rules(contract) for n, m in rule.measures.items()}


def with_measures(frame: "pd.DataFrame", asked: "dict[str, Measure]") -> "pd.DataFrame":
    """Return the frame with further columns, computed of its text."""
    # A column without any cell comes as numbers that are none.
    cells = [name for name in frame if not str(name).startswith("_")]
    text = frame.astype(dict.fromkeys(cells, "str"))
    return frame.assign(**{name: measure(text) for name, measure in asked.items()})


def _ascii(expectation: dict[str, Any]) -> dict[str, Any]:
    r"""Let \d be 0 to 9 alone: the warehouse casts no digit of another script."""
    kwargs = expectation["kwargs"]
    if "regex" not in kwargs:
        return expectation
    regex = kwargs["regex"].replace(r"\d", "[0-9]")
    return expectation | {"kwargs": kwargs | {"regex": regex}}


def _where(query: str) -> dict[str, Any]:
    condition = {"type": "pass_through", "pass_through_filter": query}
    return {"row_condition": condition}


@cache
def _rules(contract: Contract) -> list[Rule]:
    return [
        *_cells(contract),
        *_codes(contract),
        *_years(contract),
        *_sizes(contract),
        *(rule for whole in contract.plausible for rule in _parts(contract, whole)),
        *_periods(contract),
        *_totals(contract),
        _grain(contract),
    ]


# Cells


def _cells(contract: Contract) -> Iterator[Rule]:
    """Yield what holds for cells of any column, be it used or not."""
    read = [name for name in contract.columns if name not in contract.protects]
    says = "no sign that cannot be seen and no digit but 0 to 9, in any column"
    yield _none("_unseen", says, partial(measures.unseen, columns=read))
    if contract.read.full:
        says = "a cell in each column, as the publisher leaves none empty"
        yield _none("_gap", says, partial(measures.gap, columns=read))
    for name in filter(lambda name: name.endswith("_name"), read):
        says = f"a name with letters, in {name}: the cells of the row may have moved"
        yield Rule(MATCH, says, {"column": name, "regex": "[A-Za-z]"}, {}, "warning")


def _none(column: str, says: str, measure: "Measure", mostly: float = 0.9) -> Rule:
    """Return that a measured column is empty: it is 1 where a row is wrong."""
    return Rule(NULL, says, {"column": column, "mostly": mostly}, {column: measure})


# Codes


@cache
def _forms() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(CODE_FORMS.read_text())


def _own(contract: Contract, column: str, argument: str) -> list[Any]:
    """Return an argument of the contract's own expectations about a column."""
    asked = [rule["kwargs"] for rule in contract.expectations]
    return [a[argument] for a in asked if a.get("column") == column and argument in a]


def _codes(contract: Contract) -> Iterator[Rule]:
    """Yield a rule for each column of codes, and for each state that it may be of."""
    own = {r["kwargs"]["column"] for r in contract.expectations if r["type"] == MATCH}
    for column in contract.columns:
        kind = re.search("(?:school|lea)_id_(?:state|nces)$", column)
        if kind and column not in own:
            yield from _codes_of(contract, column, kind[0])


def _codes_of(contract: Contract, column: str, kind: str) -> Iterator[Rule]:
    of_its_own = f"{column.removesuffix(kind)}state"  # as visitor_state
    state = of_its_own if of_its_own in contract.columns else "state"
    for code, declared in _states(contract, state).items():
        form, says = _form(declared, kind)
        of_many = state in contract.columns
        if form and (of_many or code == contract.provider.upper()):
            where = _where(f'{state} == "{code}"') if of_many else {}
            yield Rule(
                MATCH,
                f"{says} in {declared['name']}, in {column}",
                {"column": column, "regex": f"^{form}$", **where},
            )


def _states(contract: Contract, column: str) -> dict[str, dict[str, Any]]:
    """Return the states that a column of states may hold; all where there is none."""
    allowed = _own(contract, column, "value_set")
    forms = _forms().items()
    return {c: form for c, form in forms if all(c in states for states in allowed)}


def _form(declared: dict[str, Any], kind: str) -> tuple[str, str]:
    """Return the form of a state's codes and what it says; "" where none is known."""
    place = "school" if kind.startswith("school") else "district"
    if kind.endswith("state"):
        own = declared.get(kind, {"form": "", "says": ""})
        return own["form"], f"a {place} code of {own['says']}"
    digits = 12 if place == "school" else 7
    fips = declared["fips"]
    says = f"a federal {place} id of {digits} digits that begins with {fips}"
    return f"{fips}[0-9]{{{digits - 2}}}", says


# Numbers


def _years(contract: Contract) -> Iterator[Rule]:
    says = f"a school year from {FIRST_YEAR} to {LAST_YEAR}"
    limits = {"min_value": FIRST_YEAR, "max_value": LAST_YEAR}
    if not contract.identity.undated:
        yield Rule(BETWEEN, says, {"column": "_school_year", **limits})


def _sizes(contract: Contract) -> Iterator[Rule]:
    """Yield that no count is larger than a school, or a state, can have."""
    counts = {n for n in contract.columns if n.endswith(("_count", "_cohort"))}
    counts |= {n for whole in contract.plausible for n in (whole.whole, *whole.parts)}
    for name in sorted(counts):
        says = f"no more than a school or a state can have, in {name}"
        yield _at_most(1, f"_size_{name}", says, partial(measures.size, column=name))


def _at_most(limit: int, column: str, says: str, measure: "Measure") -> Rule:
    kwargs = {"column": column, "max_value": limit}
    return Rule(BETWEEN, says, kwargs, {column: measure})


def _parts(contract: Contract, whole: Whole) -> Iterator[Rule]:
    """Yield that no part is above the whole, nor their sum, and that rates follow."""
    for part, rate in whole.parts.items():
        of = {"column_A": f"_number_{whole.whole}", "column_B": f"_number_{part}"}
        yield Rule(
            NOT_ABOVE,
            f"no more in {part} than in {whole.whole}",
            {**of, "or_equal": True, "ignore_row_if": "either_value_is_missing"},
            {
                f"_number_{name}": partial(measures.number, column=name)
                for name in (whole.whole, part)
            },
        )
        if rate:
            takes_per_cent = all(
                re.search(form, "88.2") for form in _own(contract, rate, "regex")
            )
            of = {"whole": whole.whole, "part": part, "rate": rate}
            measure = partial(measures.off, **of, scale=100 if takes_per_cent else 1)
            says = f"the rate that follows from {part} and {whole.whole}, in {rate}"
            yield _at_most(0, f"_off_{rate}", says, measure)
    if len(whole.parts) > 1 and not whole.overlap:
        yield _adds_up(whole)


def _adds_up(whole: Whole) -> Rule:
    column = f"_above_{whole.whole}_{next(iter(whole.parts))}"
    how = "add up to" if whole.add_up else "are together no more than"
    says = f"parts that {how} {whole.whole}: {', '.join(whole.parts)}"
    rule = _at_most(0, column, says, partial(measures.above, whole=whole))
    return rule._replace(
        kwargs={**rule.kwargs, "min_value": 0 if whole.add_up else None}
    )


# Rows


def _periods(contract: Contract) -> Iterator[Rule]:
    """Yield that the rows of a key follow each other."""
    for periods in contract.periods:
        for key in periods.of:
            column = f"_meets_{'_'.join(key)}"
            yield _none(
                column,
                f"one row at a time for each {', '.join(key)}: where two follow each "
                f"other, give both {periods.first} and {periods.last}",
                partial(measures.meets, key=key, periods=periods),
                mostly=0.5,
            )


def _totals(contract: Contract) -> Iterator[Rule]:
    """Yield that a row of totals has not the id of one that it sums."""
    leas = [name for name in LEA_IDS if name in contract.columns]
    schools = [name for name in SCHOOL_IDS if name in contract.columns] or leas
    names = {"school_name": schools, "district_name": leas, "lea_name": leas}
    for name, ids in names.items():
        if name in contract.columns and ids:
            column = f"_total_{name}"
            says = f"no id of another row in a row of totals, in {' and '.join(ids)}"
            yield _none(column, says, partial(measures.total_of, name=name, ids=ids))


def _grain(contract: Contract) -> Rule:
    """Return that a row comes once, in whatever spelling.

    If contradicting rows are half of the file, it lacks a column that they differ in.
    """
    keys: dict[str, Measure] = {
        f"_key_{n}": partial(measures.key, name=n) for n in contract.grain
    }
    single = len(keys) == 1
    which: dict[str, Any] = {"column_list": [*keys]}
    if single:
        which = {"column": [*keys][0]}
    return Rule(
        f"expect_{'column_values' if single else 'compound_columns'}_to_be_unique",
        "one row for each " + ", ".join(contract.grain),
        {"mostly": 0.5, **which},
        keys,
    )
