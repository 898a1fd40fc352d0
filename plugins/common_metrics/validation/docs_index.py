"""Start pages of the Data Docs that need no scripts: one an extract, one for all.

Great Expectations draws the tables of its own start page with scripts from elsewhere,
which are taken out; its other pages are whole without them.
"""

import json
import os
from collections.abc import Iterable
from datetime import datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

from common_metrics.lake import Lake

SITE = "gx/uncommitted/data_docs/local_site"
RESULTS = "gx/uncommitted/validations"
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto }}
table {{ border-collapse: collapse }}
th, td {{ text-align: left; padding: .3rem 1rem; border-bottom: 1px solid #ccc }}
</style></head><body>
<h1>{title}</h1>
<p>{intro}</p>
<table><thead><tr>{head}</tr></thead><tbody>
{rows}
</tbody></table>
</body></html>
"""


def write(key: str, lake: Lake) -> None:
    """Write the start page of an extract, and the one of all extracts anew."""
    _write_extract(key, lake.data_docs(key))
    _write_all(lake.private("data_docs"))


def _write_extract(key: str, folder: Path) -> None:
    rows = [
        [
            _link(_page_of(result, folder), result.parents[1].name),
            _when(result),
            *_found(result),
        ]
        for result in _newest_first((folder / RESULTS).rglob("*.json"))
    ]
    intro = (
        f"{_link(f'expectations/{key}.html', 'What is expected of each row')}; "
        f"{_link('../../../../../../index.html', 'all extracts')}. What became of each "
        "file and row stands in the receipts and in quarantine/."
    )
    head = ["files judged together", "UTC", "expectations", "not met by some row"]
    _put(folder / SITE / "index.html", f"Checks of {key}", intro, head, rows)


def _write_all(root: Path) -> None:
    rows = []
    for site in sorted(root.glob(f"*/*/{SITE}/index.html")):
        folder = site.parents[4]
        key = folder.relative_to(root).as_posix()
        results = _newest_first((folder / RESULTS).rglob("*.json"))
        newest = _when(results[0]) if results else ""
        place = site.relative_to(root).as_posix()
        rows.append([_link(place, key), str(len(results)), newest])
    intro = "What Great Expectations found in the files of each extract, without cells."
    head = ["extract", "times judged", "the last time (UTC)"]
    _put(root / "index.html", "Checks of all extracts", intro, head, rows)


def _newest_first(results: Iterable[Path]) -> list[Path]:
    return sorted(results, key=lambda result: result.parent.name, reverse=True)


def _when(result: Path) -> str:
    """Return when a batch was judged, which names the folder of its results."""
    return f"{datetime.strptime(result.parent.name[:13], '%Y%m%dT%H%M'):%Y-%m-%d %H:%M}"


def _page_of(result: Path, folder: Path) -> str:
    """Return the page of a stored result, from the start page on."""
    inside = result.relative_to(folder / RESULTS).with_suffix(".html")
    return f"validations/{inside.as_posix()}"


def _found(result: Path) -> list[str]:
    """Return how many expectations were tried, and how many some row does not meet."""
    told = json.loads(result.read_text())["results"]
    wrong = [t for t in told if not t["success"] or t["result"].get("unexpected_count")]
    return [str(len(told)), str(len(wrong))]


def _link(place: str, words: str) -> str:
    return f'<a href="{quote(place)}">{escape(words)}</a>'


def _put(
    place: Path, title: str, intro: str, head: list[str], rows: list[list[str]]
) -> None:
    """Write a page in one step: two extracts may do so at once."""
    body = "\n".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in rows)
    heads = "".join(f"<th>{escape(name)}</th>" for name in head)
    text = PAGE.format(title=escape(title), intro=intro, head=heads, rows=body)
    part = place.with_name(f"{place.name}.{os.getpid()}")
    part.write_text(text)
    part.replace(place)
