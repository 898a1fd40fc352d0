"""Lands files in a lake and builds a part of the warehouse from them, with dbt."""

from pathlib import Path

import duckdb

from common_metrics.contracts.loading import load_contracts
from common_metrics.contracts.model import Contract
from common_metrics.errors import quoting_no_cell
from common_metrics.lake import Delivery, Lake
from common_metrics.landing import receiving
from common_metrics.landing.receiving import Landed
from common_metrics.reading import parsing
from common_metrics.validation import expectations
from common_metrics.warehouse.build import dbt, write_inputs

# Tables alone: what dbt tests of them is tested elsewhere.
UNTESTED = [f"--exclude-resource-type={kind}" for kind in ("test", "unit_test")]
HOUR = "2026-12-01T06:00:00+00:00"


def land(contract: Contract, drop: Path, name: str, lake: Lake, at: str) -> Delivery:
    """Receive one file and return its record; raise DeliveryRefused."""
    return _unless_refused(receiving.receive(contract, drop, name, lake, at))


def validate(contract: Contract, delivery: Delivery, lake: Lake) -> Delivery:
    """Judge one delivery from the bytes that the lake keeps and return its record.

    Raises DeliveryRefused; the record then says so.
    """
    landed = _read_again(contract, delivery, lake)
    (judged,) = expectations.judge(contract, [landed], lake)
    return _unless_refused(judged)


@quoting_no_cell
def _read_again(contract: Contract, delivery: Delivery, lake: Lake) -> Landed:
    return Landed(delivery, read(contract, delivery, lake.landing(delivery)))


def read(contract: Contract, delivery: Delivery, file: Path) -> parsing.Rows:
    """Return the rows of a file; raise DeliveryRefused."""
    return parsing.parse(
        contract, delivery, parsing.records(contract, file.read_bytes())
    )


def _unless_refused(landed: Landed) -> Delivery:
    if landed.refusal:
        raise landed.refusal
    return landed.delivery


def bring(lake: Lake, key: str, name: str, content: bytes) -> Delivery:
    """Put, land and validate bytes where the contract looks for them."""
    contract = load_contracts()[key]
    drop = lake.root.parent / "drop"
    file = drop / Path(contract.landing.drop[0]).with_name(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    below = file.relative_to(drop).as_posix()
    return validate(contract, land(contract, drop, below, lake, HOUR), lake)


def build(lake: Lake, *select: str) -> duckdb.DuckDBPyConnection:
    """Build the selected models with their tests; return the warehouse."""
    write_inputs(lake)
    # Tests that also ask for models beside the selected ones are not for here.
    cautious = ["--indirect-selection", "cautious"]
    done = dbt(lake, "build", "--quiet", *cautious, "--select", *select)
    assert done.returncode == 0, done.stdout[-3000:]
    return duckdb.connect(str(lake.build()), read_only=True)
