"""The build: one dbt process writes a warehouse file beside the published one."""

import ctypes
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb

from common_metrics import settings
from common_metrics.contracts import dbt_sources
from common_metrics.contracts.loading import columns_of, contract_keys, load_contracts
from common_metrics.contracts.model import Contract
from common_metrics.errors import Refused
from common_metrics.lake import STAGES, Lake, write_json
from common_metrics.pseudonyms import VARIABLE
from common_metrics.reading import parsing
from common_metrics.validation import whole_students
from common_metrics.warehouse import spark
from common_metrics.warehouse.seeds import SEEDS, refuse_proportions

DBT_PROJECT = Path(__file__).parents[3] / "dbt_project"
PLUGINS = Path(__file__).parents[2]
DBT = Path(sys.executable).with_name("dbt")
PLACES = ("--project-dir", DBT_PROJECT, "--profiles-dir", DBT_PROJECT)
# Loaded here: between fork and exec nothing may be.
LIBC = ctypes.CDLL(None)
# What dbt knows of the project's files after it has parsed them once.
PARSED = "partial_parse.msgpack"
# What unit tests prove of the code does not depend on deliveries.
UNTESTED = ("--exclude-resource-type", "unit_test")
# Called with the number of each model or test that dbt begins, and how many there are.
ON_STEP: list[Callable[[int, int], None]] = []
# DuckDB's errors while it reads rows quote a cell; those before it does quote SQL, and
# that a column is blank names the column.
BLANK = "NOT NULL constraint failed"
QUOTING = re.compile(
    rf"\b(?!Binder|Catalog|Parser|Syntax|Compilation|IO\b|Constraint Error: {BLANK})"
    r"((?:[A-Z]\w+ )+)Error: .*?"
    r"(?=\n\x1b?(?:\[0m)?\d\d:\d\d:\d\d|\n\s*LINE \d|\n\s*compiled code|\n=====|\Z)",
    re.DOTALL,
)
LEFT_OUT = r"\1Error: (its text is left out, since it may quote a restricted cell)"


class BuildFailed(Refused):
    """dbt did not finish; the message names its log."""


def fingerprint(lake: Lake) -> str:
    """Return a digest of all that decides what a build contains.

    That is: the deliveries' records, the dbt project, the contracts and this package.
    """
    digest = hashlib.sha256()
    for delivery in lake.all_recorded():
        # That bytes went which no build reads, changes none.
        digest.update(repr(delivery.with_(removed={})).encode())
    for contract in load_contracts().values():
        digest.update(contract.sha256.encode())
    for file in _code():
        digest.update(file.read_bytes())
    return digest.hexdigest()


def build(lake: Lake) -> Path:
    """Run ``dbt build`` into a fresh file and return it; raise BuildFailed."""
    for seed in sorted(SEEDS.glob("*.csv")):
        refuse_proportions(seed)
    with lake.build_kept():
        lake.set_receipts_aside()
        _refuse_damaged(lake)
        made_from = fingerprint(lake)
        write_inputs(lake)
        lake.build_record().unlink(missing_ok=True)
        lake.build().unlink(missing_ok=True)
        _run_dbt(lake)
        record = {"fingerprint": made_from, "warnings": _warnings(lake)}
        write_json(lake.build_record(), record)
    return lake.build()


def _refuse_damaged(lake: Lake) -> None:
    """Raise BuildFailed where rows are gone or changed that a receipt speaks of.

    A run makes them again before it builds, or says that they are lost.
    """
    damaged = (file for d in lake.all_recorded() for file in lake.damaged(d))
    rows = [f for f in damaged if f.relative_to(lake.root).parts[0] in STAGES]
    if rows:
        raise BuildFailed(
            "dbt build",
            "the rows that the receipts speak of",
            f"{len(rows)} files changed or gone, such as "
            f"{rows[0].relative_to(lake.root)}",
            "Nothing was built; run again, which makes them anew.",
        )


def _warnings(lake: Lake) -> dict[str, int]:
    """Return how many rows each test found that warned, by its name."""
    results = json.loads((lake.dbt_target() / "run_results.json").read_text())
    found = spark.warnings(lake) if spark.is_chosen() else {}
    with duckdb.connect(str(lake.build()), read_only=True) as con:
        for result in results["results"]:
            if result["status"] == "warn":
                found |= _broken(con, result)
    return found


def _broken(con: duckdb.DuckDBPyConnection, result: dict[str, Any]) -> dict[str, int]:
    """Return the rows that a test found: of a test of many columns, by the column."""
    test = result["unique_id"].split(".")[2]
    if test.startswith("sound_columns_"):
        return dict(con.execute(result["compiled_code"]).fetchall())
    return {test: result["failures"]}


def _run_dbt(lake: Lake) -> None:
    if spark.is_chosen():
        count_on_spark(lake, *UNTESTED)
        spark.take_counts(lake)
        _run(lake, "build", *UNTESTED, *spark.NOT_COUNTED)
    else:
        _run(lake, "build", *UNTESTED)


def count_on_spark(lake: Lake, *left_out: str) -> None:
    """Build the student part on Spark, and keep the counts; raise BuildFailed."""
    dbt, log = spark.program(), lake.log("spark.log")
    spark.clear(lake)
    settings = {"program": dbt, "env": dbt_environment(lake) | spark.environment(lake)}
    try:
        _run(lake, *spark.COUNTED, *left_out, log=log, **settings)
        spark.keep_counts(lake)
    finally:
        spark.clear(lake)


def _run(lake: Lake, *words: str, log: Path | None = None, **settings: Any) -> None:
    """Run dbt with its log in the lake; raise BuildFailed where it does not finish."""
    log = log or lake.log("build.log")
    settings |= {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    begun = _begun(lake, *words, "--log-format", "json", **settings)
    with log.open("w", buffering=1) as stream, begun:
        for line in begun.stdout or ():
            # What is no event of dbt is Spark's own, and may quote a cell.
            if line.startswith('{"') or "program" not in settings:
                stream.write(_told(line))
    if "program" not in settings:
        _keep_what_is_parsed(lake)
    if begun.returncode:
        _leave_out_cells(lake)
        raise BuildFailed(
            "dbt build",
            "every model and test to pass",
            f"these:\n{failures(log.read_text())}\n",
            f"Nothing was published. Read logs/{log.name} in the lake, mend the model "
            "or the delivery it complains of, and run again.",
        )


def _told(line: str) -> str:
    """Return what an event of dbt says, as a line; count it if it begins a step."""
    if not line.startswith('{"'):
        return line
    event = json.loads(line)
    info, data = event["info"], event["data"]
    if info["name"] == "LogStartLine":
        for told in ON_STEP:
            told(data["index"], data["total"])
    return f"{info['ts'][11:19]}  {info['msg']}\n"


def dbt(lake: Lake, *words: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Run dbt on the lake in a process of its own and return how it ended.

    ``settings`` are those of subprocess.Popen; without any, what dbt prints is
    captured.
    """
    captured = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with _begun(lake, *words, **(settings or captured)) as begun:
        printed = begun.communicate()
    _keep_what_is_parsed(lake)
    return subprocess.CompletedProcess(words, begun.returncode, *printed)


def _begun(
    lake: Lake, *words: str, program: Iterable[Path] = (), **settings: Any
) -> subprocess.Popen[str]:
    """Start dbt in the lake.

    There the paths in SQL and in the profile are the same for every lake, and what was
    parsed for one serves all: parsing takes 16 s.
    """
    dbt_sources.write()
    _lend_what_is_parsed(lake)
    return subprocess.Popen(
        [*(program or [DBT]), *words, *PLACES],
        cwd=lake.root,
        text=True,
        preexec_fn=_die_with_parent,
        **{"env": dbt_environment(lake), **settings},
    )


def _die_with_parent() -> None:
    """Ask Linux to end this process when its parent dies, however that was.

    A dbt that lives on would write into the build of the next run.
    """
    if sys.platform == "linux":
        LIBC.prctl(1, signal.SIGKILL)  # 1 is PR_SET_PDEATHSIG


def _lend_what_is_parsed(lake: Lake) -> None:
    kept, own = DBT_PROJECT / "target" / PARSED, lake.dbt_target() / PARSED
    if kept.exists() and not own.exists():
        shutil.copyfile(kept, own)


def _keep_what_is_parsed(lake: Lake) -> None:
    kept, own = DBT_PROJECT / "target" / PARSED, lake.dbt_target() / PARSED
    if own.exists() and os.access(DBT_PROJECT, os.W_OK):
        kept.parent.mkdir(exist_ok=True)
        part = kept.with_name(f"{PARSED}.{os.getpid()}")
        shutil.copyfile(own, part)
        part.replace(kept)


def _leave_out_cells(lake: Lake) -> None:
    """Take out of what a failed dbt run leaves behind what errors quote."""
    for log in map(lake.log, ("build.log", "spark.log", "dbt.log")):
        if log.exists():
            log.write_text(without_cells(log.read_text()))
    for folder in (lake.dbt_target(), spark.target(lake)):
        _leave_out_cells_of(folder / "run_results.json")


def _leave_out_cells_of(results: Path) -> None:
    if results.exists():
        content = json.loads(results.read_text())
        for result in content["results"]:
            result["message"] = without_cells(result["message"] or "")
        write_json(results, content)


def without_cells(text: str) -> str:
    """Return what dbt says without what errors of DuckDB or Spark quote."""
    return spark.QUOTING.sub(spark.LEFT_OUT, QUOTING.sub(LEFT_OUT, text))


def dbt_environment(lake: Lake) -> dict[str, str]:
    """Return the environment in which dbt writes nothing outside the lake.

    Raises BuildFailed where DuckDB would not find the file of the build.
    """
    # DuckDB 1.5.5 writes the log of x?y.duckdb to x.wal?y.duckdb.
    if "?" in str(lake.root):
        raise BuildFailed(
            f"LAKE {lake.root}",
            "a path without ?",
            "one with it",
            "Nothing was built; move the lake.",
        )
    # dbt reads hashes and has no need of their key.
    left_out = (VARIABLE, "COMMON_METRICS_BUILD", "DBT_TARGET")
    inherited = filter(None, [os.environ.get("PYTHONPATH")])
    kept = {name: text for name, text in os.environ.items() if name not in left_out}
    return {
        **kept,
        "COMMON_METRICS_CODE": _code_digest(),
        # Models in Python import this package.
        "PYTHONPATH": os.pathsep.join(map(str, [PLUGINS, *inherited])),
        "DBT_TARGET_PATH": str(lake.dbt_target()),
        "DBT_LOG_PATH": str(lake.log("dbt").parent),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
    }


def write_inputs(lake: Lake) -> None:
    """Write what dbt reads beside deliveries: columns, years due, contracts."""
    contracts = load_contracts()
    for contract in contracts.values():
        parsing.write(parsing.no_rows(contract), lake.empty_rows(contract.key))
    for key in contracts.barred:
        names, place = columns_of(key), lake.empty_rows(key)
        if names or not place.exists():
            bare = Contract.model_construct(columns=dict.fromkeys(names))
            parsing.write(parsing.no_rows(bare), place)
    parsing.write(whole_students.COLUMNS.empty_table(), lake.no_rows_set_aside)
    due = [row for contract in contracts.values() for row in _due(contract)]
    write_json(lake.school_years_due(), _and_barred(lake.school_years_due(), due))
    _write_released_cells(lake)
    known = [
        {
            "provider": c.provider,
            "extract": c.extract,
            "visibility": c.visibility,
            "sha256": c.rules_sha256,
            "owner": c.owner or settings.owner(),
        }
        for c in contracts.values()
    ]
    write_json(lake.contracts(), _and_barred(lake.contracts(), known))


def _and_barred(place: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows, with those of the build before for contracts barred since.

    What had landed under them stays in the tables, and is seen by whom it was.
    """
    barred = load_contracts().barred
    before = json.loads(place.read_text()) if place.exists() and barred else []
    kept = [row for row in before if f"{row['provider']}/{row['extract']}" in barred]
    return [*rows, *kept]


RELEASED = """
    level varchar, place_key varchar, school_year integer, metric_id varchar,
    student_group varchar, numerator bigint, denominator bigint"""


def _write_released_cells(lake: Lake) -> None:
    """Write the restricted numbers that the kept releases show."""
    with duckdb.connect(config={"temp_directory": str(lake.spill())}) as con:
        con.execute(f"create table cells ({RELEASED})")
        for file in sorted(lake.published.glob("[0-9]*/public.duckdb")):
            path = str(file).replace("'", "''")
            con.execute(f"attach '{path}' as kept (read_only)")
            for level, place in (("school", "school_key"), ("state", "state")):
                con.execute(
                    f"insert into cells select '{level}', {place}, school_year, "
                    "metric_id, student_group, numerator, denominator "
                    f"from kept.{level}_outcomes where visibility <> 'public' "
                    "and coalesce(numerator, denominator) is not null"
                )
            con.execute("detach kept")
        con.execute(
            "copy (select distinct * from cells order by all) to $file",
            {"file": str(lake.released_cells())},
        )


def _due(contract: Contract) -> list[dict[str, object]]:
    years, due = contract.landing.school_years, contract.landing.due
    if years is None:
        return []
    return [
        {
            "provider": contract.provider,
            "extract": contract.extract,
            "school_year": year,
            "files_due": years.files,
            "states": years.states or [contract.provider.upper()],
            "not_collected_reason": years.not_collected.get(year),
            "due_on": due.on(year).isoformat() if due else None,
            "grace_days": due.grace_days if due else None,
        }
        for year in range(years.first, years.last + 1)
    ]


def _code() -> list[Path]:
    dbt = [f for f in DBT_PROJECT.rglob("*") if f.suffix in (".sql", ".yml", ".csv")]
    ours = [f for f in (PLUGINS / "common_metrics").rglob("*.*") if f.suffix != ".pyc"]
    # They follow from the contracts, which have digests, and may be written later.
    made = {dbt_sources.generated(key.split("/")[0]) for key in contract_keys()}
    read = (f for f in {*dbt, *ours} - made if ".draft" not in f.suffixes)
    return sorted(f for f in read if "target" not in f.parts)


def _code_digest() -> str:
    """Return a digest of the code alone: rules have digests of their own."""
    digest = hashlib.sha256()
    for file in _code():
        if file.suffix != ".csv":
            digest.update(file.read_bytes())
    return digest.hexdigest()


def failures(log: str) -> str:
    """Return the lines of dbt's log that name what failed; others may quote cells."""
    lines = [
        line
        for line in log.splitlines()
        if any(sign in line for sign in ("Failure in", "Error in", BLANK))
    ]
    return "\n".join(lines) or "dbt ended before it named a model"
