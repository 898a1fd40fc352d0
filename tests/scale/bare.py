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
WRONG = """
    student_key is null
    or not regexp_full_match(ENRORGID, '[A-Z]{1,2}[0-9]{3}[A-Z]?')
    or not regexp_full_match(ADMINID, '[A-Z]{1,2}[0-9]{3}[A-Z]?')
    or not regexp_full_match(ATTEVENTDATE, '[0-9]{1,2}/[0-9]{1,2}/(19|20)[0-9]{2}')
    or try_strptime(ATTEVENTDATE, '%m/%d/%Y') is null
    or DAILY_STATUS not in ('ABS', 'PRS')
    or ATTENTYPEID not in ('FT', 'PTA', 'PTM', 'PTO')
    or ABSCATID not in ('EA', 'EXP', 'SNE', 'SUS', 'UA')
    or not regexp_full_match(
        DSID_VALUE, '(0(\\.00?)?|0?\\.25|0?\\.50?|0?\\.75|1(\\.00?)?)'
    )
    or not regexp_full_match(SY, '20[0-9]{2}')"""


def main() -> None:
    work = Path(sys.argv[1])
    drop, out = work / "drop/vt_sis", work / "out"
    file = drop / "2014.04_7_PS_Att.csv"
    with file.open("rb") as stream:
        hashlib.file_digest(stream, "sha256")
    kept = shutil.copyfile(file, out / file.name)
    con = duckdb.connect(
        config={"memory_limit": "2GB", "temp_directory": str(out / "spill")}
    )
    con.execute(
        f"""
        create table days as
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
        """
        create table single as
        from days
        qualify row_number() over (
            partition by
                ENRORGID, student_key, ATTEVENTDATE, DAILY_STATUS, ATTENTYPEID, SY
            order by line
        ) = 1
        """
    )
    con.execute(f"create table wrong as from single where {WRONG}")
    con.execute(
        """
        create table aside as
        from single
        where line in (select line from wrong)
            or student_key in (select student_key from wrong)
        """
    )
    con.execute(f"copy aside to '{out}/quarantine.parquet' (compression zstd)")
    con.execute(
        f"""
        copy (from single anti join aside using (line) order by line)
        to '{out}/validated.parquet' (compression zstd)
        """
    )
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
            from '{out}/validated.parquet'
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
    print("counted", found)


if __name__ == "__main__":
    main()
