"""Rules in seeds: a per cent stands there as 85 and never as the proportion 0.85."""

import csv
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from common_metrics.errors import Refused

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"
# The column in which a row says that a per cent such as 0.5 is meant as it stands.
MARK = "is_small_pct"
NUMBER = re.compile(r"[0-9]*\.?[0-9]+")


class RuleRefused(Refused):
    """A seed with a number that cannot be meant; the message names its row."""


def refuse_proportions(file: Path) -> None:
    """Raise RuleRefused at the first cell of a seed that is no per cent.

    Which cells are per cents, seeds.yml says: unit, and per_cent_where for columns
    that hold one in some rows.
    """
    columns = per_cent_columns(file.stem)
    with file.open(newline="", encoding="utf-8") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            for column in [c for c in columns if _is_per_cent(row, c, columns[c])]:
                if fault := _fault(row, column, columns[column]):
                    expected, todo = fault
                    place = f"{file.name} row {number}, {column}"
                    raise RuleRefused(place, expected, row[column], todo)


def _is_per_cent(row: dict[str, str], column: str, meta: dict[str, Any]) -> bool:
    where = meta.get("per_cent_where", {})
    return bool(row.get(column)) and all(row[c] in of for c, of in where.items())


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


def _fault(
    row: dict[str, str], column: str, meta: dict[str, Any]
) -> tuple[str, str] | None:
    """Return what was expected of the cell and what to do, or None."""
    cell, most = row[column], meta.get("at_most", 100)
    value = Decimal(cell) if NUMBER.fullmatch(cell) else Decimal(-1)
    if not 0 <= value <= most or (meta["is_whole"] and value % 1):
        whole = "a whole per cent" if meta["is_whole"] else "a per cent"
        return f"{whole} from 0 to {most}", "Write 85 for 85 per cent."
    if row.get(MARK) == "true" or not _may_be_proportion(value, row):
        return None
    todo = f"Write {(100 * value).normalize():f} if it is a proportion."
    if MARK in row:
        todo += f" If {cell} per cent is meant, write true in {MARK} of that row."
    return "a per cent and no proportion", todo


def _may_be_proportion(value: Decimal, row: dict[str, str]) -> bool:
    """Return whether a value is below 1, or a 1 where more is better: all of them."""
    is_aim = row.get("comparison") == "at_least" or "target_pct" in row
    return 0 < value < 1 or (value == 1 and is_aim)
