"""Parquet by pyarrow."""

from functools import reduce
from operator import and_

import pyarrow as pa
import pyarrow.dataset as ds
from reading import JUDGED, loop


def read(folder):
    # Once for both files: current may move on between them.
    public = folder.resolve() / "public"
    about = ds.dataset(public / "about_release.parquet").to_table()
    rows = ds.dataset(public / "school_target_status.parquet").count_rows(
        filter=reduce(and_, (ds.field(c) == value for c, value in JUDGED.items()))
    )
    return about["release_id"][0].as_py(), rows


loop("Parquet by pyarrow", pa.__version__, read)
