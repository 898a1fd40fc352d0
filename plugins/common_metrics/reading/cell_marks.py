"""What the text of a workbook's cell does not tell, and readers of cells do not say."""

import re
from typing import NamedTuple

RAISED = ("superscript", "subscript")
Place = tuple[int, int]  # row and column, counted from 0


class Marks(NamedTuple):
    """What is to be known of a sheet's cells beside their text.

    ``instead`` is read in place of the text, ``before`` goes in front of it, and
    ``uncalculated`` are the rows, as the sheet counts, of formulas without a result.
    """

    instead: dict[Place, str]
    before: dict[Place, str]
    uncalculated: list[int]


class Style(NamedTuple):
    """How a cell is shown: what its font tells, and whether its number is blanked."""

    font: str
    blank: bool


def has_digit(words: str) -> bool:
    """Return whether a text could be taken for a part of a number."""
    return any(letter.isdigit() for letter in words)


def shows_no_number(code: str) -> bool:
    """Return whether a number format puts something else in a number's place.

    [<10]"*";0 suppresses what the cell still holds, ;;; hides it.
    """
    bare = re.sub(r'"[^"]*"|[\\_*].|\[(?![<>=]|[hms]+\])[^]]*\]', "", code)
    sections = bare.split(";")
    asked = sections if re.search(r"\[[<>=]", bare) else sections[:1]
    asked = [re.sub(r"\[[<>=][^]]*\]", "", s) for s in asked]
    return not all(re.search(r"[0#?@ymdhsge]", s, re.IGNORECASE) for s in asked)
