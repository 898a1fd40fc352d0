"""Generates dbt's source files from the contracts: ``make sources``."""

from itertools import groupby
from pathlib import Path

import yaml

from common_metrics.contracts.model import Contract, load_contracts
from common_metrics.reading.parsing import FILE_COLUMNS

STAGING = Path(__file__).parents[3] / "dbt_project/models/staging"
HEAD = (
    "# Generated from expectations/{provider}/*.yml by `make sources`; do not edit.\n"
)
# dbt runs in the lake: see build.dbt.
LOCATION = (
    "read_parquet('validated/{provider}/{{name}}/*/*.parquet', union_by_name = true)"
)


def source_files() -> dict[Path, str]:
    """Return the text of each provider's ``_<provider>__sources.yml`` by its path."""
    contracts = sorted(load_contracts().values(), key=lambda contract: contract.key)
    return {
        STAGING / provider / f"_{provider}__sources.yml": _text(provider, list(group))
        for provider, group in groupby(
            contracts, key=lambda contract: contract.provider
        )
    }


def _text(provider: str, contracts: list[Contract]) -> str:
    source = {
        "name": provider,
        "config": {"meta": {"external_location": LOCATION.format(provider=provider)}},
        "tables": [_table(contract) for contract in contracts],
    }
    body = yaml.safe_dump(
        {"version": 2, "sources": [source]}, sort_keys=False, width=88
    )
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


def write() -> None:
    """Write the files anew; raise ContractError where a contract cannot be read."""
    for path, text in source_files().items():
        path.write_text(text)
        print(path.relative_to(STAGING.parents[2]))
