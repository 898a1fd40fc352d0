"""Airflow's own database: the history of runs, and nothing that a lake needs."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

from common_metrics import settings


def address(home: Path, name: str = "airflow.db") -> str:
    """Return where Airflow finds it.

    Two processes write; the default gives up after five seconds.
    """
    return f"sqlite:///{home}/{name}?timeout=60"


def make(home: Path, log: Path) -> None:
    """Make the database unless it is there and whole.

    In a file of its own, renamed when it is done: one that was killed half-way is never
    taken for a database, and no run works with half of one.
    """
    if is_whole(home / "airflow.db"):
        return
    remove(home)
    airflow = Path(sys.executable).with_name("airflow")
    place = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": address(home, "airflow.db.part")}
    with log.open("w") as stream:
        subprocess.run(
            [airflow, "db", "migrate"],
            env=os.environ | place,
            check=True,
            stdout=stream,
            stderr=stream,
        )
    (home / "airflow.db.part").rename(home / "airflow.db")


def trim() -> None:
    """Forget the older history, so that the database does not grow for ever.

    SQLite uses the room again; the process has Airflow loaded and its settings made.
    """
    if not (days := settings.kept("HISTORY_DAYS")):
        return
    from airflow.utils.db_cleanup import run_cleanup
    from pendulum import now

    run_cleanup(
        clean_before_timestamp=now("UTC").subtract(days=days),
        confirm=False,
        skip_archive=True,
    )


def is_whole(database: Path) -> bool:
    """Return whether Airflow has noted that it made all tables, which it does last."""
    if not database.exists():
        return False
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(database)) as con:
        return bool(con.execute("select version_num from alembic_version").fetchall())
    return False


def remove(home: Path) -> None:
    """Remove the database, with what SQLite and a killed migration left beside it."""
    for file in home.glob("airflow.db*"):
        file.unlink()
