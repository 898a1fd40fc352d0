"""Quarantine: what a delivery's findings make of its rows, and the count is proven."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from common_metrics.contracts.headers import name_headers, nameable
from common_metrics.contracts.model import Contract
from common_metrics.errors import DeliveryRefused, Refused
from common_metrics.lake import UNDATED, Delivery, Fault, Lake, sha256_of
from common_metrics.landing import receiving
from common_metrics.landing.receiving import Landed
from common_metrics.pseudonyms import MALFORMED
from common_metrics.reading import parsing, streaming
from common_metrics.reading.streaming import Spooled
from common_metrics.validation.earlier import few_beside, refuse_shrunk
from common_metrics.validation.findings import (
    ROW,
    Finding,
    found_in,
    reasons,
    refuse_failed,
    wrong_columns,
)
from common_metrics.validation.whole_students import with_other_rows


class Part(NamedTuple):
    """What of a batch is one delivery: its rows without exact repeats, numbered.

    Of a delivery that is read in a stream ``rows`` are only those that are wrong, with
    all others of the same students. ``repeats`` are the numbers of those left out,
    ``count`` is how many there are without them.
    """

    landed: Landed
    rows: pa.Table
    repeats: pa.Array
    count: int

    @property
    def delivery(self) -> Delivery:
        return self.landed.delivery

    @property
    def duplicates(self) -> int:
        return len(self.repeats)


class RowsLost(Refused):
    """The count of rows does not add up; nothing is written."""


def part(landed: Landed) -> Part:
    """Return a delivery's rows without exact repeats; the first of them stays."""
    table = landed.rows.table
    rows = table.append_column(ROW, pa.array(range(table.num_rows), pa.int64()))
    is_repeat = repeated(rows)
    kept = rows.filter(pc.invert(is_repeat))
    return Part(landed, kept, rows[ROW].filter(is_repeat), kept.num_rows)


def repeated(rows: pa.Table) -> pa.ChunkedArray:
    """Return which numbered rows have the cells of one before them."""
    cells = [name for name in rows.column_names if name not in (ROW, "_source_row")]
    first = rows.group_by(cells, use_threads=False).aggregate([(ROW, "min")])
    return pc.invert(pc.is_in(rows[ROW], first[f"{ROW}_min"].combine_chunks()))


def settle(
    contract: Contract,
    part: Part,
    lake: Lake,
    findings: list[Finding],
    earlier: list[Delivery],
    beside: list[Delivery],
) -> Landed:
    """Write a delivery's rows where its findings say, and its record.

    ``earlier`` are the records of its extract, ``beside`` what is judged with it.
    """
    try:
        refuse_failed(contract, findings, part.rows, part.count)
        refuse_shrunk(part.delivery, part.count, earlier)
    except DeliveryRefused as error:
        return Landed(receiving.refuse(part.delivery, error, lake), refusal=error)
    kept, moved = _divided(contract, part.rows, findings)
    read = part.landed.rows
    if isinstance(read, Spooled):
        out = pa.chunked_array([*moved[ROW].chunks, *part.repeats.chunks], pa.int64())
        kept = streaming.without(read, out)
    judged = part.delivery.with_(
        status="validated",
        rows_raw=part.count + part.duplicates,
        rows_validated=kept.num_rows,
        rows_quarantined=moved.num_rows,
        rows_duplicate=part.duplicates,
        additional_columns=nameable(contract, read.additional),
        unread_sheets=nameable(contract, read.unread),
        faults=_faults("set_aside", moved["_reason"].to_pylist())
        + _faults("warned", [why for _, why in _warned(findings)]),
        message="; ".join(
            _messages(contract, part, moved, findings)
            + _beside(contract, part, [*earlier, *beside])
        ),
    )
    _prove(judged)
    written = {}
    for stage, rows in (("quarantine", moved), ("validated", kept)):
        _put(rows, lake.rows(stage, judged))
        written[stage] = sha256_of(lake.rows(stage, judged))
    judged = judged.with_(rows_sha256=written)
    lake.record(judged)
    lake.spooled(judged).unlink(missing_ok=True)
    return Landed(judged, read)


def _put(rows: pa.Table | Spooled, place: Path) -> None:
    if isinstance(rows, Spooled):
        rows.file.replace(place)
    else:
        parsing.write(rows.drop_columns(ROW), place)


def _divided(
    contract: Contract, rows: pa.Table, findings: list[Finding]
) -> tuple[pa.Table, pa.Table]:
    """Return the rows that stay, and those set aside with why and in which columns."""
    why = with_other_rows(contract, rows, reasons(findings, "critical"), ROW)
    bad = pc.is_in(rows[ROW], pa.array(list(why), pa.int64()))
    moved = _shielded(contract, rows.filter(bad))
    added = {
        "_reason": why,
        "_wrong_columns": wrong_columns(findings),
        "_found": found_in(contract, findings, rows),
    }
    for name, said in added.items():
        told = [said.get(row) for row in moved[ROW].to_pylist()]
        moved = moved.append_column(name, pa.array(told, pa.string()))
    return rows.filter(pc.invert(bad)), moved


def _shielded(contract: Contract, rows: pa.Table) -> pa.Table:
    """Return the rows without the cells of any whose protected cells are malformed.

    In such a row the cells may have shifted, and an id stand under another header.
    """
    broken = pa.array([False] * rows.num_rows, pa.bool_())
    for name in contract.protects:
        malformed = pc.equal(rows[name], MALFORMED).combine_chunks()
        broken = pc.or_(broken, malformed.fill_null(False))
    for name in contract.columns.keys() - contract.protects.keys():
        cells = pc.if_else(broken, None, rows[name])
        rows = rows.set_column(rows.column_names.index(name), name, cells)
    return rows


def _prove(judged: Delivery) -> None:
    parts = judged.rows_validated + judged.rows_quarantined + judged.rows_duplicate
    if judged.rows_raw != parts:
        raise RowsLost(
            f"{judged.key} {judged.file}",
            "each row read to be validated, quarantined or duplicate",
            f"{judged.rows_raw} rows read, but {parts} validated, quarantined and "
            "duplicate",
            "Nothing was written; mend the step in validation/quarantine.py that loses "
            "rows.",
        )


def _warned(findings: list[Finding]) -> list[tuple[int, str]]:
    """Return the rows of the file that stay although something is wrong, and what."""
    moved, told = (reasons(findings, of) for of in ("critical", "warning"))
    at = {
        row: n for f in findings for row, n in zip(f.rows, f.source_rows, strict=True)
    }
    return sorted((at[row], why) for row, why in told.items() if row not in moved)


def _faults(
    effect: Literal["set_aside", "warned"], reasons: Iterable[str]
) -> list[Fault]:
    """Return each rule that rows break, with their number; a row may break several."""
    each = ({*re.split("; (?=expect_)", reason)} for reason in reasons)
    counted = Counter(re.sub(r"^expect_\w+: ", "", r) for rules in each for r in rules)
    return [Fault(effect, rule, count) for rule, count in sorted(counted.items())]


def _beside(contract: Contract, part: Part, others: list[Delivery]) -> list[str]:
    """Of students a first year has fewer: nothing is said of their files."""
    if contract.protects:
        return []
    return few_beside(part.delivery, part.count, others)


def _messages(
    contract: Contract, part: Part, moved: pa.Table, findings: list[Finding]
) -> list[str]:
    parts, delivery, read = [], part.delivery, part.landed.rows
    if moved.num_rows:
        row, why, found = (
            moved[name][0].as_py() for name in ("_source_row", "_reason", "_found")
        )
        why += f", found {found}" if found else ""
        parts.append(
            f"{moved.num_rows} rows quarantined, the first is row {row} ({why}); see "
            f"quarantine/{delivery.key}/{delivery.school_year or UNDATED}/"
            f"{delivery.sha8}.parquet"
        )
    if part.duplicates:
        parts.append(f"{part.duplicates} exact duplicates left out")
    if read.additional:
        named = name_headers(contract, read.additional)
        parts.append(f"columns not in {contract.path} left out: {named}")
    if read.unread:
        parts.append(f"sheets not read: {', '.join(nameable(contract, read.unread))}")
    if warned := _warned(findings):
        row, why = warned[0]
        parts.append(f"{len(warned)} rows warned of, the first is row {row} ({why})")
    return parts
