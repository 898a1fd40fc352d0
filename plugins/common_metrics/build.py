"""The build: one dbt process writes a warehouse file beside the published one."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from common_metrics import readers
from common_metrics.contract import Contract, load_contracts
from common_metrics.errors import Refused
from common_metrics.lake import Lake, write_json
from common_metrics.pseudonyms import VARIABLE

DBT_PROJECT = Path(__file__).parents[2] / "dbt_project"
PLUGINS = Path(__file__).parents[1]
DBT = Path(sys.executable).with_name("dbt")
PLACES = ("--project-dir", DBT_PROJECT, "--profiles-dir", DBT_PROJECT)
# In SQL they would be wildcards; Lake's path stands in the middle of one.
WILD = set("*?[]{}%")
# DuckDB's errors while it reads rows quote a cell; those before it does quote SQL.
QUOTING = re.compile(
    r"\b(?!Binder|Catalog|Parser|Syntax|Compilation|IO\b)((?:[A-Z]\w+ )+)Error: .*?"
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
        digest.update(repr(delivery).encode())
    for contract in load_contracts().values():
        digest.update(contract.sha256.encode())
    for file in _code():
        digest.update(file.read_bytes())
    return digest.hexdigest()


def build(lake: Lake) -> Path:
    """Run ``dbt build`` into a fresh file and return it; raise BuildFailed."""
    with lake.build_kept():
        made_from = fingerprint(lake)
        write_inputs(lake)
        lake.build_record().unlink(missing_ok=True)
        lake.build().unlink(missing_ok=True)
        _run_dbt(lake)
        write_json(lake.build_record(), {"fingerprint": made_from})
    return lake.build()


def _run_dbt(lake: Lake) -> None:
    log = lake.log("build.log")
    with log.open("w") as stream:
        done = subprocess.run(
            [DBT, "build", *PLACES],
            # What unit tests prove of the code does not depend on deliveries.
            env={"DBT_EXCLUDE_RESOURCE_TYPES": "unit_test", **dbt_environment(lake)},
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        _leave_out_cells(lake)
        raise BuildFailed(
            "dbt build",
            "every model and test to pass",
            f"these:\n{failures(log.read_text())}\n",
            "Nothing was published. Read logs/build.log in the lake, mend the model or "
            "the delivery it complains of, and run again.",
        )


def _leave_out_cells(lake: Lake) -> None:
    """Take out of what a failed dbt run leaves behind what errors quote."""
    for log in (lake.log("build.log"), lake.log("dbt.log")):
        if log.exists():
            log.write_text(without_cells(log.read_text()))
    results = lake.dbt_target() / "run_results.json"
    if results.exists():
        content = json.loads(results.read_text())
        for result in content["results"]:
            result["message"] = without_cells(result["message"] or "")
        write_json(results, content)


def without_cells(text: str) -> str:
    """Return what dbt says without what DuckDB's errors quote."""
    return QUOTING.sub(LEFT_OUT, text)


def dbt_environment(lake: Lake) -> dict[str, str]:
    """Return the environment in which dbt finds the lake and writes nothing outside.

    Raises BuildFailed where the lake's path would not stay one in SQL.
    """
    if wild := WILD & set(str(lake.root)):
        raise BuildFailed(
            f"LAKE {lake.root}",
            "a path without any of * ? [ ] { } %",
            " ".join(sorted(wild)),
            "Nothing was built; move the lake.",
        )
    # dbt reads hashes and has no need of their key.
    kept = {name: text for name, text in os.environ.items() if name != VARIABLE}
    return {
        **kept,
        # It stands between quotes in SQL, see the sources' external_location.
        "COMMON_METRICS_LAKE": str(lake.root).replace("'", "''"),
        "COMMON_METRICS_BUILD": str(lake.build()),
        "COMMON_METRICS_CODE": _code_digest(),
        "DBT_TARGET_PATH": str(lake.dbt_target()),
        "DBT_LOG_PATH": str(lake.log("dbt").parent),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
    }


def write_inputs(lake: Lake) -> None:
    """Write what dbt reads beside deliveries: columns, years due, contracts."""
    for contract in load_contracts().values():
        readers.write(readers.no_rows(contract), lake.empty_rows(contract.key))
    due = [row for contract in load_contracts().values() for row in _due(contract)]
    write_json(lake.school_years_due(), due)
    write_json(
        lake.contracts(),
        [
            {
                "provider": c.provider,
                "extract": c.extract,
                "visibility": c.visibility,
                "sha256": c.sha256,
            }
            for c in load_contracts().values()
        ],
    )


def _due(contract: Contract) -> list[dict[str, object]]:
    years = contract.landing.school_years
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
        }
        for year in range(years.first, years.last + 1)
    ]


def _code() -> list[Path]:
    dbt = [f for f in DBT_PROJECT.rglob("*") if f.suffix in (".sql", ".yml", ".csv")]
    ours = [f for f in (PLUGINS / "common_metrics").rglob("*.*") if f.suffix != ".pyc"]
    return sorted(f for f in [*dbt, *ours] if "target" not in f.parts)


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
        line for line in log.splitlines() if "Failure in" in line or "Error in" in line
    ]
    return "\n".join(lines) or "dbt ended before it named a model"
