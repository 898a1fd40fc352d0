#!/bin/sh
# What: a linear program is not solved because another one in the process used more threads.
# Versions: highspy 1.16.0
# Behaviour: the first run() of a process starts threads for all; a later model whose
#   option `threads` differs is refused: run() returns kError, the status stays kNotset, and
#   with output_flag off nothing is printed. No exception is raised.
# Expected: an exception, or the model solved with the threads that are there.
# Seen: with threads = 2 kOptimal; then, with threads = 1: HighsStatus.kError, kNotset
# Source: jump-dev/HiGHS.jl#130 (the scheduler keeps the threads that it began with).
# Here: every model asks for one thread (plugins/common_metrics/disclosure/moves.py,
#   tests/witness.py), and a status other than optimal or infeasible ends the build.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q highspy==1.16.0
"$dir/venv/bin/python" - <<'PY'
import sys

import highspy


def solved(threads: int) -> tuple[str, str]:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", threads)
    solver.addVar(0.0, 4.0)
    solver.changeColCost(0, -1.0)
    return str(solver.run()), str(solver.getModelStatus())


first, second = solved(2), solved(1)
print(f"first {first}, second {second}")
sys.exit(not (first[1].endswith("kOptimal") and second[1].endswith("kNotset")))
PY
