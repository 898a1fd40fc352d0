"""Tau-Argus hides a table: a program of its own, since its engine may end its process.

Reads from standard input, as JSON, the inner cells of a table (``cells``: codes, then
the count), what must be hidden (``unsafe``: codes, then the protection interval;
``Total`` is the sum over a variable) and ``method`` (``OPT`` or ``MOD``). Writes the
codes of all cells that Tau-Argus hides.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from pytauargus.arb import micro_arb
from pytauargus.engine import run_batch
from pytauargus.micro import micro_asc_rda
from pytauargus.result import parse_simple_tab

VARIABLES = ["entity", "outcome", "student_group"]
# One table, at most five minutes; MOD with protection of singletons.
METHODS = {"OPT": "OPT(1,5)", "MOD": "MOD(1,5,1,1,0)"}
HIDDEN = {"U", "M"}


def hidden(cells: list, unsafe: list, method: str, folder: Path) -> list[list[str]]:
    """Return the codes of the cells that are not safe to publish."""
    # A record of each cell, of zero students too: without one a zero is never hidden.
    records = dict(zip([*VARIABLES, "students"], zip(*cells, strict=True), strict=True))
    at = {name: str(folder / name) for name in ("t.asc", "t.rda", "t.hst", "t.arb")}
    micro_asc_rda({name: list(of) for name, of in records.items()}, at["t.asc"])
    # The first line must set a status: it tells how many codes there are.
    lines = [f"{','.join(codes)},u" for *codes, _ in unsafe]
    lines += [f"{','.join(codes)},pl,0,{width}" for *codes, width in unsafe]
    Path(at["t.hst"]).write_text("\n".join(lines))
    micro_arb(
        at["t.arb"],
        at["t.asc"],
        at["t.rda"],
        explanatory_vars=VARIABLES,
        response_var="students",
        safety_rules="",
        suppress=METHODS[method],
        apriori=[at["t.hst"]],
        output_names=[str(folder / "t.tab")],
        output_type="5",
        output_options="SO+",
    )
    run_batch(at["t.arb"])
    rows = parse_simple_tab(folder / "t.tab", VARIABLES, "students")
    return [
        [str(row[name]).strip() for name in VARIABLES]
        for row in rows
        if row["status"] in HIDDEN
    ]


if __name__ == "__main__":
    # The engine writes its progress to standard output, and logs where it runs.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    asked = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        json.dump(hidden(**asked, folder=Path(place)), answer)
        os.chdir("/")
    answer.flush()
