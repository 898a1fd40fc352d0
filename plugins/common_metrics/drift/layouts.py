"""Layouts: how the table of a file differs from the nearest one that is known."""

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from itertools import combinations, permutations, product

from common_metrics.contracts.headers import (
    YEAR_CODE,
    clean_header,
    harmless_as,
    known_headers,
    letters,
)
from common_metrics.contracts.model import Contract
from common_metrics.drift.likeness import (
    SAME_CELLS,
    Column,
    Evidence,
    Fit,
    Pair,
    assigned,
    words,
)
from common_metrics.drift.tables import Table
from common_metrics.errors import seen

# So like a known header, a text is one, and no student's data in its place.
SURELY_A_HEADER = 0.8
BETWEEN = ("", " ", "-", ", ")  # what stood between two columns that were one
MOST_PARTS = 8  # columns among which the parts of one are looked for


@dataclass
class Drift:
    """How a table differs from a layout: places of columns by name, and the rest.

    ``beside`` are columns of other layouts; ``doubtful`` may be one of several.
    """

    contract: Contract
    layout: str
    table: Table
    evidence: Evidence
    found: dict[str, int]
    beside: list[str]
    renamed: dict[str, Pair]
    doubtful: dict[str, list[int]]
    split: dict[str, list[int]]
    dropped: list[str]
    added: list[int]

    @property
    def distance(self) -> float:
        """How far the table is from the layout, in columns."""
        lost = [*self.dropped, *self.added, *self.beside, *self.doubtful, *self.split]
        return len(lost) + sum(1 - p.likeness / 2 for p in self.renamed.values())

    @cached_property
    def places(self) -> dict[str, int]:
        """The column of the file that each column of the contract is."""
        return self.found | {name: pair.at for name, pair in self.renamed.items()}

    @cached_property
    def fits(self) -> dict[str, Fit]:
        """How the cells of each column fit, where the contract says what fits."""
        columns = {n: self.table.column(at) for n, at in self.places.items()}
        found = {n: self.evidence.fit(n, of.cells) for n, of in columns.items()}
        return {name: fit for name, fit in found.items() if fit}

    def is_named(self, at: int) -> bool:
        """Return whether a header may be told: it is no student's data in its place."""
        columns = self.contract.columns.values()
        known = [clean_header(h) for c in columns for h in c.headers]
        name = clean_header(self.table.names[at])
        like = get_close_matches(name, known, n=1, cutoff=SURELY_A_HEADER)
        return self.contract.visibility == "public" or bool(like)

    def title(self, at: int) -> str:
        """Return a header in quotes, or its letter where it must not be told."""
        name = seen(self.table.names[at])[:80]
        return f'"{name}"' if self.is_named(at) else f"[{letters(at)}]"


def nearest(contract: Contract, table: Table, evidence: Evidence) -> Drift:
    """Return how the table differs from the layout that is nearest to it."""
    found = (_against(contract, name, table, evidence) for name in contract.layouts)
    return min(found, key=lambda drift: drift.distance)


def _against(
    contract: Contract, layout: str, table: Table, evidence: Evidence
) -> Drift:
    columns, code = contract.columns, table.year_code
    titles = [clean_header(name) for name in table.names]
    known = zip(columns, known_headers(contract, code), strict=True)
    hits = {
        n: [at for at, title in enumerate(titles) if title in of] for n, of in known
    }
    exact = {name: places[0] for name, places in hits.items() if places}
    taken = {*exact.values(), *table.values}
    left = {
        at: column
        for at, name in enumerate(table.names)
        if at not in taken and not harmless_as(contract, name)
        if any((column := table.column(at)).cells)
    }
    headed = [name for name in contract.layouts[layout] if columns[name].headers]
    missing = {
        name: [h.replace(YEAR_CODE, code) for h in columns[name].headers]
        for name in headed
        if name not in exact
    }
    split = _split(missing, left, evidence)
    parts = {at for of in split.values() for at in of}
    missing = {name: of for name, of in missing.items() if name not in split}
    left = {at: column for at, column in left.items() if at not in parts}
    renamed, doubtful = assigned(missing, left, evidence)
    gone = missing.keys() - renamed.keys() - doubtful.keys()
    told = {pair.at for pair in renamed.values()}.union(*doubtful.values())
    return Drift(
        contract,
        layout,
        table,
        evidence,
        found={name: exact[name] for name in headed if name in exact},
        beside=[name for name in exact if name not in headed],
        renamed=renamed,
        doubtful=doubtful,
        split=split,
        dropped=[n for n in missing if n in gone and not columns[n].optional],
        added=[at for at in left if at not in told],
    )


def _split(
    missing: dict[str, list[str]], left: dict[int, Column], evidence: Evidence
) -> dict[str, list[int]]:
    """Return the columns that became several, and these.

    Either the headers of two hold all words of its own, or the cells of two, put
    together, are its cells, and those of neither alone.
    """
    found: dict[str, list[int]] = {}
    for name, headers in missing.items():
        whole = {at for at, of in left.items() if _is(evidence, name, of.cells)}
        parts = [
            at
            for at, column in left.items()
            if any(words(header) <= words(column.titles[0]) for header in headers)
        ]
        if len(parts) > 1 and len(whole & {*parts}) != 1:
            found[name] = parts
        elif not whole and not parts and (pair := _pair(name, left, evidence)):
            found[name] = pair
    return found


def _pair(name: str, left: dict[int, Column], evidence: Evidence) -> list[int]:
    """Return two columns of which the cells, put together, are those of the one."""
    for pair, between in product(combinations([*left][:MOST_PARTS], 2), BETWEEN):
        for one, other in permutations(pair):
            both = zip(left[one].cells, left[other].cells, strict=True)
            if _is(evidence, name, [between.join(cells) for cells in both]):
                return [one, other]
    return []


def _is(evidence: Evidence, name: str, cells: list[str]) -> bool:
    fit = evidence.fit(name, cells)
    return bool(fit and fit.tells and fit.share >= SAME_CELLS)
