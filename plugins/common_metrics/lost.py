"""Lost workers: whose task is tried again, which an error of the task itself is not.

A worker that dies (a machine that stops, a container that is ended) says nothing. The
scheduler misses its heartbeat and begins the task again, if it has a try left.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import RetryDecision, RetryPolicy

from common_metrics.notify import Callback

# The one slot, on a server, for what writes the build or the releases.
WAREHOUSE = "warehouse"


class OnlyIfLost(RetryPolicy):
    """Fail at once: who can ask this policy is not lost, and would fail again."""

    def evaluate(self, exception: BaseException, *_: Any, **__: Any) -> RetryDecision:
        return RetryDecision.fail("tried again only when a worker is lost")


def again(told: Callback | None = None, **more: Any) -> dict[str, Any]:
    """Return the default arguments of a DAG; ``told`` is called when a task failed."""
    return {
        "retries": 2,
        "retry_delay": timedelta(seconds=10),
        "retry_policy": OnlyIfLost(),
        "on_failure_callback": told,
        **more,
    }
