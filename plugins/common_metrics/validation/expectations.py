"""Validation: Great Expectations judges the rows of several deliveries in one run."""

import os
import re
import shutil
import warnings
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from common_metrics.contracts.model import Contract
from common_metrics.errors import quoting_no_cell
from common_metrics.lake import UNDATED, Delivery, Lake
from common_metrics.landing.receiving import Landed
from common_metrics.reading.streaming import Spooled
from common_metrics.validation import docs_index, plausibility, quarantine, streamed
from common_metrics.validation.findings import RESULT_FORMAT, Finding, finding
from common_metrics.validation.quarantine import Part

if TYPE_CHECKING:
    import pandas as pd

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
UNIQUE_PAIRS = "expect_compound_columns_to_be_unique"
UNIQUE = ("expect_column_values_to_be_unique", UNIQUE_PAIRS)
FOREIGN = re.compile(r"<(script|link|img)\b[^>]*https?://[^>]*>(</script>)?")
Expectation = dict[str, Any]


@quoting_no_cell
def judge(contract: Contract, landed: list[Landed], lake: Lake) -> list[Landed]:
    """Judge deliveries in one run, write their rows, return them with their records.

    The verdict is given for each by itself: one is refused when a file-level
    expectation fails for it, or when more of its rows than an expectation's ``mostly``
    allows are wrong; nothing of it reaches validated/ then.
    """
    whole = [each for each in landed if not isinstance(each.rows, Spooled)]
    parts = [quarantine.part(each) for each in whole]
    found = _findings(contract, parts, lake) if parts else []
    for each in landed:
        if isinstance(each.rows, Spooled):
            part, of_it = _streamed(contract, each, lake)
            parts, found = [*parts, part], [*found, of_it]
    earlier = lake.recorded_of(contract.key)
    beside = [
        part.delivery.with_(status="validated", rows_raw=part.count) for part in parts
    ]
    return [
        quarantine.settle(contract, part, lake, of_it, earlier, beside)
        for part, of_it in zip(parts, found, strict=True)
    ]


def _streamed(
    contract: Contract, landed: Landed, lake: Lake
) -> tuple[Part, list[Finding]]:
    """Judge one delivery by itself; its page shows the rows that are set aside."""
    checks = _checks(contract, lake.data_docs(contract.key))
    part, found = streamed.judged(contract, landed, checks, lake)
    wrong = plausibility.measured(contract, part.rows.to_pandas())
    _suspects(checks, [part], wrong, f"{part.rows.num_rows:,} of {part.count:,} rows")
    return part, found


def build_data_docs(key: str, lake: Lake) -> Path:
    """Render the extract's Data Docs and return the folder of their start page."""
    _context(lake.data_docs(key)).build_data_docs()
    for page in lake.data_docs(key).rglob("*.html"):
        # Great Expectations' pages call a logo and scripts from elsewhere.
        page.write_text(FOREIGN.sub("", page.read_text()))
    site = lake.data_docs(key) / "gx" / "uncommitted" / "data_docs" / "local_site"
    _share_static(site / "static", lake.private("data_docs") / "static")
    docs_index.write(key, lake)
    return site


def _share_static(own: Path, shared: Path) -> None:
    """Keep the fonts and styles of all extracts' pages once: they are 4 MB each."""
    if own.is_symlink():
        return
    if shared.exists():
        shutil.rmtree(own)
    else:
        with suppress(FileExistsError):
            own.rename(shared)
    own.symlink_to(os.path.relpath(shared, own.parent), target_is_directory=True)


def label(deliveries: list[Delivery]) -> str:
    """Return in words what is received together: 2013-14 to 2014-15 · 28 files."""
    years = sorted(year for d in deliveries for year in d.school_years)
    spans = [f"{year - 1}-{year % 100:02d}" for year in years]
    span = " to ".join(dict.fromkeys([spans[0], spans[-1]])) if spans else UNDATED
    count = len(deliveries)
    return f"{span} · {count} file{'s' * (count != 1)}"


def _findings(contract: Contract, parts: list[Part], lake: Lake) -> list[list[Finding]]:
    """Return of each delivery what Great Expectations finds wrong.

    One run over all rows says which deliveries an expectation has to see alone: those
    of which it finds a row, and all if it is about more than single rows. Alone, the
    library itself applies ``mostly``, row conditions and its rules for empty cells.
    """
    import pandas as pd

    checks = _checks(contract, lake.data_docs(contract.key))
    rows = pd.concat([part.rows.to_pandas() for part in parts], ignore_index=True)
    rows = plausibility.measured(contract, rows)
    suspects = _suspects(checks, parts, rows)
    found = []
    for part in parts:
        of_it = rows[rows["_delivery"] == part.delivery.sha8]
        batch = checks.batches.get_batch({"dataframe": of_it})
        asked = [
            expectation
            for expectation, of in zip(checks.alone, suspects, strict=True)
            if part.delivery.sha8 in of
        ]
        results = [batch.validate(e, result_format=RESULT_FORMAT) for e in asked]
        found.append([finding(result.to_json_dict()) for result in results])
    return found


class Checks(NamedTuple):
    """A contract's expectations, as Great Expectations takes them."""

    asked: list[Expectation]  # as the contract states them, in its order
    together: Any  # the validation definition of what is judged row by row
    alone: list[Any]  # every expectation, in the contract's order
    batches: Any  # what makes a batch of a dataframe


def _suspects(
    checks: Checks, parts: list[Part], rows: "pd.DataFrame", which: str = ""
) -> list[set[str]]:
    """Return for each expectation the deliveries that it has to see alone."""
    from great_expectations.core.run_identifier import RunIdentifier

    everyone = {part.delivery.sha8 for part in parts}
    said = label([part.delivery for part in parts])
    result = checks.together.run(
        batch_parameters={"dataframe": rows},
        result_format=RESULT_FORMAT,
        run_id=RunIdentifier(run_name=" · ".join(filter(None, [said, which]))),
    )
    suspects = [everyone] * len(checks.alone)
    for item in (each.to_json_dict() for each in result.results):
        place = item["expectation_config"]["meta"]["place"]
        # A check that broke lists no rows.
        if item["success"] or "unexpected_index_list" in item["result"]:
            rows = item["result"].get("unexpected_index_list") or []
            found = [row["_delivery"] for row in rows]
            of = (each if isinstance(each, list) else [each] for each in found)
            suspects[place] = set().union(*of)
    return suspects


@lru_cache(maxsize=1)
def _checks(contract: Contract, folder: Path) -> Checks:
    """Return what Great Expectations runs for a contract; it takes 0.2 s to make.

    Its files are not written in one step: where a full disk left half of one, they are
    made anew.
    """
    try:
        return _made(contract, folder)
    except Exception:
        _context.cache_clear()
        shutil.rmtree(folder)
        return _made(contract, folder)


def _made(contract: Contract, folder: Path) -> Checks:
    import great_expectations as gx

    context = _context(folder)
    asked = plausibility.expectations(contract) + plausibility.of_reading(contract)
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
    return Checks(asked, together, alone, batches)


@lru_cache(maxsize=1)
def _context(folder: Path) -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    warnings.filterwarnings("ignore", module="great_expectations")
    import great_expectations as gx

    context = gx.get_context(mode="file", project_root_dir=str(folder))
    context.variables.progress_bars = {"globally": False}
    return context


def _for_all_rows(asked: list[Expectation]) -> list[Expectation]:
    """Return the expectations that may see many deliveries at once, with their place.

    What is unique in a delivery may stand in another one too.
    """
    return [
        _within_delivery({**each, "meta": {**each.get("meta", {}), "place": at}})
        for at, each in enumerate(asked)
        if _is_of_rows(each["type"])
    ]


def _is_of_rows(kind: str) -> bool:
    return kind in UNIQUE or kind.startswith(OF_A_ROW) and kind not in OF_MANY_ROWS


def _within_delivery(expectation: Expectation) -> Expectation:
    if expectation["type"] not in UNIQUE:
        return expectation
    kwargs = dict(expectation["kwargs"])
    columns = kwargs.pop("column_list", None) or [kwargs.pop("column")]
    kwargs["column_list"] = ["_delivery", *columns]
    return {**expectation, "type": UNIQUE_PAIRS, "kwargs": kwargs}
