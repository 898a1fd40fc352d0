"""The DAGs load, have the shape that the design says, and shadow no module."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from common_metrics.contracts.loading import load_contracts

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def dags(tmp_path_factory: pytest.TempPathFactory) -> dict:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(ROOT / "dags"))
    assert bag.import_errors == {}
    return bag.dags


def test_each_contract_has_a_dag_and_nothing_else_does(dags: dict) -> None:
    landing = {f"land_{key.replace('/', '_')}" for key in load_contracts()}
    others = {"build_warehouse", "publish_release", "roll_back_release"}
    assert set(dags) == landing | others


BAD = """
from common_metrics.contracts import loading
from common_metrics.errors import ContractError
read = loading.load_contract
def refuse(file, root=loading.CONTRACTS):
    if file.stem == "sat":
        raise ContractError("expectations/ct/sat.yml", "sense", "none", "Mend it.")
    return read(file, root)
loading.load_contract = refuse
import sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
print(sorted(bag.dags))
print(list(bag.import_errors.items()))
"""


def test_a_contract_that_cannot_be_read_is_an_import_error_and_no_more() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BAD, str(ROOT / "dags")],
        env={**os.environ, "PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
        check=True,
    )
    names, errors = done.stdout.strip().splitlines()[-2:]
    assert "land_ct_sat" not in names
    assert "'land_ct_science'" in names and "'build_warehouse'" in names
    assert "barred_contracts.py" in errors and "expectations/ct/sat.yml" in errors


def test_landing_maps_a_task_over_batches_on_the_contract_s_schedule(
    dags: dict,
) -> None:
    for key, contract in load_contracts().items():
        dag = dags[f"land_{key.replace('/', '_')}"]
        assert dag.timetable.expression == contract.landing.schedule
        assert dag.max_active_runs == 1
        assert dag.dag_display_name == contract.title
        assert set(dag.task_ids) == {
            *("find_deliveries", "receive", "announce", "settle")
        }
        receive = dag.get_task("receive")
        assert receive.is_mapped
        assert receive.map_index_template == "{{ deliveries }}"
        (asset,) = dag.get_task("announce").outlets
        assert asset.name == f"validated/{key}"


def test_a_dag_that_is_turned_on_waits_for_its_next_tick(dags: dict) -> None:
    """Else all that are turned on together would run at once for a tick long gone."""
    from airflow.serialization.encoders import coerce_to_core_timetable
    from airflow.timetables.base import TimeRestriction
    from pendulum import now

    for dag in (d for d in dags.values() if d.dag_id.startswith("land_")):
        never = TimeRestriction(dag.start_date, None, catchup=dag.catchup)
        first = coerce_to_core_timetable(dag.timetable).next_dagrun_info(
            last_automated_data_interval=None, restriction=never
        )
        # A tick may come while the DAG is being read.
        assert first.run_after > now("UTC").subtract(minutes=30), dag.dag_id


def test_any_validated_extract_asks_for_a_build_and_a_build_for_a_release(
    dags: dict,
) -> None:
    build, publish = dags["build_warehouse"], dags["publish_release"]
    wanted = {asset.name for asset in build.timetable.asset_condition.objects}
    assert wanted == {f"validated/{key}" for key in load_contracts()}
    assert type(build.timetable.asset_condition).__name__ == "AssetAny"
    assert build.max_active_runs == publish.max_active_runs == 1
    # A failed test fails the second time too: nobody waits for that.
    assert build.get_task("dbt_build").retries == 0
    (built,) = build.get_task("dbt_build").outlets
    assert [a.name for a in publish.timetable.asset_condition.objects] == [built.name]


def test_dag_files_are_thin() -> None:
    for file in (ROOT / "dags").glob("*.py"):
        assert len(file.read_text().splitlines()) <= 100, file.name


def test_the_plugins_folder_shadows_no_module() -> None:
    """Airflow loads each file below plugins/ under its bare name unless ignored."""
    code = (
        "import sys; from airflow import plugins_manager; "
        "plugins_manager._get_plugins(); "
        "print([name for name, module in sys.modules.items() if '.' not in name "
        "and str(getattr(module, '__file__', ''))"
        f".startswith({str(ROOT / 'plugins')!r})])"
    )
    environment = {**os.environ, "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"
    assert "common_metrics/" in (ROOT / "plugins/.airflowignore").read_text().split()


def test_parsing_the_dags_imports_none_of_the_tools() -> None:
    tools = ("great_expectations", "pandas", "pyarrow", "duckdb", "scipy")
    tools += ("paramiko", "s3fs", "botocore", "airflow.providers.http.hooks.http")
    code = (
        "import sys; sys.path[:0] = ['plugins', 'dags']; import land_extracts, "
        "build_warehouse, publish_release; "
        f"print([m for m in {tools} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "variable",
    [
        "context._AIRFLOW_PARSING_CONTEXT_DAG_ID",
        "settings.ONLY",
    ],
)
def test_a_task_reads_the_contract_of_its_own_dag_alone(variable: str) -> None:
    code = (
        "import sys; sys.path[:0] = ['plugins', 'dags']; "
        "from airflow.sdk.definitions import context; "
        "from common_metrics import settings; "
        f"import os; os.environ[{variable}] = 'land_ct_science'; "
        "from common_metrics.contracts import loading; read = loading.load_contract; "
        "seen = []; "
        "loading.load_contract = lambda f, r: seen.append(f.stem) or read(f, r); "
        "import land_extracts, publish_release; print(seen)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().splitlines()[-1] == "['science']"
