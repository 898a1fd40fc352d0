"""The task ``fetch`` of a landing DAG: one for each source and year, one at a time.

What is not there yet and what is unchanged is skipped. What is down is tried again, no
earlier than the source says, and skipped at last, until it was down for too long: that
and a refusal fail the task.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import RetryDecision, RetryPolicy, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from common_metrics import settings
from common_metrics.contracts.model import Contract
from common_metrics.fetching.states import Down, NotPublished, SourceRefused

RETRIES = 2
PAUSE = timedelta(seconds=20)
# Who asks to be left alone for longer is asked in the next run that comes after that.
LONGEST = timedelta(minutes=5)


class AsAsked(RetryPolicy):
    """Wait for as long as the source says."""

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Any = None,
    ) -> RetryDecision:
        wait = getattr(exception, "wait", None)
        later = timedelta(seconds=wait) if wait is not None else None
        return RetryDecision.retry(later) if later else RetryDecision.default()


def fetch(contract: Contract) -> Any:
    """Return the mapped task."""
    asked = {one.file: one for one in contract.landing.asked}
    longest = max(one.source.seconds for one in asked.values())

    @task(
        task_id="fetch",
        map_index_template="{{ source }}",
        max_active_tis_per_dagrun=1,
        retries=RETRIES,
        retry_delay=PAUSE,
        retry_policy=AsAsked(),
        # A transfer ends itself; this is for a server that drips.
        execution_timeout=timedelta(seconds=3 * longest + 60),
    )
    def fetch(file: str) -> None:
        from common_metrics.fetching import states
        from common_metrics.fetching.clients import client_of
        from common_metrics.fetching.taking import Fetch

        drop, lake, one, key = (
            settings.drop(),
            settings.lake(),
            asked[file],
            contract.key,
        )
        context: Any = get_current_context()
        context["source"] = one.where
        if states.is_to_wait(key, one, lake):
            raise AirflowSkipException(f"{one.where}: it asked to be left alone")
        try:
            came = Fetch(contract, one, client_of(key, one), drop, lake).run()
        except NotPublished as error:
            raise AirflowSkipException(str(error)) from None
        except SourceRefused as error:
            raise AirflowFailException(str(error)) from None
        except Down as error:
            ti, is_soon = context["ti"], (error.wait or 0) <= LONGEST.total_seconds()
            if is_soon and ti.try_number <= ti.max_tries:
                raise
            if states.is_alarm(one, states.known_of(key, lake)[file]):
                raise AirflowFailException(str(error)) from None
            raise AirflowSkipException(str(error)) from None
        if not came:
            raise AirflowSkipException("unchanged, nothing to do")
        print(f"{one.where}: {', '.join(came)}")

    return fetch.expand(file=[*asked])
