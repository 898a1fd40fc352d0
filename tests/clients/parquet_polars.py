"""Parquet by polars."""

import polars as pl
from reading import JUDGED, loop


def read(folder):
    # Once for both files: current may move on between them.
    public = folder.resolve() / "public"
    release = pl.read_parquet(public / "about_release.parquet")["release_id"].item()
    rows = pl.scan_parquet(public / "school_target_status.parquet").filter(**JUDGED)
    return release, rows.select(pl.len()).collect().item()


loop("Parquet by polars", pl.__version__, read)
