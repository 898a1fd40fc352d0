"""dbt as it is, but for one setting: run by the Python of Spark's environment.

dbt-spark 1.11.0 turns ANSI SQL off, whatever a profile says; a text that is no number
or day would then be null, without a word, where DuckDB ends the build.
"""

from typing import Any

from dbt.adapters.spark.connections import SparkCredentials
from dbt.cli.main import cli

made = SparkCredentials.__post_init__


def with_ansi(self: Any) -> None:
    made(self)
    self.server_side_parameters["spark.sql.ansi.enabled"] = "true"


if __name__ == "__main__":
    SparkCredentials.__post_init__ = with_ansi
    cli()
