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
FORMS = {
    "ENRORGID": r"[A-Z]{1,2}[0-9]{3}[A-Z]?",
    "ADMINID": r"[A-Z]{1,2}[0-9]{3}[A-Z]?",
    "ATTEVENTDATE": r"[0-9]{1,2}/[0-9]{1,2}/(?:19|20)[0-9]{2}",
    "DSID_VALUE": r"(?:0(?:\.00?)?|0?\.25|0?\.50?|0?\.75|1(?:\.00?)?)",
    "SY": r"20[0-9]{2}",
}
SETS = {
    "DAILY_STATUS": ["ABS", "PRS"],
    "ATTENTYPEID": ["FT", "PTA", "PTM", "PTO"],
    "ABSCATID": ["EA", "EXP", "SNE", "SUS", "UA", None],
}
GRAIN = ["ENRORGID", "PERMNUMBER", "ATTEVENTDATE", "DAILY_STATUS", "ATTENTYPEID", "SY"]


@cache
def hashed(cell: str) -> str:
    return hmac.digest(KEY, f"student_id\0{cell}".encode(), "sha256").hex()[:32]


def main() -> None:
    work = Path(sys.argv[1])
    drop, out = work / "drop/vt_sis", work / "out"
    file = drop / "2014.04_7_PS_Att.csv"
    with file.open("rb") as stream:
        hashlib.file_digest(stream, "sha256")
    kept = shutil.copyfile(file, out / file.name)
    days = pd.read_csv(kept, dtype="str")
    is_id = days["PERMNUMBER"].str.fullmatch("[0-9]{7,10}")
    days["PERMNUMBER"] = days["PERMNUMBER"].where(is_id).map(hashed, na_action="ignore")
    days = days.drop_duplicates(GRAIN)
    wrong = days["PERMNUMBER"].isna()
    for name, form in FORMS.items():
        wrong |= ~days[name].str.fullmatch(form, na=False)
    for name, values in SETS.items():
        wrong |= ~days[name].isin(values)
    dates = pd.to_datetime(days["ATTEVENTDATE"], format="%m/%d/%Y", errors="coerce")
    wrong |= dates.isna()
    aside = wrong | days["PERMNUMBER"].isin(days.loc[wrong, "PERMNUMBER"].dropna())
    days[aside].to_parquet(out / "quarantine.parquet", compression="zstd")
    days = days[~aside]
    days.to_parquet(out / "validated.parquet", compression="zstd")
    print("counted", counted(days, drop))


def counted(days: pd.DataFrame, drop: Path) -> tuple[int, ...]:
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


if __name__ == "__main__":
    main()
