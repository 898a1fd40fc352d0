"""``watch_deliveries``: each morning, what is late, missing or unexpected."""

from airflow.sdk import CronTriggerTimetable, dag, task

from common_metrics import lost, settings
from common_metrics.contracts import page


@dag(
    dag_display_name="Calendar of deliveries",
    doc_md=page.step(
        "Says each morning what is late, missing or unexpected, and which file no "
        "contract takes; owners of contracts are told once of each change",
        "a-year-is-late",
    ),
    # Before people come, and after the landings of the night.
    schedule=CronTriggerTimetable("0 7 * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["watch", "daily"],
    default_args=lost.again(),
)
def watch_deliveries() -> None:
    @task
    def look() -> str:
        from common_metrics import alerts, calendar, notify
        from common_metrics.contracts.loading import load_contracts
        from common_metrics.landing import receiving

        drop, lake = settings.drop(), settings.lake()
        # A build reads the receipts: none may go meanwhile.
        with lake.build_kept():
            receiving.record_unmatched(load_contracts(), drop, lake, lake.moment())
        found = calendar.entries(lake)
        print(*calendar.told(lake, found), sep="\n")
        alerts.tell(lake, alerts.of_calendar(found), notify.send, alerts.CALENDAR)
        return calendar.line(found)

    # A task of its own: what cannot be removed must not hide what is late.
    @task
    def tidy() -> list[str]:
        from common_metrics import housekeeping

        return [str(gone) for gone in housekeeping.tidy(settings.lake())]

    look() >> tidy()


if settings.is_wanted("watch_deliveries"):
    watch_deliveries()
