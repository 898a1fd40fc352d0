"""Where the DAGs find the drop folder and the lake: two environment variables."""

import os
from pathlib import Path

from common_metrics.errors import Refused
from common_metrics.lake import Lake


class SettingMissing(Refused):
    """A variable of the environment that says where to work is not set."""


def lake() -> Lake:
    """Return the lake that COMMON_METRICS_LAKE names."""
    return Lake(_folder("COMMON_METRICS_LAKE"))


def drop() -> Path:
    """Return the folder of delivered files that COMMON_METRICS_DROP names."""
    return _folder("COMMON_METRICS_DROP")


def _folder(variable: str) -> Path:
    if variable not in os.environ:
        raise SettingMissing(
            variable,
            "the path of a folder",
            "nothing",
            "Start through `make run` or `make up`, or set it in the environment.",
        )
    return Path(os.environ[variable])
