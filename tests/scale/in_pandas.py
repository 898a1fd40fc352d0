"""The same work in pandas: hash, check, set students aside, write, count."""

import hashlib
import hmac
import os
import shutil
import sys
from functools import cache
from pathlib import Path

import pandas as pd

KEY = os.environ["COMMON_METRICS_STUDENT_KEY"].encode()
DATE = r"[0-9]{1,2}/[0-9]{1,2}/(?:19|20)[0-9]{2}"
PLACE = {
    "ENRORGID": r"[A-Z]{1,2}[0-9]{3}[A-Z]?",
    "ADMINID": r"[A-Z]{1,2}[0-9]{3}[A-Z]?",
    "SY": r"20[0-9]{2}",
}
# Of each kind of file: what a row is known by, the forms of cells, and of days, and
# what cells may hold. An empty cell is of any form where the set has None.
DAYS = (
    ["ENRORGID", "PERMNUMBER", "ATTEVENTDATE", "DAILY_STATUS", "ATTENTYPEID", "SY"],
    PLACE | {"DSID_VALUE": r"(?:0(?:\.00?)?|0?\.25|0?\.50?|0?\.75|1(?:\.00?)?)"},
    ["ATTEVENTDATE"],
    {
        "DAILY_STATUS": ["ABS", "PRS"],
        "ATTENTYPEID": ["FT", "PTA", "PTM", "PTO"],
        "ABSCATID": ["EA", "EXP", "SNE", "SUS", "UA", None],
    },
)
EXITS = [f"{n:02}" for n in (*range(1, 10), 11, 12, 14, 15, 16, 18, 19)]
SPELLS = (
    ["ADMINID", "ENRORGID", "PERMNUMBER", "ENRBEGDATE", "SY"],
    PLACE | {"ADMINSTAT": "0[1-9]", "ENTRYTYPE": "0[1-9]|10"},
    ["ENRBEGDATE", "ENRENDDATE"],
    {
        "ETHNO": ["1", "2"],
        **{f"RACE_{race}": ["Y", "N"] for race in ("AMI", "ASI", "AFA", "NAT", "WHT")},
        "EXITTYPE": [*EXITS, None],
        "NSLELG": ["01", "02", "09", "96"],
    },
)
GRADES = (
    ["ENRORGID", "PERMNUMBER", "GRADE", "GRADEBEGIN", "SY"],
    PLACE | {"GRADE": "0[1-9]|1[0-2]|AW|EE|IT|KF|KP|PD|PK"},
    ["GRADEBEGIN", "GRADEEND"],
    {},
)


def main() -> None:
    work = Path(sys.argv[1])
    counted = {"attendance": days, "enrolment": spells}[sys.argv[2]]
    print("counted", counted(work / "drop/vt_sis", work / "out"))


@cache
def hashed(cell: str) -> str:
    return hmac.digest(KEY, f"student_id\0{cell}".encode(), "sha256").hex()[:32]


def landed(file: Path, out: Path, rules: tuple) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of sound students and the rest, both also as Parquet."""
    grain, forms, dates, sets = rules
    with file.open("rb") as stream:
        hashlib.file_digest(stream, "sha256")
    rows = pd.read_csv(shutil.copyfile(file, out / file.name), dtype="str")
    is_id = rows["PERMNUMBER"].str.fullmatch("[0-9]{7,10}")
    rows["PERMNUMBER"] = rows["PERMNUMBER"].where(is_id).map(hashed, na_action="ignore")
    rows = rows.drop_duplicates(grain)
    wrong = rows["PERMNUMBER"].isna()
    for name, form in forms.items():
        wrong |= ~rows[name].str.fullmatch(form, na=False)
    for name, values in sets.items():
        wrong |= ~rows[name].isin(values)
    for name in dates:
        day = pd.to_datetime(rows[name], format="%m/%d/%Y", errors="coerce")
        is_one = day.notna() & rows[name].str.fullmatch(DATE, na=False)
        wrong |= ~is_one & rows[name].notna()
        rows[name] = day
    wrong |= rows[dates[0]].isna()
    if rules is SPELLS:
        wrong |= out_of_the_year(rows)
    aside = wrong | rows["PERMNUMBER"].isin(rows.loc[wrong, "PERMNUMBER"].dropna())
    rows[aside].to_parquet(out / f"{file.stem}.quarantine.parquet", compression="zstd")
    rows[~aside].to_parquet(out / f"{file.stem}.validated.parquet", compression="zstd")
    return rows[~aside], rows[aside]


def out_of_the_year(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Return which spells begin or end when they cannot."""
    year = rows["SY"].astype(int)
    first, last = (
        pd.to_datetime((year - 1).astype(str) + "-07-01"),
        pd.to_datetime(year.astype(str) + "-06-30"),
    )
    begins, ends = rows["ENRBEGDATE"], rows["ENRENDDATE"]
    end_of_october = pd.to_datetime(year.astype(str) + "-10-31")
    wrong = (begins > last) | (ends < begins) | (ends < first) | (ends > end_of_october)
    return wrong | (ends.isna() != rows["EXITTYPE"].isna())


def days(drop: Path, out: Path) -> tuple[int, ...]:
    days, _ = landed(drop / "2014.04_7_PS_Att.csv", out, DAYS)
    enrolled = pd.read_csv(drop / "2014.04_4_PS_Enroll.csv", dtype="str")
    enrolled["PERMNUMBER"] = enrolled["PERMNUMBER"].map(hashed)
    keys = ["PERMNUMBER", "ENRORGID"]
    days = days.merge(enrolled[keys].drop_duplicates(), on=keys)
    days = days[days["ABSCATID"] != "SNE"]
    part = days["DSID_VALUE"].astype(float).where(days["DAILY_STATUS"] == "ABS", 0)
    a_day = part.groupby([days[k] for k in [*keys, "ATTEVENTDATE"]], sort=False).sum()
    absent = (a_day >= 0.5).groupby(level=keys).agg(["size", "sum"])
    chronic = absent["sum"] >= 0.1 * absent["size"]
    return (
        len(absent),
        int(absent["size"].sum()),
        int(absent["sum"].sum()),
        int(chronic.sum()),
    )


def spells(drop: Path, out: Path) -> tuple[int, ...]:
    of = [landed(file, out, SPELLS) for file in sorted(drop.glob("*_4_PS_Enroll.csv"))]
    files = sorted(drop.glob("*_5_PS_GradeProg.csv"))
    grades = pd.concat([landed(file, out, GRADES)[0] for file in files])
    spells = pd.concat([whole for whole, _ in of])
    aside = pd.concat([rest for _, rest in of])["PERMNUMBER"].dropna()
    grades = grades[grades["GRADE"].isin(["09", "10", "11", "12"])]
    keys = ["PERMNUMBER", "ENRORGID", "SY"]
    spells = spells.merge(grades[keys].drop_duplicates(), on=keys)
    spells = spells[~spells["PERMNUMBER"].isin(aside)]
    spells = spells[~spells["ADMINSTAT"].isin(["04", "05", "07"])]
    ends = spells["ENRENDDATE"].fillna(pd.Timestamp.max)
    spells = spells.assign(year=spells["SY"].astype(int), ends=ends)
    spells = spells.sort_values(["ends", "ENRBEGDATE"])
    spells = spells.drop_duplicates(["PERMNUMBER", "year"], keep="last")
    day = pd.Timestamp("2013-10-01")
    is_member = (spells["year"] == 2014) & (spells["ENRBEGDATE"] <= day)
    members = spells[is_member & (spells["ends"] > day)]
    back = spells[["PERMNUMBER", "year"]].assign(year=spells["year"] - 1, is_back=True)
    followed = spells.merge(back, on=["PERMNUMBER", "year"], how="left")
    gone = followed["EXITTYPE"].isna()
    leaves = gone | followed["EXITTYPE"].isin(["14", "15", "16", "18"])
    dropouts = followed[
        leaves & followed["is_back"].isna() & (followed["year"] + gone == 2014)
    ]
    return len(members), dropouts["PERMNUMBER"].nunique()


if __name__ == "__main__":
    main()
