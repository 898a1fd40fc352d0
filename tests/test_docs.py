"""What the documentation names must be there, and what it prints must be so."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml
from public_file import create, nodes

from common_metrics.lake import write_json

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RUNBOOK = ROOT / "docs/runbook.md"
GLOSSARY = ROOT / "docs/glossary.md"
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
PAGES = [
    README,
    ROOT / "CHANGELOG.md",
    *(ROOT / "docs").glob("*.md"),
    *DECISIONS,
]
DBT = ROOT / "dbt_project"
SEEDS = {file.stem: file for file in (DBT / "seeds").glob("*.csv")}

# What a run writes; README and runbook name these without the lake in front.
LAKE = [
    *("airflow", "alerts", "build", "data_docs", "deliveries", "landing", "logs"),
    *("looks", "published", "quarantine", "refused", "sources", "validated"),
]
RELEASED = (
    *("public.duckdb", "partner.duckdb", "manifest.json", "public/", "partner/"),
    *("partners/", "site/", "public/manifest.json"),
)
# Airflow's names, not folders: the assets of the DAGs.
ASSETS = ("warehouse/build",)
PATH = re.compile(r"[\w.-]+(/[\w.-]*)+|[\w-]+\.(py|md|yml|sql|csv|env|toml|txt|duckdb)")


def fences(page: Path, language: str = r"\w*") -> list[str]:
    """The code blocks of a page, also those within a list, without their indent."""
    found = re.findall(
        rf"^( *)```(?:{language})\n(.*?)^ *```$", page.read_text(), re.M | re.S
    )
    return [re.sub(rf"^{indent}", "", text, flags=re.M) for indent, text in found]


def prose(page: Path) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.M | re.S)


def spans(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", prose(page))


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_make_target_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    lines = [line for text in fences(page) for line in text.splitlines()]
    code = [*spans(page), *lines]
    used = {hit[1] for text in code if (hit := re.match(r"make +([a-z-]+)", text))}
    assert used <= targets
    assert used or page not in (README, RUNBOOK)


def is_there(path: str) -> bool:
    first = path.split("/")[0]
    if first == "lake":
        return path == "lake/" or is_there(path.removeprefix("lake/"))
    return (
        (ROOT / path).exists()
        or (ROOT / f"expectations/{path}.yml").exists()
        or (DBT / "seeds" / path).exists()
        or path in RELEASED
        or path in ASSETS
        or ("/" in path and first in LAKE)
    )


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_path_exists(page: Path) -> None:
    paths = {
        span for span in spans(page) if PATH.fullmatch(span) and not span.isupper()
    }
    assert {path for path in paths if not is_there(path)} == set()
    assert paths or page not in (README, RUNBOOK)


def test_the_folders_of_the_lake_are_those_that_the_code_names() -> None:
    plugins = ROOT / "plugins/common_metrics"
    code = "".join((plugins / name).read_text() for name in ("lake.py", "run.py"))
    assert [name for name in LAKE if not re.search(rf"\b{name}\b", code)] == []


def test_the_folders_of_the_tree_exist() -> None:
    (tree,) = (text for text in fences(README) if text.startswith("expectations/"))
    parent, seen = "", ""
    for line in tree.splitlines():
        names = [name for name in line.split() if name.endswith("/") and name != "/"]
        assert names, line
        if not line.startswith(" "):
            parent = names[0]
        for name in names:
            name = name.replace("<provider>/", "")
            inside = parent + name if line.startswith(" ") else name
            assert (ROOT / inside).is_dir() or name == "lake/", line
        seen += "".join(names)
    assert "dbt_project/" in seen and "plugins/" in seen


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_relative_link_resolves(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        assert "://" not in target, "an outside address: name the publisher instead"
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", prose(file), re.M)
            assert anchor in {slug(heading) for heading in headings}, target


def models() -> Iterator[dict]:
    """Every published table of either tier, models and seeds, from their yml."""
    for file in [*DBT.glob("models/*/*.yml"), *DBT.glob("seeds/*.yml")]:
        content = yaml.safe_load(file.read_text())
        for node in [*content.get("models", []), *content.get("seeds", [])]:
            if node.get("config", {}).get("meta", {}).get("tiers", []):
                yield node


def words_of_the_data() -> set[str]:
    """Tables, columns, seeds, what stands in their cells, the values of statuses."""
    words = set(SEEDS)
    for node in models():
        words |= {node["name"], *(column["name"] for column in node["columns"])}
        for column in node["columns"]:
            for test in column.get("data_tests", []):
                if "accepted_values" in test:
                    words |= set(test["accepted_values"]["arguments"]["values"])
    for file in SEEDS.values():
        words |= set(re.split(r"[,\n\"]", file.read_text()))
    # `tier`, `visibility` and `current` are written by the contracts and the releases.
    return words | {"public", "restricted", "current"}


def test_every_word_in_code_of_the_glossary_exists() -> None:
    used = set(spans(GLOSSARY)) - {"code", "dbt_project/seeds"}
    assert used - words_of_the_data() == set()
    assert len(used) > 60


def test_every_entry_of_the_glossary_is_said_once() -> None:
    entries = re.findall(r"^- \*\*(.+?)\.\*\*", GLOSSARY.read_text(), re.M)
    assert len(entries) == len(set(entries)) > 50


def test_the_term_that_the_code_points_to_is_there() -> None:
    code = [*DBT.rglob("*.sql"), *(ROOT / "plugins").rglob("*.py")]
    asked = {
        term
        for file in code
        for term in re.findall(r'docs/glossary\.md, "([^"]+)"', file.read_text())
    }
    entries = GLOSSARY.read_text().lower()
    assert asked and all(f"**{term}.**" in entries for term in asked)


def test_every_decision_that_the_code_points_to_is_there() -> None:
    numbers = {file.name[:4] for file in DECISIONS}
    assert len(numbers) == len(DECISIONS)
    for file in [*DBT.rglob("*.sql"), *(ROOT / "plugins").rglob("*.py")]:
        assert set(re.findall(r"docs/decisions/(\d{4})", file.read_text())) <= numbers


@pytest.mark.parametrize("page", DECISIONS, ids=named)
def test_a_decision_is_short_and_has_its_three_parts(page: Path) -> None:
    headings = re.findall(r"^## (.+)$", page.read_text(), re.M)
    assert headings == ["Context", "Decision", "Consequence"]
    assert page.read_text().startswith(f"# {page.name[:4]} ")
    assert len(page.read_text().splitlines()) < 35


def test_make_help_names_every_target_that_people_call() -> None:
    command = ["make", "--no-print-directory", "help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told = set(re.findall(r"^make ([a-z-]+) ", done.stdout, re.M))
    listed = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.M)
    assert told == set(listed[1].split())


def test_the_readme_can_be_read_at_once() -> None:
    assert len(README.read_text().splitlines()) <= 180


def test_the_readme_names_the_two_commands() -> None:
    section = prose(README).split("## Two commands")[1].split("\n## ")[0]
    assert "`make run` " in section and "`make test` " in section


def said_by_the_code() -> set[str]:
    """The texts of the package's strings, formatted ones in their parts."""
    texts = {
        node.value
        for file in (ROOT / "plugins/common_metrics").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    contracts = (ROOT / "expectations").rglob("*.yml")
    return texts | {file.read_text() for file in contracts}


def test_the_refusals_of_the_runbook_are_those_of_the_code() -> None:
    page = RUNBOOK.read_text()
    section = page.split("## A delivery was refused")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    texts = said_by_the_code()
    for row in rows:
        for span in re.findall(r"`([^`]+)`", row.split("|")[1]):
            # What is filled in stands between: numbers, names, quotes.
            parts = re.split(r"<n>|0x\w+|\d[\w-]*|[.,;:()+]+", span)
            for part in filter(None, (part.strip() for part in parts)):
                assert any(part in text for text in texts), (part, row)
    assert len(rows) > 15


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two releases without rows, of the described columns, below the working folder."""
    monkeypatch.chdir(tmp_path)
    for release in ("current", "<before>"):
        folder = tmp_path / "lake/published" / release
        (folder / "public").mkdir(parents=True)
        write_json(folder / "public/manifest.json", {"release": release})
        for tier in ("public", "partner"):
            with duckdb.connect(str(folder / f"{tier}.duckdb")) as con:
                for node in nodes(tier):
                    create(con, node["name"], node)
                if tier == "public":
                    con.execute(f"export database '{folder}/public' (format parquet)")
    quarantine = tmp_path / "lake/quarantine/ct/college_entrance/2014"
    quarantine.mkdir(parents=True)
    row = duckdb.sql("select 1 as _source_row, 'why' as _reason, 'what' as _found")
    row.write_parquet(str(quarantine / "0.parquet"))
    return tmp_path


@pytest.mark.parametrize("page", [README, RUNBOOK], ids=named)
def test_queries_name_what_is_published(page: Path, released: Path) -> None:
    queries = fences(page, "sql")
    assert queries
    for query in queries:
        with duckdb.connect() as con:
            if "attach" not in query:
                file = "lake/published/current/public.duckdb"
                con.execute(f"attach '{file}' as public (read_only); use public")
            con.execute(query)


def test_the_python_of_the_bi_page_runs(released: Path) -> None:
    snippets = fences(ROOT / "docs/bi.md", "python")
    assert len(snippets) == 4
    for snippet in snippets:
        names: dict = {}
        exec(snippet, names)
        assert names["rows"] == []


def test_every_reader_of_the_tables_is_kept_where_its_exposure_says() -> None:
    found = yaml.safe_load((DBT / "models/exposures.yml").read_text())["exposures"]
    readers = {exposure["name"] for exposure in found}
    assert {"public_site", "notebook", "superset_dashboard"} <= readers
    for exposure in found:
        assert exposure["owner"]["name"] and exposure["depends_on"], exposure["name"]
        files = exposure["config"]["meta"]["files"]
        assert files and all((ROOT / file).exists() for file in files), files


def published() -> set[str]:
    """Return the models and seeds that a release publishes."""
    files = [*DBT.glob("models/**/*.yml"), *DBT.glob("seeds/**/*.yml")]
    content = [yaml.safe_load(file.read_text()) or {} for file in files]
    nodes = [n for c in content for n in [*c.get("models", []), *c.get("seeds", [])]]
    metas = {n["name"]: n.get("config", {}).get("meta", {}) for n in nodes}
    return {name for name, meta in metas.items() if meta.get("tiers")}


def tables_read(files: list[str]) -> set[str]:
    """Return the published tables and views that files of code name."""
    names = published()

    def named_in(text: str) -> set[str]:
        text = re.sub(r"(?m)(--|#).*$", "", text)
        levels = "".join(f"from {of}_outcomes " for of in ("school", "lea", "state"))
        text = text.replace("{level}_outcomes", levels)
        place = r"(?:\b(?:from|join)\s+|[\"'.(])(?:all_)?"
        return {n for n in names if re.search(rf"{place}{n}\b", text, re.IGNORECASE)}

    inside = [f for name in files for f in [ROOT / name, *(ROOT / name).rglob("*")]]
    code = {f for f in inside if f.suffix in {".py", ".sql", ".yaml", ".mjs"}}
    return named_in("\n".join(file.read_text() for file in code))


def test_an_exposure_depends_on_what_its_files_read() -> None:
    known = published()
    found = yaml.safe_load((DBT / "models/exposures.yml").read_text())["exposures"]
    for exposure in found:
        models = [on.removeprefix("ref('")[:-2] for on in exposure["depends_on"]]
        said = known & {*models}
        assert said == tables_read(exposure["config"]["meta"]["files"]), exposure[
            "name"
        ]


def test_the_page_for_analysts_names_what_there_is() -> None:
    page = ROOT / "docs/analysts.md"
    queries = {named(file) for file in (ROOT / "docs/queries").iterdir()}
    assert queries == {s for s in spans(page) if s.startswith("docs/queries/")}
    metrics = {
        metric["name"]
        for file in (DBT / "models/semantic").glob("*.yml")
        for metric in yaml.safe_load(file.read_text()).get("metrics", [])
    }
    assert metrics and metrics <= set(spans(page))
    views = {"school_history", "schools_off_track", "widest_gaps"}
    assert views <= published() & set(spans(page))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["stress", "SCHOOLS=many"], "make stress: expected SCHOOLS=<number>."),
        (["metric", "LIMIT="], "make metric: expected LIMIT=<number>."),
        (["sample", "FAULTS=some"], "make sample: expected FAULTS=few or all."),
        (["metric"], "make metric: expected a release. Found none in LAKE="),
        (["docs"], "make docs: expected a build. Found none in LAKE="),
    ],
)
def test_a_command_called_wrongly_says_what_it_wants(words, expected, tmp_path):
    marks = [f"--old-file={sys.prefix}/{mark}" for mark in (".runtime", ".dev")]
    given = [f"VENV={sys.prefix}", f"LAKE={tmp_path / 'lake'}"]
    done = subprocess.run(
        ["make", "--no-print-directory", *marks, *words, *given],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout.startswith(expected)) == (2, True)
    assert "Traceback" not in done.stdout + done.stderr
