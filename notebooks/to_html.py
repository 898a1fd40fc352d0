"""Runs the notebook and writes what it shows as one page without scripts.

``python notebooks/to_html.py PAGE``; the release is ``COMMON_METRICS_RELEASE``. The
export of marimo itself loads scripts from outside, which a page of ours must not.
"""

import os
import sys
from pathlib import Path

import marimo as mo
from reading_a_release import app

from common_metrics.errors import Refused, told

HEAD = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The common metrics, read from a release</title>
<style>
body { font: 1rem/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
figure { margin: 0; overflow-x: auto }
table { border-collapse: collapse; display: block; overflow-x: auto; font-size: .85rem }
th, td { border: 1px solid #999; padding: .2rem .5rem; text-align: left }
</style>
"""


def main() -> None:
    """Write the page; whatever a cell raises ends it, and no page is left."""
    if not os.path.isfile(os.environ["COMMON_METRICS_RELEASE"]):
        raise Refused("public.duckdb", "a release", "none", "Run `make run` first.")
    page = Path(sys.argv[1])
    page.unlink(missing_ok=True)
    outputs, _ = app.run()
    shown = [mo.as_html(output).text for output in outputs if output is not None]
    # What the partners' file says is for no other user of the machine.
    page.touch(mode=0o600)
    page.write_text(HEAD + "\n".join(shown), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(told(main))
