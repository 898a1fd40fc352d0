import duckdb
import pytest
import yaml

from common_metrics.contracts.dbt_sources import STAGING, source_files
from common_metrics.contracts.loading import load_contracts
from common_metrics.reading.parsing import no_rows

TYPES = {"string": "varchar", "int64": "bigint"}
TABLES = {
    f"{source['name']}/{table['name']}": (source, table)
    for text in source_files().values()
    for source in yaml.safe_load(text)["sources"]
    for table in source["tables"]
}


@pytest.mark.parametrize("path", source_files(), ids=lambda path: path.stem)
def test_the_file_in_the_repository_is_what_the_contracts_give(path):
    assert path.read_text() == source_files()[path], "run `make sources`"


def test_no_generated_file_is_left_of_a_provider_that_went():
    files = STAGING.glob("*/_*__sources.yml")
    generated = {f for f in files if f.read_text().startswith("# Generated from")}
    assert generated == set(source_files())


@pytest.mark.parametrize("key", load_contracts())
def test_the_columns_are_those_of_the_rows(contracts, key):
    listed = {c["name"]: c["data_type"] for c in TABLES[key][1]["columns"]}
    rows = no_rows(contracts[key]).schema
    assert listed == {field.name: TYPES[str(field.type)] for field in rows}


def test_the_location_is_where_validated_rows_lie(contracts, lake, run, graduates):
    contract = contracts["ct/graduation_4yr"]
    run(contract, graduates)
    location = TABLES[contract.key][0]["config"]["meta"]["external_location"]
    location = location.replace("validated", str(lake.validated))
    found = duckdb.sql(f"select count(*) from {location.format(name=contract.extract)}")
    assert found.fetchone() == (20,)
