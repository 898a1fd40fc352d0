"""Rules in seeds: a per cent stands there as 85 and never as the proportion 0.85."""

import csv
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from common_metrics.errors import Refused

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
# The column in which a row says that a per cent of at most 1 is meant as it stands.
MARK = "is_small_pct"
NUMBER = re.compile(r"[0-9]*\.?[0-9]+")


class RuleRefused(Refused):
    """A seed with a number that cannot be meant; the message names its row."""


def refuse_proportions(file: Path) -> None:
    """Raise RuleRefused at the first cell of a seed that is no per cent.

    Which cells are per cents, seeds.yml says: unit, and per_cent_where for columns
    that hold one in some rows.
    """
    for row, column, cell, meta in _per_cents(file):
        if fault := _fault(cell, meta):
            expected, todo = fault
            raise RuleRefused(f"{file.name} row {row}, {column}", expected, cell, todo)


def _per_cents(file: Path) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
    columns = per_cent_columns(file.stem)
    with file.open(newline="", encoding="utf-8") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            for column, meta in columns.items():
                where = meta.get("per_cent_where", {})
                if row.get(column) and all(row[c] in of for c, of in where.items()):
                    yield number, column, row[column], meta | {MARK: row.get(MARK)}


def per_cent_columns(seed: str) -> dict[str, dict[str, Any]]:
    """Return the columns of a seed that hold per cents, each with its meta."""
    found = _seeds().get(seed, {})
    types = found.get("config", {}).get("column_types", {})
    metas = {
        c["name"]: c.get("config", {}).get("meta", {}) for c in found.get("columns", [])
    }
    return {
        name: meta | {"is_whole": types.get(name, "") in ("integer", "bigint")}
        for name, meta in metas.items()
        if meta.get("unit") == "per cent" or "per_cent_where" in meta
    }


@cache
def _seeds() -> dict[str, dict[str, Any]]:
    """Return what the yml says of each seed; it is read once, which takes 0.4 s."""
    files = [yaml.safe_load(f.read_text(encoding="utf-8")) for f in SEEDS.glob("*.yml")]
    return {seed["name"]: seed for file in files for seed in file.get("seeds", [])}


def _fault(cell: str, meta: dict[str, Any]) -> tuple[str, str] | None:
    """Return what was expected of the cell and what to do, or None."""
    most = meta.get("at_most", 100)
    value = Decimal(cell) if NUMBER.fullmatch(cell) else Decimal(-1)
    if not 0 <= value <= most or (meta["is_whole"] and value % 1):
        whole = "a whole per cent" if meta["is_whole"] else "a per cent"
        return f"{whole} from 0 to {most}", "Write 85 for 85 per cent."
    if meta["is_whole"] or not 0 < value <= 1 or meta[MARK] == "true":
        return None
    todo = f"Write {(100 * value).normalize():f} if it is a proportion."
    if meta[MARK] is not None:
        todo += f" If {cell} per cent is meant, write true in {MARK} of that row."
    return "a per cent (0, or above 1)", todo
