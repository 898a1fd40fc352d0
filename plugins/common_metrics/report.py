"""What ``make run`` prints at its end: what arrived, what is wrong, where it is."""

from collections import Counter
from contextlib import suppress
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import duckdb
from rich.console import Console
from rich.table import Table

from common_metrics import batching, calendar
from common_metrics.contracts.loading import contract_keys, load_contracts
from common_metrics.fetching import states
from common_metrics.lake import Delivery, Lake
from common_metrics.landing.receiving import CLOSED
from common_metrics.publication import delivery_years
from common_metrics.publication.release import manifests
from common_metrics.reading.parsing import left_out
from common_metrics.validation.earlier import CUT

BUILD, PUBLISH = "build_warehouse", "publish_release"


class Ended(NamedTuple):
    """How a DAG ended; ``reason`` is what a task said when it failed."""

    dag_id: str
    state: str
    tasks: int = 0
    seconds: float = 0
    reason: str = ""

    def __str__(self) -> str:
        name = f"{self.dag_id:<34}"
        return f"{name} {self.tasks:>4} tasks {self.seconds:>5.0f} s  {self.state}"


def landing_dag(key: str) -> str:
    """Return the id of the DAG that lands an extract."""
    return f"land_{key.replace('/', '_')}"


def report(console: Console, lake: Lake, drop: Path, ended: list[Ended]) -> int:
    """Print it all and return the exit code: 1 where a delivery or step failed."""
    records = lake.all_recorded()
    refused = [
        d for key in contract_keys() for d in batching.still_refused(key, drop, lake)
    ]
    console.print(_deliveries(records))
    if asked := [*states.rows(load_contracts().values(), lake)]:
        console.print(sources(asked))
    damaged = {k: batching.still_damaged(k, drop, lake) for k in contract_keys()}
    barred = load_contracts().barred
    lines = [f"barred: {error}" for error in barred.values()]
    alarms = (states.alarms(c, lake) for c in load_contracts().values())
    lines += [f"source: {said}" for of in alarms for said in of.values()]
    lines += [f"refused: {record.message}" for record in refused]
    lines += [f"damaged: {said}" for of in damaged.values() for said in of]
    closed = [d for d in records if d.status == "unmatched" and CLOSED in d.message]
    lines += [f"closed: {record.message}" for record in closed]
    lines += [*left_out(records), *_perhaps_cut(lake), *_unmatched(records)]
    lines += [f"reason: {each.reason}" for each in ended if _broke(each)]
    if manifests(lake):
        lines += [f"warning: {line}" for line in _warnings(lake)]
        lines += _open_findings(lake)
        lines += [f"new year: {line}" for line in delivery_years.new_years(lake)]
    for line in lines:
        console.print(line, soft_wrap=True, markup=False)
    if manifests(lake):
        _print_release(console, lake)
    failed = [each.dag_id for each in ended if each.state == "failed"]
    # An extract without a new file has no DAG run; its refused files stay refused.
    wrong = {record.key for record in refused} | {*filter(damaged.get, damaged)}
    failed += sorted({*map(landing_dag, wrong | {*barred})} - {*failed})
    if failed:
        sound = not {BUILD, PUBLISH} & {*failed} and manifests(lake)
        what = "What is sound is published" if sound else "Nothing new is published"
        log = lake.log("airflow.log")
        console.print(f"Failed: {', '.join(failed)}. {what}; see {log}.")
    for line in calendar.told(lake, calendar.entries(lake)):
        console.print(line, soft_wrap=True, markup=False)
    return 1 if failed or closed else 0


def _broke(ended: Ended) -> bool:
    """Return whether a step failed of itself: what is refused is printed as such."""
    return bool(ended.reason) and ended.state == "failed"


def _deliveries(records: list[Delivery]) -> Table:
    """Count the records, which come in the order of their extracts."""
    table = Table("extract", title="Deliveries")
    for name in ("files", "validated", "refused", "rows", "quarantined", "duplicates"):
        table.add_column(name, justify="right")
    matched = (record for record in records if record.status != "unmatched")
    for key, group in groupby(matched, attrgetter("key")):
        mine = list(group)
        states = Counter(record.status for record in mine)
        counts = [len(mine), states["validated"], states["refused"]]
        for of in ("rows_raw", "rows_quarantined", "rows_duplicate"):
            counts.append(sum(getattr(record, of) for record in mine))
        table.add_row(key, *(f"{count:,}" for count in counts))
    return table


def sources(asked: list[tuple[str, ...]]) -> Table:
    """Return what became of each source and year, as a table."""
    table = Table("extract", "year", "state", "since", "address", title="Sources")
    for row in asked:
        table.add_row(*row)
    return table


SET_ASIDE = """
select provider || '/' || extract || ': ' || sum(rows_count) || ' rows set aside ('
    || reason || '); see records_set_aside'
from records_set_aside group by provider, extract, reason order by all
"""


OPEN = """
select count(*), count(distinct (provider, extract, file)), min(first_seen_at)::date
from quality_findings where finding_status = 'open'
"""


def _open_findings(lake: Lake) -> list[str]:
    """Return in a line what is still wrong with deliveries; none of an old release."""
    file = str(lake.current / "partner.duckdb")
    with suppress(duckdb.CatalogException), duckdb.connect(file, read_only=True) as con:
        ((count, files, since),) = con.execute(OPEN).fetchall()
        said = f"{count} findings open in {files} files, the oldest since {since}"
        return [f"quality: {said}; see quality_findings"] if count else []
    return []


def _warnings(lake: Lake) -> list[str]:
    """Return what the current release is without, and which tests of dbt warned."""
    file, lines = str(lake.current / "public.duckdb"), []
    # A release of an earlier version has no such table.
    with suppress(duckdb.CatalogException), duckdb.connect(file, read_only=True) as con:
        lines = [line for (line,) in con.execute(SET_ASIDE).fetchall()]
    found = manifests(lake)[lake.current.resolve().name].get("warnings", {})
    how = "see dbt_project/tests or the yml of the model"
    return [*lines, *(f"{test}: {n} rows; {how}" for test, n in found.items())]


def _perhaps_cut(lake: Lake) -> list[str]:
    newest = [d for key in contract_keys() for d in lake.newest_of(key).values()]
    return [
        f"warning: {d.key} {d.file}: {d.message}" for d in newest if CUT in d.message
    ]


def _unmatched(records: list[Delivery]) -> list[str]:
    """Return a line a folder for the files that no contract asks for."""
    files = [Path(record.file) for record in records if record.status == "unmatched"]
    if not files:
        return []
    head = (
        f"NO CONTRACT asks for these {len(files)} files (deliveries, status unmatched):"
    )
    folders = sorted({file.parent for file in files})
    inside = {f: [x.name for x in files if x.parent == f] for f in folders}
    return [head] + [
        f"  {folder}/  {len(names)}: {', '.join(names[:2])}{', ...' * (len(names) > 2)}"
        for folder, names in inside.items()
    ]


FIRST_TABLE = """
select state, school_year, metric_id,
    coalesce(cast(round(value_pct, 1) as varchar), value_status) as state_rate,
    coalesce(source_file, 'not delivered') as source_file
from state_outcomes
where student_group = 'all' and is_preferred and metric_id like 'acgr%'
order by state, metric_id, school_year
"""


def _print_release(console: Console, lake: Lake) -> None:
    with duckdb.connect(str(lake.current / "public.duckdb"), read_only=True) as con:
        cursor = con.execute(FIRST_TABLE)
        table = Table(
            *[column[0] for column in cursor.description], title="State rates"
        )
        for row in cursor.fetchall():
            table.add_row(*[str(cell) for cell in row])
    console.print(table)
    docs = lake.private("data_docs") / "index.html"
    places = {
        "release": lake.current.resolve().name,
        "site": lake.current / "site/index.html",
        "files": lake.current / "public.duckdb",
        "": f"{lake.current / 'partner.duckdb'}, and Parquet beside both",
        "checks": f"{docs}, of all extracts" if docs.exists() else "none",
        "docs": "README.md, docs/bi.md for BI tools; make docs describes each column",
    }
    for what, place in places.items():
        console.print(f"{what:<10} {place}", soft_wrap=True)
