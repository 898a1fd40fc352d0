"""Plausibility: what is wrong in a delivery although each cell looks right.

A numerator above its denominator, a rate that does not follow from its counts, a school
twice in two spellings, a code without its zeros. Contracts declare what the columns are
to each other, and the rest follows for all of them. Great Expectations judges; the
numbers that it compares are added to the judged frame, never to what is written.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from common_metrics.contracts.loading import CODE_FORMS
from common_metrics.contracts.model import Contract, Periods, Whole
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Delivery

if TYPE_CHECKING:
    import pandas as pd

    Measure = Callable[[pd.DataFrame], pd.Series]

ACCEPTED = Path(__file__).parents[3] / "expectations" / "accepted_deliveries.yml"
# A few wrong rows are single mistakes, however short the file is.
FEW = 3
# A delivery with fewer of the rows of the one before was cut, or lost schools.
STILL_WHOLE = 0.8
FIRST_YEAR, LAST_YEAR = 1990, 2050
# No school of New England is near the one, no state's count near the other.
LARGEST_SCHOOL, LARGEST_COUNT = 10_000, 2_000_000
NUMBER = r"^([0-9]{1,15}(?:\.[0-9]+)?)$"
RATE = r"^([0-9]{1,15}(?:\.([0-9]+))?) ?(%?)$"
TOTAL = r"(?:(?:grand|state|statewide|district|school|sub)[ -]?)?totals?"
SCHOOL_IDS = ("school_id_nces", "school_id_state")
LEA_IDS = ("lea_id_nces", "lea_id_state")
# Publishers' signs for no number; no student's data is among them, so they are named.
MARKERS = {
    "n/a",
    "na",
    "*",
    "**",
    "***",
    "-",
    "--",
    ".",
    "null",
    "none",
    "not available",
}
SHAPES = {
    r"[0-9]{1,3}(,[0-9]{3})+": "digits with a thousands comma",
    r"[0-9]+,[0-9]+": "digits with a decimal comma",
    r"[0-9]+([.,][0-9]+)? ?%": "a number with a percent sign",
    r"-[0-9.,]+": "a number below zero",
    r"[0-9]+\.[0-9]+": "a number with decimals",
    r"(?=.*\d).*[^\x00-\x7f].*": "digits beside signs that are not ASCII",
    r"[^\W\d_]+( [^\W\d_]+)*": "letters",
    r".*[0-9].*": "digits and other signs",
}


class Rule(NamedTuple):
    """An expectation, what it says, and the columns that it needs beside the cells."""

    type: str
    says: str
    kwargs: dict[str, Any]
    measures: "dict[str, Measure]" = {}  # noqa: RUF012

    @property
    def expectation(self) -> dict[str, Any]:
        """The rule as Great Expectations takes it."""
        return {
            "type": self.type,
            "kwargs": {"mostly": 0.9, **self.kwargs},
            "severity": "critical",
            "meta": {"says": self.says},
        }


def expectations(contract: Contract) -> list[dict[str, Any]]:
    """Return the contract's own expectations and those that follow from it."""
    own = [_ascii(expectation) for expectation in contract.expectations]
    return own + [rule.expectation for rule in _rules(contract)]


def measured(contract: Contract, frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the frame with the columns that the derived expectations judge."""
    measures = {n: m for rule in _rules(contract) for n, m in rule.measures.items()}
    # A column without any cell comes as numbers that are none.
    text = frame.astype(dict.fromkeys(contract.columns, "str"))
    return frame.assign(**{name: measure(text) for name, measure in measures.items()})


def too_many(wrong: int, rows: int) -> bool:
    """Return whether wrong rows, beyond ``mostly``, are no single mistakes."""
    return wrong > FEW or 2 * wrong >= rows


def shape(cell: str | None) -> str:
    """Return in words what a cell looks like; only a marker is named itself."""
    if not cell:
        return "an empty cell"
    if cell.casefold() in MARKERS:
        return f'the marker "{cell}"'
    if re.fullmatch("[0-9]+", cell):
        return f"{len(cell)} digits"
    found = (words for form, words in SHAPES.items() if re.fullmatch(form, cell))
    return next(found, "other signs")


def common_shape(cells: Iterable[str | None]) -> str:
    """Return the shape that most of the cells have."""
    return Counter(map(shape, cells)).most_common(1)[0][0]


def refuse_shrunk(now: Delivery, rows: int, earlier: Iterable[Delivery]) -> None:
    """Raise DeliveryRefused where a file lost many rows since it came before.

    ``earlier`` are the records of its extract. A file that was cut at the end of a line
    looks whole; what came before under its name, of the same years, tells.
    """
    before = _before(now, earlier)
    held = before.rows_raw - before.rows_duplicate if before else 0
    if rows >= STILL_WHOLE * held or now.sha256 in accepted():
        return
    raise DeliveryRefused(
        f"about as many rows as in the delivery before, {held:,}",
        f"{rows:,}",
        "The file was probably cut: download it again. If the publisher really took "
        f'rows out, add "{now.sha256}": "<the reason>" to '
        "expectations/accepted_deliveries.yml.",
    )


def accepted() -> dict[str, str]:
    """Return the digests of deliveries that a person has accepted, with the reason."""
    return yaml.safe_load(ACCEPTED.read_text()) or {}


def _before(now: Delivery, earlier: Iterable[Delivery]) -> Delivery | None:
    same = [
        record
        for record in earlier
        if (record.file, record.status) == (now.file, "validated")
        and set(now.school_years) <= set(record.school_years)
        and record.sha256 != now.sha256
        and record.landed_at <= now.landed_at
    ]
    return max(same, key=lambda record: record.landed_at, default=None)


def _ascii(expectation: dict[str, Any]) -> dict[str, Any]:
    r"""Let \d be 0 to 9 alone: the warehouse casts no digit of another script."""
    kwargs = expectation["kwargs"]
    if "regex" not in kwargs:
        return expectation
    regex = kwargs["regex"].replace(r"\d", "[0-9]")
    return expectation | {"kwargs": kwargs | {"regex": regex}}


@cache
def _rules(contract: Contract) -> list[Rule]:
    return [
        *_codes(contract),
        *_years(contract),
        *_sizes(contract),
        *(rule for whole in contract.plausible for rule in _parts(contract, whole)),
        *(rule for periods in contract.periods for rule in _one_at_a_time(periods)),
        *_totals(contract),
        _grain(contract),
    ]


# Codes


@cache
def _forms() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(CODE_FORMS.read_text())


def _codes(contract: Contract) -> Iterator[Rule]:
    """Yield a rule for each column of codes, and for each state that it may be of."""
    own = {
        expectation["kwargs"]["column"]
        for expectation in contract.expectations
        if expectation["type"] == "expect_column_values_to_match_regex"
    }
    for column in contract.columns:
        kind = re.search("(?:school|lea)_id_(?:state|nces)$", column)
        if kind and column not in own:
            yield from _codes_of(contract, column, kind[0])


def _codes_of(contract: Contract, column: str, kind: str) -> Iterator[Rule]:
    of_its_own = f"{column.removesuffix(kind)}state"  # as visitor_state
    state = of_its_own if of_its_own in contract.columns else "state"
    alone = contract.provider.upper()
    for code in _states(contract, state):
        declared = _forms()[code]
        form, says = _form(declared, kind)
        where = {}
        if state in contract.columns:
            query = f'{state} == "{code}"'
            where = {
                "row_condition": {"type": "pass_through", "pass_through_filter": query}
            }
        if form and (where or code == alone):
            kwargs = {"column": column, "regex": f"^{form}$", "mostly": 0.9, **where}
            yield Rule(
                "expect_column_values_to_match_regex",
                f"{says} in {declared['name']}, in {column}",
                kwargs,
            )


def _states(contract: Contract, column: str) -> list[str]:
    """Return the states that a column of states may hold; all where there is none."""
    allowed = [
        rule["kwargs"]["value_set"]
        for rule in contract.expectations
        if rule["kwargs"].get("column") == column and "value_set" in rule["kwargs"]
    ]
    return [code for code in _forms() if all(code in states for states in allowed)]


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
    if contract.identity.undated:
        return
    yield Rule(
        "expect_column_values_to_be_between",
        f"a school year from {FIRST_YEAR} to {LAST_YEAR}",
        {"column": "_school_year", "min_value": FIRST_YEAR, "max_value": LAST_YEAR},
    )


def _sizes(contract: Contract) -> Iterator[Rule]:
    """Yield that no count is larger than a school, or a state, can have."""
    counts = {
        name for whole in contract.plausible for name in [whole.whole, *whole.parts]
    }
    counts |= {n for n in contract.columns if n.endswith(("_count", "_cohort"))}
    for column in sorted(counts):
        yield Rule(
            "expect_column_values_to_be_between",
            f"no more than a school or a state can have, in {column}",
            {"column": f"_size_{column}", "max_value": 1},
            {f"_size_{column}": lambda frame, c=column: _size(frame, c)},
        )


def _size(frame: "pd.DataFrame", column: str) -> "pd.Series":
    """Return a count as a share of the largest one that its row could have."""
    largest = {True: LARGEST_SCHOOL, False: LARGEST_COUNT}
    return _number(frame, column) / _holds(frame, SCHOOL_IDS).map(largest)


def _parts(contract: Contract, whole: Whole) -> Iterator[Rule]:
    """Yield that no part is above the whole, nor their sum, and that rates follow."""
    for part, rate in whole.parts.items():
        yield Rule(
            "expect_column_pair_values_a_to_be_greater_than_b",
            f"no more in {part} than in {whole.whole}",
            {
                "column_A": f"_number_{whole.whole}",
                "column_B": f"_number_{part}",
                "or_equal": True,
                "ignore_row_if": "either_value_is_missing",
            },
            _numbers(whole.whole, part),
        )
        if rate:
            yield _follows(contract, whole.whole, part, rate)
    if len(whole.parts) > 1 and not whole.overlap:
        yield _adds_up(whole)


def _follows(contract: Contract, whole: str, part: str, rate: str) -> Rule:
    scale = 100 if _takes(contract, rate, "88.2") else 1
    return Rule(
        "expect_column_values_to_be_between",
        f"the rate that follows from {part} and {whole}, in {rate}",
        {"column": f"_off_{rate}", "max_value": 0},
        {f"_off_{rate}": lambda frame: _off(frame, whole, part, rate, scale)},
    )


def _takes(contract: Contract, column: str, cell: str) -> bool:
    """Return whether the contract lets a cell of this form pass."""
    forms = [
        rule["kwargs"]["regex"]
        for rule in contract.expectations
        if rule["kwargs"].get("column") == column and "regex" in rule["kwargs"]
    ]
    return all(re.search(form, cell) for form in forms)


def _off(
    frame: "pd.DataFrame", whole: str, part: str, rate: str, scale: int
) -> "pd.Series":
    """Return how far a rate is from its counts, beyond a unit of its last digit.

    Publishers round and cut off. A spreadsheet drops the zeros of a proportion, so that
    of 0.9 two digits count.
    """
    found = frame[rate].str.extract(RATE)
    per = (found[2] == "%").map({True: 100, False: scale})
    digits = found[1].str.len().fillna(0).clip(lower=0)
    digits = digits.where(per == 100, digits.clip(lower=2))
    share = _number(frame, part) / _number(frame, whole).replace(0, float("nan"))
    distance = (found[0].astype(float) - per * share).abs()
    return distance - 10.0**-digits - 1e-9


def _adds_up(whole: Whole) -> Rule:
    names = ", ".join(whole.parts)
    column = f"_above_{whole.whole}_{next(iter(whole.parts))}"
    lowest = 0 if whole.add_up else None
    says = (
        f"parts that add up to {whole.whole}"
        if whole.add_up
        else (f"parts that are together no more than {whole.whole}")
    )
    return Rule(
        "expect_column_values_to_be_between",
        f"{says}: {names}",
        {"column": column, "min_value": lowest, "max_value": 0},
        {column: lambda frame: _above(frame, whole)},
    )


def _above(frame: "pd.DataFrame", whole: Whole) -> "pd.Series":
    """Return by how much the parts are above the whole; a hidden part counts nothing.

    Below it they may be only where one is hidden.
    """
    import pandas as pd

    parts = pd.DataFrame({part: _number(frame, part) for part in whole.parts})
    above = parts.sum(axis=1) - _number(frame, whole.whole)
    hidden = parts.isna().any(axis=1)
    return above.where(~hidden | (above > 0))


def _number(frame: "pd.DataFrame", column: str) -> "pd.Series":
    """Return a column's numbers, none where a cell holds a marker."""
    return frame[column].str.extract(NUMBER, expand=False).astype(float)


def _numbers(*columns: str) -> "dict[str, Measure]":
    return {f"_number_{c}": lambda frame, c=c: _number(frame, c) for c in columns}


# Rows


def _one_at_a_time(periods: Periods) -> Iterator[Rule]:
    for key in periods.of:
        column = f"_meets_{'_'.join(key)}"
        yield Rule(
            "expect_column_values_to_be_null",
            f"one row at a time for each {', '.join(key)}: where two follow each "
            f"other, give both {periods.first} and {periods.last}",
            {"column": column, "mostly": 0.5},
            {column: lambda frame, key=key: _meets(frame, key, periods)},
        )


def _meets(frame: "pd.DataFrame", key: list[str], periods: Periods) -> "pd.Series":
    """Return 1 where the period of a row meets that of another row of the same key."""
    from pandas import Series

    first, last = (frame[c].fillna("") for c in (periods.first, periods.last))
    spans = frame[["_delivery", *key]].assign(_first=first, _last=last.replace("", "~"))
    spans = spans.dropna().sort_values(["_first", "_last"])
    met = Series(float("nan"), index=frame.index)
    for _, group in spans.groupby(["_delivery", *key]):
        rows = list(zip(group.index, group["_first"], group["_last"], strict=True))
        for at, (row, _, end) in enumerate(rows):
            meeting = [other for other, begin, _ in rows[at + 1 :] if begin <= end]
            met[[row, *meeting] if meeting else []] = 1
    return met


def _totals(contract: Contract) -> Iterator[Rule]:
    """Yield that a row of totals has not the id of one that it sums."""
    schools = [name for name in SCHOOL_IDS if name in contract.columns]
    leas = [name for name in LEA_IDS if name in contract.columns]
    for name, ids in {
        "school_name": schools or leas,
        "district_name": leas,
        "lea_name": leas,
    }.items():
        if name in contract.columns and ids:
            column = f"_total_{name}"
            yield Rule(
                "expect_column_values_to_be_null",
                f"no id of another row in a row of totals, in {' and '.join(ids)}",
                {"column": column},
                {column: lambda frame, n=name, i=ids: _total_of(frame, n, i)},
            )


def _total_of(frame: "pd.DataFrame", name: str, ids: list[str]) -> "pd.Series":
    """Return 1 where a row of totals has an id that stands under another name too.

    A school of Connecticut is called TOTAL, and has an id of its own.
    """
    names = frame.groupby(["_delivery", *ids], dropna=False)[name].transform("nunique")
    wrong = _is_total(frame[name]) & _holds(frame, ids) & (names > 1)
    return wrong.astype(float).where(wrong)


def _grain(contract: Contract) -> Rule:
    """Return that a row comes once, in whatever spelling.

    If contradicting rows are half of the file, it lacks a column that they differ in.
    """
    columns = {f"_key_{name}": name for name in contract.grain}
    single = len(columns) == 1
    which = {"column": [*columns][0]} if single else {"column_list": [*columns]}
    kind = "column_values" if single else "compound_columns"
    return Rule(
        f"expect_{kind}_to_be_unique",
        "one row for each " + ", ".join(contract.grain),
        {"mostly": 0.5, **which},
        {key: lambda frame, n=name: _key(frame, n) for key, name in columns.items()},
    )


def _key(frame: "pd.DataFrame", name: str) -> "pd.Series":
    """Return a column as keys are compared: without case, doubled blanks, and the name
    of a school beside its id.

    A district's name counts: detention centers stand under one id in two districts.
    """
    if name == "_school_year":
        return frame[name]
    cells = frame[name].str.casefold().str.replace(r"\s+", " ", regex=True)
    beside_its_id = _holds(frame, SCHOOL_IDS if name == "school_name" else ())
    return cells.mask(beside_its_id, "")


def _holds(frame: "pd.DataFrame", columns: Iterable[str]) -> "pd.Series":
    """Return where a row has one of these ids; 0, 0000000 and NULL are none."""
    held = frame["_row"].isna()
    for column in columns:
        if column in frame:
            empty = frame[column].str.fullmatch("0+|NULL", na=True)
            held |= ~empty.astype(bool)
    return held


def _is_total(names: "pd.Series") -> "pd.Series":
    return names.str.fullmatch(TOTAL, case=False, na=False).astype(bool)
