"""Big deliveries: days of attendance, or the enrolment of a state, and what they cost.

``make bench-scale [OF=enrolment] [ROWS="1000000 10000000"] [RUNS=3]`` writes the files
of invented students, then does the same with them in four ways, each in a process of
its own: the product (landing, validation, dbt to the counts), a bare DuckDB script,
earthmover on the same mapping, and pandas. Each has to count what the generator wrote
down. Rows a second, processor seconds and the largest process are printed, and put into
the table of docs/benchmarks.md in place of what stands there of as many rows.
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
HEAD = "| of | rows | way | rows a second | seconds | processor seconds | MB | runs |\n"
HEAD += "|---|---|---|---|---|---|---|---|\n"
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
SPELLS = """
    select
        ADMINID, ENRORGID, PERMNUMBER, $ethnicity as ETHNO,
        'N' as RACE_AMI, 'N' as RACE_ASI, 'N' as RACE_AFA, 'N' as RACE_NAT,
        'Y' as RACE_WHT, '01' as ADMINSTAT, '06' as ENTRYTYPE,
        '08/27/' || ($year - 1) as ENRBEGDATE, $exit_date as ENRENDDATE,
        $exit_type as EXITTYPE,
        null as NEWENRORGID, 'N' as SS504, 'N' as EST, '96' as NSLELG, 'N' as HOMELESS,
        'N' as MKSERVICE, null as UNYOUTH, 'N' as NTRESNO, 'N' as DUAL_ENR,
        'N' as T1SERVICES, 'N' as IST1RLA, 'N' as IST1MATH, 'N' as IST1SCIENCE,
        'N' as IST1SOCIAL, 'N' as IST1VOC, 'N' as IST1OTHER, 'N' as SST1HEALTH,
        'N' as SST1GUID, null as SST1OTHER, '$year' as SY
    from $students order by student"""
GRADES = """
    select
        ADMINID, ENRORGID, PERMNUMBER,
        lpad(cast($grade as varchar), 2, '0') as GRADE,
        '08/27/' || ($year - 1) as GRADEBEGIN, '06/13/$year' as GRADEEND, '$year' as SY
    from $students order by student"""
OF_DAYS = {
    "$year": "2014",
    "$ethnicity": "'1'",
    "$exit_date": "'06/13/2014'",
    "$exit_type": "'08'",
    "$grade": "9 + student % 4",
    "$students": "students",
}
# Students are counted as a whole: one of whom a row is set aside is in no count.
DAYS_COUNTED = f"""
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
# Three years, since who is not back after summer has dropped out of the year to come.
# Each has as many students: as many come as have gone.
YEARS = (2013, 2014, 2015)
A_YEAR = f"""
    insert into spells
    with stayed as (
        select student from spells where year = $year - 1 and fate = 'stays'
    ),
    newcomers as (
        select unnest(range(first, first + {{rows}} // 3 - stayed)) as student
        from (
            select
                (select coalesce(max(student) + 1, 0) from spells) as first,
                (select count(*) from stayed) as stayed
        )
    )
    select
        student, $year as year,
        case
            when hash(student * 10000 + $year) % 100 < 3 then 'drops out'
            when hash(student * 10000 + $year) % 100 < 5 then 'is not back'
            when hash(student * 10000 + $year) % 100 < 25 then 'graduates'
            else 'stays'
        end as fate,
        'SU' || lpad(cast(1 + student % 50 as varchar), 3, '0') as ADMINID,
        'PS' || lpad(cast(1 + student % 300 as varchar), 3, '0') as ENRORGID,
        case when student % {ODD_STUDENT} = 5 then 'X' else '' end
            || cast(1000000 + student as varchar) as PERMNUMBER
    from (from stayed union all from newcomers)"""
SPELLS_TABLE = """
    create table spells (
        student bigint, year integer, fate varchar,
        ADMINID varchar, ENRORGID varchar, PERMNUMBER varchar
    )"""
OF_YEARS = {
    "$ethnicity": f"case when student % {ODD_ROW} = 7 then '3' else '1' end",
    "$exit_date": """case fate
        when 'drops out' then '02/10/$year' when 'graduates' then '06/13/$year'
    end""",
    "$exit_type": "case fate when 'drops out' then '14' when 'graduates' then '08' end",
    "$grade": "9 + student % 2 + $year - 2013",
    "$students": "(from spells where year = $year)",
}
SPELLS_COUNTED = f"""
    select
        count(*) filter (year = 2014) as members,
        count(*) filter (
            (year, fate) in ((2014, 'drops out'), (2013, 'is not back'))
        ) as dropouts
    from spells
    where student % {ODD_STUDENT} <> 5 and student % {ODD_ROW} <> 7"""


class Cost(NamedTuple):
    """Wall and processor seconds, megabytes of the largest process."""

    wall: float
    processor: float
    megabytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--of", choices=WRITTEN, default="attendance")
    parser.add_argument("--rows", type=int, nargs="+", required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ways", nargs="+", default=[*NAMES])
    parser.add_argument("--earthmover", type=Path)
    args = parser.parse_args()
    for rows in args.rows:
        shutil.rmtree(args.work, ignore_errors=True)
        (args.work / "drop/vt_sis").mkdir(parents=True)
        truth = WRITTEN[args.of](args.work / "drop/vt_sis", rows)
        ways = [way for way in args.ways if rows <= MOST.get(way, rows)]
        costs: dict[str, list[Cost]] = {way: [] for way in ways}
        for _ in range(args.runs):
            for way in ways:  # in turn, so that what else the machine does meets all
                costs[way].append(
                    _measured(way, args.of, args.work, args.earthmover, truth)
                )
        _put([_line(args.of, rows, way, runs) for way, runs in costs.items()])


def _line(of: str, rows: int, way: str, runs: list[Cost]) -> str:
    """Return the medians of some runs as a row of the table."""
    wall, processor, megabytes = (median(part) for part in zip(*runs, strict=True))
    line = (
        f"| {of} | {rows:,} | {NAMES[way]} | {rows / wall:,.0f} | {wall:,.0f} | "
        f"{processor:,.0f} | {megabytes:,.0f} | {len(runs)} |"
    )
    print(line, flush=True)
    return line


def _put(lines: list[str]) -> None:
    """Write rows into the table of the page, in place of those that begin so."""
    told = {tuple(line.split("|")[1:4]): line for line in lines}
    before, after = PAGE.read_text().split(HEAD)
    table = [*takewhile(lambda line: line.startswith("|"), after.splitlines())]
    kept = {tuple(line.split("|")[1:4]): line for line in table} | told
    order = sorted(kept, key=lambda key: (key[0], _rows(key[1]), key[2].strip()))
    rest = after.splitlines()[len(table) :]
    body = [kept[key] for key in order] + rest
    PAGE.write_text(before + HEAD + "\n".join(body) + "\n")


def _rows(cell: str) -> int:
    return int(cell.replace(",", ""))


def write_attendance(folder: Path, rows: int) -> tuple[int, ...]:
    """Write the files of so many days; return what is to be counted of them."""
    with duckdb.connect() as con:
        files = {"7_PS_Att": ATTENDANCE}
        for name, query in {"4_PS_Enroll": SPELLS, "5_PS_GradeProg": GRADES}.items():
            files[name] = f"with {STUDENTS} {_filled(query, OF_DAYS)}"
        for name, query in files.items():
            _copy(
                con, query.replace("$rows", str(rows)), folder / f"2014.04_{name}.csv"
            )
        return con.execute(DAYS_COUNTED.replace("$rows", str(rows))).fetchall()[0]


def write_enrolment(folder: Path, rows: int) -> tuple[int, ...]:
    """Write the files of so many spells; return what is to be counted of them."""
    with duckdb.connect() as con:
        con.execute(SPELLS_TABLE)
        for year in YEARS:
            of_year = OF_YEARS | {"$year": str(year)}
            con.execute(_filled(A_YEAR, of_year).format(rows=rows))
            spells, grades = _filled(SPELLS, of_year), _filled(GRADES, of_year)
            _copy(con, spells, folder / f"{year}.04_4_PS_Enroll.csv")
            _copy(con, grades, folder / f"{year}.04_5_PS_GradeProg.csv")
        return con.execute(SPELLS_COUNTED).fetchall()[0]


WRITTEN = {"attendance": write_attendance, "enrolment": write_enrolment}


def _filled(query: str, cells: dict[str, str]) -> str:
    """Return a query with its cells, of which one may hold another."""
    for name, text in cells.items():
        query = query.replace(name, text)
    return query


def _copy(con: duckdb.DuckDBPyConnection, query: str, file: Path) -> None:
    con.execute(f"copy ({query}) to '{file}' (header)")


def _measured(
    way: str, of: str, work: Path, earthmover: Path | None, truth: object
) -> Cost:
    shutil.rmtree(work / "out", ignore_errors=True)
    (work / "out").mkdir()
    python = (
        earthmover / "bin/python" if earthmover and way == "in_earthmover" else None
    )
    command = [str(python or sys.executable), str(SCRIPTS / f"{way}.py"), str(work), of]
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
