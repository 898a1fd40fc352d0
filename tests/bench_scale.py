"""Big deliveries: days of attendance and the enrolment of a state, and what they cost.

``make bench-scale [ROWS="1000000 10000000"] [RUNS=3]`` writes the files of invented
students, then does the same with them in four ways, each in a process of its own: the
product (landing, validation, dbt to the counts), a bare DuckDB script, earthmover on
the same mapping, and pandas. Each has to count what the generator wrote down. Rows a
second, processor seconds and the largest process are printed, and put into the table of
docs/benchmarks.md in place of what stands there of as many rows.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from itertools import takewhile
from pathlib import Path
from statistics import median
from typing import NamedTuple

import duckdb

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "tests/scale"
PAGE = ROOT / "docs/benchmarks.md"
HEAD = "| rows | way | rows a second | seconds | processor seconds | MB | runs |\n"
HEAD += "|---|---|---|---|---|---|---|\n"
KEY = "of the sample, no secret"
DAYS = 175
# Students enough, an id has a letter in it, and a row a part of a day that none has.
ODD_STUDENT, ODD_ROW = 9_973, 99_991
# What earthmover and pandas take too long for, or more memory than there is.
MOST = {"in_earthmover": 1_000_000, "in_pandas": 20_000_000}
NAMES = {
    "product": "this project",
    "bare": "DuckDB alone",
    "in_earthmover": "earthmover",
    "in_pandas": "pandas",
}
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
print(done.stdout)
"""
STUDENTS = f"""
    students as (
        select
            student,
            'SU' || lpad(cast(1 + student % 50 as varchar), 3, '0') as ADMINID,
            'PS' || lpad(cast(1 + student % 300 as varchar), 3, '0') as ENRORGID,
            case when student % {ODD_STUDENT} = 5 then 'X' else '' end
                || cast(1000000 + student as varchar) as PERMNUMBER
        from (select unnest(range($rows // {DAYS})) as student)
    )"""
ATTENDANCE = f"""
    with {STUDENTS}, days as (
        select students.*, student * {DAYS} + day as n, day
        from students cross join (select unnest(range({DAYS})) as day)
    )
    select
        ADMINID, ENRORGID, PERMNUMBER,
        strftime(
            date '2013-08-28' + cast(day + 2 * (day // 5) as integer), '%m/%d/%Y'
        ) as ATTEVENTDATE,
        case when hash(n) % 100 < 6 then 'ABS' else 'PRS' end as DAILY_STATUS,
        'FT' as ATTENTYPEID,
        case when hash(n) % 100 < 6 then 'UA' end as ABSCATID,
        case when n % {ODD_ROW} = 7 then '2' else '1' end as DSID_VALUE,
        '2014' as SY
    from days order by n"""
ENROLMENT = f"""
    with {STUDENTS}
    select
        ADMINID, ENRORGID, PERMNUMBER, '1' as ETHNO,
        'N' as RACE_AMI, 'N' as RACE_ASI, 'N' as RACE_AFA, 'N' as RACE_NAT,
        'Y' as RACE_WHT, '01' as ADMINSTAT, '06' as ENTRYTYPE,
        '08/27/2013' as ENRBEGDATE, '06/13/2014' as ENRENDDATE, '08' as EXITTYPE,
        null as NEWENRORGID, 'N' as SS504, 'N' as EST, '96' as NSLELG, 'N' as HOMELESS,
        'N' as MKSERVICE, null as UNYOUTH, 'N' as NTRESNO, 'N' as DUAL_ENR,
        'N' as T1SERVICES, 'N' as IST1RLA, 'N' as IST1MATH, 'N' as IST1SCIENCE,
        'N' as IST1SOCIAL, 'N' as IST1VOC, 'N' as IST1OTHER, 'N' as SST1HEALTH,
        'N' as SST1GUID, null as SST1OTHER, '2014' as SY
    from students order by student"""
GRADES = f"""
    with {STUDENTS}
    select
        ADMINID, ENRORGID, PERMNUMBER,
        lpad(cast(9 + student % 4 as varchar), 2, '0') as GRADE,
        '08/27/2013' as GRADEBEGIN, '06/13/2014' as GRADEEND, '2014' as SY
    from students order by student"""
FILES = {
    "2014.04_7_PS_Att.csv": ATTENDANCE,
    "2014.04_4_PS_Enroll.csv": ENROLMENT,
    "2014.04_5_PS_GradeProg.csv": GRADES,
}
# Students are counted as a whole: one of whom a row is set aside is in no count.
TRUTH = f"""
    select
        count(*) as students,
        cast(sum(days) as bigint) as days,
        cast(sum(absent) as bigint) as absent,
        count(*) filter (where absent >= 0.1 * days) as chronic
    from (
        select
            count(*) as days,
            count(*) filter (where hash(n) % 100 < 6) as absent
        from (select unnest(range($rows // {DAYS} * {DAYS})) as n)
        group by n // {DAYS}
        having n // {DAYS} % {ODD_STUDENT} <> 5 and not bool_or(n % {ODD_ROW} = 7)
    )"""


class Cost(NamedTuple):
    """Wall and processor seconds, megabytes of the largest process."""

    wall: float
    processor: float
    megabytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--rows", type=int, nargs="+", required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ways", nargs="+", default=[*NAMES])
    parser.add_argument("--earthmover", type=Path)
    args = parser.parse_args()
    for rows in args.rows:
        shutil.rmtree(args.work, ignore_errors=True)
        truth = write(args.work / "drop/vt_sis", rows)
        ways = [way for way in args.ways if rows <= MOST.get(way, rows)]
        costs: dict[str, list[Cost]] = {way: [] for way in ways}
        for _ in range(args.runs):
            for way in ways:  # in turn, so that what else the machine does meets all
                costs[way].append(_measured(way, args.work, args.earthmover, truth))
        _put([_line(rows, way, runs) for way, runs in costs.items()])


def _line(rows: int, way: str, runs: list[Cost]) -> str:
    """Return the medians of some runs as a row of the table."""
    wall, processor, megabytes = (median(part) for part in zip(*runs, strict=True))
    line = (
        f"| {rows:,} | {NAMES[way]} | {rows / wall:,.0f} | {wall:,.0f} | "
        f"{processor:,.0f} | {megabytes:,.0f} | {len(runs)} |"
    )
    print(line, flush=True)
    return line


def _put(lines: list[str]) -> None:
    """Write rows into the table of the page, in place of those that begin so."""
    told = {tuple(line.split("|")[1:3]): line for line in lines}
    before, after = PAGE.read_text().split(HEAD)
    table = [*takewhile(lambda line: line.startswith("|"), after.splitlines())]
    kept = {tuple(line.split("|")[1:3]): line for line in table} | told
    order = sorted(kept, key=lambda key: (_rows(key[0]), key[1].strip()))
    rest = after.splitlines()[len(table) :]
    body = [kept[key] for key in order] + rest
    PAGE.write_text(before + HEAD + "\n".join(body) + "\n")


def _rows(cell: str) -> int:
    return int(cell.replace(",", ""))


def write(folder: Path, rows: int) -> tuple[int, ...]:
    """Write the files of so many days; return what is to be counted of them."""
    folder.mkdir(parents=True)
    with duckdb.connect() as con:
        for name, query in FILES.items():
            made = query.replace("$rows", str(rows))
            con.execute(f"copy ({made}) to '{folder / name}' (header)")
        (truth,) = con.execute(TRUTH.replace("$rows", str(rows))).fetchall()
    return truth


def _measured(way: str, work: Path, earthmover: Path | None, truth: object) -> Cost:
    shutil.rmtree(work / "out", ignore_errors=True)
    (work / "out").mkdir()
    python = (
        earthmover / "bin/python" if earthmover and way == "in_earthmover" else None
    )
    command = [str(python or sys.executable), str(SCRIPTS / f"{way}.py"), str(work)]
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command],
        env=os.environ
        | {
            "COMMON_METRICS_STUDENT_KEY": KEY,
            "PYTHONPATH": str(ROOT / "plugins"),
            "PYTHONWARNINGS": "ignore",
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    wall = time.monotonic() - started
    figures, *printed = done.stdout.splitlines()
    code, processor, megabytes = figures.split()
    counted = [line for line in printed if line.startswith("counted ")]
    if code != "0" or counted != [f"counted {truth}"]:
        raise SystemExit(f"{way}: ended with {code}, {counted}; the truth is {truth}")
    return Cost(wall, float(processor), float(megabytes))


if __name__ == "__main__":
    main()
