"""A delivery in a stream: Great Expectations judges each distinct set of cells once.

What an expectation says of a row depends on the few columns that it names. DuckDB
counts how often their cells stand together, the library judges each such combination,
and the rows of those that it finds wrong are fetched. Of what should be unique it
judges the rows whose key comes twice. Shares count rows, so that the verdict, the
sentences and the rows are those of a delivery that is judged whole.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from common_metrics.contracts.model import Contract, Whole
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Lake
from common_metrics.landing.receiving import Landed
from common_metrics.pseudonyms import MALFORMED
from common_metrics.reading.streaming import Spooled
from common_metrics.validation import measures, plausibility, quarantine
from common_metrics.validation.findings import (
    RESULT_FORMAT,
    ROW,
    Finding,
    broke,
    finding,
    refuse_failed,
)
from common_metrics.validation.quarantine import Part
from common_metrics.validation.whole_students import id_column

if TYPE_CHECKING:
    import pandas as pd

    from common_metrics.validation.expectations import Checks
    from common_metrics.validation.measures import Measure

MEMORY = "1GB"  # of DuckDB; what is more goes to a folder of the lake
TOGETHER = 500_000  # rows that the library sees at a time
# Of what refuses a delivery, the wrong rows that are looked at for what they hold.
LOOKED_AT = 1_000_000
# One hash is like another to what judges single rows: one of them stands for all.
ANY_HASH = f"""case
    when {{0}} = '{MALFORMED}' then {{0}} when {{0}} is not null then '{"0" * 32}'
end"""
SAME_KEY = r"lower(regexp_replace({0}, '\s+', ' ', 'g'))"
OF_EACH_ROW = (
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_be_null",
)


NONE = pa.table(
    {ROW: pa.array([], pa.int64()), "_source_row": pa.array([], pa.int64())}
)


class Seen(NamedTuple):
    """What an expectation finds in rows, and how many of them it is about."""

    result: dict[str, Any]  # of the library, for some rows
    elements: int = 0
    considered: int = 0
    unexpected: int = 0
    rows: pa.Table = NONE  # their numbers, in the table and in the file

    @property
    def is_wrong(self) -> bool:
        return broke(self.result) or self.unexpected > 0


# The places of expectations in their contract, with what each has computed.
Places = list[tuple[int, "dict[str, Measure]"]]


def judged(
    contract: Contract, landed: Landed, checks: "Checks", lake: Lake
) -> tuple[Part, list[Finding]]:
    """Return what is wrong in a delivery that was read in a stream, and those rows."""
    spooled = landed.rows
    assert isinstance(spooled, Spooled)
    with _opened(spooled, lake) as con:
        (place,) = (n for n, each in enumerate(checks.asked) if _is_unique(each))
        repeats, twice = _alike(con, contract, checks, place)
        count = spooled.num_rows - len(repeats)
        seen = {place: [twice], **_of_rows(con, contract, checks)}
        findings = []
        for place, config in enumerate(checks.asked):
            if _is_of_table(config):
                findings.append(_of_table(checks, place, count))
            elif wrong := [each for each in seen[place] if each.is_wrong]:
                findings.append(_finding(config, wrong))
        rows = _wrong_rows(con, contract, findings, count)
    return Part(landed, rows, repeats, count), findings


@contextmanager
def _opened(spooled: Spooled, lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give DuckDB with the delivery's rows, numbered as those of a table."""
    settings: dict[str, Any] = {
        "temp_directory": str(lake.spill()),
        "memory_limit": MEMORY,
    }
    with duckdb.connect(config=settings) as con:
        con.execute(f"create table repeats ({ROW} bigint)")
        file = str(spooled.file).replace("'", "''")
        con.execute(
            f"create view spooled as select * rename (file_row_number as {ROW}) "
            f"from read_parquet('{file}', file_row_number = true)"
        )
        con.execute(f"create view rows as from spooled anti join repeats using ({ROW})")
        con.create_function("same_key", _same_key, ["varchar"], "varchar")
        yield con


def _of_table(checks: "Checks", place: int, count: int) -> Finding:
    """Return what an expectation about the number of rows finds."""
    import pandas as pd

    return finding(_result(checks, place, pd.DataFrame(index=range(count))))


def _finding(config: dict[str, Any], wrong: list[Seen]) -> Finding:
    """Return what was found; a row that is wrong in several columns is one row."""
    one = next((each for each in wrong if broke(each.result)), wrong[0])
    if broke(one.result):
        return finding(one.result)
    rows = pa.concat_tables(each.rows for each in wrong)
    rows = rows.group_by([*NONE.column_names]).aggregate([]).sort_by(ROW)
    unexpected = one.unexpected if len(wrong) == 1 else rows.num_rows
    share = (one.considered - unexpected) / one.considered
    listed = {name: rows[name].to_pylist() for name in rows.column_names}
    counted = {
        "element_count": one.elements,
        "unexpected_count": unexpected,
        "unexpected_index_list": [listed],
    }
    success = share >= config["kwargs"].get("mostly", 1)
    return finding({**one.result, "success": success, "result": counted})


def _same_key(cell: str) -> str:
    return re.sub(r"\s+", " ", cell.casefold())


# Single rows


def _of_rows(
    con: duckdb.DuckDBPyConnection, contract: Contract, checks: "Checks"
) -> dict[int, list[Seen]]:
    """Return what the expectations about single rows find, by their places."""
    together: dict[tuple[str, ...], Places] = {}
    for place, config in enumerate(checks.asked):
        if _is_of_table(config) or _is_unique(config):
            continue
        for columns, computed in _columns(contract, config):
            together.setdefault(columns, []).append((place, computed))
    seen: dict[int, list[Seen]] = {}
    for columns, places in together.items():
        for place, found in _of_columns(con, contract, checks, columns, places):
            seen.setdefault(place, []).append(found)
    return seen


def _is_of_table(config: dict[str, Any]) -> bool:
    return config["type"].startswith("expect_table_")


def _is_unique(config: dict[str, Any]) -> bool:
    return config["type"].endswith("_to_be_unique")


def _columns(
    contract: Contract, config: dict[str, Any]
) -> Iterator[tuple[tuple[str, ...], "dict[str, Measure]"]]:
    """Yield the columns that an expectation has to see together, and what of them."""
    asked = {k: v for k, v in config["kwargs"].items() if k != "value_set"}
    named = {*re.findall(r"\w+", str(asked))}
    of_contract = plausibility.measures_of(contract).items()
    computed = {n: measure for n, measure in of_contract if n in named}
    unseen: Any = computed.get("_unseen")
    if unseen:
        # Each cell is judged for itself.
        for name in unseen.keywords["columns"]:
            yield (name,), {"_unseen": partial(measures.unseen, columns=[name])}
        return
    measure: Any  # a partial
    for measure in computed.values():
        named |= _named(measure.keywords.values())
        named |= {*measures.SCHOOL_IDS} if measure.func is measures.size else set()
    known = [*contract.columns, "_school_year"]
    yield tuple(name for name in known if name in named), computed


def _named(keywords: Iterable[Any]) -> set[str]:
    """Return the columns that a measure is told to compare."""
    names: set[str] = set()
    for told in keywords:
        if isinstance(told, Whole):
            names |= {told.whole, *told.parts}
        elif isinstance(told, str):
            names.add(told)
    return names


def _of_columns(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    checks: "Checks",
    columns: tuple[str, ...],
    places: Places,
) -> Iterator[tuple[int, Seen]]:
    """Yield what expectations find in columns of which each set of cells comes once."""
    cells = {name: _cell(contract, name) for name in columns}
    listed = ", ".join(f'{cell} as "{name}"' for name, cell in cells.items())
    counted = con.execute(f"select {listed}, count(*) as _rows from rows group by all")
    seen = {place: Seen({"success": True, "result": {}}) for place, _ in places}
    bad: dict[int, list[pa.Table]] = {place: [] for place, _ in places}
    for batch in counted.to_arrow_reader(TOGETHER):
        table = pa.Table.from_batches([batch])
        for place, computed in places:
            frame = plausibility.with_measures(_numbered(table.to_pandas()), computed)
            result = _result(checks, place, frame)
            wrong = frame.loc[_listed(result)]
            bad[place].append(table.take(pa.array(wrong.index, pa.int64())))
            sums = _sums(checks.asked[place], frame, wrong)
            seen[place] = _more(seen[place], result, sums)
    for place, found in seen.items():
        if found.unexpected:
            most = LOOKED_AT if _fails(checks.asked[place], found) else None
            rows = _fetched(con, cells, pa.concat_tables(bad[place]), most)
            found = found._replace(rows=rows)
        yield place, found


def _cell(contract: Contract, name: str) -> str:
    form = ANY_HASH if name in contract.protects else "{0}"
    return form.format(f'rows."{name}"')


def _numbered(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the frame with the columns that tell which row a result is about."""
    return frame.assign(**{ROW: range(len(frame)), "_source_row": 0, "_delivery": ""})


def _result(checks: "Checks", place: int, frame: "pd.DataFrame") -> dict[str, Any]:
    batch = checks.batches.get_batch({"dataframe": frame})
    result = batch.validate(checks.alone[place], result_format=RESULT_FORMAT)
    return result.to_json_dict()


def _listed(result: dict[str, Any]) -> list[int]:
    """Return the numbers of the rows that are wrong."""
    listed = result["result"].get("unexpected_index_list") or []
    return [int(row) for item in listed for row in item[ROW]]


def _sums(
    config: dict[str, Any], frame: "pd.DataFrame", wrong: "pd.DataFrame"
) -> tuple[int, int, int]:
    """Return the rows that an expectation sees, is about, and finds wrong.

    As Great Expectations 1.24.1 counts: where a condition picks rows, of these; where
    it is not about empty cells itself, without rows that have one.
    """
    kwargs = config["kwargs"]
    if condition := kwargs.get("row_condition"):
        frame = frame.query(condition["pass_through_filter"])
    about = frame
    if config["type"] not in OF_EACH_ROW:
        names = ("column", "column_A", "column_B")
        about = frame.dropna(subset=[kwargs[n] for n in names if n in kwargs])
    elements, considered, unexpected = (
        int(each["_rows"].sum()) for each in (frame, about, wrong)
    )
    return elements, considered, unexpected


def _more(seen: Seen, result: dict[str, Any], sums: tuple[int, int, int]) -> Seen:
    """Return what was seen with what some rows more show."""
    elements, considered, unexpected = sums
    return Seen(
        seen.result if broke(seen.result) else result,
        seen.elements + elements,
        seen.considered + considered,
        seen.unexpected + unexpected,
    )


def _fails(config: dict[str, Any], seen: Seen) -> bool:
    share = (seen.considered - seen.unexpected) / seen.considered
    return share < config["kwargs"].get("mostly", 1)


def _fetched(
    con: duckdb.DuckDBPyConnection,
    cells: dict[str, str],
    bad: pa.Table,
    most: int | None,
) -> pa.Table:
    """Return the numbers of the rows that hold one of these sets of cells."""
    same = " and ".join(
        f'{cell} is not distinct from bad."{name}"' for name, cell in cells.items()
    )
    limit = f"limit {most}" if most else ""
    con.register("bad", bad)
    return con.execute(
        f"select {ROW}, _source_row from rows semi join bad on {same} "
        f"order by all {limit}"
    ).to_arrow_table()


# Rows of one key


def _alike(
    con: duckdb.DuckDBPyConnection, contract: Contract, checks: "Checks", place: int
) -> tuple[pa.ChunkedArray, Seen]:
    """Return the numbers of exact repeats, and the other rows that share a key.

    The repeats go from ``rows``. Rows that may be alike are judged some at a time, all
    of a key together.
    """
    key = ", ".join(_key(con, contract, name) for name in contract.grain)
    con.execute(
        f"create table twice as select hash({key}) as _key from spooled "
        "group by all having count(*) > 1"
    )
    result, repeats, listed = {"success": True, "result": {}}, [], [NONE]
    for rows in _of_keys(con, f"hash({key})"):
        is_repeat = quarantine.repeated(rows)
        repeats += rows[ROW].filter(is_repeat).chunks
        result, wrong = _contradicting(
            contract, checks, place, rows.filter(pc.invert(is_repeat))
        )
        listed.append(wrong)
        if broke(result):
            break
    left_out = pa.chunked_array(repeats, pa.int64())
    con.register("numbers", pa.table({ROW: left_out}))
    con.execute("insert into repeats from numbers")
    return left_out, _of_all(con, contract, result, pa.concat_tables(listed))


def _contradicting(
    contract: Contract, checks: "Checks", place: int, rows: pa.Table
) -> tuple[dict[str, Any], pa.Table]:
    """Return what the library says of rows that may share a key, and which do."""
    frame = plausibility.measured(contract, rows.to_pandas())
    result = _result(checks, place, frame)
    numbers = rows.select(NONE.column_names)
    wrong = pc.is_in(numbers[ROW], pa.array(_listed(result), pa.int64()))
    return result, numbers.filter(wrong)


def _of_all(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    result: dict[str, Any],
    wrong: pa.Table,
) -> Seen:
    """Return what was found of keys among all rows; an empty one is like no other."""
    has_any = " or ".join(f'"{name}" is not null' for name in contract.grain)
    count, filled = _one(con, f"select count(*), count(*) filter ({has_any}) from rows")
    return Seen(result, count, filled, wrong.num_rows, wrong)


def _key(con: duckdb.DuckDBPyConnection, contract: Contract, name: str) -> str:
    """Return a column as keys are compared (measures.key), itself where it will do."""
    cell = f'"{name}"'
    if name == "_school_year" or name in contract.protects:
        return cell
    folded = SAME_KEY.format("cell")
    is_plain, count, keys = _one(
        con,
        "select bool_and(regexp_full_match(cell, '[\\x20-\\x7e]*')), count(*), "
        f"count(distinct {folded}) from (select distinct {cell} as cell from spooled "
        f"where {cell} is not null)",
    )
    if is_plain is False:
        return f"same_key({cell})"
    return cell if count == keys else SAME_KEY.format(cell)


def _one(con: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """Return the one row of a query."""
    (row,) = con.execute(query).fetchall()
    return row


def _of_keys(con: duckdb.DuckDBPyConnection, key: str) -> Iterator[pa.Table]:
    """Yield the rows whose key comes twice, all of a key together."""
    (count,) = _one(
        con, f"select count(*) from spooled semi join twice on {key} = _key"
    )
    parts = -(-count // TOGETHER)
    for part in range(parts):
        some = f"(from twice where _key % {parts} = {part})"
        yield con.execute(
            f"select * from spooled semi join {some} on {key} = _key order by {ROW}"
        ).to_arrow_table()


# What is to be set aside


def _wrong_rows(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    findings: list[Finding],
    count: int,
) -> pa.Table:
    """Return the rows that are wrong, all others of their students, and warned ones.

    Of a delivery that is refused for them, the wrong ones alone.
    """
    _keep(con, "wrong", _numbers(findings, "critical"))
    rows = con.execute(f"from wrong order by {ROW}").to_arrow_table()
    try:
        refuse_failed(contract, findings, rows, count)
    except DeliveryRefused:
        return rows
    _keep(con, "warned", _numbers(findings, "warning")[:LOOKED_AT])
    if name := id_column(contract):
        con.execute(
            f"""insert into warned from rows where "{name}" in (
                select "{name}" from wrong where "{name}" <> '{MALFORMED}'
            )"""
        )
    return con.execute(
        f"select distinct * from (from wrong union all from warned) order by {ROW}"
    ).to_arrow_table()


def _numbers(findings: list[Finding], severity: str) -> list[int]:
    """Return the rows that break a rule of a severity, in order."""
    return sorted({n for f in findings if f.severity == severity for n in f.rows})


def _keep(con: duckdb.DuckDBPyConnection, name: str, numbers: list[int]) -> None:
    con.register("numbers", pa.table({ROW: pa.array(numbers, pa.int64())}))
    con.execute(f"create table {name} as from rows semi join numbers using ({ROW})")
