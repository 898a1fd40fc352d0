"""Checks one file before it is sent: the judgement of a run, and nothing kept.

The file goes through landing, reader and Great Expectations on a lake that is thrown
away. What is printed names rows and rules, never a cell: it may be passed on.
"""

import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from common_metrics import batching
from common_metrics.contracts.loading import CONTRACTS, DRAFT, load_contracts
from common_metrics.contracts.model import Contract
from common_metrics.errors import Refused
from common_metrics.lake import Delivery, Lake
from common_metrics.pseudonyms import VARIABLE
from common_metrics.validation.findings import how_to_mend

# The exit codes: every row would be accepted; some are to mend; the file is refused.
# 2 is that of a check that was not begun.
ACCEPTED, TO_MEND, REFUSED = 0, 3, 4
TEMPLATE = "nessc/common_metrics_submission"
MEND = "Mend these rows where the file is made, and send it again."


def check_file(file: Path, key: str, known: Lake) -> tuple[int, list[str]]:
    """Check a file beside what ``known`` holds; return the exit code and what to print.

    The code is one of those below.
    """
    if not file.is_file():
        raise Refused(str(file), "a file", "none", "Give its path as FILE=.")
    return check_beside(contract_of(key), file, known)


def check_beside(contract: Contract, file: Path, known: Lake) -> tuple[int, list[str]]:
    """Return the same of a contract that is at hand."""
    take_any_key()
    with _lake_for_a_moment() as lake:
        _remember(contract, file, known, lake)
        return check(contract, file, lake)


def take_any_key() -> None:
    """Take any key for hashes: none outlives the check, so that nobody is asked."""
    os.environ.setdefault(VARIABLE, secrets.token_hex(32))


def check(contract: Contract, file: Path, lake: Lake) -> tuple[int, list[str]]:
    """Return the exit code and what to print."""
    drop = lake.root / "drop"
    name = _put(contract, file, drop)
    (received,) = batching.receive(contract, drop, [name], lake, lake.moment())
    judged = received.delivery
    if received.refusal:
        return REFUSED, [
            received.refusal.sentence(f"{contract.key} {file.name}"),
            "0 rows would be accepted.",
        ]
    notes = [*_misplaced(contract, file), *_warnings(contract, judged, lake)]
    code = TO_MEND if judged.rows_quarantined else ACCEPTED
    return code, [*_verdict(judged, file, lake), *notes]


def _remember(contract: Contract, file: Path, earlier: Lake, lake: Lake) -> None:
    """Take over what a lake knows of the extract's other deliveries."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    for record in earlier.recorded_of(contract.key):
        if record.sha256 != digest:
            lake.record(record)


def _verdict(judged: Delivery, file: Path, lake: Lake) -> Iterator[str]:
    """Yield how many rows would be accepted, then each other row with its reasons."""
    kept, read = judged.rows_validated, judged.rows_raw
    yield f"{judged.key} {file.name}: {kept} of {read} rows would be accepted."
    if judged.rows_quarantined:
        yield f"To mend, {_rows(judged.rows_quarantined)}:"
    wrong = pq.read_table(lake.rows("quarantine", judged)).sort_by("_source_row")
    for row in wrong.select(["_source_row", "_reason", "_found"]).to_pylist():
        found = f"; found {row['_found']}" if row["_found"] else ""
        yield f"  row {row['_source_row']}: {_plain(row['_reason'])}{found}"
    if wrong.num_rows:
        todo = how_to_mend([*filter(None, wrong["_found"].to_pylist())])
        yield f"To do: {todo or MEND}"
    if judged.rows_duplicate:
        yield f"Note: {_rows(judged.rows_duplicate)} said twice would be left out."
    if judged.additional_columns:
        names = ", ".join(f'"{name}"' for name in judged.additional_columns)
        yield f"Note: columns that would be left out: {names}."
    if judged.unread_sheets:
        yield f"Note: sheets that would not be read: {', '.join(judged.unread_sheets)}."


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"


def _plain(reasons: str) -> str:
    """Return the reasons without the names of Great Expectations' rules.

    A row that goes with another one of its student has no rule of its own.
    """
    if not reasons.startswith("expect_"):
        return reasons
    rules = (part.partition(": ")[2] for part in reasons.split("; expect_"))
    return f"expected {'; '.join(rules)}"


def _warnings(contract: Contract, judged: Delivery, lake: Lake) -> Iterator[str]:
    """Yield the rows that would be accepted, but of which a rule warns."""
    stored = lake.data_docs(contract.key).rglob("validations/**/*.json")
    results = [r for file in stored for r in json.loads(file.read_text())["results"]]
    for result in results:
        config = result["expectation_config"]
        listed = result["result"].get("unexpected_index_list") or []
        if config.get("severity") == "warning" and listed:
            rows = ", ".join(str(row) for row in _row_numbers(listed))
            yield f"Warning, rows {rows}: expected {config['meta']['says']}"


def _row_numbers(listed: list[dict[str, Any]]) -> list[int]:
    """Return the rows of a stored result, which holds one number or a list of them."""
    found = [item["_source_row"] for item in listed]
    return [
        int(n) for item in found for n in (item if isinstance(item, list) else [item])
    ]


def _misplaced(contract: Contract, file: Path) -> Iterator[str]:
    """Yield a note where a run would not find the file by its name."""
    names = [Path(pattern).name for pattern in contract.landing.drop]
    if not any(fnmatch(file.name, name) for name in names):
        asked = " or ".join(contract.landing.drop)
        yield f"Note: a run looks for {asked}: give the file such a name."


def _put(contract: Contract, file: Path, drop: Path) -> str:
    """Copy the file to where a run would find it; return its path below the drop."""
    patterns = [Path(pattern) for pattern in contract.landing.drop]
    fitting = [p for p in patterns if fnmatch(file.name, p.name)] or patterns
    place = drop / fitting[0].with_name(file.name)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, place)
    return place.relative_to(drop).as_posix()


@contextmanager
def _lake_for_a_moment() -> Iterator[Lake]:
    """Give a lake that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="common_metrics_check_") as folder:
        yield Lake(folder)


def contract_of(key: str) -> Contract:
    """Return the contract of a key; raise Refused where there is none."""
    contracts = load_contracts()
    if key in contracts:
        return contracts[key]
    if key in contracts.barred:
        raise contracts.barred[key]
    if (CONTRACTS / f"{key}{DRAFT}").is_file():
        raise Refused(
            f"KEY={key}",
            "the key of a contract",
            f"a draft, expectations/{key}{DRAFT}",
            "Resolve its TODOs, then take .draft out of its name.",
        )
    raise Refused(
        f"KEY={key}",
        "the key of a contract",
        "none under expectations/",
        "\n  ".join(["Give one of:", *sorted(contracts)]),
    )
