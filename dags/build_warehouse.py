"""``build_warehouse``: one dbt process at a time, beside what is published."""

from functools import reduce
from operator import or_

from airflow.sdk import Asset, dag, get_current_context, task
from pendulum import datetime

from common_metrics import build, landing, release, settings
from common_metrics.contract import load_contracts

VALIDATED = [Asset(f"validated/{key}") for key in load_contracts()]
BUILD = Asset("warehouse/build")


@dag(
    schedule=reduce(or_, VALIDATED),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["build"],
)
def build_warehouse() -> None:
    @task
    def list_unmatched() -> list[str]:
        at = get_current_context()["dag_run"].run_after.strftime("%Y-%m-%dT%H:%M:%SZ")
        contracts, drop, lake = load_contracts(), settings.drop(), settings.lake()
        return landing.record_unmatched(contracts, drop, lake, at)

    @task.short_circuit
    def is_needed() -> bool:
        return release.is_needed(settings.lake())

    @task(outlets=[BUILD], retries=1)
    def dbt_build() -> None:
        build.build(settings.lake())

    list_unmatched() >> is_needed() >> dbt_build()


build_warehouse()
