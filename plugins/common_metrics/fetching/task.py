"""The task ``fetch`` of a landing DAG: one for each source and year, one at a time.

What is not there yet and what is unchanged is skipped. What is down is tried again, no
earlier than the source says, and skipped at last, until it was down for too long: that
and a refusal fail the task.
"""

from datetime import timedelta
from typing import Any, cast

from airflow.sdk import RetryDecision, RetryPolicy, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from common_metrics import settings
from common_metrics.contracts.model import Contract

RETRIES = 2
PAUSE = timedelta(seconds=20)
# Who asks to be left alone for longer is asked in the next run that comes after that.
LONGEST = timedelta(minutes=5)


class AsAsked(RetryPolicy):
    """Wait for as long as the source says."""

    def evaluate(self, exception: BaseException, *_: Any, **__: Any) -> RetryDecision:
        wait = getattr(exception, "wait", None)
        later = timedelta(seconds=wait or 0)
        return RetryDecision.retry(later) if later else RetryDecision.default()


def fetch(contract: Contract) -> Any:
    """Return the mapped task."""
    asked = {one.looked_for: one for one in contract.landing.asked}
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
        from common_metrics.fetching.states import NotFetched
        from common_metrics.fetching.taking import Fetch

        lake, one, key = settings.lake(), asked[file], contract.key
        client, context = client_of(key, one), cast(Any, get_current_context())
        context["source"] = one.where
        if states.is_to_wait(key, one, lake):
            raise AirflowSkipException(f"{one.where}: it asked to be left alone")
        try:
            came = Fetch(contract, one, client, settings.drop(), lake).run()
        except NotFetched as error:
            ti, is_soon = context["ti"], (error.wait or 0) <= LONGEST.total_seconds()
            if error.state == "down" and is_soon and ti.try_number <= ti.max_tries:
                raise
            is_alarm = states.is_alarm(one, states.known_of(key, lake)[file])
            end = AirflowFailException if is_alarm else AirflowSkipException
            raise end(str(error)) from None
        if not came:
            raise AirflowSkipException("unchanged, nothing to do")
        print(f"{one.where}: {', '.join(came)}")

    return fetch.expand(file=[*asked])
