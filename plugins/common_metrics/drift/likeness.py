"""Likeness: which column of a file may be which of a contract, by name and by cells.

Names alone do not tell, and neither do numbers, since any count looks like any other. A
code list does, and so do cells that stood in the column in earlier deliveries.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import SequenceMatcher
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
from scipy.optimize import linear_sum_assignment

from common_metrics.contracts import model
from common_metrics.contracts.headers import plain_header
from common_metrics.contracts.model import Contract
from common_metrics.lake import Delivery, Lake
from common_metrics.pseudonyms import MALFORMED, pseudonym
from common_metrics.validation import plausibility

# From here on a name is like another, as far as its cells do not speak against it, and
# cells are those of a column. Of two answers nearer to each other none is given.
ALIKE, SAME_CELLS, DOUBT = 0.6, 0.9, 0.1
DELIVERIES = 30  # of which cells are remembered, the newest
NUMBERS = ("12", "12.3", "0.5", "12.3%")
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight")
WORDS = {word: str(number) for number, word in enumerate(DIGITS)}
WORDS |= dict.fromkeys(("%", "percent", "percentage", "rate"), "pct")
WORDS |= dict.fromkeys(("#", "number", "num", "n", "counts"), "count")
WORDS |= dict.fromkeys(("code", "identifier"), "id")
# What a header counts or names: two of different kinds are never one. The next turn
# what it says.
KINDS = {"pct", "count", "id", "name"}
TURNS = {"non", "not", "male", "female", "under", "over", "first", "last"}
FILLERS = {"of", "the", "in", "and", "a", "for", *KINDS}
Test = Callable[[str], object]


class Fit(NamedTuple):
    """How many cells are what is expected; ``tells`` if few columns have such cells."""

    fits: int
    cells: int
    what: str
    tells: bool

    @property
    def share(self) -> float:
        return self.fits / self.cells

    def __str__(self) -> str:
        return f"{self.fits:,} of {self.cells:,} cells fit: {self.what}"


class Column(NamedTuple):
    """A column of a file: its header, also with its neighbour's, and its cells."""

    titles: list[str]
    cells: list[str]


class Pair(NamedTuple):
    """Where a column may stand, how like its header is, how well its cells fit."""

    at: int
    likeness: float
    fit: Fit | None

    @property
    def score(self) -> float:
        """What speaks for it, 0 where that is not enough."""
        share, tells = (self.fit.share, self.fit.tells) if self.fit else (0.5, False)
        by_name = self.likeness >= ALIKE and share >= 0.5
        by_cells = tells and share >= SAME_CELLS
        return self.likeness + share if by_name or by_cells else 0


def words(header: str) -> set[str]:
    """Return a header's words, of several for one thing the same."""
    apart = re.sub("(?<=[a-z])(?=[A-Z])", " ", plain_header(header)).casefold()
    return {WORDS.get(word, word) for word in re.findall("[a-z]+|[0-9]+|[%#]", apart)}


def likeness(old: str, new: str) -> float:
    """Return from 0 to 1 how like two headers are; 0 if they mean different things.

    So they do where their numbers differ, or what they count, or a "non" is in one.
    """
    one, other = words(old), words(new)
    for is_of in (str.isdigit, KINDS.__contains__):
        mine, its = ({*filter(is_of, of)} for of in (one, other))
        if mine and its and mine != its:
            return 0
    if (one ^ other) & TURNS:
        return 0
    one, other = ((of - FILLERS) or of for of in (one, other))
    both = SequenceMatcher(None, " ".join(sorted(one)), " ".join(sorted(other)))
    is_part = bool(one and other) and (one <= other or other <= one)
    return max(both.ratio(), 0.7 * is_part)


class Evidence:
    """What is known of the cells of a contract's columns."""

    def __init__(self, contract: Contract, lake: Lake):
        self.contract, self.lake = contract, lake

    def fit(self, name: str, cells: list[str]) -> Fit | None:
        """Return how cells fit a column; None where it takes any, or there are none.

        Cells that stood there before speak for a column, others not against it.
        """
        filled = [*filter(None, cells)]
        tests, what = self._rules[name]
        tells = bool(tests) and not any(all(t(n) for t in tests) for n in NUMBERS)
        good = sum(all(test(cell) for test in tests) for cell in filled)
        if filled and not tells and (known := self._known.get(name)):
            same = sum(cell in known for cell in filled)
            if same >= SAME_CELLS * len(filled):
                return Fit(same, len(filled), "they stood there before", True)
        return Fit(good, len(filled), what, tells) if filled and tests else None

    @cached_property
    def _rules(self) -> dict[str, tuple[list[Test], str]]:
        """What a cell of each column must pass, and in words."""
        rules: dict[str, tuple[list[Test], str]] = {}
        for name, column in self.contract.columns.items():
            form = partial(_is_hashed, column)
            rules[name] = [form] if column.pattern else [], "what is hashed"
        for each in plausibility.expectations(self.contract):
            kwargs = each["kwargs"]
            name, test = kwargs.get("column"), _test(kwargs)
            # Of rows that `where` picks, or of header rows, cells alone tell nothing.
            is_rule = each["severity"] == "critical" and "row_condition" not in kwargs
            is_rule = is_rule and not (meta := each.get("meta", {})).get("refuses")
            if test and is_rule and name in rules.keys() - self.contract.protects:
                tests, what = rules[name]
                said = meta.get("says", "its rule").removesuffix(f", in {name}")
                rules[name] = [*tests, test], what if tests else said
        return rules

    def accepted(self) -> Iterator[Delivery]:
        """Yield the deliveries of the contract that were accepted, the newest first."""
        found = self.lake.recorded_of(self.contract.key)
        newest = sorted(found, key=lambda d: d.landed_at, reverse=True)
        yield from [d for d in newest if d.status == "validated"][:DELIVERIES]

    @cached_property
    def _known(self) -> dict[str, set[str]]:
        """The names and codes of the newest deliveries that were accepted."""
        known = {name: set[str]() for name in self.contract.columns}
        for delivery in self.accepted():
            if (file := self.lake.rows("validated", delivery)).exists():
                table = pq.read_table(file)
                told = {*table.column_names} & {*known} - {*self.contract.protects}
                for name in told:
                    known[name] |= {*filter(None, table[name].to_pylist())}
        # Numbers are alike in any column.
        is_number = re.compile(r"[0-9.,%]{1,4}").fullmatch
        return {n: of for n, of in known.items() if not any(map(is_number, of))}


def _is_hashed(column: model.Column, cell: str) -> bool:
    return pseudonym(column.protect or "", cell, column.pattern) != MALFORMED


def _test(kwargs: dict[str, object]) -> Test | None:
    """Return what an expectation of Great Expectations asks of one cell."""
    if "regex" in kwargs:
        return re.compile(f"{kwargs['regex']}").search
    values = kwargs.get("value_set")
    return {*values}.__contains__ if isinstance(values, list) else None


def assigned(
    missing: Mapping[str, list[str]], left: Mapping[int, Column], evidence: Evidence
) -> tuple[dict[str, Pair], dict[str, list[int]]]:
    """Return which missing column is which left one, and those that may be several.

    ``missing`` has the headers of each column, ``left`` what stands in each place.
    """
    if not (missing and left):
        return {}, {}
    pairs = [
        [
            Pair(
                at,
                max(likeness(old, new) for old in headers for new in column.titles),
                evidence.fit(name, column.cells),
            )
            for at, column in left.items()
        ]
        for name, headers in missing.items()
    ]
    scores = np.array([[pair.score for pair in row] for row in pairs])
    found: dict[str, Pair] = {}
    doubtful: dict[str, list[int]] = {}
    for row, column in zip(*linear_sum_assignment(-scores), strict=True):
        pair, name = pairs[row][column], [*missing][row]
        near = scores >= max(pair.score - DOUBT, 1e-9)
        if pair.score and near[row].sum() + near[:, column].sum() > 2:
            doubtful[name] = [pairs[row][i].at for i in np.flatnonzero(near[row])]
        elif pair.score:
            found[name] = pair
    return found, doubtful
