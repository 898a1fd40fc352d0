"""What every client of tests/clients does: read again and again while releases change.

``<client>.py CURRENT SECONDS`` prints one JSON line: who read (client, version), what
(``seen``: release, verdicts, times) and what went wrong (``errors``). It has read once
before it says ``ready``. Runs in any Python from 3.9 on, so that old clients can.
"""

import json
import sys
import time
from collections import Counter
from pathlib import Path

JUDGED = {"state": "CT", "student_group": "all", "target_model": "compounding"}
WHERE = " and ".join(f"{column} = '{value}'" for column, value in JUDGED.items())
VERDICTS = f"select count(*) from school_target_status where {WHERE}"
PATIENCE = 60  # seconds
RELEASE = "select release_id from about_release"


def loop(client, version, read, **more):
    """Call ``read(folder)``, which connects, reads a pair and lets go, for a while."""
    folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
    seen, errors = Counter([read(folder)]), Counter()
    print("ready", flush=True)
    until = time.monotonic() + seconds
    # On a busy machine a slow client goes on until it has seen a change.
    while time.monotonic() < until + (len(seen) < 2) * PATIENCE:
        try:
            seen[read(folder)] += 1
        except Exception as error:
            errors[f"{type(error).__name__}: {error}"] += 1
    pairs = [[*pair, times] for pair, times in seen.items()]
    said = {"client": client, "version": version, "seen": pairs, "errors": errors}
    print(json.dumps({**said, **more}))
