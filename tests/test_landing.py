import gzip
import hashlib
import io
import itertools
import json
import os
import tempfile
import threading
import time
import tracemalloc
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import drill
import pytest
import staged

from common_metrics import batching
from common_metrics.contracts.model import Contract, Identity
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Delivery, Lake
from common_metrics.landing import receiving
from common_metrics.reading import parsing, text
from common_metrics.validation import quarantine
from workbook import xlsx

FIXTURES = Path(__file__).parent / "fixtures"
KEY = "ct/graduation_4yr"
FOLDER = "ct_edsight/four-year-graduation-rates-school"
PAGE = b"<!DOCTYPE html>\n<html><body>The report is not available.</body></html>\n"
OSPREY = b'"Osprey Point Academy"'  # in row 8, the third of twenty schools
HOUR = "2016-03-02T06:00:00+00:00"


@pytest.fixture
def graduation(contracts):
    return contracts[KEY]


@pytest.fixture
def land(graduation, drop, lake, put) -> Callable[..., Delivery]:
    """Land bytes; raise as land does."""

    def land(content, name="delivery.csv", contract=graduation, at=HOUR):
        return staged.land(contract, drop, put(contract, content, name), lake, at)

    return land


def files_below(folder):
    """Every file with its bytes and the time of its last change."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def zipped(content: bytes) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rates.csv", content)
    return memory.getvalue()


def without_line_ends(good: bytes) -> bytes:
    """40 MB in one line, as a file of lost line ends would be."""
    line = good.replace(b"\r\n", b" ")
    return line * (40_000_000 // len(line)) + b"\r\n"


# Landing


def test_landed_bytes_are_unchanged_and_read_only(land, lake, graduates):
    file = lake.landing(land(graduates))
    assert file.read_bytes() == graduates
    assert file.stat().st_mode & 0o777 == 0o400


def test_the_drop_folder_is_left_as_it_is(run, put, drop, graduation, graduates):
    put(graduation, graduates, "good.csv"), put(graduation, PAGE, "page.csv")
    before = {path: path.read_bytes() for path in drop.rglob("*.csv")}
    run(graduation, graduates, "good.csv"), run(graduation, PAGE, "page.csv")
    assert {path: path.read_bytes() for path in drop.rglob("*.csv")} == before


def test_the_receipt_says_what_came_and_when(land, graduation, graduates):
    digest = hashlib.sha256(graduates).hexdigest()
    assert land(graduates) == Delivery(
        provider="ct",
        extract="graduation_4yr",
        file=f"{FOLDER}/delivery.csv",
        sha256=digest,
        bytes=len(graduates),
        landed_at=HOUR,
        school_year=2015,
        school_years=[2015],
        status="landed",
        contract_sha256=graduation.sha256,
    )


def test_the_receipt_is_kept(land, lake, graduates):
    delivery = land(graduates)
    assert lake.all_recorded() == [delivery]
    (record,) = lake.deliveries.rglob("*.json")
    assert json.loads(record.read_text())["sha256"] == delivery.sha256


def test_no_path_of_the_machine_is_recorded(land, lake, drop, graduates):
    land(graduates)
    with pytest.raises(DeliveryRefused):
        land(PAGE, "page.csv")
    for record in lake.deliveries.rglob("*.json"):
        assert str(drop.parent) not in record.read_text()


def test_reference_data_belong_to_no_year(land, lake, contracts, crosswalk):
    delivery = land(crosswalk, contract=contracts["nessc/school_crosswalk"])
    assert delivery.school_year is None
    assert lake.landing(delivery).parent.name == "undated"


def test_the_same_bytes_again_change_nothing(run, lake, graduation, graduates):
    first = run(graduation, graduates)
    before = files_below(lake.root)
    assert run(graduation, graduates) == first
    assert run(graduation, graduates, "copy.csv") == first
    assert first.status == "validated"
    assert files_below(lake.root) == before


def test_a_changed_contract_judges_the_same_bytes_again(
    run, land, lake, graduation, graduates
):
    first = run(graduation, graduates)
    changed = graduation.model_copy(update={"sha256": "f" * 64})
    again = land(graduates, contract=changed, at="later")
    assert (again.status, again.contract_sha256) == ("landed", "f" * 64)
    assert again.landed_at == first.landed_at, "the bytes came when they came"
    staged.validate(changed, again, lake)
    assert [d.status for d in lake.all_recorded()] == ["validated"]


def test_what_a_changed_contract_refuses_leaves_validated(
    run, lake, graduation, graduates
):
    run(graduation, graduates)
    identity = Identity(preamble=r"^Another Report, (?P<school_year>\d{4}-\d{2})$")
    changed = {"sha256": "f" * 64, "identity": identity}
    assert run(graduation.model_copy(update=changed), graduates).status == "refused"
    assert not list(lake.validated.rglob("*.parquet"))


def test_two_broken_files_of_the_same_bytes_are_both_named(run, graduation):
    assert f"{FOLDER}/first.csv: " in run(graduation, b"", "first.csv").message
    assert f"{FOLDER}/second.csv: " in run(graduation, b"", "second.csv").message


def test_a_file_renamed_as_told_has_its_new_name(run, graduation, graduates):
    refused = run(graduation, graduates, "rates 2013-14.csv")
    assert "rename the file" in refused.message
    renamed = run(graduation, graduates, "rates 2014-15.csv")
    assert (renamed.status, renamed.file) == (
        "validated",
        f"{FOLDER}/rates 2014-15.csv",
    )


def test_refused_bytes_are_kept_with_the_sentence(land, lake):
    with pytest.raises(DeliveryRefused):
        land(PAGE)
    (record,) = lake.all_recorded()
    assert record.status == "refused"
    assert record.message.startswith(f"{KEY} {FOLDER}/delivery.csv: Expected a csv")
    assert lake.refused(record).read_bytes() == PAGE
    assert not list(lake.root.rglob("landing/**/*.csv"))


# Finding


def test_deliveries_are_found_in_the_order_of_their_names(put, drop, graduation):
    names = [
        put(graduation, b"", name) for name in ("c.csv", "a.csv", "b/a.csv", "B.csv")
    ]
    assert receiving.find_deliveries(graduation, drop) == sorted(names)


def test_only_what_the_contract_asks_for_is_found(put, drop, contracts):
    asked = put(contracts[KEY], b"", "a.csv")
    put(contracts[KEY], b"", "a.xlsx")
    put(contracts["ct/graduation_5yr"], b"", "a.csv")
    assert receiving.find_deliveries(contracts[KEY], drop) == [asked]


def test_files_that_no_contract_asks_for_are_recorded(put, drop, lake, contracts):
    put(contracts[KEY], b"", "asked.csv")
    (drop / "notes.txt").write_text("not a source")
    assert receiving.record_unmatched(contracts, drop, lake, HOUR) == ["notes.txt"]
    (record,) = lake.all_recorded()
    assert (record.status, record.file, record.bytes) == ("unmatched", "notes.txt", 12)
    assert record.message.startswith("notes.txt: no contract asks for it. ")


def test_a_closed_folder_is_said_and_stops_nothing(contracts, graduates):
    with tempfile.TemporaryDirectory() as folder:
        root, lake = Path(folder), Lake(Path(folder) / "lake")
        place = root / "drop" / Path(contracts[KEY].landing.drop[0]).parent
        (place / "closed").mkdir(parents=True)
        for name in ("good.csv", "closed/other.csv"):
            (place / name).write_bytes(graduates)
        lake.root.mkdir()
        drill.give(root)
        (place / "closed").chmod(0)

        def look() -> None:
            drill.as_nobody()
            drop = root / "drop"
            receiving.record_unmatched(contracts, drop, lake, HOUR)
            found = receiving.find_deliveries(contracts[KEY], drop)
            (record,) = lake.all_recorded()
            raise ValueError(f"{len(found)} found; {record.message}")

        _, said = drill.in_a_fork(look)
        (place / "closed").chmod(0o700)
    closed = "closed: Expected a folder that can be opened. Found one that is closed."
    assert "1 found; " in said and closed in said


def test_an_unmatched_file_is_forgotten_when_it_goes(drop, lake, contracts):
    for name in ("stays.txt", "goes.txt"):
        (drop / name).write_text("the same text")
    receiving.record_unmatched(contracts, drop, lake, HOUR)
    (drop / "goes.txt").unlink()
    receiving.record_unmatched(contracts, drop, lake, "later")
    assert [d.file for d in lake.all_recorded()] == ["stays.txt"]


# A delivery is its bytes and the year that it states.


@pytest.fixture
def assessed(contracts) -> tuple[Contract, bytes]:
    """A file whose year stands in its name alone."""
    file = FIXTURES / "me/assessment/me_assessment_2021.csv"
    return contracts["me/assessment"], file.read_bytes()


def test_a_misnamed_file_is_mended_by_renaming_it(run, drop, lake, assessed):
    contract, content = assessed
    wrong = run(contract, content, "me_2020.csv")
    (drop / wrong.file).unlink()
    mended = run(contract, content, "me_2021.csv")
    assert (wrong.school_year, mended.school_year) == (2020, 2021)
    assert mended.status == "validated" and mended.file.endswith("me_2021.csv")
    assert lake.all_recorded() == [mended]
    assert [f.parent.name for f in lake.validated.rglob("*.parquet")] == ["2021"]


def test_last_year_s_bytes_under_this_year_s_name_are_refused(run, lake, assessed):
    contract, content = assessed
    first = run(contract, content, "me_2020.csv")
    second = run(contract, content, "me_2021.csv")
    assert second.status == "refused"
    assert f"the very bytes of {first.file}, of another year" in second.message
    assert {d.file: d.status for d in lake.all_recorded()} == {
        first.file: "validated",
        second.file: "refused",
    }
    assert run(contract, content, "me_2020.csv") == first


def test_a_year_inside_the_file_is_not_changed_by_a_name(
    run, drop, lake, graduation, graduates
):
    first = run(graduation, graduates, "rates 2014-15.csv")
    (drop / first.file).unlink()
    second = run(graduation, graduates, "rates 2015-16.csv")
    assert second.status == "refused" and first in lake.all_recorded()


def test_two_years_of_the_same_bytes_in_one_batch(put, drop, lake, assessed):
    contract, content = assessed
    names = [put(contract, content, f"me_{year}.csv") for year in (2020, 2021)]
    landed = batching.receive(contract, drop, names, lake, HOUR)
    status = {one.delivery.file: one.delivery.status for one in landed}
    assert status == dict(zip(names, ("validated", "refused"), strict=True))


# The year


@pytest.mark.parametrize(
    "name", ["rates__2013-14_all.csv", "2013-14/rates.csv"], ids=["file", "folder"]
)
def test_a_name_with_another_year_is_refused(run, lake, graduation, graduates, name):
    refused = run(graduation, graduates, name)
    assert refused.message == (
        f"{KEY} {FOLDER}/{name}: Expected the school year that its name says, 2013-14. "
        "Found 2014-15 inside the file. "
        "Find out which one is right, rename the file or fetch the other one."
    )
    assert lake.refused(refused).read_bytes() == graduates


@pytest.mark.parametrize("name", ["rates__2014-15.csv", "2014-15/r.csv", "rates.csv"])
def test_a_name_with_this_year_or_none_is_taken(land, graduates, name):
    assert land(graduates, name).school_year == 2015


def test_the_end_year_alone_may_stand_in_the_name(land, contracts, federal):
    contract = contracts["us/edfacts_acgr"]
    assert land(federal, "EdFacts 2015.csv", contract).school_year == 2015
    with pytest.raises(DeliveryRefused, match="its name says, 2013-14. Found 2014-15"):
        land(federal, "EdFacts 2014.csv", contract)


# Bad deliveries


class Bad(NamedTuple):
    """What was done to a good file, and the parts of the message it must give."""

    damage: Callable[[bytes], bytes]
    row: int | None
    expected: str
    found: str
    todo: str


BAD = {
    "empty": Bad(
        lambda good: b"",
        None,
        "a table",
        "an empty file (0 bytes)",
        "Download it again",
    ),
    "page": Bad(lambda good: PAGE, None, "a csv table", "a web page", "open the page"),
    "page after blanks": Bad(
        lambda good: b"\xef\xbb\xbf\r\n " + PAGE.lower(),
        None,
        "a csv table",
        "a web page",
        "open the page",
    ),
    "cut in a row": Bad(
        lambda good: good[: good.index(b"Osprey Point Ac") + 8],
        8,
        "a line end after the last row",
        "stops in the middle of a row",
        "download it again",
    ),
    "cut in a quoted cell": Bad(
        lambda good: good[: good.index(b"Osprey Point Ac") + 8] + b"\r\n",
        8,
        "quotes that close",
        "a quoted cell that does not end",
        "ask for it again",
    ),
    "cut between two cells": Bad(
        lambda good: good[: good.index(OSPREY) - 1] + b"\r\n",
        8,
        "7 cells in each row",
        "2 in this one (1 such rows)",
        "ask for it again",
    ),
    "latin-1": Bad(
        lambda good: good.replace(b"Osprey", b"Ospr\xe9y"),
        8,
        "ascii text",
        "byte 0xe9 is not ascii",
        "change read.encoding in expectations/ct/graduation_4yr.yml",
    ),
    "renamed column": Bad(
        lambda good: good.replace(b"Four-Year Cohort Count", b"Cohort N"),
        None,
        'a column for cohort_count: one of "Four-Year Cohort Count"',
        'unknown headers in the file: "Cohort N"',
        'add "Cohort N" to columns.cohort_count.headers in expectations/ct/',
    ),
    "missing column": Bad(
        lambda good: b"\r\n".join(
            line if n < 4 else line.rpartition(b",")[0]
            for n, line in enumerate(good.split(b"\r\n"))
        ),
        None,
        "a column for graduation_pct",
        "no such column, and no unknown header: nothing was renamed",
        "add a layout without it to expectations/ct/graduation_4yr.yml",
    ),
    "one line of 40 MB": Bad(
        without_line_ends,
        None,
        "lines of at most 1,000,000 bytes",
        "one of ",
        "The line ends were lost",
    ),
    "one cell of 200 kB": Bad(
        lambda good: good.replace(b"Osprey", b"O" * 200_000),
        8,
        "",
        "",
        "ask for",
    ),
    "more than 50 MB": Bad(
        lambda good: good * (50_000_001 // len(good) + 1),
        None,
        "at most 50,000,000 bytes",
        " bytes",
        "raise landing.max_bytes in expectations/ct/graduation_4yr.yml",
    ),
    "zip": Bad(zipped, None, "a csv table", "a zip archive", "Take the table out"),
    "gzip": Bad(gzip.compress, None, "a csv table", "a gzip archive", "Take the table"),
    "workbook": Bad(
        lambda good: xlsx({"Data": [["a", "b"]]}),
        None,
        "a csv table",
        "an .xlsx workbook",
        'save it as "CSV", or',
    ),
    "semicolons": Bad(
        lambda good: good.replace(b",", b";"),
        None,
        "cells separated by commas",
        "cells separated by semicolons",
        "change read.delimiter in expectations/ct/graduation_4yr.yml",
    ),
    "tabs": Bad(
        lambda good: good.replace(b",", b"\t"),
        None,
        "cells separated by commas",
        "cells separated by tabs",
        "Export it with commas.",
    ),
    "byte order mark": Bad(
        lambda good: b"\xef\xbb\xbf" + good,
        1,
        "ascii text",
        "UTF-8 text, which begins with a byte order mark: byte 0xef is not ascii",
        'Save it as "CSV", without the mark.',
    ),
    "utf-16": Bad(
        lambda good: good.decode().encode("utf-16"),
        1,
        "ascii text",
        "UTF-16 text, which begins with a byte order mark: byte 0xff is not ascii",
        'save it as "CSV", or',
    ),
    "utf-16 without a mark": Bad(
        lambda good: good.decode().encode("utf-16-le"),
        1,
        "ascii text",
        "bytes of zero, as UTF-16 text",
        'save it as "CSV", or',
    ),
    "lines of an old Mac": Bad(
        lambda good: good.replace(b"\r\n", b"\r"),
        None,
        "lines that end in LF",
        "lines that end in CR alone",
        'save it as "CSV", or',
    ),
    "two tables": Bad(
        lambda good: good + good,
        27,
        "one table in the file",
        "a second table begins there",
        "Deliver each table as a file of its own.",
    ),
    "a cover above": Bad(
        lambda good: b"\r\n" * 45 + good,
        None,
        "like ^Four-Year Graduation Rates, 2014-15$, within the first 40 rows",
        "the first one in row 46 only",
        "Delete the rows above it",
    ),
    "another table": Bad(
        lambda good: b"name,rate\r\nQuillmere,70.0\r\n",
        None,
        "a line above the header that says what this is, like ^Four-Year",
        "this is another table",
        "change identity in expectations/ct/graduation_4yr.yml",
    ),
    "title alone": Bad(
        lambda good: good[: good.index(b"\r\n") + 2],
        None,
        "a header row within the first 40 rows",
        "none with two known column names",
        "add its headers to columns in expectations/ct/graduation_4yr.yml",
    ),
    "header alone": Bad(
        lambda good: good[: good.index(b'"Quillmere')],
        None,
        "between 1 and 5000 rows",
        "0",
        "expectations/ct/graduation_4yr.yml",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_delivery_is_refused_with_a_message_of_four_parts(
    run, lake, graduation, graduates, name
):
    bad = BAD[name]
    content = bad.damage(graduates)
    refused = run(graduation, content)
    row = f" row {bad.row}" if bad.row else ""
    where, _, rest = refused.message.partition(": Expected ")
    expected, _, rest = rest.partition(". Found ")
    assert where == f"{KEY} {FOLDER}/delivery.csv{row}"
    assert bad.expected in expected
    assert bad.found in rest.partition(". ")[0]
    assert bad.todo in rest.partition(". ")[2]
    kept = [lake.landing(refused), lake.refused(refused)]
    assert [file.read_bytes() for file in kept if file.exists()] == [content]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_delivery_leaves_the_others_alone(
    run, lake, graduation, graduates, example, name
):
    first = run(graduation, graduates, "first.csv")
    before = files_below(lake.validated)
    bad = run(graduation, BAD[name].damage(graduates), "second.csv")
    third = run(graduation, example(KEY, "gender_nongrad"), "third.csv")
    assert [d.status for d in (first, bad, third)] == [
        "validated",
        "refused",
        "validated",
    ]
    after = files_below(lake.validated)
    assert before.items() <= after.items()
    assert after.keys() - before.keys() == {lake.rows("validated", third)}


def test_a_line_of_40_mb_costs_neither_time_nor_memory(land, graduates):
    content = without_line_ends(graduates)
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(DeliveryRefused, match="lines of at most"):
        land(content)
    took, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 2
    assert peak < 4 * len(content)


def test_a_zip_bomb_is_never_opened(land):
    content = zipped(bytes(100_000_000))
    assert len(content) < 200_000
    tracemalloc.start()
    with pytest.raises(DeliveryRefused, match="archives are not opened"):
        land(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


# Read once


def test_a_file_that_is_still_written_is_kept_as_it_was_read(
    put, drop, lake, graduation, graduates
):
    """The digest, the kept bytes and the rows are of one read, whoever writes on."""
    name = put(graduation, graduates)
    ended = threading.Event()

    def write() -> None:
        with (drop / name).open("r+b") as file:
            for number in itertools.cycle(range(10)):
                file.seek(graduates.index(b",41,71.9"))
                file.write(b",4%d,71.9" % number)
                file.flush()
                if ended.is_set():
                    return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        landed = [
            receiving.receive(graduation, drop, name, lake, f"{HOUR}{n}")
            for n in range(100)
        ]
    finally:
        ended.set()
        writer.join()
    for delivery, rows, _ in landed:
        kept = lake.landing(delivery).read_bytes()
        assert hashlib.sha256(kept).hexdigest() == delivery.sha256
        read = parsing.parse(graduation, delivery, parsing.records(graduation, kept))
        assert rows.table.equals(read.table)
    assert len({delivery.sha256 for delivery, _, _ in landed}) > 1


def test_a_file_is_opened_and_parsed_once(run, graduation, graduates, monkeypatch):
    calls = Counter()

    def counting(module, name: str) -> None:
        called = getattr(module, name)

        def counted(*args, **kwargs):
            calls[name] += 1
            return called(*args, **kwargs)

        monkeypatch.setattr(module, name, counted)

    counting(receiving, "_copied")
    counting(text, "decode")
    counting(text, "lines")
    counting(parsing, "_table")
    assert run(graduation, graduates).status == "validated"
    assert set(calls.values()) == {1} and len(calls) == 4


@pytest.fixture
def settled(monkeypatch):
    """Files count as settled at once; no test waits."""
    monkeypatch.setattr(batching, "SETTLED", -1)


def test_an_untouched_file_is_not_read_again(
    settled, put, drop, lake, graduation, graduates, monkeypatch
):
    names = [put(graduation, graduates, "good.csv"), put(graduation, PAGE, "page.csv")]
    assert batching.new_batches(graduation, drop, lake) == [names]
    batching.receive(graduation, drop, names, lake, HOUR)
    assert batching.new_batches(graduation, drop, lake) == []
    (refused,) = batching.still_refused(KEY, drop, lake)
    assert refused.file == names[1]
    changed = graduation.model_copy(update={"sha256": "f" * 64})
    assert batching.new_batches(changed, drop, lake) == [names]


def test_other_bytes_of_the_same_size_are_seen(
    settled, put, drop, lake, graduation, graduates
):
    name = put(graduation, graduates)
    batching.receive(graduation, drop, [name], lake, HOUR)
    before = (drop / name).stat()
    put(graduation, graduates.replace(b",41,71.9", b",42,73.7"))
    assert (drop / name).stat().st_size == before.st_size
    assert batching.new_batches(graduation, drop, lake) == [[name]]
    batching.receive(graduation, drop, [name], lake, f"{HOUR}2")
    assert len(lake.all_recorded()) == 2


def test_other_bytes_with_the_time_of_the_old_ones_are_seen(
    settled, put, drop, lake, graduation, graduates
):
    """A copy that keeps times: only the change of the entry itself tells."""
    name = put(graduation, graduates)
    batching.receive(graduation, drop, [name], lake, HOUR)
    before = (drop / name).stat()
    put(graduation, graduates.replace(b",41,71.9", b",42,73.7"))
    os.utime(drop / name, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert batching.new_batches(graduation, drop, lake) == [[name]]


def test_a_file_that_was_written_just_now_is_looked_at_again(
    put, drop, lake, graduation, graduates
):
    """Within the same tick of the clock it could change and look the same."""
    name = put(graduation, graduates)
    batching.receive(graduation, drop, [name], lake, HOUR)
    assert batching.new_batches(graduation, drop, lake) == [[name]]


def test_a_delivery_that_was_taken_back_is_received_anew(
    settled, put, drop, lake, graduation, graduates
):
    name = put(graduation, graduates)
    batching.receive(graduation, drop, [name], lake, HOUR)
    next(lake.deliveries.rglob("*.json")).unlink()
    assert batching.new_batches(graduation, drop, lake) == [[name]]


# Batches


def test_more_files_than_airflow_maps_are_few_batches(put, drop, lake, contracts):
    contract = contracts["nessc/student_attendance"]
    names = [
        put(contract, b"x", f"{n:04}_student_attendance_2014-15.csv")
        for n in range(1_030)
    ]
    batches = batching.new_batches(contract, drop, lake)
    assert [name for batch in batches for name in batch] == names
    assert [len(batch) for batch in batches] == [200] * 5 + [30]


def test_a_batch_has_no_more_bytes_than_a_file_may_have(put, drop, lake, graduation):
    small = graduation.landing.model_copy(update={"max_bytes": 10})
    contract = graduation.model_copy(update={"landing": small})
    names = [put(contract, b"x" * n, f"{at}.csv") for at, n in enumerate((4, 6, 1, 30))]
    batches = batching.new_batches(contract, drop, lake)
    assert batches == [names[:2], names[2:3], names[3:]]


def test_where_the_code_fails_on_a_file_the_others_are_received(
    settled, put, drop, lake, graduation, graduates, example, monkeypatch
):
    gender = put(graduation, example(KEY, "gender_nongrad"), "gender.csv")
    names = [put(graduation, graduates, "all.csv"), gender]
    settle = quarantine.settle

    def fail(contract, part, *rest):
        assert part.delivery.file != gender, "of the code"
        return settle(contract, part, *rest)

    monkeypatch.setattr(quarantine, "settle", fail)
    with pytest.raises(batching.NotReceived, match=r"gender\.csv: of the code"):
        batching.receive(graduation, drop, names, lake, HOUR)
    assert {d.file: d.status for d in lake.all_recorded()} == {
        names[0]: "validated",
        gender: "landed",
    }
    assert batching.new_batches(graduation, drop, lake) == [[gender]]


def test_the_folder_is_listed_once_for_a_whole_run(drop, put, graduation, monkeypatch):
    name = put(graduation, b"", "a.csv")
    monkeypatch.setattr(receiving, "LISTED", {})
    receiving.list_once(drop)
    monkeypatch.setattr(receiving, "_files", None)
    assert receiving.find_deliveries(graduation, drop) == [name]


def test_no_two_looks_have_one_time(lake):
    times = [lake.moment() for _ in range(3)]
    assert sorted({*times}) == times and all("." in time for time in times)
