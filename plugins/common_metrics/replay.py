"""``make replay``: what the lake keeps is judged anew, by the rules of today.

For a rule that was changed, and for a file that was refused beside another one that has
been corrected since. Nobody has to deliver anything again.
"""

from collections.abc import Iterable

from rich.console import Console
from rich.progress import track
from rich.table import Table

from common_metrics import batching, lease, pseudonyms
from common_metrics.contracts.loading import load_contracts
from common_metrics.contracts.model import Contract
from common_metrics.errors import Refused
from common_metrics.lake import Delivery, Lake

KEPT = ("landing", "refused")


def replay(lake: Lake, key: str) -> int:
    """Judge anew what is to be, of one extract or all; 1 where a file stays refused."""
    contracts = [c for c in load_contracts().values() if key in ("", c.key)]
    if not contracts:
        todo = "Give <provider>/<extract>, or none for all."
        raise Refused(f"KEY={key}", "the key of a contract", "none of that name", todo)
    console = Console(highlight=False, width=None if Console().is_terminal else 120)
    with lease.held(lake, "make replay"):
        due = [(c, d) for c in contracts for d in to_replay(c, lake)]
        if any(c.protects for c, _ in due):
            pseudonyms.require_key()
        at = lake.moment()
        seen = track(due, "judge anew", console=console, disable=not due)
        ended = [(d, _judged_anew(c, d, lake, at)) for c, d in seen]
    console.print(_table(ended) if ended else "nothing to judge anew")
    if any(_verdict(was) != _verdict(now) for was, now in ended):
        console.print("`make run` builds and publishes what changed")
    return 1 if any(now.status == "refused" for _, now in ended) else 0


def to_replay(contract: Contract, lake: Lake) -> list[Delivery]:
    """Return the deliveries that other rules judged, and the newest refused files.

    In the order in which they came: a file is held against those before it.
    """
    newest = lake.newest_of(contract.key).values()
    kept = [d for d in lake.recorded_of(contract.key) if _is_kept(d)]
    due = [
        d
        for d in kept
        if (d.status == "validated" and d.contract_sha256 != contract.sha256)
        or (d.status == "refused" and d in newest)
    ]
    return sorted(due, key=lambda d: (d.landed_at, d.file))


def again(contract: Contract, lake: Lake, at: str) -> None:
    """Judge anew what is to be of an extract; for a DAG that was asked to."""
    for delivery in to_replay(contract, lake):
        _judged_anew(contract, delivery, lake, at)


def _is_kept(delivery: Delivery) -> bool:
    return not delivery.same_bytes_as and not delivery.removed.keys() & {*KEPT}


def _judged_anew(
    contract: Contract, delivery: Delivery, lake: Lake, at: str
) -> Delivery:
    batching.mend_one(contract, delivery, lake, at)
    return lake.recorded(contract.key, delivery.sha256) or delivery


def _table(ended: Iterable[tuple[Delivery, Delivery]]) -> Table:
    table = Table("extract", "file", "before", "now", title="Judged anew")
    for was, now in ended:
        table.add_row(now.key, now.file, _verdict(was), _verdict(now))
    return table


def _verdict(delivery: Delivery) -> str:
    if delivery.status != "validated":
        return delivery.status
    aside = f", {delivery.rows_quarantined:,} set aside" * bool(
        delivery.rows_quarantined
    )
    return f"{delivery.rows_validated:,} rows{aside}"
