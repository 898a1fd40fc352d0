"""Validation: Great Expectations judges, rows move, and the count is proven."""

import os
import re
import warnings
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from common_metrics.contracts.model import Contract, name_headers, nameable
from common_metrics.errors import DeliveryRefused, Refused, quoting_no_cell
from common_metrics.lake import UNDATED, Delivery, Lake
from common_metrics.landing import receiving
from common_metrics.landing.receiving import Landed
from common_metrics.pseudonyms import MALFORMED
from common_metrics.reading import parsing
from common_metrics.reading.workbook import MARK
from common_metrics.validation import plausibility
from common_metrics.validation.whole_students import with_other_rows, wrong_columns

if TYPE_CHECKING:
    import pandas as pd

# Which row of the table: a row of the file may have become several.
ROW = "_row"
# Row numbers, never cell values: what stands in these results ends in Data Docs.
RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [ROW, "_source_row", "_delivery"],
    "exclude_unexpected_values": True,
    "include_unexpected_rows": False,
}
# Expectations of these kinds judge each row by itself, but for those that follow. The
# rest see a table as a whole, so that each delivery is judged alone.
OF_A_ROW = (
    *("expect_column_values_to_", "expect_column_pair_values_"),
    *("expect_multicolumn_values_", "expect_select_column_values_"),
)
OF_MANY_ROWS = (
    *("expect_column_values_to_be_increasing", "expect_column_values_to_be_decreasing"),
    *("expect_column_values_to_be_of_type", "expect_column_values_to_be_in_type_list"),
)
UNIQUE = (
    "expect_column_values_to_be_unique",
    "expect_compound_columns_to_be_unique",
)
Result = dict[str, Any]


class Part(NamedTuple):
    """What of a batch is one delivery: its rows without exact repeats, numbered."""

    landed: Landed
    rows: pa.Table
    duplicates: int

    @property
    def delivery(self) -> Delivery:
        return self.landed.delivery


class RowsLost(Refused):
    """The count of rows does not add up; nothing is written."""


FOREIGN = re.compile(r"<(script|link|img)\b[^>]*https?://[^>]*>(</script>)?")


@quoting_no_cell
def judge(contract: Contract, landed: list[Landed], lake: Lake) -> list[Landed]:
    """Judge deliveries in one run, write their rows, return them with their records.

    The verdict is given for each by itself: one is refused when a file-level
    expectation fails for it, or when more of its rows than an expectation's ``mostly``
    allows are wrong; nothing of it reaches validated/ then.
    """
    parts = [Part(each, *_without_duplicates(_numbered(each))) for each in landed]
    results = _judge(contract, parts, lake)
    earlier = lake.recorded_of(contract.key)
    return [
        _settle(contract, part, lake, found, earlier)
        for part, found in zip(parts, results, strict=True)
    ]


def build_data_docs(key: str, lake: Lake) -> Path:
    """Render the extract's Data Docs and return the folder of their start page."""
    context = _context(lake.data_docs(key))
    context.build_data_docs()
    for page in lake.data_docs(key).rglob("*.html"):
        # Great Expectations' pages call a logo and scripts from elsewhere.
        page.write_text(FOREIGN.sub("", page.read_text()))
    return lake.data_docs(key) / "gx" / "uncommitted" / "data_docs" / "local_site"


def _settle(
    contract: Contract,
    part: Part,
    lake: Lake,
    results: list[Result],
    earlier: list[Delivery],
) -> Landed:
    """Write a delivery's rows where its results say, and its record."""
    try:
        _refuse_failed_file(contract, results, part.rows)
        plausibility.refuse_shrunk(part.delivery, part.rows.num_rows, earlier)
    except DeliveryRefused as error:
        return Landed(receiving.refuse(part.delivery, error, lake), refusal=error)
    reasons = _reasons(results, severity="critical")
    reasons = with_other_rows(contract, part.rows, reasons, ROW)
    kept, moved = _divided(contract, part.rows, reasons, results)
    judged = part.delivery.with_(
        status="validated",
        rows_raw=part.landed.rows.table.num_rows,
        rows_validated=kept.num_rows,
        rows_quarantined=moved.num_rows,
        rows_duplicate=part.duplicates,
        additional_columns=nameable(contract, part.landed.rows.additional),
        unread_sheets=nameable(contract, part.landed.rows.unread),
        message=_message(contract, part, moved, results),
    )
    _prove(judged)
    parsing.write(moved, lake.rows("quarantine", judged))
    parsing.write(kept, lake.rows("validated", judged))
    lake.record(judged)
    return Landed(judged, part.landed.rows)


def _divided(
    contract: Contract, rows: pa.Table, reasons: dict[int, str], results: list[Result]
) -> tuple[pa.Table, pa.Table]:
    """Return the rows that stay, and those set aside with why and in which columns."""
    bad = pc.is_in(rows[ROW], pa.array(list(reasons), pa.int64()))
    moved = _shielded(contract, rows.filter(bad))
    wrong = wrong_columns(results, _rows, ROW)
    for name, said in (("_reason", reasons), ("_wrong_columns", wrong)):
        told = [said.get(row.as_py()) for row in moved[ROW]]
        moved = moved.append_column(name, pa.array(told, pa.string()))
    return rows.filter(pc.invert(bad)).drop_columns(ROW), moved.drop_columns(ROW)


def _prove(judged: Delivery) -> None:
    parts = judged.rows_validated + judged.rows_quarantined + judged.rows_duplicate
    if judged.rows_raw != parts:
        raise RowsLost(
            f"{judged.key} {judged.file}",
            "each row read to be validated, quarantined or duplicate",
            f"{judged.rows_raw} rows read, but {parts} validated, quarantined and "
            "duplicate",
            "Nothing was written; mend the step in validation.py that loses rows.",
        )


def _shielded(contract: Contract, rows: pa.Table) -> pa.Table:
    """Return the rows without the cells of any whose protected cells are malformed.

    In such a row the cells may have shifted, and an id stand under another header.
    """
    broken = pa.array([False] * rows.num_rows, pa.bool_())
    for name in contract.protects:
        malformed = pc.equal(rows[name], MALFORMED).combine_chunks()
        broken = pc.or_(broken, malformed.fill_null(False))
    for at, name in enumerate(rows.column_names):
        if name in contract.columns and name not in contract.protects:
            cells = pc.if_else(broken, None, rows[name])
            rows = rows.set_column(at, name, cells)
    return rows


def _numbered(landed: Landed) -> pa.Table:
    table = landed.rows.table
    return table.append_column(ROW, pa.array(range(table.num_rows), pa.int64()))


def _without_duplicates(rows: pa.Table) -> tuple[pa.Table, int]:
    """Return the rows without exact repeats (the first stays), and how many went."""
    cells = [name for name in rows.column_names if name not in (ROW, "_source_row")]
    first = rows.group_by(cells, use_threads=False).aggregate([(ROW, "min")])
    keep = pc.is_in(rows[ROW], first[f"{ROW}_min"].combine_chunks())
    return rows.filter(keep), rows.num_rows - first.num_rows


def _judge(contract: Contract, parts: list[Part], lake: Lake) -> list[list[Result]]:
    """Return of each delivery what Great Expectations finds wrong, as plain dicts.

    One run over all rows says which deliveries an expectation has to see alone: those
    of which it finds a row, and all if it is about more than single rows. Alone, the
    library itself applies ``mostly``, row conditions and its rules for empty cells.
    """
    checks = _checks(contract, lake.data_docs(contract.key))
    frames = [_frame(contract, part.rows) for part in parts]
    suspects = _suspects(checks, parts, frames)
    return [
        _alone(checks, frame, [at for at, those in suspects.items() if sha8 in those])
        for frame, sha8 in zip(frames, (p.delivery.sha8 for p in parts), strict=True)
    ]


def _frame(contract: Contract, rows: pa.Table) -> "pd.DataFrame":
    """Return what is judged of one delivery; columns added here are not written."""
    return plausibility.measured(contract, rows.to_pandas())


def _suspects(
    checks: "Checks", parts: list[Part], frames: "list[pd.DataFrame]"
) -> dict[int, set[str]]:
    """Return for each expectation, by its place, the deliveries that it sees alone."""
    import pandas as pd
    from great_expectations.core.run_identifier import RunIdentifier

    everyone = {part.delivery.sha8 for part in parts}
    result = checks.together.run(
        batch_parameters={"dataframe": pd.concat(frames, ignore_index=True)},
        result_format=RESULT_FORMAT,
        run_id=RunIdentifier(run_name=label([part.delivery for part in parts])),
    )
    suspects = dict.fromkeys(range(len(checks.alone)), everyone)
    for item in (each.to_json_dict() for each in result.results):
        place = item["expectation_config"]["meta"]["place"]
        suspects[place] = everyone if _raised(item) else _deliveries(item)
    return suspects


def _alone(checks: "Checks", frame: "pd.DataFrame", places: list[int]) -> list[Result]:
    """Return the results of the expectations at ``places`` for one delivery."""
    batch = checks.batches.get_batch({"dataframe": frame})
    return [
        batch.validate(checks.alone[place], result_format=RESULT_FORMAT).to_json_dict()
        for place in places
    ]


class Checks(NamedTuple):
    """A contract's expectations, as Great Expectations takes them."""

    together: Any  # the validation definition of what is judged row by row
    alone: list[Any]  # every expectation, in the contract's order
    batches: Any  # what makes a batch of a dataframe


@lru_cache(maxsize=1)
def _checks(contract: Contract, folder: Path) -> Checks:
    """Return what Great Expectations runs for a contract; it takes 0.2 s to make."""
    import great_expectations as gx

    context = _context(folder)
    asked = [*plausibility.expectations(contract), *_derived(contract)]
    name = contract.key.replace("/", ".")
    suite = context.suites.add_or_update(
        gx.ExpectationSuite(name=name, expectations=_for_all_rows(asked))
    )
    batches = (
        context.data_sources.add_or_update_pandas(contract.provider)
        .add_dataframe_asset(contract.extract)
        .add_batch_definition_whole_dataframe("delivery")
    )
    together = context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=name, data=batches, suite=suite)
    )
    alone = gx.ExpectationSuite(name=name, expectations=asked).expectations
    return Checks(together, alone, batches)


def _for_all_rows(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the expectations that may see many deliveries at once, with their place.

    What is unique in a delivery may stand in another one too.
    """
    placed = [
        {**each, "meta": {**each.get("meta", {}), "place": at}}
        for at, each in enumerate(asked)
    ]
    return [_within_delivery(e) for e in placed if _is_of_rows(e["type"])]


def _is_of_rows(kind: str) -> bool:
    return kind in UNIQUE or kind.startswith(OF_A_ROW) and kind not in OF_MANY_ROWS


def _within_delivery(expectation: dict[str, Any]) -> dict[str, Any]:
    if expectation["type"] not in UNIQUE:
        return expectation
    kwargs = dict(expectation["kwargs"])
    columns = kwargs.pop("column_list", None) or [kwargs.pop("column")]
    return {
        **expectation,
        "type": "expect_compound_columns_to_be_unique",
        "kwargs": {**kwargs, "column_list": ["_delivery", *columns]},
    }


def _raised(result: Result) -> bool:
    """Return whether the check itself broke; several errors have a dict for each."""
    return not result["success"] and "unexpected_index_list" not in result["result"]


def _deliveries(result: Result) -> set[str]:
    """Return the deliveries of the rows that a stored result lists."""
    listed = result["result"].get("unexpected_index_list") or []
    found = [item["_delivery"] for item in listed]
    return {d for item in found for d in (item if isinstance(item, list) else [item])}


def label(deliveries: list[Delivery]) -> str:
    """Return in words what is received together: 2013-14 to 2014-15 · 28 files."""
    years = {year for d in deliveries for year in d.school_years}
    spans = [f"{year - 1}-{year % 100:02d}" for year in sorted({*years})]
    span = " to ".join(dict.fromkeys([spans[0], spans[-1]])) if spans else UNDATED
    count = len(deliveries)
    return f"{span} · {count} file{'s' * (count != 1)}"


def _derived(contract: Contract) -> list[dict[str, Any]]:
    """Return what follows from where the contract finds the school year."""
    says_year = {
        "type": "expect_column_values_to_not_be_null",
        "kwargs": {"column": "_school_year", "mostly": 0.9},
        "severity": "critical",
        "meta": {"says": "a school year such as 2014-15 or 2015 in each row"},
    }
    derived = [says_year] * bool(contract.identity.column)
    derived += [_readable(contract)] * (contract.read.format == "workbook")
    return derived


def _readable(contract: Contract) -> dict[str, Any]:
    """Return the expectation that no cell of a row carries a mark of sheets.py.

    A column may have no expectation of its own, or take whatever stands there.
    """
    marked = [f"`{n}`.str.contains(r'{MARK}', na=False)" for n in contract.columns]
    row_condition = {
        "type": "pass_through",
        "pass_through_filter": " | ".join(marked),
    }
    return {
        "type": "expect_column_values_to_be_null",
        # The rows picked are the wrong ones: they are no share of anything.
        "kwargs": {"column": "_delivery", "row_condition": row_condition, "mostly": 0},
        "severity": "critical",
        "meta": {
            "says": "no cell with an error, a superscript or subscript digit or a "
            "struck-out text, none that is hidden and no number merged over rows"
        },
    }


@lru_cache(maxsize=1)
def _context(folder: Path) -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    warnings.filterwarnings("ignore", module="great_expectations")
    import great_expectations as gx

    context = gx.get_context(mode="file", project_root_dir=str(folder))
    context.variables.progress_bars = {"globally": False}
    return context


def _refuse_failed_file(
    contract: Contract, results: list[Result], rows: pa.Table
) -> None:
    for result in results:
        if _fails_file(result, rows.num_rows):
            raise DeliveryRefused(
                _says(result),
                _found(result) + _shape(contract, result, rows),
                _todo(contract, result),
                row=_first_row(result),
            )


def _fails_file(result: dict[str, Any], rows: int) -> bool:
    if result["success"] or _only_warns(result):
        return False
    wrong = _rows(result, ROW)
    is_enough = not wrong or _refuses(result)
    return is_enough or plausibility.too_many(len(wrong), rows)


def _refuses(result: dict[str, Any]) -> bool:
    """Return whether the contract refuses the file for one wrong row."""
    return result["expectation_config"].get("meta", {}).get("refuses", False)


def _only_warns(result: dict[str, Any]) -> bool:
    is_warning = result["expectation_config"].get("severity") == "warning"
    return is_warning and not _broke(result)


def _broke(result: Result) -> bool:
    """Return whether the check raised; of broken metrics there is a dict for each."""
    told = result.get("exception_info") or {}
    each = [told] if "raised_exception" in told else told.values()
    return any(one.get("raised_exception") for one in each)


def _todo(contract: Contract, result: dict[str, Any]) -> str:
    wrong = len(_rows(result))
    if _refuses(result):
        why = "One such row is enough: the layout has changed."
    elif wrong > plausibility.FEW:
        why = (
            "So many cannot be single mistakes: the layout or a code list has changed, "
            "or this is another extract."
        )
    elif wrong:
        why = "That is half of the rows or more: mend them and deliver the file again."
    else:
        why = "The table as a whole is not what is due: check that it is complete."
    return f"{why} Compare it with the last one and {contract.path}."


def _says(result: dict[str, Any]) -> str:
    config = result["expectation_config"]
    kwargs = {
        k: v for k, v in config["kwargs"].items() if k not in ("batch_id", "mostly")
    }
    rule = ", ".join(f"{name} {value}" for name, value in kwargs.items())
    return config.get("meta", {}).get("says") or f"{config['type']} ({rule})"


def _found(result: dict[str, Any]) -> str:
    counted = result["result"]
    if "unexpected_count" in counted:
        count, rows = counted["unexpected_count"], counted["element_count"]
        return f"{count} of {rows} rows otherwise"
    return f"{counted.get('observed_value', 'an error in the check itself')}"


def _shape(contract: Contract, result: dict[str, Any], rows: pa.Table) -> str:
    """Return what the wrong cells look like, of what its publisher prints for all."""
    column = result["expectation_config"]["kwargs"].get("column")
    wrong = set(_rows(result, ROW))
    if contract.visibility != "public" or column not in contract.columns or not wrong:
        return ""
    cells = [
        cell.as_py()
        for cell, row in zip(rows[column], rows[ROW], strict=True)
        if row.as_py() in wrong
    ]
    return f", most of them {plausibility.common_shape(cells)}"


def _rows(result: dict[str, Any], column: str = "_source_row") -> list[int]:
    listed = result["result"].get("unexpected_index_list") or []
    return [int(row) for item in listed for row in item[column]]


def _first_row(result: dict[str, Any]) -> int | None:
    return min(_rows(result), default=None)


def _reasons(results: Iterable[dict[str, Any]], severity: str) -> dict[int, str]:
    """Return the failed expectation and its meaning for each row of a severity.

    Rows are those of the table, in column ROW.
    """
    reasons: dict[int, list[str]] = {}
    for result in results:
        if result["expectation_config"].get("severity", "critical") != severity:
            continue
        for row in _rows(result, ROW):
            kind = result["expectation_config"]["type"]
            reasons.setdefault(row, []).append(f"{kind}: {_says(result)}")
    return {row: "; ".join(parts) for row, parts in reasons.items()}


def _message(
    contract: Contract, part: Part, moved: pa.Table, results: list[Result]
) -> str:
    parts = []
    delivery, additional = part.delivery, part.landed.rows.additional
    if moved.num_rows:
        row, why = moved["_source_row"][0].as_py(), moved["_reason"][0].as_py()
        parts.append(
            f"{moved.num_rows} rows quarantined, the first is row {row} ({why}); see "
            f"quarantine/{delivery.key}/{delivery.school_year or UNDATED}/"
            f"{delivery.sha8}.parquet"
        )
    if part.duplicates:
        parts.append(f"{part.duplicates} exact duplicates left out")
    if additional:
        named = name_headers(contract, additional)
        parts.append(f"columns not in {contract.path} left out: {named}")
    if unread := nameable(contract, part.landed.rows.unread):
        parts.append(f"sheets not read: {', '.join(unread)}")
    warned = _reasons(results, severity="warning")
    if warned:
        first = min(_first_row(r) for r in results if _only_warns(r) and _rows(r))
        parts.append(
            f"{len(warned)} rows warned of, the first is row {first} "
            f"({warned[min(warned)]})"
        )
    return "; ".join(parts)
