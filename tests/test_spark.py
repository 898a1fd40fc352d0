"""Spark counts the students as DuckDB does: a real one, at the size of the sample."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from computed_truth import differences
from conftest import StudentLake
from leaks import scan
from staged import UNTESTED

from common_metrics.lake import Lake
from common_metrics.warehouse import build, spark

BORDER = {
    "int_computed_counts",
    "int_people_under_two_ids",
    "int_set_aside_counts",
    "int_student_rows_by_state",
}


@pytest.fixture(scope="module")
def warehouse(
    student_lake: StudentLake, tmp_path_factory: pytest.TempPathFactory
) -> Lake:
    """A copy of the lake of students, with their counts by DuckDB."""
    lake = Lake(tmp_path_factory.mktemp("spark") / "a lake")
    shutil.copytree(student_lake.lake.root, lake.root)
    shutil.rmtree(lake.root / "build", ignore_errors=True)
    build.write_inputs(lake)
    select = ["--select", "resource_type:seed", "+tag:counts"]
    done = build.dbt(lake, "build", *UNTESTED, *select)
    assert done.returncode == 0, done.stdout[-2000:]
    shutil.copyfile(lake.build(), lake.root / "duckdb.duckdb")
    return lake


@pytest.fixture(autouse=True)
def chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_TARGET", "spark")


def are_equal(lake: Lake) -> None:
    """Assert that the tables taken from Spark are those of DuckDB, types and rows."""
    lake.build().unlink()
    spark.take_counts(lake)
    with duckdb.connect() as con:
        con.execute(f"attach '{lake.build()}' as spark (read_only)")
        con.execute(f"attach '{lake.root}/duckdb.duckdb' as duck (read_only)")
        for name in BORDER:
            one, other = f"spark.intermediate.{name}", f"duck.intermediate.{name}"
            types = [con.sql(f"describe {each}").fetchall() for each in (one, other)]
            assert types[0] == types[1]
            assert con.sql(f"from {one} except all from {other}").fetchall() == []
            assert con.sql(f"from {other} except all from {one}").fetchall() == []
        counts = con.sql("select count(*) from duck.intermediate.int_computed_counts")
        assert counts.fetchone() == (8256,)


def test_spark_counts_as_duckdb_and_its_own_tests_pass(
    warehouse: Lake, student_lake: StudentLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBT_EXCLUDE_RESOURCE_TYPES")
    build.count_on_spark(warehouse)
    assert {folder.name for folder in warehouse.counts.iterdir()} == BORDER
    are_equal(warehouse)
    log = warehouse.log("spark.log").read_text()
    assert len(re.findall(r" PASS int_\w+::", log)) > 30
    assert len(re.findall(r" PASS unique_grain_", log)) > 30
    # What DuckDB computes from them is what was planted.
    rest = ["--select", "+int_computed_outcomes", "--exclude", "tag:students"]
    done = build.dbt(warehouse, "build", *UNTESTED, *rest)
    assert done.returncode == 0, done.stdout[-2000:]
    truth = student_lake.sample / "truth" / "computed.csv"
    assert differences(warehouse.build(), truth) == []


def test_no_student_is_left_of_what_spark_wrote(warehouse: Lake) -> None:
    assert {p.name for p in (warehouse.root / "build/spark").iterdir()} == {"target"}
    of_a_run = {"metastore_db", "spark-warehouse", "derby.log", "artifacts"}
    assert not of_a_run & {*os.listdir(warehouse.root), *os.listdir()}
    columns = {
        column
        for file in warehouse.counts.glob("*/*.parquet")
        for column in pq.read_schema(file).names
    }
    assert not columns & {"student_key", "person_key"}


def test_a_master_and_two_workers_count_the_same(
    warehouse: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with two_workers(tmp_path) as master:
        monkeypatch.setenv("SPARK_MASTER", master)
        build.count_on_spark(warehouse, *UNTESTED)
        done = [(tmp_path / f"{n}/work").glob("app-*/*/stdout") for n in (1, 2)]
        assert all(any(found) for found in done)
    are_equal(warehouse)


@contextmanager
def two_workers(folder: Path) -> Iterator[str]:
    """A master and two workers of the wheel, on loopback; yield where it listens."""
    (home,) = spark.program()[0].parents[1].glob("lib/python3*/site-packages/pyspark")
    env = os.environ | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    env |= {"SPARK_LOCAL_DIRS": str(folder), "SPARK_NO_DAEMONIZE": "1"}
    port = _free_port()
    master = f"spark://127.0.0.1:{port}"
    here = ["--host", "127.0.0.1", "--webui-port", "0"]
    of_worker = ["worker.Worker", *here, "--cores", "1", "--memory", "1g"]
    commands = [["master.Master", *here, "--port", str(port)]]
    for number in (1, 2):
        own = ["--work-dir", str(folder / str(number) / "work"), master]
        commands.append([*of_worker, *own])
    parts: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            words = [f"org.apache.spark.deploy.{command[0]}", *command[1:]]
            with (folder / f"{len(parts)}.log").open("w") as log:
                parts.append(_begun([home / "bin/spark-class", *words], env, log))
            _wait_for(port)
        yield master
    finally:
        for part in parts:
            part.kill()
            part.wait()


def _begun(command: list[object], env: dict[str, str], log) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*map(str, command)], env=env, stdout=log, stderr=log)


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(120):
        with closing(socket.socket()) as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    pytest.fail(f"Expected Spark's master on port {port}. Found nothing after 60 s.")


def test_a_run_that_fails_leaves_no_cell_in_its_logs(warehouse: Lake) -> None:
    lake = Lake(warehouse.root.with_name("failing"))
    shutil.copytree(warehouse.root, lake.root)
    files = (lake.validated / "nh/i4see_enrollment").glob("20*/*.parquet")
    file = max(files, key=lambda file: pq.read_metadata(file).num_rows)
    table = pq.read_table(file)
    cells = pa.array(["Quozz1zyk7717731"] * len(table), pa.string())
    column = table.schema.get_field_index("entry_date")
    pq.write_table(table.set_column(column, "entry_date", cells), file)
    with pytest.raises(build.BuildFailed, match="stg_nh__i4see_enrollment") as failed:
        build.count_on_spark(lake, *UNTESTED)
    file.unlink()
    assert "Quozz1zyk" not in str(failed.value)
    assert scan(lake.root, {"Quozz1zyk7717731"}) == []
    log = lake.log("spark.log").read_text()
    assert "its text is left out" in log and "stg_nh__i4see_enrollment" in log


def test_what_spark_says_of_a_cell_is_left_out_and_of_the_sql_is_not() -> None:
    said = (
        "13:00:00    [CAST_INVALID_INPUT] The value 'Quozz1zyk' of the type\n == x\n"
        '13:00:01  java.lang.NumberFormatException: For input string: "Quozz1zyk"\n'
        "13:00:02    [UNRESOLVED_COLUMN.WITH_SUGGESTION] A column `x` cannot be\n"
    )
    kept = build.without_cells(said)
    assert "Quozz1zyk" not in kept
    assert "[CAST_INVALID_INPUT]" in kept and "NumberFormatException" in kept
    assert "A column `x` cannot be" in kept


def test_without_pyspark_or_java_the_run_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(spark.NotOnSpark, match=r"expected Java 17\. Found none\. I"):
        (tmp_path / "lib/python3.11/site-packages/pyspark").mkdir(parents=True)
        monkeypatch.setenv(spark.FOLDER, str(tmp_path))
        spark.program()
    monkeypatch.setenv(spark.FOLDER, str(tmp_path / "none"))
    with pytest.raises(spark.NotOnSpark, match=r"expected pyspark\. Found none in"):
        spark.program()
