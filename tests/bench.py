# ruff: noqa: E501
"""What the pipeline costs beside one bare DuckDB script over the same files.

python tests/bench.py --lake LAKE --drop DROP: runs the pipeline into a fresh lake below
LAKE, then the script below, each in a process of its own; prints wall time and peak
memory of both and compares their rows. The script knows the layouts by heart, checks
nothing, keeps no receipt, resolves no school and makes no target.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb

BARE = r"""
import sys, re, glob, duckdb
drop, out = sys.argv[1:]
con = duckdb.connect(out)
con.execute(
    "create table outcomes (provider text, school text, grp text, year int, metric text, "
    "denominator text, value text)"
)
WORDS = {"four": 4, "five": 5, "six": 6}
for word, years in WORDS.items():
    for file in sorted(glob.glob(f"{drop}/ct_edsight/{word}-year-graduation-rates-school/*.csv")):
        if file.endswith("_ct.csv"):
            continue  # the state's own rows, which other files print too
        year = 2001 + int(re.search(r"__20(\d\d)-", file)[1])
        parts = (
            [("acgr", "Graduation Rate")]
            if "nongrad" not in file
            else [("still_enrolled", "Still Enrolled Rate"), ("other_noncompletion", "Other Rate")]
        )
        rel = f"read_csv('{file}', skip=4, header=true, all_varchar=true, quote='\"')"
        names = [d[0] for d in con.execute(f"select * from {rel} limit 0").description]
        cohort = next(n for n in names if n.endswith("Cohort Count"))
        at = names.index(cohort)
        group = f'"{names[at - 1]}"' if names[at - 1] not in ("District", "School Code") else "'all'"
        school = '"School Code"' if "School Code" in names else "null"
        for metric, rate in parts:
            con.execute(
                f"insert into outcomes select 'ct', {school}, {group}, {year}, "
                f"'{metric}_{years}yr', \"{cohort}\", \"{rate}\" from {rel}"
            )
for file in sorted(glob.glob(f"{drop}/ct_edsight/college-entrance-and-persistence-school/*.csv")):
    if file.endswith("_ct.csv"):
        continue
    year = 2001 + int(re.search(r"__20(\d\d)-", file)[1])
    rel = f"read_csv('{file}', skip=8, header=true, all_varchar=true, quote='\"')"
    names = [d[0] for d in con.execute(f"select * from {rel} limit 0").description]
    before = names[names.index("Entrance(%)") - 1]
    group = "'all'" if before in ("District", "School Code") else f'"{before}"'
    for metric, rate in (("pse_12m_graduates", "Entrance(%)"), ("pse_persistence", "Persistence(%)")):
        con.execute(
            f"insert into outcomes select 'ct', null, {group}, {year}, '{metric}', null, "
            f"\"{rate}\" from {rel}"
        )
for file in sorted(glob.glob(f"{drop}/edfacts_acgr/*.csv")):
    rel = f"read_csv('{file}', all_varchar=true)"
    names = [d[0] for d in con.execute(f"select * from {rel} limit 0").description]
    for name in names:
        hit = re.fullmatch(r"([A-Z]{3})_RATE_\d\d(\d\d)", name)
        if hit:
            con.execute(
                f"insert into outcomes select 'us', NCESSCH, '{hit[1]}', {2000 + int(hit[2])}, "
                f"'acgr_4yr', \"{name.replace('RATE', 'COHORT')}\", \"{name}\" from {rel}"
            )
con.execute(
    "create table typed as select *, try_cast(value as double) as value_pct, "
    "case when value in ('*', 'PS') then 'suppressed' when value = 'N/A' then 'not_applicable' "
    "when value is null or value in ('', '.') then 'not_reported' "
    "when try_cast(value as double) is null then 'range' else 'reported' end as value_status "
    "from outcomes"
)
"""

PIPELINE_ROWS = """
select provider, metric_id, school_year, value_status, count(*)
from school_outcomes
where
    source_file is not null
    and (
        provider = 'us'
        or provider = 'ct'
        and (extract = 'college_entrance' or regexp_full_match(extract, 'graduation_.yr'))
    )
group by all order by all
"""
BARE_ROWS = """
select provider, metric, year, value_status, count(*) from typed group by all order by all
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--drop", type=Path)
    args = parser.parse_args()
    lake = args.lake / "bench"
    shutil.rmtree(lake, ignore_errors=True)
    lake.mkdir(parents=True)
    drop = args.drop or _sample(lake)
    run = [
        sys.executable,
        "-m",
        "common_metrics.cli",
        "run",
        "--lake",
        str(lake),
        "--drop",
        str(drop),
    ]
    bare = lake / "bare.duckdb"
    results = {
        "bare DuckDB script": _measure(
            [sys.executable, "-c", BARE, str(drop), str(bare)]
        ),
        "pipeline": _measure(run),
    }
    print(f"{'':<20}{'wall s':>8}{'peak MB':>9}")
    for name, (seconds, megabytes) in results.items():
        print(f"{name:<20}{seconds:>8.1f}{megabytes:>9.0f}")
    _compare(bare, lake / "published/current/public.duckdb")


def _sample(lake: Path) -> Path:
    script = Path(__file__).parent / "sample/generate.py"
    subprocess.run([sys.executable, script, lake / "sample"], check=True)
    return lake / "sample/extracts"


def _measure(command: list[str]) -> tuple[float, float]:
    """Return wall seconds and the peak resident MB of the largest process of it all."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:]); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)"
    )
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    return time.monotonic() - started, int(done.stderr.split()[-1]) / 1024


def _compare(bare: Path, published: Path) -> None:
    with duckdb.connect(str(bare), read_only=True) as con:
        theirs = {row[:4]: row[4] for row in con.execute(BARE_ROWS).fetchall()}
    with duckdb.connect(str(published), read_only=True) as con:
        ours = {row[:4]: row[4] for row in con.execute(PIPELINE_ROWS).fetchall()}
    print(f"rows: script {sum(theirs.values()):,}, pipeline {sum(ours.values()):,}")
    for cell in sorted(set(ours) | set(theirs)):
        if ours.get(cell, 0) != theirs.get(cell, 0):
            print(
                f"  {cell}: script {theirs.get(cell, 0)}, pipeline {ours.get(cell, 0)}"
            )


if __name__ == "__main__":
    main()
