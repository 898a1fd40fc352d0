"""``land_<provider>_<extract>``: one DAG a contract, to rows that may be built on."""

from contextlib import suppress
from datetime import timedelta

from airflow.sdk import Asset, CronTriggerTimetable, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from common_metrics import lost, notify, settings
from common_metrics.contracts import page
from common_metrics.contracts.loading import contract_keys, load_contract_of
from common_metrics.contracts.model import Contract
from common_metrics.errors import ContractError
from common_metrics.fetching.task import fetch


def land_extract(contract: Contract) -> None:
    told = notify.task(contract.key, "a-delivery-was-refused", contract)

    @dag(
        dag_id=f"land_{contract.provider}_{contract.extract}",
        dag_display_name=contract.title,
        doc_md=page.doc_page(contract),
        # Without a first day, a DAG that is turned on waits for its next tick. The half
        # hour is for a tick that comes while the DAG is being read.
        schedule=CronTriggerTimetable(
            contract.landing.schedule,
            timezone="UTC",
            run_immediately=timedelta(minutes=30),
        ),
        catchup=False,
        max_active_runs=1,
        params={"replay": False},
        tags=page.tags(contract),
        default_args=lost.again(told, owner=contract.origin.publisher),
    )
    def land() -> None:
        @task(trigger_rule="all_done")  # where a source gives nothing, what is there
        def find_deliveries() -> list[dict]:
            from common_metrics import batching, replay
            from common_metrics.landing import receiving

            drop, lake = settings.drop(), settings.lake()
            at = lake.moment()
            receiving.require_key([contract], drop)
            batching.mend(contract, drop, lake)
            if get_current_context()["params"]["replay"]:
                replay.again(contract, lake, at)
            batches = batching.new_batches(contract, drop, lake)
            return [{"at": at, "names": names} for names in batches]

        # One at a time: Great Expectations keeps one folder of results an extract.
        @task(map_index_template="{{ deliveries }}", max_active_tis_per_dagrun=1)
        def receive(batch: dict) -> None:
            from common_metrics import batching
            from common_metrics.validation import expectations

            drop, lake = settings.drop(), settings.lake()
            received = batching.receive(contract, drop, lake=lake, **batch)
            deliveries = [each.delivery for each in received]
            get_current_context()["deliveries"] = expectations.label(deliveries)
            for d in deliveries:
                print(f"{d.file}: {d.status}, {d.rows_validated} rows")
            if refused := [d.message for d in deliveries if d.status == "refused"]:
                raise AirflowFailException("\n".join(refused))
            if not any(each.rows for each in received):
                raise AirflowSkipException("unchanged, nothing to do")

        @task(trigger_rule="all_done", outlets=[Asset(f"validated/{contract.key}")])
        def announce() -> None:
            from common_metrics.publication import release
            from common_metrics.validation import expectations

            if not release.is_needed(settings.lake()):
                raise AirflowSkipException("nothing new since the releases kept")
            expectations.build_data_docs(contract.key, settings.lake())

        # Fails the run where a file is refused; where a batch failed, the run has too.
        @task(trigger_rule="none_failed", on_success_callback=told)
        def settle() -> None:
            from common_metrics import batching

            drop, lake = settings.drop(), settings.lake()
            if wrong := batching.still_wrong(contract.key, drop, lake):
                raise AirflowFailException("\n".join(wrong))

        batches, settled = find_deliveries(), settle()
        receive.expand(batch=batches) >> [announce(), settled]
        if contract.landing.sources:
            fetch(contract) >> [batches, settled]

    land()


for key in contract_keys():
    if settings.is_wanted(f"land_{key.replace('/', '_')}"):
        # Of one that cannot be read barred_contracts.py tells; the others go on.
        with suppress(ContractError):
            land_extract(load_contract_of(key))
