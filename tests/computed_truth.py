"""Compares the rates that a warehouse computes with those that were planted."""

import csv
from decimal import Decimal
from pathlib import Path

import duckdb

KEY = "extract, state, school_id_state, school_year, metric_id, student_group_label"
VALUE = "numerator, denominator, value_pct, value_low_pct, value_high_pct, value_status"
Rates = dict[tuple[str, ...], tuple[str, ...]]


def computed(warehouse: Path) -> Rates:
    """The computed rates of a warehouse."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        sql = f"select {KEY}, {VALUE} from int_computed_outcomes"
        schema = connection.execute(
            "select schema_name from duckdb_tables()"
            " where table_name = 'int_computed_outcomes'"
        ).fetchone()
        connection.execute(f"use {schema[0]}")
        rows = [tuple(map(written, row)) for row in connection.execute(sql).fetchall()]
    return {row[:6]: row[6:] for row in rows}


def written(value: object) -> str:
    """A value as the truth writes it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "" if value is None else str(value)


def planted(truth: Path) -> Rates:
    """The rates of a truth file."""
    key = KEY.replace("_label", "").split(", ")
    with truth.open(newline="") as lines:
        return {
            tuple(row[name] for name in key): tuple(row[n] for n in VALUE.split(", "))
            for row in csv.DictReader(lines)
        }


def differences(warehouse: Path, truth: Path) -> list[str]:
    """Rates that are missing, too many or different, each in words."""
    found, known = computed(warehouse), planted(truth)
    return [
        f"{', '.join(key)}: planted {known.get(key)}, computed {found.get(key)}"
        for key in sorted(found.keys() | known.keys())
        if found.get(key) != known.get(key)
    ]
