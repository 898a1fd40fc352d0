"""A file that was cut at the end of a line looks whole: the one before it tells."""

from collections.abc import Iterable
from pathlib import Path

import yaml

from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Delivery

ACCEPTED = Path(__file__).parents[3] / "expectations" / "accepted_deliveries.yml"
# A delivery with fewer of the rows of the one before was cut, or lost schools.
STILL_WHOLE = 0.8


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


def accepted() -> dict[str, str]:
    """Return the digests of deliveries that a person has accepted, with the reason."""
    return yaml.safe_load(ACCEPTED.read_text()) or {}
