"""What became of each source and year, kept in ``sources/`` of the lake.

A source is ``fetched``, ``down``, ``not published`` yet, ``refused``, or ``changed``:
its file came and the gate refused its table. The last two are alarms, as down for long.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from common_metrics.contracts.model import Contract
from common_metrics.contracts.sources import Asked
from common_metrics.errors import Refused
from common_metrics.lake import Lake, write_json

# What is known of a file that was fetched, or of an address: state, since, checked_at,
# message, not_before and its files.
Known = dict[str, Any]
# What a receipt says of where its file came from.
ORIGIN = ("address", "final_address", "etag", "modified", "fetched_at")


class NotFetched(Refused):
    """A source gave no file; ``state`` says of which kind that is."""

    state = "refused"
    # When the source may be asked again, in seconds, if it said so.
    wait: float | None = None


class SourceRefused(NotFetched):
    """It answers, but not with the file: nobody gets it until a person has acted."""


class NotPublished(NotFetched):
    """It answers that there is no such file: there may be one some other day."""

    state = "not published"


class Down(NotFetched):
    """It does not answer, or not with a whole file: it is asked again."""

    state = "down"


def known_of(key: str, lake: Lake) -> dict[str, Known]:
    """Return what is kept of an extract's sources, by the files that they fill."""
    with suppress(FileNotFoundError, ValueError):
        return dict(json.loads(lake.sources(key).read_text()))
    return {}


def note(key: str, one: Asked, lake: Lake, state: str, **more: Any) -> Known:
    """Keep the state of an address; ``since`` is when it came into it."""
    known, now = known_of(key, lake), later(0)
    before = known.get(one.looked_for, {})
    since = before["since"] if before.get("state") == state else now
    mine = {"year": one.year, "address": one.where, "state": state, "since": since}
    mine |= {"files": before.get("files", {}), "checked_at": now, **more}
    write_json(lake.sources(key), known | {one.looked_for: mine})
    return mine


def is_to_wait(key: str, one: Asked, lake: Lake) -> bool:
    """Return whether the source asked not to be asked again yet."""
    mine = known_of(key, lake).get(one.looked_for, {})
    return mine.get("address") == one.where and mine.get("not_before", "") > later(0)


def is_alarm(one: Asked, known: Known) -> bool:
    """Return whether a source refused, or was down for longer than is waited for."""
    is_long = known["since"] < later(-24 * 3600 * one.source.days)
    return known["state"] == "refused" or (known["state"] == "down" and is_long)


def origin(key: str, name: str, sha256: str, lake: Lake) -> dict[str, str]:
    """Return where the bytes of a file of the drop folder were fetched from, if so."""
    for known in known_of(key, lake).values():
        file = known["files"].get(name, {})
        if file.get("sha256") == sha256:
            return {name: file[name] for name in ORIGIN if file.get(name)}
    return {}


def rows(contracts: Iterable[Contract], lake: Lake) -> Iterator[tuple[str, ...]]:
    """Yield extract, year, state, since when and address, for people."""
    for contract in contracts:
        known = known_of(contract.key, lake) if contract.landing.sources else {}
        newest = lake.newest_of(contract.key) if known else {}
        for one in contract.landing.asked:
            mine = known.get(
                one.looked_for, {"state": "not asked", "since": "", "files": {}}
            )
            came = [newest[name] for name in mine["files"] if name in newest]
            changed = any(d.source and d.status == "refused" for d in came)
            is_changed = changed and mine["state"] == "fetched"
            state = "changed" if is_changed else mine["state"]
            year = str(one.year or "")
            yield contract.key, year, state, mine["since"][:16], one.where


def alarms(contract: Contract, lake: Lake) -> dict[str, str]:
    """Return what was said of each source that needs a person, by file and state.

    One that stays down says so in other words every day.
    """
    known = known_of(contract.key, lake) if contract.landing.sources else {}
    asked = {one.looked_for: one for one in contract.landing.asked}
    alarming = {
        file: mine
        for file, mine in known.items()
        if file in asked and is_alarm(asked[file], mine)
    }
    return {f"{f} {mine['state']}": mine["message"] for f, mine in alarming.items()}


def later(seconds: float | None) -> str:
    """Return the time in UTC after so many seconds; "" for none."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds or 0)
    return "" if seconds is None else moment.isoformat(timespec="seconds")
