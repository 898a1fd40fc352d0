"""Sending: alerts through Airflow's own notifiers and connections.

Airflow is imported where something is sent. In dags/ its workers would not find the
callback of a deadline, which they look for by the name of its module.
"""

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

from common_metrics import settings
from common_metrics.contracts.model import Contract

Context = dict[str, Any]
Callback = Callable[[Context], None]


def send(owner: str, subject: str, text: str) -> None:
    """Send a mail to an address, or JSON with ``text`` to what a connection names."""
    # Not called as Airflow does: it would take {{ in a file's name for a template.
    if "@" in owner:
        from airflow.providers.smtp.notifications.smtp import SmtpNotifier

        page = f"<pre>{escape(text)}</pre>"
        SmtpNotifier(to=owner, subject=subject, html_content=page).notify({})
    else:
        from airflow.providers.http.notifications.http import HttpNotifier

        HttpNotifier(
            http_conn_id=owner,
            json={"text": f"{subject}\n\n{text}"},
            headers={"Content-Type": "application/json"},
            extra_options={"timeout": 30},
        ).notify({})


def task(name: str, section: str, contract: Contract | None = None) -> Callback:
    """Return the callback of a task that fails or ends well."""
    return partial(_tell, name, section, contract)


def _tell(name: str, section: str, contract: Contract | None, context: Context) -> None:
    from common_metrics import alerts, batching
    from common_metrics.fetching import states

    if owner := alerts.owner_of(contract):
        lake, wrong = settings.lake(), dict[str, str]()
        if contract:
            files = batching.still_wrong(name, settings.drop(), lake)
            wrong = dict(zip(files, files, strict=True))
            # All of them: of the error of one alone each of two would be news for ever.
            wrong |= states.alarms(contract, lake)
        error = context.get("exception")
        news = alerts.of_task(name, section, owner, wrong, error)
        alerts.tell(lake, [news], send)


def late(name: str, section: str, context: Context) -> None:
    """Tell that a run of a DAG is not done by its deadline."""
    from common_metrics.errors import Refused

    # Airflow 3.3 asks for the runs that failed before, too, and these were told.
    if context["dag_run"]["state"] in ("failed", "success"):
        return
    due = context["deadline"]["deadline_time"]
    todo = "Look at the run in Airflow: a part of it hangs, or waits for another one."
    error = Refused(name, f"an end by {due}", "none", todo)
    _tell(name, section, None, {"exception": error})
