"""Where the DAGs find the drop folder and the lake: two environment variables."""

import os
from pathlib import Path

from common_metrics.lake import Lake


def lake() -> Lake:
    """Return the lake that COMMON_METRICS_LAKE names."""
    return Lake(_folder("COMMON_METRICS_LAKE"))


def drop() -> Path:
    """Return the folder of delivered files that COMMON_METRICS_DROP names."""
    return _folder("COMMON_METRICS_DROP")


def _folder(variable: str) -> Path:
    if variable not in os.environ:
        raise RuntimeError(
            f"{variable}: expected the path of a folder. Found nothing. Start through "
            "`make run` or `make up`, or set it in the environment."
        )
    return Path(os.environ[variable])
