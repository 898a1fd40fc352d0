"""``build_warehouse``: one dbt process at a time, beside what is published."""

from datetime import timedelta
from functools import reduce
from operator import or_

from airflow.sdk import Asset, dag, task
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from common_metrics import lost, notify, settings
from common_metrics.contracts import page
from common_metrics.contracts.loading import contract_keys

VALIDATED = [Asset(f"validated/{key}") for key in contract_keys()]
BUILD = Asset("warehouse/build")
SECTION = "the-build-failed"
TOLD = notify.task("build_warehouse", SECTION)
# By one of its workers, and not by the triggerer, which runs nothing else here.
LATE = SyncCallback(notify.late, {"name": "build_warehouse", "section": SECTION})


@dag(
    schedule=reduce(or_, VALIDATED),
    catchup=False,
    max_active_runs=1,
    tags=["build"],
    default_args=lost.again(queue=lost.WAREHOUSE),
    doc_md=page.step("dbt builds the warehouse from what was validated", SECTION),
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=settings.minutes_of_a_build()),
        callback=LATE,
    ),
)
def build_warehouse() -> None:
    @task
    def list_unmatched() -> list[str]:
        from common_metrics.contracts.loading import load_contracts
        from common_metrics.landing import receiving

        drop, lake = settings.drop(), settings.lake()
        return receiving.record_unmatched(load_contracts(), drop, lake, lake.moment())

    @task.short_circuit
    def is_needed() -> bool:
        from common_metrics.publication import release

        return release.is_needed(settings.lake())

    @task(outlets=[BUILD], on_failure_callback=TOLD, on_success_callback=TOLD)
    def dbt_build() -> None:
        from common_metrics.warehouse import build

        build.build(settings.lake())

    list_unmatched() >> is_needed() >> dbt_build()


if settings.is_wanted("build_warehouse"):
    build_warehouse()
