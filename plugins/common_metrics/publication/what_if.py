"""What a changed rule would move, before it is adopted.

``make what-if SEEDS=<folder of changed seed files> [TIER=public]``. Builds what follows
from the rules in a copy that is thrown away; the lake is read and never written.
"""

import csv
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import duckdb

from common_metrics.contracts import dbt_sources
from common_metrics.errors import Refused
from common_metrics.lake import Lake
from common_metrics.publication import changes
from common_metrics.publication.audiences import Audiences, Table, literal
from common_metrics.warehouse import build
from common_metrics.warehouse.seeds import SEEDS, refuse_proportions


class NotTried(Refused):
    """What is asked cannot be tried."""


def changed_seeds(folder: Path) -> list[Path]:
    """Return the files of ``folder`` that differ from the seeds; raise NotTried."""
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise NotTried(
            "SEEDS",
            "a folder with changed copies of seeds",
            "no csv file",
            "Copy one there from dbt_project/seeds and change it.",
        )
    for file in files:
        refuse_proportions(file)
        _refuse_other_table(file)
    changed = [f for f in files if f.read_bytes() != (SEEDS / f.name).read_bytes()]
    if not changed:
        raise NotTried(
            "SEEDS",
            "a changed rule",
            "only files that equal the rules in use",
            "Change a row first.",
        )
    return changed


def what_if(lake: Lake, seeds: list[Path], tier: str) -> list[str]:
    """Return the summary of what ``seeds`` would move; raise NotTried."""
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(config={"temp_directory": folder}) as con,
    ):
        tried = _try(lake, seeds, Path(folder))
        con.execute(f"attach {literal(str(lake.build()))} as in_use (read_only)")
        con.execute(f"attach {literal(str(tried))} as tried (read_only)")
        tables = Audiences(lake).tables(tier)
        changes.compare(
            con,
            {table.name: _rows_of(table, "in_use") for table in tables},
            {table.name: _rows_of(table, "tried") for table in tables},
            hides_numbers=tier == "public",
        )
        return changes.summary(con, "changes")


def _rows_of(table: Table, build: str) -> str:
    """Return the table's query, on the build that is attached under a name."""
    return f"({table.rows.replace('from warehouse.', f'from {build}.')})"


def _refuse_other_table(file: Path) -> None:
    seed = SEEDS / file.name
    if not seed.exists():
        names = ", ".join(sorted(f.name for f in SEEDS.glob("*.csv")))
        raise NotTried(
            file.name,
            "the name of a seed",
            "none of that name",
            f"Name the file as one of {names}.",
        )
    if _header(file) != _header(seed):
        raise NotTried(
            f"{file.name} row 1",
            f"the columns {', '.join(_header(seed))}",
            ", ".join(_header(file)),
            "Keep the columns of the seed.",
        )


def _header(file: Path) -> list[str]:
    with file.open(newline="", encoding="utf-8") as lines:
        return next(csv.reader(lines), [])


def _try(lake: Lake, seeds: list[Path], folder: Path) -> Path:
    """Build what follows from the seeds in a copy of the build; return its file."""
    project, tried = folder / "dbt_project", folder / lake.build().name
    dbt_sources.write()
    left_out = shutil.ignore_patterns("target", "logs")
    shutil.copytree(build.DBT_PROJECT, project, ignore=left_out)
    for seed in seeds:
        shutil.copyfile(seed, project / "seeds" / seed.name)
    with lake.build_kept():
        _refuse_other_build(lake)
        shutil.copyfile(lake.build(), tried)
    _run_dbt(lake, project, tried, [seed.stem for seed in seeds])
    return tried


def _refuse_other_build(lake: Lake) -> None:
    """What other code or deliveries moved must not be laid to the rule."""
    record = lake.build_record()
    made_from = json.loads(record.read_text()) if record.exists() else {}
    if made_from.get("fingerprint") != build.fingerprint(lake):
        raise NotTried(
            "build",
            "a finished build of these deliveries, rules and code",
            "none or an older one",
            "Run `make run` first.",
        )


def _run_dbt(lake: Lake, project: Path, tried: Path, names: list[str]) -> None:
    places: list[str | Path] = ["--project-dir", project, "--profiles-dir", project]
    follows = ["--select", *[f"{name}+" for name in names], "rule_digests"]
    done = subprocess.run(
        [build.DBT, "build", "--exclude-resource-type", "unit_test", *follows, *places],
        cwd=lake.root,
        env={
            **build.dbt_environment(lake),
            "COMMON_METRICS_BUILD": str(tried),
            "DBT_TARGET_PATH": str(tried.parent / "target"),
            "DBT_LOG_PATH": str(tried.parent / "logs"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotTried(
            "SEEDS",
            "rules with which every model and test passes",
            f"these:\n{build.failures(done.stdout)}\n",
            "Correct the rule that it complains of.",
        )
