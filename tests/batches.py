"""Receives a whole drop folder as the landing DAGs do: one judgement an extract."""

from collections.abc import Iterable
from pathlib import Path

from common_metrics import batching
from common_metrics.contracts.loading import load_contracts
from common_metrics.lake import Lake
from common_metrics.landing import receiving
from common_metrics.landing.receiving import Landed


def receive_all(lake: Lake, drop: Path, keys: Iterable[str], at: str) -> list[Landed]:
    """Land and judge whatever lies there for the contracts; return what became of it.

    Of files with the same bytes the last one counts.
    """
    found = []
    for key in keys:
        contract = load_contracts()[key]
        names = receiving.find_deliveries(contract, drop)
        found += batching.receive(contract, drop, names, lake, at)
    return found
