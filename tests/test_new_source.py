"""A new source: drafts that show nothing, and the walk of its page, step by step."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from common_metrics.contracts.loading import contract_keys, load_contract
from common_metrics.contracts.model import Contract, Read
from common_metrics.contracts.scaffold import NotDrafted, cell, draft
from common_metrics.errors import ContractError
from common_metrics.lake import Delivery
from common_metrics.reading.parsing import parse, records
from workbook import xlsx

ROOT = Path(__file__).parents[1]
WALK = (ROOT / "docs/add-a-source.md").read_text()
(SAMPLE,) = re.findall(r"```csv\n(.*?)```", WALK, re.S)
EDITS = re.findall(r"^\| `(.+?)` \| `(.+?)` \|$", WALK, re.M)
UNIONED = "dbt_project/models/intermediate/outcomes/int_outcomes_unioned.sql"
STUDENTS = (
    "School,First Name,Born,SSN,Score\nAsh,Quozzabyzko,1999-01-31,123-45-6789,7\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The sample of the page."""
    place = tmp_path / "dropout_2014-15.csv"
    place.write_text(SAMPLE)
    return place


def texts(root: Path, names: list[str]) -> list[str]:
    return [(root / name).read_text() for name in names]


def test_a_draft_is_refused_while_a_guess_is_marked(tmp_path: Path, file: Path) -> None:
    names = draft("me/dropout", file, tmp_path)
    contract = tmp_path / names[0]
    with pytest.raises(ContractError) as refused:
        load_contract(contract, contract.parents[1])
    said = str(refused.value)
    assert said.startswith("expectations/me/dropout.draft.yml line 2: expected lines ")
    assert "Found the mark TODO in 6 lines" in said and "take the marks away." in said
    assert contract_keys(contract.parents[1]) == []
    contract.write_text(contract.read_text().replace("TODO", "sure"))
    assert load_contract(contract, contract.parents[1]).visibility == "restricted"


def test_columns_have_the_names_and_units_of_other_contracts(
    tmp_path: Path, file: Path
) -> None:
    names = draft("me/dropout", file, tmp_path)
    columns = yaml.safe_load((tmp_path / names[0]).read_text())["columns"]
    assert list(columns) == [
        *("lea_name", "lea_id_state", "school_name", "school_id_state"),
        *("student_group_label", "enrolled_in_grades_9_to_12_count"),
        *("dropouts_count", "dropout_pct"),
    ]


def test_a_fixture_has_the_header_and_no_cell_of_the_file(
    tmp_path: Path, file: Path
) -> None:
    names = draft("me/dropout", file, tmp_path)
    header, *rows = csv.reader((tmp_path / names[3]).read_text().splitlines())
    assert header == SAMPLE.splitlines()[0].split(",") and len(rows) == 1
    cells = {cell for line in SAMPLE.splitlines()[1:] for cell in line.split(",")}
    assert set(rows[0]) & cells <= {"All Students"}


def test_what_the_sample_proves_has_no_mark(tmp_path: Path, file: Path) -> None:
    names = draft("me/dropout", file, tmp_path)
    contract, model, yml = texts(tmp_path, names[:3])
    marks = [text.count("TODO") for text in (contract, model, yml)]
    assert marks == [6, 3, 0]
    assert "dropouts_count as numerator_token" in model
    assert "enrolled_in_grades_9_to_12_count as denominator_token" in model
    assert "identity: {file_name: '{school_year}'}" in contract
    assert "grain: [lea_id_state, school_id_state, student_group_label]\n" in contract


def test_what_the_sample_does_not_prove_is_marked(tmp_path: Path, file: Path) -> None:
    twice = SAMPLE.replace("Female", "All Students").replace(",6,2.5", ",6,7.5")
    place = file.with_name("dropout.csv")
    place.write_text(twice)
    contract, model = texts(tmp_path, draft("me/dropout", place, tmp_path)[:2])
    assert "TODO what tells rows apart" in contract
    assert "TODO where the file says its school year" in contract
    assert "TODO_numerator as" in model and "TODO_value as" in model


def test_a_workbook_is_drafted_too(tmp_path: Path) -> None:
    book = tmp_path / "counts.xlsx"
    book.write_bytes(xlsx({"Counts": [["School", "Graduates"], ["Ash", 12.0]]}))
    names = draft("vt/counts", book, tmp_path)
    content = yaml.safe_load((tmp_path / names[0]).read_text())
    assert content["read"]["format"] == "workbook"
    assert content["landing"]["drop"] == ["vt_counts/*.xlsx"]
    read = Read(format="workbook")
    contract = Contract.model_construct(key="vt/counts", read=read, columns={})
    made = records(contract, (tmp_path / names[3]).read_bytes())
    rows = [["School", "Graduates"], ["Invented", "10"]]
    assert [record.cells for record in made] == rows


def test_headings_over_the_header_are_no_header(tmp_path: Path) -> None:
    file = tmp_path / "tests_2015-16.csv"
    file.write_text(
        '"School Day Test, 2015-16"\n\n"",,,"Level 1Not Met",,"Level 2Met",,""\n'
        '"District","District Code","Subject","Count","%","Count","%","AverageScore"\n'
        '"Ash District","=""0010011""","Math",3,25.0,"*","*",500\n'
    )
    names = draft("ct/day_test", file, tmp_path)
    content = yaml.safe_load((tmp_path / names[0]).read_text())
    headers = [column["headers"] for column in content["columns"].values()]
    assert [title for (title,) in headers] == [
        *("District", "District Code", "Subject", "Level 1Not Met > Count"),
        *("Level 1Not Met > %", "Level 2Met > Count", "Level 2Met > %", "AverageScore"),
    ]
    assert list(content["columns"])[3:5] == [*("level_1_count", "level_1_pct")]
    contract = tmp_path / names[0]
    contract.write_text(contract.read_text().replace("TODO", "sure"))
    made = load_contract(contract, contract.parents[1])
    delivery = Delivery("ct", "day_test", file.name, "0" * 64, 0, "2016-01-01")
    table = parse(made, delivery, records(made, file.read_bytes())).table
    assert table["level_1_pct"].to_pylist() == ["25.0"]


def test_a_column_of_years_is_made_up_of_years() -> None:
    names = ("school_year", "home_county", "lea_id_state", "dropouts_count")
    made = [cell(name, "us/federal") for name in names]
    assert made == ["2014-15", "Invented", "0009901", "10"]


def test_no_draft_is_left_unconfirmed() -> None:
    """Of a contract the loader says it; of a model's comments and yml this test."""
    models = (ROOT / "dbt_project/models").rglob("stg_*")
    assert [f.name for f in models if "TODO" in f.read_text()] == []


def test_nothing_of_a_student_is_copied(tmp_path: Path) -> None:
    file = tmp_path / "students.csv"
    file.write_text(STUDENTS)
    written = "".join(texts(tmp_path, draft("vt/students", file, tmp_path)))
    for told in STUDENTS.splitlines()[1].split(",")[1:4]:
        assert told not in written
    assert written.count("protect: TODO") == 2


@pytest.mark.parametrize(
    ("key", "content", "found"),
    [
        (
            "ME/dropout",
            SAMPLE,
            "KEY=ME/dropout: expected <provider>/<extract> in small",
        ),
        ("me/../dropout", SAMPLE, "KEY=me/../dropout: expected"),
        ("me/dropout", "", "expected a row of column names"),
        ("me/dropout", "School,Score\n", "expected a row of column names"),
        ("me/dropout", "Not a table.\n\nBut words, so\nand, so, on\nno\n", "as many"),
        ("me/dropout", "School,Zo\udce9\n", "FILE=file.csv: expected utf-8 text"),
        ("me/dropout", "School,2014,2015\nAsh,few,none\nElm,few,all\n", "with numbers"),
        ("me/dropout", "Ash,Doe,1234567\nElm,Roe,7654321\n", "one with numbers in it"),
    ],
)
def test_what_cannot_be_drafted_is_refused_and_nothing_written(
    tmp_path: Path, key: str, content: str, found: str
) -> None:
    file = tmp_path / "file.csv"
    file.write_text(content, errors="surrogateescape")
    with pytest.raises(NotDrafted, match=re.escape(found)):
        draft(key, file, tmp_path)
    assert list(tmp_path.iterdir()) == [file]


def test_nothing_is_overwritten(tmp_path: Path, file: Path) -> None:
    fixture = tmp_path / draft("me/dropout", file, tmp_path)[3]
    for name in ("expectations", "dbt_project"):
        (tmp_path / name).rename(tmp_path / f"{name}_before")
    with pytest.raises(NotDrafted, match=f"Found {fixture.relative_to(tmp_path)}"):
        draft("me/dropout", file, tmp_path)
    assert not (tmp_path / "expectations").exists()


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as it stands, in a folder of its own."""
    copy = tmp_path_factory.mktemp("walk") / "repository"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, done.stdout.decode().split("\0")):
        place = copy / name
        if (ROOT / name).is_file() and not name.startswith(("tests/", "docs/")):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes((ROOT / name).read_bytes())
    return copy


def python(copied: Path, *words: str) -> str:
    """What a program of the copy prints."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=copied,
        env={"PYTHONPATH": "plugins", "PATH": str(Path(sys.executable).parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def confirm(place: Path) -> None:
    """The page's edits of one drafted file."""
    text = place.read_text()
    for drafted, right in EDITS:
        text = text.replace(drafted, right)
    place.write_text(re.sub(r" +# TODO.*", "", text))


KEYS = "from common_metrics.contracts.loading import contract_keys as c; print(c())"
BUILD = """
import subprocess
from pathlib import Path
from common_metrics import batching
from common_metrics.warehouse import build
from common_metrics.contracts.loading import load_contracts
from common_metrics.lake import Lake
lake, contract = Lake(Path("lake").resolve()), load_contracts()["me/dropout"]
(names,) = batching.new_batches(contract, Path("drop"), lake)
(one,) = batching.receive(contract, Path("drop"), names, lake, lake.moment())
print(one.delivery.rows_validated, "rows", flush=True)
build.write_inputs(lake)
# The models on the way, and of the tests those of the new model alone.
selected = ["+school_outcomes", "stg_me__dropout+1,resource_type:test"]
quick = ["--indirect-selection", "empty", "--exclude-resource-type", "unit_test"]
build.dbt(lake, "build", *quick, "-s", *selected, stderr=None).check_returncode()
"""


def test_the_walk_of_the_page_ends_in_school_outcomes(copied: Path, file: Path) -> None:
    (draft_it,) = re.findall(r"`make new-source KEY=(\S+) FILE=(\S+)`", WALK)
    (copied / draft_it[1]).write_text(SAMPLE)
    printed = python(copied, "-m", "common_metrics.cli", "new-source", *draft_it)
    drafted = [copied / line for line in printed.splitlines()[:4]]
    used = "".join(place.read_text() for place in drafted)
    assert [old for old, _ in EDITS if old not in used] == []
    for place in drafted:
        confirm(place)
        assert "TODO" not in place.read_text()
    assert "me/dropout" not in python(copied, "-c", KEYS)
    for old, new in re.findall(r"^mv (\S+) (\S+)$", WALK, re.M):
        (copied / old).rename(copied / new)
    assert "me/dropout" in python(copied, "-c", KEYS)
    union = copied / UNIONED
    (ref,) = re.findall(r"`(ref\(.+?\),)` to the list", WALK)
    union.write_text(union.read_text().replace("] %}", f"    {ref}\n] %}}", 1))
    checked = python(
        copied,
        "-m",
        "common_metrics.cli",
        "check",
        draft_it[1],
        "--key",
        draft_it[0],
    )
    assert "3 of 3 rows would be accepted" in checked
    words = (str(drafted[3]), "--key", draft_it[0])
    fixture = python(copied, "-m", "common_metrics.cli", "check", *words)
    assert "1 of 1 rows would be accepted" in fixture
    place = copied / "drop/me_dropout"
    place.mkdir(parents=True)
    (copied / draft_it[1]).rename(place / draft_it[1])
    built = python(copied, "-c", BUILD)
    assert built.startswith("3 rows") and "accepted_values_stg_me__dropout" in built
    with duckdb.connect(str(copied / "lake/build/warehouse.duckdb")) as con:
        found = con.execute(
            "select school_name, numerator, denominator, round(value_pct, 1), "
            "source_row from published.school_outcomes where metric_id = "
            "'dropout_event' and student_group = 'all' and audience = 'partner' "
            "order by source_row"
        ).fetchall()
    assert [(*row[:3], float(row[3]), row[4]) for row in found] == [
        ("Alder Shore High School", 6, 240, 2.5, 2),
        ("Birch Cove High School", 9, 180, 5.0, 4),
    ]
