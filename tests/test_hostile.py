"""Files of somebody who means harm: refused in words, or carried as plain text."""

import csv
import io
import os
import re
import time
from pathlib import Path

import duckdb
import hostile
import pytest
import staged
import yaml
from pyarrow import parquet

from common_metrics.contracts import blanks
from common_metrics.contracts.loading import load_contract, load_contracts
from common_metrics.errors import ContractError, DeliveryRefused, seen
from common_metrics.files import csv_text
from common_metrics.lake import Lake
from common_metrics.landing import receiving
from common_metrics.publication import audiences
from common_metrics.reading import parsing
from common_metrics.validation import expectations
from common_metrics.warehouse import build

ROOT = Path(__file__).parents[1]
KEY = "ct/graduation_4yr"
AT = "2016-03-01T06:00:00+00:00"
TABLE = [["School", "Count"], ["Ash", 12]]
BOOK = load_contracts()["nh/enrollment_school"]


# Workbooks


@pytest.mark.parametrize(
    ("what", "content"), list(hostile.workbooks(TABLE)), ids=lambda x: str(x)[:30]
)
def test_a_hostile_workbook_is_refused_and_takes_nothing_with_it(run, what, content):
    pattern = BOOK.model_copy(
        update={"read": BOOK.read.model_copy(update={"sheet": None})}
    )
    start = time.monotonic()
    refused = run(pattern, content, "book.xlsx")
    assert refused.status == "refused", what
    assert re.match(
        r"nh/.*: Expected a workbook that opens.*\. Found .*\. ", refused.message
    )
    assert time.monotonic() - start < 60


@pytest.mark.parametrize(
    ("what", "content"), list(hostile.harmless(TABLE)), ids=lambda x: str(x)[:30]
)
def test_what_else_lies_in_a_workbook_is_not_opened(
    what, content, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    read = BOOK.read.model_copy(update={"sheet": None})
    rows = parsing.records(BOOK.model_copy(update={"read": read}), content)
    assert [record.cells for record in rows] == [["School", "Count"], ["Ash", "12"]]
    assert list(tmp_path.iterdir()) == []


# The drop folder


@pytest.fixture
def outside(tmp_path: Path, graduates: bytes) -> Path:
    """A folder beside the drop folder with a file that would do."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.csv").write_bytes(graduates)
    return folder


def test_links_out_of_the_drop_folder_are_listed_and_not_read(
    put, drop, lake, contracts, outside, graduates
):
    contract = contracts[KEY]
    folder = (drop / put(contract, graduates, "good.csv")).parent
    (folder / "absolute.csv").symlink_to(outside / "secret.csv")
    (folder / "relative.csv").symlink_to(f"../../../{outside.name}/secret.csv")
    (folder / "nowhere.csv").symlink_to(outside / "none.csv")
    (folder / "folder.csv").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    (folder / "inside.csv").symlink_to("good.csv")
    os.link(outside / "secret.csv", folder / "hard.csv")
    found = receiving.find_deliveries(contract, drop)
    assert [Path(name).name for name in found] == ["good.csv", "hard.csv", "inside.csv"]
    listed = receiving.record_unmatched(contracts, drop, lake, AT)
    assert {Path(name).name for name in listed} == {
        *("absolute.csv", "relative.csv", "nowhere.csv", "folder.csv", "loop")
    }
    records = {Path(d.file).name: d for d in lake.all_recorded()}
    assert records["absolute.csv"].bytes == 0
    assert (
        "Expected a file that lies in the drop folder. Found a link that leads out"
        in (records["absolute.csv"].message)
    )


@pytest.mark.parametrize("name", ["../outside/secret.csv", "link.csv", "/etc/hostname"])
def test_landing_itself_takes_nothing_from_outside(
    drop, lake, contracts, outside, name
):
    (drop / "link.csv").symlink_to(outside / "secret.csv")
    with pytest.raises(DeliveryRefused, match="Expected a file that lies in the drop"):
        staged.land(contracts[KEY], drop, name, lake, AT)
    assert not list(lake.root.rglob("*.csv"))


@pytest.mark.parametrize(
    "name",
    [
        *(f"{text}.csv" for text in hostile.UNSEEN),
        os.fsdecode(b"no \xff utf-8.csv"),
        "n" * 240 + ".csv",
    ],
    ids=range(5),
)
def test_a_name_that_hides_something_is_listed_with_it_written_out(
    put, drop, lake, contracts, graduates, name
):
    put(contracts[KEY], graduates, name)
    assert receiving.find_deliveries(contracts[KEY], drop) == []
    (listed,) = receiving.record_unmatched(contracts, drop, lake, AT)
    (record,) = lake.all_recorded()
    assert "Rename it." in record.message
    for text in (listed, record.file, record.message):
        assert seen(text) == text and text.isprintable()
    # Readable for dbt, which would stop at half a character.
    read = f"select file from read_json('{lake.deliveries}/**/*.json')"
    assert duckdb.sql(read).fetchall() == [(record.file,)]


@pytest.mark.parametrize(
    "pattern",
    [
        *("https://example.org/a.csv", "s3://bucket/*.csv", "/etc/passwd", "~/a.csv"),
        *("../a.csv", "a/../../b.csv", "a/./b.csv", "C:\\a.csv", "//host/a.csv", ""),
    ],
)
def test_a_contract_that_points_elsewhere_dies(tmp_path, pattern):
    rules = yaml.safe_load((ROOT / f"expectations/{KEY}.yml").read_text())
    rules["landing"]["drop"] = [pattern]
    file = tmp_path / f"{KEY}.yml"
    file.parent.mkdir()
    file.write_text(yaml.safe_dump(rules))
    with pytest.raises(
        ContractError, match=r"landing\.drop\.0: .* is no path below the drop"
    ):
        load_contract(file, tmp_path)


# Text in a table


def test_hostile_cells_go_through_as_they_are(run, lake, contracts, graduates):
    contract = contracts[KEY]
    judged = run(contract, hostile.renamed(graduates, list(hostile.TEXTS)))
    assert judged.status == "validated"
    rows = parquet.read_table(lake.rows("validated", judged))
    wrong = parquet.read_table(lake.rows("quarantine", judged))
    names = {*rows["school_name"].to_pylist(), *wrong["school_name"].to_pylist()}
    assert set(hostile.TEXTS) <= names


def test_hostile_headers_are_named_without_effect(run, lake, contracts, graduates):
    contract = contracts[KEY]
    more = ["red \x1b[31m", *hostile.TEXTS, *(f"h{n}" for n in range(50))]
    lines = list(csv.reader(io.StringIO(graduates.decode(), newline="")))
    at = next(n for n, line in enumerate(lines) if "School" in line)
    lines[at] += more
    below = [line for line in lines[at + 1 :] if line]
    lines[at + 1 :] = [line + ["x"] * len(more) for line in below]
    out = io.StringIO(newline="")
    csv.writer(out).writerows(lines)
    refused = run(contract, out.getvalue().encode())
    assert refused.status == "refused"
    assert "42 more" in refused.message and "h49" not in refused.message
    assert "\x1b" not in refused.message
    read = contract.read.model_copy(update={"harmless": {"*": "of the test"}})
    judged = run(contract.model_copy(update={"read": read}), out.getvalue().encode())
    assert "42 more" in judged.message and "h49" not in judged.message
    assert "\x1b" not in judged.message + "".join(judged.additional_columns)
    page = expectations.build_data_docs(contract.key, lake)
    for file in page.rglob("*.html"):
        assert "<script>alert(1)" not in file.read_text()


def test_a_million_columns_take_no_time(run, contracts, graduates):
    start = time.process_time()
    head = graduates[: graduates.index(b'"Quillmere')].rstrip() + b",a" * 400_000
    refused = run(contracts[KEY], head + b"\r\n" + graduates[-200:])
    assert refused.status == "refused"
    assert time.process_time() - start < 10


def test_no_pattern_of_a_contract_takes_long_over_a_long_cell():
    """Patterns that try every way to read a cell would take for ever."""
    cells = [c * 20_000 for c in ("1", "a", " ", "A,", "1 ", "1-", '"', "a b, ")]
    for contract in load_contracts().values():
        rules = [rule["kwargs"].get("regex") for rule in contract.expectations]
        found = [c.pattern for c in contract.columns.values()] + contract.read.furniture
        found += [getattr(contract.identity, k) for k in ("preamble", "header")]
        found += [contract.landing.name_year]
        for pattern in {p for p in [*rules, *found] if p}:
            start = time.process_time()
            for cell in cells:
                re.search(pattern, cell + "!")
            assert time.process_time() - start < 1, (contract.key, pattern)


# The lake's own path, and SQL


@pytest.fixture
def odd(tmp_path: Path, contracts, graduates) -> Lake:
    """A lake in a folder of an odd name with one hostile delivery."""
    drop, lake = tmp_path / "drop", Lake(tmp_path / "it's; --'my' $[l]{a}k*e%")
    name = "ct_edsight/four-year-graduation-rates-school/{{ 7 * 7 }}'); drop.csv"
    (drop / name).parent.mkdir(parents=True)
    (drop / name).write_bytes(hostile.renamed(graduates, list(hostile.TEXTS)))
    landed = staged.land(contracts[KEY], drop, name, lake, AT)
    staged.validate(contracts[KEY], landed, lake)
    return lake


def test_dbt_reads_hostile_text_as_text_and_a_lake_of_any_name(odd: Lake) -> None:
    build.write_inputs(odd)
    asked = ["--select", "stg_ct__graduation_4yr", "stg_lake__deliveries"]
    done = build.dbt(odd, "run", *asked)
    assert done.returncode == 0, done.stdout
    with duckdb.connect(str(odd.build()), read_only=True) as con:
        sql = "select school_name from staging.stg_ct__graduation_4yr"
        names = {name for (name,) in con.execute(sql).fetchall()}
        kept = set(hostile.TEXTS) & names
        assert {t for t in hostile.TEXTS if t[0] in 'R"`{%<=@.'} <= kept
        sql = "select file from staging.stg_lake__deliveries"
        assert con.execute(sql).fetchone()[0].endswith("{{ 7 * 7 }}'); drop.csv")


def test_a_lake_with_a_question_mark_in_its_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(build.BuildFailed, match="expected a path without"):
        build.dbt_environment(Lake(tmp_path / "a?"))


def test_release_quotes_every_path_and_text() -> None:
    assert audiences.literal("it's") == "'it''s'"


# Spreadsheets


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_csv_of_ours_holds_a_formula(start: str) -> None:
    (row,) = csv.reader(
        io.StringIO(csv_text([[f"{start}1", "plain", -5, 0.5]]), newline="")
    )
    assert row == [f"'{start}1".replace("\r", " "), "plain", "-5", "0.5"]


def test_the_files_that_people_fill_in_hold_none() -> None:
    for file in (ROOT / "docs").rglob("*.csv"):
        text = file.read_text()
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert list(csv.reader(io.StringIO(csv_text(rows), newline=""))) == rows, file


def test_every_writer_of_csv_is_guarded() -> None:
    """The sample imitates publishers, whose files do hold formulas."""
    writers = [
        file.name
        for file in (ROOT / "plugins").rglob("*.py")
        if re.search(r"csv\.(writer|DictWriter)|to_csv|format csv", file.read_text())
    ]
    assert writers == ["files.py"]
    assert "csv_text" in Path(blanks.__file__).read_text()
