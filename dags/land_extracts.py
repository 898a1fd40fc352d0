"""``land_<provider>_<extract>``: one DAG a contract, from the drop folder to rows that
may be built on. A contract under expectations/ is all that a new one needs.
"""

from airflow.sdk import Asset, dag, get_current_context, task, task_group
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from pendulum import datetime

from common_metrics import landing, release, settings, validation
from common_metrics.contract import Contract, load_contracts
from common_metrics.errors import DeliveryRefused
from common_metrics.pseudonyms import KeyMissing


def land_extract(contract: Contract) -> None:
    @dag(
        dag_id=f"land_{contract.provider}_{contract.extract}",
        description=contract.title,
        schedule=contract.landing.schedule,
        start_date=datetime(2026, 1, 1),
        catchup=False,
        max_active_runs=1,
        tags=["land", contract.provider],
    )
    def land() -> None:
        @task
        def find_deliveries() -> list[str]:
            try:
                landing.require_key([contract], settings.drop())
            except KeyMissing as missing:
                raise AirflowFailException(str(missing)) from None
            return landing.find_deliveries(contract, settings.drop())

        @task(task_id="land", map_index_template="{{ delivery }}")
        def land_delivery(name: str) -> str:
            context = get_current_context()
            context["delivery"] = name
            at = context["dag_run"].run_after.strftime("%Y-%m-%dT%H:%M:%SZ")
            try:
                landed = landing.land(
                    contract, settings.drop(), name, settings.lake(), at
                )
            except DeliveryRefused as refused:
                raise AirflowFailException(refused.sentence(name)) from None
            if landed.status == "validated":
                raise AirflowSkipException(f"{name}: unchanged, nothing to do")
            return landed.sha256

        # One at a time: Great Expectations keeps one folder of results an extract.
        @task(map_index_template="{{ delivery }}", max_active_tis_per_dagrun=1)
        def validate(sha256: str) -> None:
            lake = settings.lake()
            delivery = lake.recorded(contract.key, sha256)
            get_current_context()["delivery"] = delivery.file
            try:
                judged = validation.validate(contract, delivery, lake)
            except DeliveryRefused as refused:
                raise AirflowFailException(refused.sentence(delivery.file)) from None
            print(judged.message or f"{judged.rows_validated} rows")

        @task_group
        def delivery(name: str) -> None:
            validate(land_delivery(name))

        @task(trigger_rule="all_done", outlets=[Asset(f"validated/{contract.key}")])
        def announce() -> None:
            if not release.is_needed(settings.lake()):
                raise AirflowSkipException("nothing new since the releases kept")
            validation.build_data_docs(contract.key, settings.lake())

        @task(trigger_rule="all_done")
        def settle(names: list[str]) -> None:
            """Fail the run, in plain words, if a delivery in the folder is refused."""
            newest = settings.lake().newest_of(contract.key)
            delivered = [newest[name] for name in names if name in newest]
            refused = [d.message for d in delivered if d.status == "refused"]
            if refused:
                raise AirflowFailException("\n".join(refused))

        names = find_deliveries()
        delivery.expand(name=names) >> [announce(), settle(names)]

    land()


for each in load_contracts().values():
    land_extract(each)
