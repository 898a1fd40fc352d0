"""Findings: what an expectation found in one delivery, and the sentences about it."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from common_metrics.contracts.model import Contract
from common_metrics.errors import DeliveryRefused

# Which row of the table: a row of the file may have become several.
ROW = "_row"
# A few wrong rows are single mistakes, however short the file is.
FEW = 3
# Publishers' signs for no number; no student's data is among them, so they are named.
MARKERS = {
    *("n/a", "na", "null", "none", "not available"),
    *("*", "**", "***", "-", "--", "."),
}
SHAPES = {
    r"[0-9]{1,3}(,[0-9]{3})+": "digits with a thousands comma",
    r"[0-9]+,[0-9]+": "digits with a decimal comma",
    r"[0-9]+([.,][0-9]+)? ?%": "a number with a percent sign",
    r"-[0-9.,]+": "a number below zero",
    r"[0-9]+\.[0-9]+": "a number with decimals",
    r"(?=.*\d).*[^\x00-\x7f].*": "digits beside signs that are not ASCII",
    r"[^\W\d_]+( [^\W\d_]+)*": "letters",
    r".*[0-9].*": "digits and other signs",
}


class Finding(NamedTuple):
    """The result of an expectation: which rows are wrong, of the table and the file."""

    type: str
    says: str
    found: str
    column: str
    success: bool
    broke: bool
    severity: str
    refuses: bool
    rows: list[int]
    source_rows: list[int]

    @property
    def only_warns(self) -> bool:
        return self.severity == "warning" and not self.broke


def finding(result: dict[str, Any]) -> Finding:
    """Return what a result of Great Expectations says."""
    config, counted = result["expectation_config"], result["result"]
    meta, kwargs = config.get("meta", {}), config["kwargs"]
    listed = counted.get("unexpected_index_list") or []
    left_out = ("batch_id", "mostly")
    rule = ", ".join(f"{k} {v}" for k, v in kwargs.items() if k not in left_out)
    found = f"{counted.get('observed_value', 'an error in the check itself')}"
    if "unexpected_count" in counted:
        found = "{unexpected_count} of {element_count} rows otherwise".format(**counted)
    return Finding(
        type=config["type"],
        says=meta.get("says") or f"{config['type']} ({rule})",
        found=found,
        column=kwargs.get("column", ""),
        success=result["success"],
        broke=_broke(result),
        severity=config.get("severity", "critical"),
        refuses=meta.get("refuses", False),
        rows=[int(row) for item in listed for row in item[ROW]],
        source_rows=[int(row) for item in listed for row in item["_source_row"]],
    )


def _broke(result: dict[str, Any]) -> bool:
    """Return whether the check raised; of broken metrics there is a dict for each."""
    told = result.get("exception_info") or {}
    each = [told] if "raised_exception" in told else told.values()
    return any(one.get("raised_exception") for one in each)


def refuse_failed(contract: Contract, findings: list[Finding], rows: pa.Table) -> None:
    """Raise DeliveryRefused where an expectation fails for the file as a whole."""
    for found in findings:
        wrong = len(found.rows)
        enough = not wrong or found.refuses or too_many(wrong, rows.num_rows)
        if not found.success and not found.only_warns and enough:
            raise DeliveryRefused(
                found.says,
                found.found + _shape(contract, found, rows),
                f"{_why(found)} Compare it with the last one and {contract.path}.",
                row=min(found.source_rows, default=None),
            )


def too_many(wrong: int, rows: int) -> bool:
    """Return whether wrong rows, beyond ``mostly``, are no single mistakes."""
    return wrong > FEW or 2 * wrong >= rows


def _why(found: Finding) -> str:
    if found.refuses:
        return "One such row is enough: the layout has changed."
    if len(found.rows) > FEW:
        return (
            "So many cannot be single mistakes: the layout or a code list has changed, "
            "or this is another extract."
        )
    if found.rows:
        return "That is half of the rows or more: mend them and deliver the file again."
    return "The table as a whole is not what is due: check that it is complete."


def _shape(contract: Contract, found: Finding, rows: pa.Table) -> str:
    """Return what most wrong cells look like, of what its publisher prints for all."""
    is_named = contract.visibility == "public" and found.column in contract.columns
    if not is_named or not found.rows:
        return ""
    wrong = rows.filter(pc.is_in(rows[ROW], pa.array(found.rows, pa.int64())))
    shapes = Counter(map(shape, wrong[found.column].to_pylist()))
    return f", most of them {shapes.most_common(1)[0][0]}"


def shape(cell: str | None) -> str:
    """Return in words what a cell looks like; only a marker is named itself."""
    if not cell:
        return "an empty cell"
    if cell.casefold() in MARKERS:
        return f'the marker "{cell}"'
    if re.fullmatch("[0-9]+", cell):
        return f"{len(cell)} digits"
    found = (words for form, words in SHAPES.items() if re.fullmatch(form, cell))
    return next(found, "other signs")


def reasons(findings: Iterable[Finding], severity: str) -> dict[int, str]:
    """Return for each row of the table what it fails of a severity."""
    told: dict[int, list[str]] = {}
    for found in findings:
        for row in found.rows if found.severity == severity else ():
            told.setdefault(row, []).append(f"{found.type}: {found.says}")
    return {row: "; ".join(parts) for row, parts in told.items()}


def wrong_columns(findings: Iterable[Finding]) -> dict[int, str]:
    """Return which columns of each row are wrong, with a bar between them.

    Of rows that contradict each other in what should be unique, no column is wrong: the
    text is empty. A row that is not wrong itself is left out.
    """
    told: dict[int, set[str]] = {}
    for found in findings:
        for row in found.rows if found.severity == "critical" else ():
            told.setdefault(row, set()).add(found.column)
    return {row: "|".join(sorted(names - {""})) for row, names in told.items()}
