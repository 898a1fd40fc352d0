"""The student part on Spark: the counts that DuckDB has, row by row."""

import duckdb
import pytest
from conftest import StudentLake
from staged import UNTESTED

from common_metrics.warehouse import build, spark


@pytest.fixture(scope="module")
def on_both(student_lake: StudentLake) -> tuple[spark.Graph, duckdb.DuckDBPyConnection]:
    """The sample's students counted by DuckDB, and beside it by Spark."""
    lake = student_lake.lake
    build.write_inputs(lake)
    selected = ["resource_type:seed", *(f"+{name}" for name in spark.BORDER)]
    done = build.dbt(lake, "build", *UNTESTED, "--select", *selected)
    assert done.returncode == 0, done.stdout[-2000:]
    graph = spark.Graph(lake)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(spark.VARIABLE, "local[2]")
        folder = spark.build_student_part(lake, graph)
    con = duckdb.connect()
    con.execute(f"attach '{lake.build()}' as warehouse (read_only)")
    for name in graph.student_part():
        files = f"{folder / name}/*.parquet"
        con.execute(f"create view {name} as from read_parquet('{files}')")
    return graph, con


@pytest.mark.parametrize("name", spark.BORDER)
def test_spark_counts_what_duckdb_counts(on_both, name: str) -> None:
    graph, con = on_both
    own = f"warehouse.{graph.models[name]['schema']}.{name}"
    columns = ", ".join(row[0] for row in con.execute(f"describe {own}").fetchall())
    assert con.execute(f"select count(*) from {own}").fetchone()[0] > 0
    for one, other in ((own, name), (name, own)):
        left = f"select {columns} from {one} except all select {columns} from {other}"
        assert con.execute(left).fetchall() == []
