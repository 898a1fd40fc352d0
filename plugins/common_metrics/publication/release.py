"""Publishes a release: written afresh beside the current one, audited, swapped in."""

import json
from datetime import datetime

from common_metrics.lake import Lake
from common_metrics.publication import audit, candidate, release_folders
from common_metrics.publication.audiences import Audiences
from common_metrics.publication.release_folders import manifests, rollback
from common_metrics.warehouse.build import fingerprint

__all__ = ["is_needed", "manifests", "publish", "rollback"]


def is_needed(lake: Lake) -> bool:
    """Return whether no kept release was made from what the lake and code now hold.

    Kept ones count too, so that a rollback stays until something really changes. One
    that was killed on its way to readers is brought there first.
    """
    release_folders.resume(lake)
    return fingerprint(lake) not in {m["fingerprint"] for m in manifests(lake).values()}


def publish(lake: Lake, at: datetime) -> str:
    """Write, audit and swap in a release made from the finished build; return its id.

    Raises ReleaseRefused when the audit finds something; current is then untouched. A
    release of this build that was killed half-way to readers is brought there instead.
    """
    with lake.build_kept():
        record = json.loads(lake.build_record().read_text())
        resumed = release_folders.resume(lake)
        release_folders.clean(lake)
        if resumed and manifests(lake)[resumed]["fingerprint"] == record["fingerprint"]:
            return resumed
        release = f"{at:%Y%m%dT%H%M%SZ}-{record['fingerprint'][:8]}"
        audiences = Audiences(lake)
        written = candidate.write(lake, release, at, record, audiences)
        audit.refuse(lake, written, audiences)
        release_folders.swap_in(lake, written, release)
    return release
