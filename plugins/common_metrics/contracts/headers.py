"""Headers: which column of a file is which column of its contract."""

import re
from collections import Counter
from collections.abc import Container
from difflib import get_close_matches
from typing import NamedTuple
from unicodedata import category

from common_metrics.contracts.model import Contract
from common_metrics.errors import DeliveryRefused, seen

# Header names that carry the school year, such as ALL_RATE_1415, are written
# with this mark in a contract.
YEAR_CODE = "{year_code}"
# Of the headers that no contract knows, what a message names.
NAMED_HEADERS, LONGEST_NAME = 20, 80


class Match(NamedTuple):
    """Which layout a file has, where each canonical column stands, what is left out."""

    layout: str
    position: dict[str, int]
    additional: list[str]


def match_columns(
    contract: Contract,
    header: list[str],
    year_code: str | None,
    above: list[str] | None = None,
    empty: Container[int] = (),
) -> Match:
    """Return which column of the file is which; raise DeliveryRefused if unclear.

    Fails closed: the columns found must be exactly those of one layout, and any other
    must be ``empty`` or harmless as the contract says. ``above`` is the row above the
    header, which may hold headings over several columns.
    """
    known = known_headers(contract, year_code)
    names = told_apart(header, set().union(*known), above or [])
    cleaned = [clean_header(name) for name in names]
    found: dict[str, int] = {}
    for name, accepted in zip(contract.columns, known, strict=True):
        hits = [i for i, cell in enumerate(cleaned) if cell in accepted]
        if len(hits) > 1:
            raise DeliveryRefused(
                expected=f"one column for {name}",
                found=f"{len(hits)} columns headed {header[hits[0]]!r}",
                todo="Ask the publisher which one counts, or add a layout to "
                f"{contract.path}.",
            )
        if hits:
            found[name] = hits[0]
    values = unpivoted(contract, header)
    rest = [i for i in range(len(header)) if i not in {*found.values(), *values}]
    additional = [names[i] for i in rest if header[i] or i not in empty]
    strange = [name for name in additional if not harmless_as(contract, name)]
    layout = _layout(contract, found, strange)
    filled = {i: names[i] for i in rest if i not in empty}
    refused = set(strange)
    unknown = {i: name for i, name in filled.items() if name in refused}
    if unknown:
        raise _unknown_columns(contract, found, unknown)
    return Match(layout, found, additional)


def _unknown_columns(
    contract: Contract, found: dict[str, int], unknown: dict[int, str]
) -> DeliveryRefused:
    """Return the refusal of columns that no layout knows, with the lines to add."""
    first = list(unknown.items())[:NAMED_HEADERS]
    meant = {at: near for at, name in first if (near := _meant(contract, found, name))}
    others = {at: name for at, name in unknown.items() if at not in meant}
    title = {at: f'"{seen(name)[:LONGEST_NAME]}"' for at, name in first}
    listed = [f'{title[at]} (nearest: "{near}")' for at, (_, near) in meant.items()]
    renamed = [
        f'If {title[at]} is "{near}", correct it, or add it to columns.{name}.headers '
        f"in {contract.path}."
        for at, (name, near) in meant.items()
    ]
    named = [name_headers(contract, others)] if others else []
    return DeliveryRefused(
        expected=f"the columns of {contract.path} and no other",
        found=f"additional columns: {', '.join([*listed, *named])}",
        todo=" ".join([*renamed, *_what_to_add(contract, found, others)]),
        layout_of=contract.key,
    )


def _what_to_add(
    contract: Contract, found: dict[str, int], unknown: dict[int, str]
) -> list[str]:
    """Return where in the contract unknown columns belong."""
    if not unknown:
        return []
    if contract.visibility != "public":
        return [
            "Remove them and send the file again: they may not be sent, unless "
            f"read.harmless in {contract.path} lists them."
        ]
    groups = [name for name in contract.columns if name.endswith("group_label")]
    free = [name for name in groups if name not in found]
    where = f"columns.{free[0]}.headers" if free else "columns, layouts and grain"
    title = f'"{seen(next(iter(unknown.values())))[:LONGEST_NAME]}"'
    bare = any(name.startswith("[") for name in unknown.values())
    return [
        f"A column may tell rows apart, such as student groups: then add {title} to "
        f"{where} in {contract.path}. If no number depends on it, add it with the "
        "reason to read.harmless there.",
        *["A letter in brackets is a column without a header."] * bare,
    ]


def _meant(
    contract: Contract, found: Container[str], title: str
) -> tuple[str, str] | None:
    """Return the column and the header that an unknown one is a letter away from."""
    titles = {
        clean_header(h): (name, h)
        for name, column in contract.columns.items()
        for h in column.headers
        if name not in found
    }
    near = get_close_matches(clean_header(title), titles, n=1, cutoff=0.85)
    return titles[near[0]] if near else None


def known_headers(contract: Contract, year_code: str | None) -> list[list[str]]:
    """Return, for each column of the contract, its headers as they are compared."""
    return [
        [clean_header(h.replace(YEAR_CODE, year_code or "")) for h in column.headers]
        for column in contract.columns.values()
    ]


def unpivoted(contract: Contract, header: list[str]) -> dict[int, str]:
    """Return the positions of the headers that are values, and these values."""
    if not contract.read.unpivot:
        return {}
    pattern = contract.read.unpivot.header
    hits = [re.search(pattern, plain_header(cell)) for cell in header]
    return {at: hit[1] for at, hit in enumerate(hits) if hit}


def told_apart(header: list[str], known: set[str], above: list[str]) -> list[str]:
    """Return the headers with names for those that are blank or stand there twice.

    A blank one is known by its letter in a spreadsheet, [C]; a repeated one, such as
    the % beside each count, by its left neighbour: "Level 1 Count > %"; or, where that
    is no name either, by the heading above: "Level 1 > Count", "Level 1 > %".
    """
    cleaned = [clean_header(cell) for cell in header]
    times = Counter(cleaned)
    names, left = [], ""
    for at, cell in enumerate(header):
        if not cleaned[at]:
            names.append(f"[{letters(at)}]")
        elif times[cleaned[at]] > 1 and cleaned[at] not in known:
            names.append(f"{left} > {cell}")
        else:
            left = cell
            names.append(cell)
    return _by_heading(header, names, above)


def _by_heading(header: list[str], names: list[str], above: list[str]) -> list[str]:
    """Return the names, those that still stand there twice by the heading above."""
    times, heading, told = Counter(names), "", []
    for at, name in enumerate(names):
        heading = (above[at] if at < len(above) else "") or heading
        is_alike = times[name] > 1 and name != header[at]
        told.append(f"{heading} > {header[at]}" if is_alike and heading else name)
    return told


def letters(at: int) -> str:
    """Return a column's letters in a spreadsheet: 0 is A, 26 is AA."""
    return (letters(at // 26 - 1) if at >= 26 else "") + chr(ord("A") + at % 26)


def _layout(contract: Contract, found: dict[str, int], unknown: list[str]) -> str:
    for layout, names in contract.layouts.items():
        if set(_required(contract, names)) <= set(found) <= set(names):
            return layout
    raise _no_layout(contract, found, unknown)


def _required(contract: Contract, names: list[str]) -> list[str]:
    found_in_header = [name for name in names if contract.columns[name].headers]
    return [name for name in found_in_header if not contract.columns[name].optional]


def _no_layout(
    contract: Contract, found: dict[str, int], unknown: list[str]
) -> DeliveryRefused:
    def distance(names: list[str]) -> int:
        required = set(_required(contract, names))
        return len(required - set(found)) + len(set(found) - set(names))

    layout, names = min(contract.layouts.items(), key=lambda item: distance(item[1]))
    missing = [name for name in _required(contract, names) if name not in found]
    if not missing:
        beside = ", ".join(sorted(set(found) - set(names)))
        return DeliveryRefused(
            expected=f"the columns of one layout of {contract.path}",
            found=f"layout {layout} with {beside} beside it",
            todo=f"If the publisher merged two files, add a layout to {contract.path}.",
            layout_of=contract.key,
        )
    name = missing[0]
    accepted = [h.replace(YEAR_CODE, "<yy>") for h in contract.columns[name].headers]
    expected = f"a column for {' and for '.join(missing)}: one of " + ", ".join(
        f'"{h}"' for h in accepted
    )
    if not unknown:
        return DeliveryRefused(
            expected=expected,
            found="no such column, and no unknown header: nothing was renamed",
            todo=f"{contract.landing.export or 'Ask for the file with this column.'} "
            "If it is printed no more, add a layout without it to "
            f"{contract.path}.",
            layout_of=contract.key,
        )
    alike = 0.3 if contract.visibility == "public" else 0.7
    near = get_close_matches(accepted[0], unknown, n=1, cutoff=alike)
    suggestion = near[0] if near else "<the new header>"
    return DeliveryRefused(
        expected=expected,
        found="no such header; unknown headers in the file: "
        + name_headers(contract, unknown)
        + (f' (nearest: "{near[0]}")' if near else ""),
        todo=f'If the publisher renamed it, add "{suggestion}" to '
        f"columns.{name}.headers in {contract.path}.",
        layout_of=contract.key,
    )


def name_headers(contract: Contract, headers: list[str] | dict[int, str]) -> str:
    """Return headers for a message: by name, or only their number where restricted.

    What stands in the place of a header may be a student's data in a broken file.
    Where their positions are given, it is said in which columns they stand.
    """
    if contract.visibility != "public":
        at = [f"[{letters(i)}]" for i in headers if isinstance(i, int)]
        where = f", in {', '.join(at[:NAMED_HEADERS])}" if at else ""
        return f"{len(headers)} not named here{where}" if headers else ""
    more = len(headers) - NAMED_HEADERS
    titles = [*(headers.values() if isinstance(headers, dict) else headers)]
    named = [f'"{header}"' for header in nameable(contract, titles[:NAMED_HEADERS])]
    return ", ".join([*named, *[f"{more} more"] * (more > 0)])


def nameable(contract: Contract, headers: list[str]) -> list[str]:
    """Return headers for a receipt; where restricted, as the contract has them."""
    if contract.visibility == "public":
        return [seen(header)[:LONGEST_NAME] for header in headers]
    return [harmless_as(contract, h) or "not named here" for h in headers]


def harmless_as(contract: Contract, header: str) -> str | None:
    """Return the name under which a header may be left out, if it may."""
    for name in contract.read.harmless:
        pattern = re.escape(clean_header(name)).replace(r"\*", ".*")
        if re.fullmatch(pattern, clean_header(header)):
            return name
    return None


def plain_header(cell: str) -> str:
    """Return a header without signs of no width, and with single blanks."""
    seen_only = "".join(c for c in cell if category(c) != "Cf")
    return re.sub(r"\s+", " ", seen_only).strip()


def clean_header(cell: str) -> str:
    """Return a header for comparison: without case, blanks and underscores."""
    return re.sub(r"[ _]", "", plain_header(cell)).casefold()
