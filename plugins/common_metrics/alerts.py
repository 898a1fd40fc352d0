"""Alerts: whom to tell what, once for each change of state. Knows no Airflow.

What was told last stands in the lake, in ``alerts/told.json``.
"""

import fcntl
import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from common_metrics import calendar, settings
from common_metrics.calendar import Entry, Moved
from common_metrics.contracts.loading import load_contracts
from common_metrics.contracts.model import Contract
from common_metrics.errors import Refused
from common_metrics.lake import Lake, write_json

# Nobody has to be told of these, unless another state was told before.
QUIET = ("ok", "expected", "delivered", "not_collected")
# What the subjects of the calendar begin with.
CALENDAR = "calendar "
DONE = "Nothing is to be done."
MEND = "Mend the file or its contract."
# What tasks raise in our words alone, where another try would not help.
OURS = "AirflowFailException"
# Sends to an owner a subject and a text; what was told last of each subject.
Send = Callable[[str, str, str], None]
Told = dict[str, str]


class News(NamedTuple):
    """The state of something; ``text`` has four parts, ``section`` is the runbook's.

    ``version`` tells two states of one name apart, such as two refused files.
    """

    subject: str
    state: str
    owner: str
    text: str
    section: str
    version: str = ""

    @property
    def mark(self) -> str:
        return f"{self.state} {self.version}".strip()


def owner_of(contract: Contract | None = None) -> str:
    """Return whom to tell: a mail address, a connection of Airflow, or "": nobody."""
    return (contract and contract.owner) or settings.owner()


def of_task(
    name: str,
    section: str,
    owner: str,
    wrong: dict[str, str],
    error: BaseException | None,
) -> News:
    """Return how a task went: what is refused still, or an error.

    ``wrong`` has the texts by what tells one state from another.
    Of an error that is not ours the kind alone is told, since it may quote a cell.
    """
    said = "\n".join(wrong.values())
    if error and not said:
        kind, todo = f"an error, {type(error).__name__}", "Read the log of the task."
        is_ours = isinstance(error, Refused) or type(error).__name__ == OURS
        said = str(error if is_ours else Refused(name, "a good end", kind, todo))
    if not said:
        well = str(Refused(name, "what it needs", "all of it", DONE))
        return News(name, "ok", owner, well, section)
    told_apart = "\n".join(wrong) or said
    version = hashlib.sha256(told_apart.encode()).hexdigest()[:8]
    state = "refused" if wrong else "failed"
    return News(name, state, owner, said, section, version)


def of_calendar(found: list[Entry]) -> list[News]:
    """Return the state of each school year, and of each file that no contract takes.

    Who waits for an extract is told of a file that may be of it.
    """
    contracts, moved = load_contracts(), calendar.moved(found)
    return [
        _of_file(e, contracts, moved.get(e.file))
        if e.file
        else _of(e, contracts.get(e.key))
        for e in found
    ]


def _of_file(e: Entry, contracts: dict[str, Contract], moved: Moved | None) -> News:
    owner = owner_of(contracts[moved.key] if moved else None)
    # It is told of again once something is late that it may be.
    text, version = (moved.line, "moved") if moved else (e.message, "")
    state, section = e.calendar_status, "a-file-matches-no-contract"
    return News(CALENDAR + e.file, state, owner, text, section, version)


def _of(e: Entry, contract: Contract | None) -> News:
    where = f"{e.key} {e.state} {e.school_year}"
    of = (CALENDAR + where, e.calendar_status, owner_of(contract))
    days = f"its files by {e.due_on}, missing from {e.missing_from}"
    days = days if e.due_on else "its files as landing.school_years says"
    ask = f"Ask {contract.origin.publisher}." if contract else "Ask its publisher."
    todo = (
        DONE
        if e.calendar_status in QUIET
        else MEND
        if e.message.startswith("Refused")
        else ask
    )
    found = f"it {e.calendar_status}. {e.message}".strip(" .")
    return News(*of, str(Refused(where, days, found, todo)), "a-year-is-late")


def tell(lake: Lake, news: list[News], send: Send, all_of: str = "") -> None:
    """Send what changed, a message an owner; one that cannot be sent is printed.

    ``send`` takes owner, subject and text. A state is told once it was sent: what
    could not be is tried at the next look. Of the subjects that begin with ``all_of``,
    those that are not among the news are forgotten.
    """
    place = lake.private("alerts") / "told.json"
    # A task that has nothing to tell does not wait for one whose receiver hangs.
    if not all_of and not _changed(news, _read(place)):
        return
    with place.with_name("lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told, names = _read(place), {each.subject for each in news}
        gone = {n for n in told if all_of and n.startswith(all_of)} - names
        told = {name: mark for name, mark in told.items() if name not in gone}
        write_json(place, told)
        for owner, mine in groupby(_changed(news, told), attrgetter("owner")):
            told = _told(owner, [*mine], told, send)
            write_json(place, told)


def _read(place: Path) -> Told:
    with suppress(FileNotFoundError, ValueError, TypeError):
        return dict(json.loads(place.read_text()))
    return {}


def _changed(news: list[News], told: Told) -> list[News]:
    new = [n for n in news if n.owner and n.mark != told.get(n.subject)]
    new = [n for n in new if n.subject in told or n.state not in QUIET]
    return sorted(new, key=attrgetter("owner"))


def _told(owner: str, news: list[News], told: Told, send: Send) -> Told:
    """Send a message and return what is told by now; states that are quiet are not."""
    was = [told.get(n.subject, "ok").split()[0] for n in news]
    sees = [f"{n.text} See {settings.runbook()}#{n.section}" for n in news]
    lines = [f"{w} -> {n.state}: {s}" for w, n, s in zip(was, news, sees, strict=True)]
    states = ", ".join(sorted({n.state for n in news}))
    try:
        send(owner, f"Common metrics: {states} ({len(news)})", "\n\n".join(lines))
    except Exception as error:
        # Not the error's text: it holds the address of a webhook, which is a secret.
        found = type(error).__name__
        todo = "It is tried again at the next look; see Airflow's connections."
        print(Refused(f"alert to {owner}", "a notifier that sends", found, todo))
        return told
    both = told | {n.subject: n.mark for n in news}
    return {name: mark for name, mark in both.items() if mark not in QUIET}
