"""Measures: the numbers that the expectations about whole rows compare."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from common_metrics.contracts.model import Periods, Whole
from common_metrics.errors import is_unseen

if TYPE_CHECKING:
    import pandas as pd

    Measure = Callable[[pd.DataFrame], pd.Series]

# No school of New England is near the one, no state's count near the other.
LARGEST_SCHOOL, LARGEST_COUNT = 10_000, 2_000_000
NUMBER = r"^([0-9]{1,15}(?:\.[0-9]+)?)$"
RATE = r"^([0-9]{1,15}(?:\.([0-9]+))?) ?(%?)$"
TOTAL = r"(?:(?:grand|state|statewide|district|school|sub)[ -]?)?totals?"
SCHOOL_IDS = ("school_id_nces", "school_id_state")


def number(frame: "pd.DataFrame", column: str) -> "pd.Series":
    """Return a column's numbers, none where a cell holds a marker."""
    return frame[column].str.extract(NUMBER, expand=False).astype(float)


def size(frame: "pd.DataFrame", column: str) -> "pd.Series":
    """Return a count as a share of the largest one that its row could have."""
    largest = {True: LARGEST_SCHOOL, False: LARGEST_COUNT}
    return number(frame, column) / _holds(frame, SCHOOL_IDS).map(largest)


def off(
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
    share = number(frame, part) / number(frame, whole).replace(0, float("nan"))
    return (found[0].astype(float) - per * share).abs() - 10.0**-digits - 1e-9


def above(frame: "pd.DataFrame", whole: Whole) -> "pd.Series":
    """Return by how much the parts are above the whole; a hidden part counts nothing.

    Below it they may be only where one is hidden.
    """
    import pandas as pd

    parts = pd.DataFrame({part: number(frame, part) for part in whole.parts})
    more = parts.sum(axis=1) - number(frame, whole.whole)
    return more.where(parts.notna().all(axis=1) | (more > 0))


def meets(frame: "pd.DataFrame", key: list[str], periods: Periods) -> "pd.Series":
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


def total_of(frame: "pd.DataFrame", name: str, ids: Iterable[str]) -> "pd.Series":
    """Return 1 where a row of totals has an id that stands under another name too.

    A school of Connecticut is called TOTAL, and has an id of its own.
    """
    names = frame.groupby(["_delivery", *ids], dropna=False)[name].transform("nunique")
    is_total = frame[name].str.fullmatch(TOTAL, case=False, na=False).astype(bool)
    wrong = is_total & _holds(frame, ids) & (names > 1)
    return wrong.astype(float).where(wrong)


def unseen(frame: "pd.DataFrame", columns: Iterable[str]) -> "pd.Series":
    """Return 1 where a cell holds a sign that nobody sees, or digits that nobody casts.

    A blank or a line's end within a cell is none.
    """
    wrong = frame["_row"].isna()
    for column in columns:
        cells = frame[column].dropna()
        together = "".join(cells.tolist())  # almost always there is nothing to look for
        if not (together.isascii() and together.isprintable()):
            wrong[cells.index[cells.map(_holds_unseen).astype(bool)]] = True
    return wrong.astype(float).where(wrong)


def _holds_unseen(cell: str) -> bool:
    odd = (c for c in cell if not c.isascii() or not c.isprintable())
    return any(c.isdecimal() or is_unseen(c) and not c.isspace() for c in odd)


def gap(frame: "pd.DataFrame", columns: Iterable[str]) -> "pd.Series":
    """Return 1 where a cell is empty in a column that its file has.

    Where each value of a row became a row of its own, an empty one became none.
    """
    is_filled = frame[[*columns]].notna()
    is_there = is_filled.groupby(frame["_delivery"]).transform("any")
    values = frame.groupby(["_delivery", "_source_row"])["_row"].transform("size")
    most = values.groupby(frame["_delivery"]).transform("max")
    wrong = (is_there & ~is_filled).any(axis=1) | (values < most)
    return wrong.astype(float).where(wrong)


def key(frame: "pd.DataFrame", name: str) -> "pd.Series":
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
    for column in (c for c in columns if c in frame):
        empty = frame[column].str.fullmatch("0+|NULL", na=True)
        held |= ~empty.astype(bool)
    return held
