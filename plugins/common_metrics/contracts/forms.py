"""Forms: what the cells of a column must look like, as Great Expectations takes it.

A form that many columns have is named in ``expectations/forms.yml``. A code list is a
column of a seed, so that a new label or metric is one row there.
"""

import csv
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    TypeAdapter,
    model_validator,
)

ROOT = Path(__file__).parents[3]
FORMS = ROOT / "expectations" / "forms.yml"
SEEDS = ROOT / "dbt_project" / "seeds"
# What Great Expectations calls the expectation that takes this argument.
TYPES = {
    "regex": "expect_column_values_to_match_regex",
    "value_set": "expect_column_values_to_be_in_set",
    "strftime_format": "expect_column_values_to_match_strftime_format",
}
# Written in C it takes a fifth of the time, of which every task of Airflow pays some.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FILLED = "expect_column_values_to_not_be_null"
EMPTY = "expect_column_values_to_be_null"
CRITICAL = {"severity": "critical"}
Severity = Literal["critical", "warning"]


class Block(BaseModel):
    """A part of a contract: a name that is not known in it is a typing error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Codes(Block):
    """A column of a seed, of all rows or of those with the values of ``where``.

    Several columns give what may stand in as many columns beside each other.
    """

    seed: str
    column: str | list[str]
    where: dict[str, str] = {}

    def values(self) -> list[Any]:
        """Return the codes once each, in the order of the seed."""
        rows = [row for row in seed_rows(self.seed) if self._is_asked(row)]
        if isinstance(self.column, str):
            return list(dict.fromkeys(row[self.column] for row in rows))
        found = dict.fromkeys(tuple(row[name] for name in self.column) for row in rows)
        return [list(values) for values in found]

    def _is_asked(self, row: dict[str, str]) -> bool:
        return all(row[name] == value for name, value in self.where.items())


@cache
def seed_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a seed of the dbt project."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def listed(codes: Any) -> Any:
    """Return a list of codes with those of each seed that stands in it, or for it."""
    if isinstance(codes, list):
        return [code for one in codes for code in _of_seed(one)]
    return _of_seed(codes) if isinstance(codes, dict) and "seed" in codes else codes


def _of_seed(code: Any) -> list[Any]:
    if not isinstance(code, dict):
        return [code]
    try:
        found = Codes.model_validate(code).values()
    except (OSError, KeyError) as error:
        raise ValueError(f"no such seed or column: {error}") from None
    if not found:
        raise ValueError(f"no row of the seed {code['seed']} has these values")
    return found


def _blocks(word: str) -> BeforeValidator:
    """Let one block stand for a list of it, and a text for a block of that word."""

    def listed(given: Any) -> Any:
        several = given if isinstance(given, list) else [given]
        return [{word: one} if isinstance(one, str) else one for one in several]

    return BeforeValidator(listed)


def _as_written(day: Any) -> Any:
    """Return a day as text: YAML reads 2014-08-28 as a date."""
    return f"{day}" if isinstance(day, date) else day


class When(Block):
    """Where a cell must be filled, or must be empty: in each row, or in some.

    ``where`` picks rows, as pandas queries them. Wrong rows are set aside one by one
    while no more than a tenth is wrong, or what ``mostly`` leaves of 1. It is 0 where
    the rows picked are the wrong ones, since these are no share of anything: so where
    a cell must be empty, unless it says otherwise. With the severity ``warning`` a
    wrong row stays, and it is said: so in columns on which no number depends.
    """

    says: str
    where: str | None = None
    mostly: float | None = None
    severity: Severity = "critical"


class Form(Block):
    """What a cell looks like if it is not empty: a pattern, a code list or a day.

    ``name`` is that of a form in forms.yml; there ``says`` may have marks: {column},
    {header} (the first of the column), {what} and {such_as}.
    """

    name: str | None = None
    what: str | None = None
    such_as: Annotated[str | None, BeforeValidator(_as_written)] = None
    regex: str | None = None
    value_set: Annotated[list[str] | None, BeforeValidator(listed)] = None
    strftime_format: str | None = None
    says: str | None = None
    where: str | None = None
    mostly: float | None = None
    severity: Severity = "critical"

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Form":
        if sum(getattr(self, one) is not None for one in ("name", *TYPES)) != 1:
            raise ValueError(f"give exactly one of name, {', '.join(TYPES)}")
        if self.name is not None and self.name not in named_forms():
            raise ValueError(f"expectations/forms.yml has no form {self.name!r}")
        if self.name is None and self.says is None:
            raise ValueError("says: Field required")
        return self

    def resolved(self) -> "list[Form]":
        """Return the forms of this name, with what is said otherwise here."""
        if self.name is None:
            return [self]
        own = self.model_dump(exclude={"name"}, exclude_none=True, exclude_unset=True)
        return [form.model_copy(update=own) for form in named_forms()[self.name]]

    def said(self, column: str, headers: list[str]) -> str:
        """Return the sentence with its marks filled in."""
        words = {"column": column, "header": next(iter(headers), column)}
        words |= {"what": self.what or "", "such_as": self.such_as or ""}
        marks = "|".join(words)
        return re.sub(rf"{{({marks})}}", lambda m: words[m[1]], self.says or "")


Forms = Annotated[list[Form], _blocks("name")]
Cells = Annotated[list[When], _blocks("says")]


@cache
def named_forms() -> dict[str, list[Form]]:
    """Return the forms of forms.yml, each of one expectation or several."""
    content = yaml.load(FORMS.read_bytes(), LOADER)
    return TypeAdapter(dict[str, Forms]).validate_python(content)


def expected_of(column: str, block: Any) -> list[dict[str, Any]]:
    """Return what a contract's block of a column expects of its cells."""
    forms = [one for form in block.form for one in form.resolved()]
    return [
        *(_expectation(FILLED, column, cells, 0.9) for cells in block.required),
        *(_formed(column, block.headers, form) for form in forms),
        *(_expectation(EMPTY, column, cells, 0) for cells in block.empty),
    ]


def _formed(column: str, headers: list[str], form: Form) -> dict[str, Any]:
    (kind,) = (kind for kind in TYPES if getattr(form, kind) is not None)
    expectation = _expectation(TYPES[kind], column, form, 0.9)
    expectation["kwargs"][kind] = getattr(form, kind)
    expectation["meta"]["says"] = form.said(column, headers)
    return expectation


def _expectation(
    kind: str, column: str, of: When | Form, mostly: float
) -> dict[str, Any]:
    """Return an expectation in the form of Great Expectations."""
    kwargs: dict[str, Any] = {"column": column, "mostly": mostly}
    if of.mostly is not None:
        kwargs["mostly"] = of.mostly
    if of.where is not None:
        picked = {"type": "pass_through", "pass_through_filter": of.where}
        kwargs["row_condition"] = picked
    meta = {"says": of.says}
    return {"type": kind, "kwargs": kwargs, "severity": of.severity, "meta": meta}
