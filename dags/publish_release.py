"""``publish_release``: audit the finished build and swap it in; or go back to one."""

from airflow.sdk import Asset, Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException
from pendulum import now

from common_metrics import lost, notify, settings
from common_metrics.contracts import page

SECTION = "the-release-was-refused"
TOLD = notify.task("publish_release", SECTION)


@dag(
    schedule=[Asset("warehouse/build")],
    catchup=False,
    max_active_runs=1,
    tags=["publish"],
    default_args=lost.again(queue=lost.WAREHOUSE),
    doc_md=page.step("Audits the finished build and makes it the release", SECTION),
)
def publish_release() -> None:
    @task(on_failure_callback=TOLD, on_success_callback=TOLD)
    def publish() -> str:
        from common_metrics.publication import delivery_years, release

        # The event of a build that `make run` has published comes to a scheduler later.
        if not release.is_needed(settings.lake()):
            raise AirflowSkipException("a kept release is of these files and this code")
        # The clock's time: the run's own is that of the first waiting asset event.
        published = release.publish(settings.lake(), now("UTC"))
        print(*delivery_years.new_years(settings.lake()), sep="\n")
        return published

    publish()


@dag(
    schedule=None,
    params={
        "release": Param("", description="Id of a kept release; empty: the one before")
    },
    tags=["publish"],
    default_args=lost.again(queue=lost.WAREHOUSE),
    doc_md=page.step("Makes an earlier release the current one, by hand", "roll-back"),
)
def roll_back_release() -> None:
    @task
    def roll_back() -> str:
        from common_metrics.publication import release

        wanted = get_current_context()["params"]["release"] or None
        return release.rollback(settings.lake(), wanted)

    roll_back()


for each in (publish_release, roll_back_release):
    if settings.is_wanted(each.__name__):
        each()
