"""An outside witness: Tau-Argus and the models hide the same tables, a third audits.

``python tests/witness.py [--schools 20]`` invents schools of five states. Each state is
one table: its schools, the outcomes of the four-year cohort, girls and boys, with all
totals. What is hidden at first is the same; each then hides what else it needs. The
audit asks for the least and the greatest value of each hidden number by linear
programming. It shares no code with the models, the attack or Tau-Argus.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import highspy
import numpy as np
import pandas as pd
import stress
from compiled import Warehouse, compile_models

from common_metrics.disclosure import control
from common_metrics.disclosure.numbers import System, system_of

METRICS = ["acgr_4yr", "dropout_cohort", "still_enrolled_4yr", "other_completion_4yr"]
WHOLES = {"entity": "Total", "outcome": "Total", "student_group": "Total"}
CODES = list(WHOLES)
# Not one of the four outcomes: a number of the table that no row tells.
RESIDUAL = "none of these"
# Beyond every number of the tables; a bound that is reached so tells nothing.
CAP = 1e5
# Its engine may end with a signal; it is asked once more then.
TRIES = 3
# It has not hidden the tables of 500 schools within five minutes.
MOST = 100
Way = Callable[[pd.DataFrame], pd.Series]


def tables(schools: int) -> tuple[pd.DataFrame, System]:
    """Return the numbers of all tables, and the system that the models see of them.

    ``column`` is a number's place in the system (none: a residual).
    """
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(compile_models(Path(folder), stress.GRAPH))
    con = warehouse.con
    stress.invented(con, schools, 1)
    con.execute(
        f"delete from {stress.SCHEMA}.int_outcomes_reconciled where not "
        "(list_contains(?, metric_id) "
        "and student_group in ('all', 'female', 'male'))",
        [METRICS],
    )
    warehouse.make(*stress.GRAPH)
    given = [
        con.execute(f"from {stress.SCHEMA}.{model}").to_arrow_table()
        for model in stress.INPUTS
    ]
    cells = given[0].to_pandas().sort_values("cell_id", ignore_index=True)
    system = system_of(cells[cells.has_counts].reset_index(drop=True), *given[1:])
    return _numbers(given[2].to_pandas(), system), system


def _numbers(counts: pd.DataFrame, system: System) -> pd.DataFrame:
    numbers = pd.DataFrame(
        {
            "state": counts.state,
            "entity": counts.place_key.where(counts.level == "school", "Total"),
            "outcome": counts.count_name.replace("cohort_4yr", "Total"),
            "student_group": counts.student_group.replace("all", "Total"),
            "students": counts.student_count,
            "interval": counts.min_interval,
            "column": counts.count_id - 1,
        }
    )
    numbers["is_primary"] = system.is_hidden[numbers.column]
    whole = numbers.outcome == "Total"
    signed = numbers.assign(students=numbers.students * np.where(whole, 1, -1))
    keys = ["state", "entity", "student_group"]
    residual = signed.groupby(keys, as_index=False).agg(
        students=("students", "sum"), interval=("interval", "first")
    )
    few = residual.students.between(1, residual.interval - 1)
    residual = residual.assign(outcome=RESIDUAL, column=-1, is_primary=few)
    return pd.concat([numbers, residual], ignore_index=True)


def by_models(system: System) -> Way:
    control.protect(system)
    hidden = np.append(system.is_hidden[: len(system.link)], True)
    return lambda table: pd.Series(hidden[table.column], table.index)


def by_tauargus(method: str) -> Way:
    def hide(table: pd.DataFrame) -> pd.Series:
        inner = (table[CODES] != WHOLES).all(axis=1)
        asked = {
            "cells": table.loc[inner, [*CODES, "students"]].values.tolist(),
            "unsafe": table.loc[table.is_primary, [*CODES, "interval"]].values.tolist(),
            "method": method,
        }
        found = {tuple(codes) for codes in _asked(asked)}
        names = table[CODES].apply(tuple, axis=1)
        return names.isin(found) | (table.outcome == RESIDUAL)

    return hide


def _asked(asked: dict) -> list[list[str]]:
    for _ in range(TRIES):
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("tauargus.py"))],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return json.loads(done.stdout)
    raise RuntimeError(f"Tau-Argus ended with {done.returncode}: {done.stderr[-500:]}")


def narrow(table: pd.DataFrame, hidden: pd.Series) -> pd.Series:
    """Return which hidden numbers a reader tells more closely than their interval.

    A residual of nobody, or of many, may be told.
    """
    solver = _reader(table, hidden)
    found = pd.Series(False, table.index)
    wanted = hidden & ((table.outcome != RESIDUAL) | table.is_primary)
    at = {row: column for column, row in enumerate(table.index)}
    for row in table.index[wanted]:
        low, high = (_bound(solver, at[row], sense) for sense in (1.0, -1.0))
        width = np.floor(high + 1e-6) - np.ceil(low - 1e-6)
        found[row] = width < table.interval[row]
    return found


def _reader(table: pd.DataFrame, hidden: pd.Series) -> highspy.Highs:
    """Return what a reader knows: all sums, and what is shown."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    # As the models ask: HiGHS solves nothing once another number was asked for.
    solver.setOptionValue("threads", 1)
    for students, unknown in zip(table.students, hidden, strict=True):
        solver.addVar(0.0 if unknown else students, CAP if unknown else students)
    for name, whole in WHOLES.items():
        others = [code for code in CODES if code != name]
        position = pd.Series(range(len(table)), table.index)
        for _, row in table.groupby(others):
            sign = np.where(row[name] == whole, 1.0, -1.0)
            columns = position[row.index].to_numpy(np.int32)
            solver.addRow(0.0, 0.0, len(columns), columns, sign)
    return solver


def _bound(solver: highspy.Highs, column: int, sense: float) -> float:
    solver.changeColCost(column, sense)
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    found = solver.getSolution().col_value[column]
    solver.changeColCost(column, 0.0)
    return found


def compared(schools: int) -> pd.DataFrame:
    """Return a row for each way of hiding: seconds, shares, numbers recovered."""
    numbers, system = tables(schools)
    primary = numbers.is_primary & (numbers.outcome != RESIDUAL)
    told = numbers.outcome != RESIDUAL
    makers: dict[str, Callable[[], Way]] = {
        "what is small, alone": lambda: (
            lambda table: table.is_primary | (table.outcome == RESIDUAL)
        ),
        "the models": lambda: by_models(system),
        "Tau-Argus, OPT": lambda: by_tauargus("OPT"),
        "Tau-Argus, MOD": lambda: by_tauargus("MOD"),
    }
    found = []
    for name, make in makers.items():
        started = stress.processor_seconds()
        way = make()
        parts = [way(table) for _, table in numbers.groupby("state")]
        seconds = stress.processor_seconds() - started
        hidden = pd.concat(parts).sort_index()
        started = time.process_time()
        is_narrow = pd.concat(
            [
                narrow(table, hidden[table.index])
                for _, table in numbers.groupby("state")
            ]
        ).sort_index()
        found.append(
            {
                "hidden by": name,
                "processor seconds": round(seconds, 1),
                "numbers shown": f"{(told & ~hidden).sum()} of {told.sum()} "
                f"({(told & ~hidden).sum() / told.sum():.1%})",
                "of the small ones recovered": int((is_narrow & primary).sum()),
                "of all hidden ones": int(is_narrow.sum()),
                "seconds of the audit": round(time.process_time() - started, 1),
            }
        )
    return pd.DataFrame(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schools", type=int, default=20)
    if (schools := parser.parse_args().schools) > MOST:
        print(f"Tau-Argus is asked for {MOST} schools at most, not for {schools}.")
        return
    stress.print_table(compared(schools))


if __name__ == "__main__":
    main()
