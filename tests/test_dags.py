"""The DAGs load, have the shape that the design says, and shadow no module."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from airflow.sdk.definitions.retry_policy import RetryAction

from common_metrics.contracts.loading import load_contracts
from common_metrics.contracts.page import tags

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
    others |= {"watch_deliveries"}
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
    (built,) = build.get_task("dbt_build").outlets
    assert [a.name for a in publish.timetable.asset_condition.objects] == [built.name]


def test_a_task_is_tried_again_where_its_worker_is_lost_and_else_never(
    dags: dict,
) -> None:
    """A failed test fails the second time too: nobody waits for that."""
    for task in (task for dag in dags.values() for task in dag.tasks):
        own = task.partial_kwargs if task.is_mapped else vars(task)
        assert own["retries"] == 2, task
        said = own["retry_policy"].evaluate(ValueError(), try_number=1, max_tries=2)
        assert said.action is RetryAction.FAIL, task


def test_what_writes_the_build_or_a_release_waits_for_the_one_slot(dags: dict) -> None:
    queues = {(dag.dag_id, task.queue) for dag in dags.values() for task in dag.tasks}
    waiting = {dag for dag, queue in queues if queue == "warehouse"}
    assert waiting == {"build_warehouse", "publish_release", "roll_back_release"}
    assert waiting.isdisjoint(dag for dag, queue in queues if queue == "default")


def test_each_dag_has_a_page_that_leads_to_the_runbook(dags: dict) -> None:
    runbook = (ROOT / "docs/runbook.md").read_text()
    headings = {
        line[3:].lower().replace(" ", "-")
        for line in runbook.splitlines()
        if line.startswith("## ")
    }
    for dag in dags.values():
        sections = re.findall(r"docs/runbook\.md#([a-z-]+)", dag.doc_md)
        assert sections and set(sections) <= headings, dag.dag_id
        assert "**Told:** nobody" in dag.doc_md


def test_the_page_of_an_extract_says_from_whom_when_due_and_where_it_ends(
    dags: dict,
) -> None:
    for key, contract in load_contracts().items():
        page = dags[f"land_{key.replace('/', '_')}"].doc_md
        for part in (
            *(contract.title, contract.origin.publisher, *contract.landing.drop),
            *(f"`validated/{key}/`", f"`{contract.path}`", contract.landing.schedule),
        ):
            assert part in page, (key, part)
    page = dags["land_ct_graduation_6yr"].doc_md
    assert "2011 to 2013, the last one by 2016-05-31, with 30 days of grace" in page
    assert "the next one is learned" in dags["land_vt_sis_identity"].doc_md


def test_dags_are_found_by_state_cadence_and_owner(dags: dict, monkeypatch) -> None:
    def tagged(*wanted: str) -> set[str]:
        return {d.dag_id for d in dags.values() if {*wanted} <= d.tags}

    assert tagged("state:VT", "vt", "weekly", "restricted") >= {"land_vt_sis_identity"}
    assert tagged("state:ME", "monthly") == {"land_us_edfacts_acgr"}
    landing = {f"land_{key.replace('/', '_')}" for key in load_contracts()}
    of_cadence = [tagged("land", of) for of in ("daily", "weekly", "monthly")]
    assert set.union(*of_cadence) == landing
    assert sum(map(len, of_cadence)) == len(landing)
    assert not [d for d in dags.values() if "state:NESSC" in d.tags]
    contract = load_contracts()["ct/science"]
    often = contract.landing.model_copy(update={"schedule": "@hourly"})
    assert "hourly" in tags(contract.model_copy(update={"landing": often}))
    owned = contract.model_copy(update={"owner": "science@example.org"})
    assert "owner:science@example.org" in tags(owned)
    monkeypatch.setenv("COMMON_METRICS_OWNER", "desk")
    assert "owner:desk" in tags(contract)


def test_a_build_that_hangs_is_told(dags: dict) -> None:
    (alert,) = dags["build_warehouse"].deadline
    assert alert.callback.path == "common_metrics.notify.late"
    assert alert.interval.total_seconds() == 2 * 60 * 60


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
