"""The same work in DuckDB alone: hash, check, set students aside, write, count."""

import hashlib
import os
import shutil
import sys
from pathlib import Path

import duckdb

KEY = os.environ["COMMON_METRICS_STUDENT_KEY"].encode().ljust(64, b"\0")
INNER = bytes(b ^ 0x36 for b in KEY).hex()
OUTER = bytes(b ^ 0x5C for b in KEY).hex()
# HMAC-SHA256 of a kind of id and the id, as the product makes it.
HASHED = f"""left(sha256(unhex('{OUTER}') || unhex(sha256(
    unhex('{INNER}') || encode('student_id' || chr(0) || upper(PERMNUMBER))
))), 32)"""
WRONG_PLACE = """
    student_key is null
    or not regexp_full_match(ENRORGID, '[A-Z]{1,2}[0-9]{3}[A-Z]?')
    or not regexp_full_match(ADMINID, '[A-Z]{1,2}[0-9]{3}[A-Z]?')
    or not regexp_full_match(SY, '20[0-9]{2}')"""
WRONG_DATE = """(
    not regexp_full_match({0}, '[0-9]{{1,2}}/[0-9]{{1,2}}/(19|20)[0-9]{{2}}')
    or {0} is not null and try_strptime({0}, '%m/%d/%Y') is null
)"""
WRONG_DAY = f"""
    {WRONG_PLACE}
    or {WRONG_DATE.format("ATTEVENTDATE")}
    or DAILY_STATUS not in ('ABS', 'PRS')
    or ATTENTYPEID not in ('FT', 'PTA', 'PTM', 'PTO')
    or ABSCATID not in ('EA', 'EXP', 'SNE', 'SUS', 'UA')
    or not regexp_full_match(
        DSID_VALUE, '(0(\\.00?)?|0?\\.25|0?\\.50?|0?\\.75|1(\\.00?)?)'
    )"""
RACES = ("RACE_AMI", "RACE_ASI", "RACE_AFA", "RACE_NAT", "RACE_WHT")
WRONG_SPELL = f"""
    {WRONG_PLACE}
    or ENRBEGDATE is null
    or {WRONG_DATE.format("ENRBEGDATE")}
    or {WRONG_DATE.format("ENRENDDATE")}
    or ETHNO not in ('1', '2')
    or {" or ".join(f"{race} not in ('Y', 'N')" for race in RACES)}
    or not regexp_full_match(ADMINSTAT, '0[1-9]')
    or not regexp_full_match(ENTRYTYPE, '0[1-9]|10')
    or not regexp_full_match(EXITTYPE, '0[1-9]|1[124-689]')
    or (ENRENDDATE is null) <> (EXITTYPE is null)
    or NSLELG not in ('01', '02', '09', '96')
    or strptime(ENRBEGDATE, '%m/%d/%Y') > make_date(cast(SY as integer), 6, 30)
    or strptime(ENRENDDATE, '%m/%d/%Y') < strptime(ENRBEGDATE, '%m/%d/%Y')
    or strptime(ENRENDDATE, '%m/%d/%Y') < make_date(cast(SY as integer) - 1, 7, 1)
    or strptime(ENRENDDATE, '%m/%d/%Y') > make_date(cast(SY as integer), 10, 31)"""
WRONG_GRADE = f"""
    {WRONG_PLACE}
    or GRADEBEGIN is null
    or {WRONG_DATE.format("GRADEBEGIN")}
    or {WRONG_DATE.format("GRADEEND")}
    or not regexp_full_match(GRADE, '0[1-9]|1[0-2]|AW|EE|IT|KF|KP|PD|PK')
    or strptime(GRADEEND, '%m/%d/%Y') < strptime(GRADEBEGIN, '%m/%d/%Y')"""


def main() -> None:
    work = Path(sys.argv[1])
    settings = {"memory_limit": "2GB", "temp_directory": str(work / "out/spill")}
    with duckdb.connect(config=settings) as con:
        counted = {"attendance": days, "enrolment": spells}[sys.argv[2]]
        print("counted", counted(con, work / "drop/vt_sis", work / "out"))


def landed(
    con: duckdb.DuckDBPyConnection, file: Path, out: Path, grain: str, wrong: str
) -> str:
    """Return the rows of a file whose students are sound, as Parquet."""
    with file.open("rb") as stream:
        hashlib.file_digest(stream, "sha256")
    kept, stem = shutil.copyfile(file, out / file.name), out / file.stem
    con.execute(
        f"""
        create or replace table printed as
        with printed as (
            select *, row_number() over () as line
            from read_csv('{kept}', all_varchar = true, header = true)
        ),
        ids as (
            select PERMNUMBER, {HASHED} as student_key
            from (select distinct PERMNUMBER from printed)
            where regexp_full_match(PERMNUMBER, '[0-9]{{7,10}}')
        )
        select printed.* exclude (PERMNUMBER), student_key
        from printed left join ids using (PERMNUMBER)
        """
    )
    con.execute(
        f"""
        create or replace table single as
        from printed
        qualify row_number() over (partition by {grain} order by line) = 1
        """
    )
    con.execute(f"create or replace table wrong as from single where {wrong}")
    con.execute(
        """
        create or replace table aside as
        from single
        where line in (select line from wrong)
            or student_key in (select student_key from wrong)
        """
    )
    con.execute(f"copy aside to '{stem}.quarantine.parquet' (compression zstd)")
    con.execute(
        f"""
        copy (from single anti join aside using (line) order by line)
        to '{stem}.validated.parquet' (compression zstd)
        """
    )
    return f"{stem}.validated.parquet"


def days(con: duckdb.DuckDBPyConnection, drop: Path, out: Path) -> tuple[int, ...]:
    grain = "ENRORGID, student_key, ATTEVENTDATE, DAILY_STATUS, ATTENTYPEID, SY"
    validated = landed(con, drop / "2014.04_7_PS_Att.csv", out, grain, WRONG_DAY)
    (found,) = con.execute(
        f"""
        with enrolled as (
            select distinct
                {HASHED} as student_key, ENRORGID
            from read_csv('{drop}/2014.04_4_PS_Enroll.csv', all_varchar = true)
        ),
        a_day as (
            select
                student_key,
                ENRORGID,
                ATTEVENTDATE,
                sum(cast(DSID_VALUE as decimal(9, 3)))
                    filter (DAILY_STATUS = 'ABS') >= 0.5 as is_absent
            from '{validated}'
            semi join enrolled using (student_key, ENRORGID)
            where ABSCATID is null or ABSCATID <> 'SNE'
            group by all
        ),
        a_student as (
            select
                student_key, ENRORGID,
                count(*) as days, count(*) filter (is_absent) as absent
            from a_day group by all
        ),
        of_schools as (
            select
                ENRORGID, count(*) as students, sum(days) as days,
                sum(absent) as absent,
                count(*) filter (absent >= 0.1 * days) as chronic
            from a_student group by all
        )
        select
            cast(sum(students) as bigint), cast(sum(days) as bigint),
            cast(sum(absent) as bigint), cast(sum(chronic) as bigint)
        from of_schools
        """
    ).fetchall()
    return found


def spells(con: duckdb.DuckDBPyConnection, drop: Path, out: Path) -> tuple[int, ...]:
    grain = "ADMINID, ENRORGID, student_key, ENRBEGDATE, SY"
    for file in sorted(drop.glob("*04_4_PS_Enroll.csv")):
        landed(con, file, out, grain, WRONG_SPELL)
    grain = "ENRORGID, student_key, GRADE, GRADEBEGIN, SY"
    for file in sorted(drop.glob("*04_5_PS_GradeProg.csv")):
        landed(con, file, out, grain, WRONG_GRADE)
    (found,) = con.execute(
        f"""
        with aside as (
            select student_key
            from '{out}/*_PS_Enroll.quarantine.parquet' where student_key is not null
        ),
        in_high_school as (
            select
                spells.student_key,
                spells.ENRORGID,
                cast(spells.SY as integer) as year,
                strptime(ENRBEGDATE, '%m/%d/%Y') as entry,
                strptime(ENRENDDATE, '%m/%d/%Y') as exit,
                EXITTYPE
            from '{out}/*_PS_Enroll.validated.parquet' as spells
            inner join '{out}/*_PS_GradeProg.validated.parquet' as grades
                on
                    spells.student_key = grades.student_key
                    and spells.ENRORGID = grades.ENRORGID
                    and spells.SY = grades.SY
            anti join aside on spells.student_key = aside.student_key
            where
                GRADE in ('09', '10', '11', '12')
                and ADMINSTAT not in ('04', '05', '07')
            qualify row_number() over (
                partition by spells.student_key, spells.SY
                order by exit desc nulls first, entry desc
            ) = 1
        ),
        members as (
            select ENRORGID, count(*) as members
            from in_high_school
            where
                year = 2014 and entry <= date '2013-10-01'
                and (exit is null or exit > date '2013-10-01')
            group by all
        ),
        leavers as (
            select
                ENRORGID, student_key,
                year + cast(EXITTYPE is null as integer) as event_year
            from in_high_school as spells
            anti join in_high_school as back
                on
                    spells.student_key = back.student_key
                    and spells.year + 1 = back.year
            where EXITTYPE is null or EXITTYPE in ('14', '15', '16', '18')
        ),
        dropouts as (
            select ENRORGID, count(distinct student_key) as dropouts
            from leavers where event_year = 2014 group by all
        )
        select cast(sum(members) as bigint), cast(sum(dropouts) as bigint)
        from members left join dropouts using (ENRORGID)
        """
    ).fetchall()
    return found


if __name__ == "__main__":
    main()
