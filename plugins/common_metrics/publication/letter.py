"""A school's letter to parents as a PDF: its page of the site, printed by Chromium.

``make letter SCHOOL=<id or name>`` writes it below the lake, one page of Letter or A4.
"""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from common_metrics.lake import Lake
from common_metrics.publication.explain import NotFound, find_school
from common_metrics.publication.site import TEMPLATES

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = [
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
]


def page_of(public: Path, school: str) -> str:
    """Return the name of a school's pages without ending; raise NotFound."""
    with duckdb.connect(str(public), read_only=True) as con:
        key = find_school(con, school)["school_key"]
        con.execute((TEMPLATES / "setup.sql").read_text())
        con.execute(
            "select slug, is_active from shown_schools where school_key = ?", [key]
        )
        found = con.fetchone()
    if found is None:
        raise NotFound(
            f"SCHOOL={school}",
            "a high school of the five states with a rate",
            f"{key} without one",
            "Choose a school that the site has a page of.",
        )
    slug, is_active = found
    if not is_active:
        raise NotFound(
            f"SCHOOL={school}",
            "a school that is open",
            f"{key}, which no file names any more",
            "Read its page of the site: a closed school has no families to write to.",
        )
    return slug


def write_letter(lake: Lake, school: str) -> Path:
    """Print the letter of a school (id or part of its name); return the PDF.

    Raises NotFound where no school, or several, answer, or no browser is installed.
    """
    public = lake.released("public.duckdb")
    name = page_of(public, school)
    pdf = lake.private("letters") / f"{name}.pdf"
    page = public.parent / "site" / "schools" / f"{name}-letter.html"
    print_page(page, f"--print-to-pdf={pdf}")
    return pdf


def print_page(page: Path, *how: str) -> None:
    """Have Chromium print a page as its options ``how`` say; raise NotFound without."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise NotFound(
            "make letter",
            f"one of {', '.join(BROWSERS)} on the path",
            "none",
            "Install Chromium, or print the school's letter from the site.",
        )
    # Chromium's sandbox does not start for root, as in a container; the page is ours.
    root = ["--no-sandbox"] * (os.geteuid() == 0)
    with TemporaryDirectory() as profile:
        places = [f"--user-data-dir={profile}", *how, page.as_uri()]
        command = [browser, *QUIET, *root, *places]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=120)
        except subprocess.SubprocessError as error:
            raise NotFound(
                page.name,
                f"a print from {Path(browser).name} within two minutes",
                f"{type(error).__name__}",
                "Try again, or open the page and print it by hand.",
            ) from error
