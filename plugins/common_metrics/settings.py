"""Where the DAGs find the drop folder and the lake: two environment variables."""

import os
from pathlib import Path

from common_metrics.errors import Refused
from common_metrics.lake import Lake

# Of what is kept how much, or for how many days; 0 is for ever.
KEEP = {
    "RELEASES": 5,
    "REFUSED_DAYS": 400,  # a file of the year before can still be asked after
    "SUPERSEDED_DAYS": 0,
    "LOG_DAYS": 90,
    "HISTORY_DAYS": 90,
}
KEEP_ = "COMMON_METRICS_KEEP_"
# Names the one DAG that is to be made.
ONLY = "COMMON_METRICS_DAG"


class SettingMissing(Refused):
    """A variable of the environment that says where to work is not set."""


def lake() -> Lake:
    """Return the lake that COMMON_METRICS_LAKE names."""
    return Lake(_folder("COMMON_METRICS_LAKE"))


def drop() -> Path:
    """Return the folder of delivered files that COMMON_METRICS_DROP names."""
    return _folder("COMMON_METRICS_DROP")


def owner() -> str:
    """Return who is told where a contract names nobody: COMMON_METRICS_OWNER, or ""."""
    return os.environ.get("COMMON_METRICS_OWNER", "")


def runbook() -> str:
    """Return where messages say that the runbook is: COMMON_METRICS_RUNBOOK."""
    return os.environ.get("COMMON_METRICS_RUNBOOK") or "docs/runbook.md"


def minutes_of_a_build() -> int:
    """Return after how long a build is late: COMMON_METRICS_BUILD_MINUTES, or 120."""
    return int(os.environ.get("COMMON_METRICS_BUILD_MINUTES", 120))


def kept(name: str) -> int:
    """Return how many releases, or for how many days something is kept; 0: all."""
    said = os.environ.get(f"{KEEP_}{name}") or str(KEEP[name])
    if not said.isdecimal():
        todo = "Give one, or leave it unset."
        raise Refused(f"{KEEP_}{name}", "a whole number from 0", repr(said), todo)
    return int(said)


def is_wanted(dag_id: str) -> bool:
    """Return whether a DAG is asked for: a task and ``make run`` need their own alone.

    Each of the others would cost them a contract to read, and a write of Airflow's.
    """
    from airflow.sdk import get_parsing_context

    asked = get_parsing_context().dag_id or os.environ.get(ONLY)
    return asked in (None, dag_id)


def _folder(variable: str) -> Path:
    if variable not in os.environ:
        raise SettingMissing(
            variable,
            "the path of a folder",
            "nothing",
            "Start through `make run` or `make up`, or set it in the environment.",
        )
    return Path(os.environ[variable])
