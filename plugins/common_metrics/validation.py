"""Validation: Great Expectations judges, rows move, and the count is proven."""

import os
import re
import warnings
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from common_metrics import readers
from common_metrics.contract import Contract, name_headers, nameable
from common_metrics.errors import DeliveryRefused, Refused, quoting_no_cell
from common_metrics.lake import UNDATED, Delivery, Lake
from common_metrics.pseudonyms import MALFORMED
from common_metrics.whole_students import with_other_rows, wrong_columns

# Which row of the table: a row of the file may have become several.
ROW = "_row"
# Row numbers, never cell values: what stands in these results ends in Data Docs.
RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [ROW, "_source_row"],
    "exclude_unexpected_values": True,
    "include_unexpected_rows": False,
}


class RowsLost(Refused):
    """The count of rows does not add up; nothing is written."""


FOREIGN = re.compile(r"<(script|link|img)\b[^>]*https?://[^>]*>(</script>)?")


@quoting_no_cell
def validate(contract: Contract, delivery: Delivery, lake: Lake) -> Delivery:
    """Judge a landed delivery, write its rows where they belong, return its record.

    Raises DeliveryRefused when a file-level expectation fails, or when more rows than
    an expectation's ``mostly`` allows are wrong; the record then says so and nothing
    reaches validated/.
    """
    file = lake.landing(delivery)
    lake.rows("validated", delivery).unlink(missing_ok=True)
    raw_file = lake.rows("raw", delivery)
    try:
        raw, additional = readers.read(contract, delivery, file)
        readers.write(_shielded(contract, raw), raw_file)
        rows, duplicates = _without_duplicates(_numbered(raw))
        results = _judge(contract, delivery, rows, lake)
        _refuse_failed_file(contract, results)
    except DeliveryRefused as error:
        # In a file that is not what it should be, ids may stand under any header.
        if contract.protects:
            raw_file.unlink(missing_ok=True)
        sentence = error.sentence(f"{delivery.key} {delivery.file}")
        lake.record(delivery.with_(status="refused", message=sentence))
        raise
    return _settle(contract, delivery, lake, rows, duplicates, results, additional)


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
    delivery: Delivery,
    lake: Lake,
    rows: pa.Table,
    duplicates: int,
    results: list[dict[str, Any]],
    additional: list[str],
) -> Delivery:
    reasons = _reasons(results, severity="critical")
    reasons = with_other_rows(contract, rows, reasons, ROW)
    wrong = wrong_columns(results, _rows, ROW)
    bad = pc.is_in(rows[ROW], pa.array(list(reasons), pa.int64()))
    kept = rows.filter(pc.invert(bad)).drop_columns(ROW)
    moved = _shielded(contract, rows.filter(bad))
    why = [reasons[row.as_py()] for row in moved[ROW]]
    where = [wrong.get(row.as_py()) for row in moved[ROW]]
    moved = moved.append_column("_reason", pa.array(why, pa.string()))
    moved = moved.append_column("_wrong_columns", pa.array(where, pa.string()))
    moved = moved.drop_columns(ROW)
    judged = delivery.with_(
        status="validated",
        rows_raw=rows.num_rows + duplicates,
        rows_validated=kept.num_rows,
        rows_quarantined=moved.num_rows,
        rows_duplicate=duplicates,
        additional_columns=nameable(contract, additional),
        message=_message(contract, delivery, moved, duplicates, additional, results),
    )
    _prove(judged, lake)
    readers.write(moved, lake.rows("quarantine", delivery))
    readers.write(kept, lake.rows("validated", delivery))
    lake.record(judged)
    return judged


def _prove(judged: Delivery, lake: Lake) -> None:
    raw = pa.parquet.read_metadata(lake.rows("raw", judged)).num_rows
    parts = judged.rows_validated + judged.rows_quarantined + judged.rows_duplicate
    if raw != parts:
        raise RowsLost(
            f"{judged.key} {judged.file}",
            "each raw row to be validated, quarantined or duplicate",
            f"{raw} raw rows, but {parts} validated, quarantined and duplicate",
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


def _numbered(raw: pa.Table) -> pa.Table:
    return raw.append_column(ROW, pa.array(range(raw.num_rows), pa.int64()))


def _without_duplicates(raw: pa.Table) -> tuple[pa.Table, int]:
    """Return the rows without exact repeats (the first stays), and how many went."""
    cells = [name for name in raw.column_names if name not in (ROW, "_source_row")]
    first = raw.group_by(cells, use_threads=False).aggregate([(ROW, "min")])
    keep = pc.is_in(raw[ROW], first[f"{ROW}_min"].combine_chunks())
    return raw.filter(keep), raw.num_rows - first.num_rows


def _judge(
    contract: Contract, delivery: Delivery, rows: pa.Table, lake: Lake
) -> list[dict[str, Any]]:
    """Return Great Expectations' results as plain dicts, in the contract's order."""
    from great_expectations.core.run_identifier import RunIdentifier

    result = _definition(contract, lake.data_docs(contract.key)).run(
        batch_parameters={"dataframe": rows.to_pandas()},
        result_format=RESULT_FORMAT,
        run_id=RunIdentifier(run_name=f"{delivery.school_year} {delivery.sha8}"),
    )
    return [item.to_json_dict() for item in result.results]


@lru_cache(maxsize=1)
def _definition(contract: Contract, folder: Path) -> Any:
    """Return what Great Expectations runs for a contract; it takes 0.2 s to make."""
    import great_expectations as gx

    context = _context(folder)
    suite = context.suites.add_or_update(
        gx.ExpectationSuite(
            name=contract.key.replace("/", "."),
            expectations=[*contract.expectations, *_derived(contract)],
        )
    )
    batch = (
        context.data_sources.add_or_update_pandas(contract.provider)
        .add_dataframe_asset(contract.extract)
        .add_batch_definition_whole_dataframe("delivery")
    )
    return context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=suite.name, data=batch, suite=suite)
    )


def _derived(contract: Contract) -> list[dict[str, Any]]:
    """Return the expectations that follow from the contract: a unique grain, a year.

    Rows that contradict each other are set aside; if they are half of the file, the
    file lacks a column that its rows differ in, and is refused.
    """
    single = len(contract.grain) == 1
    which = {"column": contract.grain[0]} if single else {"column_list": contract.grain}
    kind = "column_values" if single else "compound_columns"
    says_year = {
        "type": "expect_column_values_to_not_be_null",
        "kwargs": {"column": "_school_year", "mostly": 0.9},
        "severity": "critical",
        "meta": {"says": "a school year such as 2014-15 or 2015 in each row"},
    }
    return [says_year] * bool(contract.identity.column) + [
        {
            "type": f"expect_{kind}_to_be_unique",
            "kwargs": {**which, "mostly": 0.5},
            "severity": "critical",
            "meta": {"says": "one row for each " + ", ".join(contract.grain)},
        }
    ]


@lru_cache(maxsize=1)
def _context(folder: Path) -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    warnings.filterwarnings("ignore", module="great_expectations")
    import great_expectations as gx

    context = gx.get_context(mode="file", project_root_dir=str(folder))
    context.variables.progress_bars = {"globally": False}
    return context


def _refuse_failed_file(contract: Contract, results: list[dict[str, Any]]) -> None:
    for result in results:
        if not result["success"] and not _only_warns(result):
            raise DeliveryRefused(
                _says(result),
                _found(result),
                _todo(contract, result),
                row=_first_row(result),
            )


def _only_warns(result: dict[str, Any]) -> bool:
    config = result["expectation_config"]
    raised = result.get("exception_info", {}).get("raised_exception", False)
    return config.get("severity") == "warning" and not raised


def _todo(contract: Contract, result: dict[str, Any]) -> str:
    why = (
        "So many cannot be single mistakes: the layout or a code list has changed, or "
        "this is another extract."
        if _rows(result)
        else "The table as a whole is not what is due: check that it is complete."
    )
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
    contract: Contract,
    delivery: Delivery,
    moved: pa.Table,
    duplicates: int,
    additional: list[str],
    results: list[dict[str, Any]],
) -> str:
    parts = []
    if moved.num_rows:
        row, why = moved["_source_row"][0].as_py(), moved["_reason"][0].as_py()
        parts.append(
            f"{moved.num_rows} rows quarantined, the first is row {row} ({why}); see "
            f"quarantine/{delivery.key}/{delivery.school_year or UNDATED}/"
            f"{delivery.sha8}.parquet"
        )
    if duplicates:
        parts.append(f"{duplicates} exact duplicates left out")
    if additional:
        named = name_headers(contract, additional)
        parts.append(f"columns not in {contract.path} left out: {named}")
    warned = _reasons(results, severity="warning")
    if warned:
        first = min(_first_row(r) for r in results if _only_warns(r) and _rows(r))
        parts.append(
            f"{len(warned)} rows warned of, the first is row {first} "
            f"({warned[min(warned)]})"
        )
    return "; ".join(parts)
