"""A file that was cut at the end of a line looks whole: the others tell."""

import re
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import yaml

from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Delivery

ACCEPTED = Path(__file__).parents[3] / "expectations" / "accepted_deliveries.yml"
# A delivery with fewer of the rows of the one before was cut, or lost schools.
STILL_WHOLE = 0.8
# A first file with fewer of the rows of its likes is said. None of 754 files of the
# publishers has.
LIKELY_WHOLE = 0.5
CUT = "it may be cut"


def refuse_shrunk(now: Delivery, rows: int, earlier: Iterable[Delivery]) -> None:
    """Raise DeliveryRefused where a file lost many rows since it came before.

    ``earlier`` are the records of its extract; those under its name and of its years
    count.
    """
    same = [
        record
        for record in earlier
        if (record.file, record.status) == (now.file, "validated")
        and set(now.school_years) <= set(record.school_years)
        and record.sha256 != now.sha256
        and record.landed_at <= now.landed_at
    ]
    before = max(same, key=lambda record: record.landed_at, default=None)
    held = before.rows_raw - before.rows_duplicate if before else 0
    if rows < STILL_WHOLE * held and now.sha256 not in accepted():
        raise DeliveryRefused(
            f"about as many rows as in the delivery before, {held:,}",
            f"{rows:,}",
            "The file was probably cut: download it again. If the publisher really "
            f'took rows out, add "{now.sha256}": "<the reason>" to '
            "expectations/accepted_deliveries.yml.",
        )


def few_beside(now: Delivery, rows: int, others: Iterable[Delivery]) -> list[str]:
    """Return what is to be said where a file has less than half of the usual rows.

    Usual is the median of the files whose names differ in digits alone, such as those
    of other years.
    """
    like = {
        other.file: other.rows_raw - other.rows_duplicate
        for other in others
        if other.status == "validated" and other.file != now.file
        if re.sub("[0-9]", "", other.file) == re.sub("[0-9]", "", now.file)
    }
    usual = median(like.values()) if like else 0
    if rows >= LIKELY_WHOLE * usual or now.sha256 in accepted():
        return []
    said = f"{rows:,} rows, where the files of other years have about {usual:,.0f}"
    return [f"{said}: compare it with what its publisher shows, as {CUT}"]


def accepted() -> dict[str, str]:
    """Return the digests of deliveries that a person has accepted, with the reason."""
    return yaml.safe_load(ACCEPTED.read_text()) or {}
