"""Writes dbt's source files, which are not committed, from the contracts.

``build.dbt`` does so before each start of dbt; ``make sources`` for dbt by hand.
"""

import os
from itertools import groupby
from pathlib import Path

import yaml

from common_metrics.contracts.loading import load_contracts
from common_metrics.contracts.model import Contract
from common_metrics.reading.parsing import FILE_COLUMNS

STAGING = Path(__file__).parents[3] / "dbt_project/models/staging"
HEAD = (
    "# Generated from expectations/{provider}/*.yml by `make sources`; do not edit.\n"
)
# Written in C it takes a fifth of the time.
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
# dbt runs in the lake: see build.dbt.
LOCATION = (
    "read_parquet('validated/{provider}/{{name}}/*/*.parquet', union_by_name = true)"
)
SPARK_READS = "select * from parquet.`validated/{provider}/{{name}}/*/*.parquet`"


def source_files() -> dict[Path, str]:
    """Return the text of each provider's ``_<provider>__sources.yml`` by its path."""
    contracts = load_contracts()
    # A model may read the table of a contract that cannot be read now.
    tables: dict[str, dict[str, object]] = {
        key: {"name": key.split("/")[1]} for key in contracts.barred
    }
    tables |= {key: _table(contract) for key, contract in contracts.items()}
    groups = groupby(sorted(tables), key=lambda key: key.split("/")[0])
    return {
        generated(provider): _text(provider, [tables[key] for key in keys])
        for provider, keys in groups
    }


def generated(provider: str) -> Path:
    """Return the path of a provider's sources."""
    return STAGING / provider / f"_{provider}__sources.yml"


def write() -> list[Path]:
    """Write the files that are not as the contracts say; return their paths.

    Other processes may be reading or writing them: each is replaced as a whole.
    """
    files = source_files()
    for left in {*STAGING.glob("*/_*__sources.yml")} - set(files):
        if left.read_text().startswith("# Generated"):
            left.unlink(missing_ok=True)
    changed = [p for p in files if not p.exists() or p.read_text() != files[p]]
    for path in changed:
        part = path.with_name(f"{path.name}.{os.getpid()}")
        path.parent.mkdir(exist_ok=True)
        part.write_text(files[path])
        part.replace(path)
    return changed


def _text(provider: str, tables: list[dict[str, object]]) -> str:
    source = {
        "name": provider,
        "config": {
            "meta": {
                "external_location": LOCATION.format(provider=provider),
                "spark_reads": SPARK_READS.format(provider=provider),
            }
        },
        "tables": tables,
    }
    content = {"version": 2, "sources": [source]}
    body = yaml.dump(content, Dumper=_DUMPER, sort_keys=False, width=88)
    return HEAD.format(provider=provider) + body


def _table(contract: Contract) -> dict[str, object]:
    columns = [
        {"name": name, "description": column.description, "data_type": "varchar"}
        for name, column in contract.columns.items()
    ]
    lineage = [
        {
            "name": field.name,
            "data_type": "bigint" if field.type == "int64" else "varchar",
        }
        for field in FILE_COLUMNS
    ]
    origin = contract.origin
    return {
        "name": contract.extract,
        "description": f"{contract.title}. {origin.publisher}, {origin.page}. "
        f"Licence: {origin.licence}.",
        "columns": [*columns, *lineage],
    }
