"""Findings: what an expectation found in one delivery, and the sentences about it."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from common_metrics.contracts.model import Contract
from common_metrics.errors import DeliveryRefused
from common_metrics.validation.measures import TOTAL

# Which row of the table: a row of the file may have become several.
ROW = "_row"
# Row numbers, never cell values: what stands in these results ends in Data Docs.
RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [ROW, "_source_row", "_delivery"],
    "exclude_unexpected_values": True,
    "include_unexpected_rows": False,
}
# A few wrong rows are single mistakes, however short the file is.
FEW = 3
# Publishers' signs for no number; no student's data is among them, so they are named.
MARKERS = {
    *("n/a", "na", "null", "none", "not available"),
    *("*", "**", "***", "-", "--", "."),
}
THOUSANDS = "digits with a thousands comma"
COMMA = "digits with a decimal comma"
PERCENT = "a number with a percent sign"
SHAPES = {
    r"[0-9]{1,3}(,[0-9]{3})+": THOUSANDS,
    r"[0-9]+,[0-9]+": COMMA,
    r"[0-9]+([.,][0-9]+)? ?%": PERCENT,
    r"-[0-9.,]+": "a number below zero",
    r"[0-9]+\.[0-9]+": "a number with decimals",
    r"(?=.*\d).*[^\x00-\x7f].*": "digits beside signs that are not ASCII",
    r"[^\W\d_]+( [^\W\d_]+)*": "letters",
    r".*[0-9].*": "digits and other signs",
}


ZEROS = "a code that lost its leading zeros"
TOTAL_ROW = "a row of totals"
# What is found and can be mended in a known way, whoever sent the file.
MENDED = {
    THOUSANDS: "Write numbers without a thousands comma.",
    COMMA: "Write decimals with a point.",
    PERCENT: "Write rates without a percent sign.",
    ZEROS: "A spreadsheet took the zeros in front: take the original file, or give the "
    "column the format of text.",
    TOTAL_ROW: "Take rows of totals out of the file.",
}
# Columns of a student's file that tell of no student.
PLACE = re.compile("(school|lea)_id_(state|nces)$")
# Of these signs a shape is made: no word has only such.
SIGNS = re.compile(r"[0-9 .,%<>=~+*/()$-]{1,15}")


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
    regex: str = ""

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
        broke=broke(result),
        severity=config.get("severity", "critical"),
        refuses=meta.get("refuses", False),
        rows=[int(row) for item in listed for row in item[ROW]],
        source_rows=[int(row) for item in listed for row in item["_source_row"]],
        regex=kwargs.get("regex", ""),
    )


def broke(result: dict[str, Any]) -> bool:
    """Return whether the check raised; of broken metrics there is a dict for each."""
    told = result.get("exception_info") or {}
    each = [told] if "raised_exception" in told else told.values()
    return any(one.get("raised_exception") for one in each)


def refuse_failed(
    contract: Contract, findings: list[Finding], rows: pa.Table, count: int
) -> None:
    """Raise DeliveryRefused where an expectation fails for the file as a whole.

    ``rows`` are at least the wrong ones, of ``count`` in all.
    """
    for found in findings:
        wrong = len(found.rows)
        enough = not wrong or found.refuses or too_many(wrong, count)
        if not found.success and not found.only_warns and enough:
            kinds = Counter(shapes(contract, found, rows).values())
            most = kinds.most_common(1)[0][0] if kinds else ""
            raise DeliveryRefused(
                found.says,
                f"{found.found}, most of them {most}" if most else found.found,
                f"{_why(found, most)} Compare it with the last one and "
                f"{contract.path}.",
                row=min(found.source_rows, default=None),
            )


def too_many(wrong: int, rows: int) -> bool:
    """Return whether wrong rows, beyond ``mostly``, are no single mistakes."""
    return wrong > FEW or 2 * wrong >= rows


def _why(found: Finding, most: str) -> str:
    if todo := how_to_mend([most]):
        return todo
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


def shapes(contract: Contract, found: Finding, rows: pa.Table) -> dict[int, str]:
    """Return what the wrong cells look like, by row.

    Of a restricted file only what can be mended in a known way is told, of a student's
    nothing but the codes of schools and districts.
    """
    if found.column not in contract.columns:
        return {}
    if contract.protects and not PLACE.search(found.column):
        return {}
    wrong = _wrong(found, rows)
    cells = zip(wrong[ROW].to_pylist(), wrong[found.column].to_pylist(), strict=True)
    is_public = contract.visibility == "public"
    told = {row: _said(cell, found.regex, is_public) for row, cell in cells}
    return {row: said for row, said in told.items() if said}


def _wrong(found: Finding, rows: pa.Table) -> pa.Table:
    return rows.filter(pc.is_in(rows[ROW], pa.array(found.rows, pa.int64())))


def _said(cell: str | None, regex: str, is_public: bool) -> str:
    kind = ZEROS if _lost_zeros(cell or "", regex) else shape(cell)
    if not is_public:
        return kind if kind in MENDED else ""
    form = re.sub("[0-9]", "9", cell or "")
    is_told = SIGNS.fullmatch(form) and set(form) != {"9"} and "marker" not in kind
    return f"{kind}, like {form}" if is_told else kind


def _lost_zeros(cell: str, regex: str) -> bool:
    """Return whether digits would do with zeros in front, in a column of codes."""
    if not regex or not re.fullmatch("[0-9]+", cell):
        return False
    return any(re.search(regex, cell.zfill(n)) for n in range(len(cell) + 1, 13))


def _totals(contract: Contract, wrong: pa.Table) -> set[int]:
    """Return the rows that a name in them calls a total."""
    names = [name for name in contract.columns if name.endswith("_name")]
    return {
        row[ROW]
        for row in wrong.select([ROW, *names]).to_pylist()
        if any(re.fullmatch(TOTAL, row[n] or "", re.IGNORECASE) for n in names)
    }


def how_to_mend(said: Sequence[str]) -> str:
    """Return what to do about what was found, as sentences; each once."""
    kinds = [kind for kind in MENDED if any(kind in one for one in said)]
    return " ".join(MENDED[kind] for kind in kinds)


def found_in(
    contract: Contract, findings: Iterable[Finding], rows: pa.Table
) -> dict[int, str]:
    """Return what each wrong row has in place of what is expected."""
    told: dict[int, list[str]] = {}
    for found in (each for each in findings if each.severity == "critical"):
        totals = set() if contract.protects else _totals(contract, _wrong(found, rows))
        told |= {row: [TOTAL_ROW] for row in totals}
        for row, said in shapes(contract, found, rows).items():
            if row not in totals:
                told.setdefault(row, []).append(f"{said} in {found.column}")
    return {row: "; ".join(parts) for row, parts in told.items()}


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
