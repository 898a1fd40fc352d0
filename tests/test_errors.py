"""Every error says where, what was expected, what was found, what to do."""

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from common_metrics import cli
from common_metrics.contracts.loading import load_contracts
from common_metrics.errors import DeliveryRefused, Refused, told
from common_metrics.lake import Lake
from common_metrics.publication import letter

ROOT = Path(__file__).parents[1]
PLUGINS = ROOT / "plugins/common_metrics"
OTHERS = ("dags", "superset", "notebooks", "tests/clients")
FOLDERS = [PLUGINS, *(ROOT / name for name in OTHERS)]
CODE = [file for folder in FOLDERS for file in sorted(folder.rglob("*.py"))]
# Not told as they are: pydantic's validators end in a ContractError, the reader of
# workbooks is a process of its own with exit codes, Airflow's carry the sentence of one
# of ours. What hides cells and what attacks them share no code with the rest, and say
# it by hand.
ELSEWHERE = {
    ("forms", "ValueError"),
    ("loading", "ValueError"),
    ("model", "ValueError"),
    ("sources", "ValueError"),
    ("workbook_child", "OverflowError"),
    ("cell_marks_xls", "ValueError"),
    ("bounds", "RuntimeError"),
    ("kept", "RuntimeError"),
    ("moves", "RuntimeError"),
    ("land_extracts", "AirflowFailException"),
    ("land_extracts", "AirflowSkipException"),
    ("publish_release", "AirflowSkipException"),
    ("task", "AirflowFailException"),
    ("task", "AirflowSkipException"),
    # One of two of Airflow's, and one of the kinds of a source that fails.
    ("task", "end"),
    ("clients", "kind"),
}


def raised() -> Iterator[tuple[Path, ast.Raise]]:
    """Every error that is made where it is raised."""
    for file in CODE:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                yield file, node


def named(node: ast.Raise) -> str:
    called = node.exc.func
    return called.attr if isinstance(called, ast.Attribute) else called.id


def made_by(file: Path, node: ast.Raise) -> tuple[str, str]:
    """The module whose function makes an error, and the function."""
    called = node.exc.func
    of = called.value if isinstance(called, ast.Attribute) else None
    return (of.id if isinstance(of, ast.Name) else file.stem), named(node)


def test_every_error_is_one_of_four_parts() -> None:
    strays = []
    for file, node in raised():
        name = named(node)
        if (file.stem, name) in ELSEWHERE or made_by(file, node) in MADE_ELSEWHERE:
            continue
        own = file.is_relative_to(PLUGINS)
        ours = (
            file.relative_to(PLUGINS.parent) if own else Path("common_metrics/errors")
        )
        module = import_module(".".join(ours.with_suffix("").parts))
        kind = getattr(module, name, Exception)
        given = len(node.exc.args) + len(node.exc.keywords)
        wanted = (3, 4) if kind is DeliveryRefused else (4,)
        if not issubclass(kind, Refused) or given not in wanted:
            strays.append(f"{file.name} line {node.lineno}: {name} of {given} parts")
    assert strays == []


# Functions that return one of ours, by their annotation.
MADE_ELSEWHERE = {
    (file.stem, node.name)
    for file in CODE
    for node in ast.walk(ast.parse(file.read_text()))
    if isinstance(node, ast.FunctionDef)
    and isinstance(node.returns, ast.Name)
    and node.returns.id
    in (
        "DeliveryRefused",
        "ContractError",
        "NotFound",
        "NotReceived",
        "WrongWords",
        "LakeTaken",
    )
}


def test_those_that_say_it_by_hand_say_all_four() -> None:
    by_hand = [ast.unparse(n) for _, n in raised() if named(n) == "RuntimeError"]
    assert len(by_hand) == 3
    for said in by_hand:
        assert re.search(r"\w+: expected .*Found.*Nothing was published", said, re.S)


def test_every_kind_of_error_takes_its_four_parts() -> None:
    kinds, waiting = [], [Refused]
    while waiting:
        kinds.append(kind := waiting.pop())
        waiting += kind.__subclasses__()
    assert len(kinds) > 8
    for kind in kinds:
        asked = inspect.signature(kind).parameters.values()
        wanted = [p.name for p in asked if p.default is inspect.Parameter.empty]
        parts = ["where", "expected", "found", "todo"]
        # Whoever refuses a delivery knows which file it is.
        assert wanted == parts[1:] if kind is DeliveryRefused else wanted == parts


def test_what_to_do_is_a_sentence() -> None:
    for file, node in raised():
        for part in [*node.exc.args, *(k.value for k in node.exc.keywords)][3:4]:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                assert part.value.endswith("."), f"{file.name} line {node.lineno}"


NO_RELEASE = "public.duckdb: expected a release. Found none. Run `make run` first."


@pytest.fixture
def make(monkeypatch, tmp_path, capsys) -> Callable[..., tuple[int, str]]:
    """Call the program in an empty folder; return its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)

    def make(*words: str, **variables: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["cli", *words])
        for name, text in variables.items():
            monkeypatch.setenv(name, text)
        return told(cli.main), capsys.readouterr().out

    return make


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "--drop", "none"], "DROP: expected a folder of "),
        (["explain", "--school=a", "--metric=b", "--year=2015"], NO_RELEASE),
        (["attack"], NO_RELEASE),
        (["attack", "none.duckdb"], "none.duckdb: expected a public file. Found none."),
        (["changes"], NO_RELEASE),
        (["check", "none.csv"], "none.csv: expected a file. Found none. Give its"),
        (
            [],
            "make: expected one of run, check, doctor, replay, calendar, rotate-key, ",
        ),
        (
            ["explian"],
            "make: expected one of run, check, doctor, replay, calendar, rotate-key, ",
        ),
    ],
)
def test_a_command_says_it_in_a_sentence_and_not_in_a_traceback(
    make, words, said
) -> None:
    code, printed = make(*words)
    assert code == 2 and printed.startswith(said)


COMMANDS = {
    each.callback.__name__.replace("_", "-")
    for each in cli.app.registered_commands
    if not each.hidden
}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_each_command_tells_what_it_takes_and_shows_a_call_of_it(make, command) -> None:
    code, printed = make(command, "--nonsense")
    said = rf"make {command}: expected (.+)\. Found no such option: --nonsense\. "
    said += rf"Write it like `(make {command}.*)`; README.md says more\.\n"
    told = re.fullmatch(said, printed)
    assert code == 2 and told, printed
    taken = re.findall(r"(\w+)=", told[1])
    assert [word for word in re.findall(r"(\w+)=", told[2]) if word not in taken] == []


def test_the_makefile_has_every_command() -> None:
    listed = re.search(r"^COMMANDS := (.+)$", (ROOT / "Makefile").read_text(), re.M)
    assert {*listed[1].split()} == COMMANDS


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({}, "missing option '--school' (env var: 'SCHOOL')"),
        ({"SCHOOL": "a", "METRIC": "b", "YEAR": "x"}, "invalid value for '--year'"),
        ({"SCHOOL": "a", "METRIC": "b", "YEAR": ""}, "missing option '--year'"),
        ({"SCHOOL": "a", "METRIC": "b", "TIER": "all"}, "invalid value for '--tier'"),
    ],
)
def test_wrong_words_are_answered_in_four_parts(make, variables, found) -> None:
    code, printed = make("explain", **{"YEAR": "1", **variables})
    where = "make explain: expected SCHOOL= METRIC= YEAR= [GROUP=] [TIER=] [LAKE=]"
    assert code == 2 and printed.startswith(f"{where}. Found {found}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dropout.yml", "expectations/me/dropout.yml line 1: expected lines that "),
        (
            "dropout.draft.yml",
            "KEY=me/dropout: expected the key of a contract. Found a",
        ),
    ],
)
def test_a_draft_is_told_to_whoever_asks_for_it(
    make, name, said, monkeypatch, tmp_path
) -> None:
    draft = tmp_path / "me" / name
    draft.parent.mkdir()
    draft.write_text("title: TODO what a row tells\n")
    drafts = partial(load_contracts, tmp_path)
    monkeypatch.setattr("common_metrics.check.load_contracts", drafts)
    monkeypatch.setattr("common_metrics.check.CONTRACTS", tmp_path)
    code, printed = make("check", __file__, "--key", "me/dropout")
    assert code == 2 and printed.startswith(said)


def test_words_are_judged_before_any_tool_is_loaded() -> None:
    code = "import sys, common_metrics.cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    tools = ("airflow", "great_expectations", "pandas", "pyarrow", "duckdb", "scipy")
    assert [tool for tool in tools if tool in done.stdout.split()] == []


def test_a_browser_that_fails_is_told(monkeypatch, tmp_path) -> None:
    public = tmp_path / "published/current/public.duckdb"
    public.parent.mkdir(parents=True)
    public.touch()
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\nexit 1\n")
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(letter, "page_of", lambda *_: "099900100001")
    found = ".*-letter.html: expected a print from chromium .* Found Called.*Error. Try"
    with pytest.raises(Refused, match=found):
        letter.write_letter(Lake(tmp_path), "a")


def test_every_command_tells() -> None:
    """But processes of the code's own, which answer it by bytes and exit codes."""
    ends = {file: file.read_text().partition("__main__")[2] for file in CODE}
    silent = ("workbook_child", "kept", "dbt_on_spark")
    begun = {f: end for f, end in ends.items() if end and f.stem not in silent}
    assert {"cli", "serve", "to_html", "run"} <= {file.stem for file in begun}
    for file, end in begun.items():
        is_told = "sys.exit(told(main))" in end or file.stem == "reading_a_release"
        assert is_told, file.name
