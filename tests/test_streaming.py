"""A delivery that is read in a stream becomes what it becomes in memory."""

import io
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from conftest import LANDED_AT, StudentLake
from hypothesis import given
from hypothesis import strategies as st

from common_metrics import batching, check
from common_metrics.contracts.loading import load_contract_of, load_contracts
from common_metrics.contracts.model import Contract
from common_metrics.lake import STAGES, Delivery, Lake
from common_metrics.landing import receiving
from common_metrics.reading import blocks, streaming, text
from common_metrics.reading.blocks import are_rows
from common_metrics.validation import expectations, streamed

ATTENDANCE, ENROLMENT = "vt/sis_attendance", "nessc/student_enrollment"
# Student extracts that are tables of text: a workbook is opened in memory.
STREAMED = [
    *("nessc/student_assessment", "nessc/student_attendance"),
    *("nessc/student_enrollment", "nh/i4see_enrollment", "nsc/student_tracker"),
    *("oneroster/demographics", "oneroster/enrollments", "oneroster/users"),
    *("ri/cohort_listing", "ri/enrollment_census", "vt/sis_attendance"),
    *("vt/sis_enrollment", "vt/sis_grade_progression", "vt/sis_identity"),
]
HEADER = "ADMINID,ENRORGID,PERMNUMBER,ATTEVENTDATE,DAILY_STATUS,ATTENTYPEID,ABSCATID"
HEADER += ",DSID_VALUE,SY\n"


def days(count: int, first: int = 0) -> list[str]:
    """Rows of attendance, ten days for each student."""
    return [
        f"SU001,PS001,{9000000 + n // 10},09/{n % 10 + 10}/2013,PRS,FT,,1,2014\n"
        for n in range(first, first + count)
    ]


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let every file be read in a stream, in small parts."""

    def stream(block: int = 1_000, together: int = 500_000) -> None:
        monkeypatch.setattr(streaming, "IN_MEMORY", 0)
        monkeypatch.setattr(blocks, "BLOCK", block)
        monkeypatch.setattr(streaming, "CHUNK", 7)
        monkeypatch.setattr(streamed, "TOGETHER", together)

    return stream


@pytest.fixture
def both(
    tmp_path: Path, drop: Path, put: Callable[..., str], stream: Callable[..., None]
) -> Callable[..., Delivery]:
    """Land bytes in memory and in a stream; return the record, which is the same."""

    def both(contract: Contract, content: bytes, name: str = "d.csv") -> Delivery:
        names, found = [put(contract, content, name)], []
        for kind in ("memory", "stream"):
            if kind == "stream":
                stream()
            lake = Lake(tmp_path / kind)
            (one,) = batching.receive(contract, drop, names, lake, LANDED_AT)
            assert not list(lake.root.rglob("*.part"))
            found.append((asdict(one.delivery), _bytes(lake, one.delivery)))
        assert found[1] == found[0]
        return one.delivery

    return both


def _bytes(lake: Lake, delivery: Delivery) -> dict[str, bytes]:
    files = {stage: lake.rows(stage, delivery) for stage in STAGES}
    return {stage: f.read_bytes() for stage, f in files.items() if f.exists()}


def test_it_is_known_which_extracts_are_read_in_a_stream() -> None:
    assert [
        key for key, each in load_contracts().items() if streaming.is_streamable(each)
    ] == STREAMED


@pytest.mark.full
def test_student_files_become_the_same(
    student_lake: StudentLake, stream: Callable[..., None], tmp_path: Path
) -> None:
    drop, lake, files = student_lake.sample / "extracts", Lake(tmp_path), 0
    stream(block=5_000)
    for key in STREAMED:
        contract, known = load_contract_of(key), student_lake.lake.recorded_of(key)
        sound = [d for d in known if d.status == "validated" and not d.rows_quarantined]
        # All with a fault in them, and of the others two.
        few = [*(d for d in known if d not in sound), *sound[:2]]
        names = sorted(delivery.file for delivery in few)
        batching.receive(contract, drop, names, lake, LANDED_AT)
        for delivery in few:
            assert lake.recorded(key, delivery.sha256) == delivery
            assert _bytes(lake, delivery) == _bytes(student_lake.lake, delivery)
            files += 1
    assert files > 40


CASES: dict[str, Callable[[list[str]], str]] = {
    "sound": lambda rows: "".join(rows),
    "blank lines": lambda rows: "\n".join(["", *rows[:50], ",,,,,,,,\n", *rows[50:]]),
    "quoted": lambda rows: "".join(rows).replace("PRS", '"PRS"'),
    "quotes in cells": lambda rows: "".join(rows).replace("PRS", '"P""RS"', 1),
    "a quoted line end": lambda rows: "".join(rows).replace("PRS", '"PRS\n"', 1),
    "open quote": lambda rows: "".join(rows).replace("PRS", '"PRS', 1),
    "carriage return": lambda rows: "".join(rows).replace("PRS", "P\rRS", 1),
    "crlf": lambda rows: "".join(rows).replace("\n", "\r\n"),
    "blanks and formulas": lambda rows: "".join(rows).replace("PS001", ' ="PS001" '),
    "ragged": lambda rows: "".join([*rows[:70], "SU001,PS001\n", *rows[70:]]),
    "ragged twice": lambda rows: "".join([*rows[:9], "1,2\n", *rows[9:], "1\n"]),
    "header again": lambda rows: "".join([*rows[:60], HEADER, *rows[60:]]),
    "exponent": lambda rows: "".join(rows).replace("9000006", "9E+6"),
    "cut": lambda rows: "".join(rows)[:-9],
    "zero byte": lambda rows: "".join(rows).replace("9000007", "900\0007"),
    "zero and wrong byte": lambda rows: "".join(rows).replace("9000007", "9\0\udcff"),
    "wrong byte": lambda rows: "".join(rows).replace("9000008", "90\udcff0008"),
    "letters": lambda rows: "".join(rows).replace("PS001", "PS00é"),
    "unseen": lambda rows: "".join(rows).replace("FT", "F\u200bT", 3),
    "other digits": lambda rows: "".join(rows).replace("SU001", "SU00１", 2),
    "long line": lambda rows: "".join([*rows, "x" * 1_000_001 + "\n", *rows]),
    "long cell": lambda rows: "".join([*rows, "x" * 200_000 + "\n"]),
    "repeats": lambda rows: "".join([*rows, *rows[3:20], *rows[:5]]),
    "other spelling": lambda rows: "".join(rows).replace("PS001", "ps001", 30),
    "two of a key": lambda rows: "".join(
        [*rows, rows[0].replace("1,2014", "0.5,2014")]
    ),
    "key of two cases": lambda rows: "".join([*rows, rows[1].lower()]),
    "key of ß": lambda rows: "".join(
        [*rows, rows[1].replace("FT", "ß"), rows[1].replace("FT", "SS")]
    ),
    "few wrong": lambda rows: "".join(rows).replace("PRS", "XXX", 4),
    "all wrong": lambda rows: "".join(rows).replace("PRS", "XXX"),
    "two faults in a row": lambda rows: "".join(rows).replace("PRS,FT", "X,Y", 2),
    "an odd student": lambda rows: "".join(rows).replace("9000004", "x"),
    "no student": lambda rows: "".join(rows).replace("9000004", ""),
    "other years": lambda rows: "".join(rows).replace(",2014", ",2015", 30),
    "no year": lambda rows: "".join(rows).replace(",2014", ","),
    "no rows": lambda rows: "",
}


@pytest.mark.parametrize("case", CASES)
def test_a_stream_says_of_a_file_what_memory_does(
    both: Callable[..., Delivery], case: str
) -> None:
    told = (HEADER + CASES[case](days(150))).encode("utf-8", "surrogateescape")
    both(load_contract_of(ATTENDANCE), told)


HEADERS: dict[str, Callable[[str], str]] = {
    "none": lambda rows: rows,
    "below a cover": lambda rows: "cover\n\n" + HEADER + rows,
    "too far below": lambda rows: "cover\n" * 45 + HEADER + rows,
    "other names": lambda rows: HEADER.replace("ENRORGID", "SCHOOL") + rows,
    "a letter wrong": lambda rows: HEADER.replace("ENRORGID", "ENRORGIT") + rows,
    "one more": lambda rows: (HEADER + rows).replace("\n", ",x\n"),
    "one more, empty": lambda rows: (HEADER + rows).replace("\n", ",\n"),
    "twice": lambda rows: HEADER.replace("ABSCATID", "DSID_VALUE") + rows,
    "semicolons": lambda rows: (HEADER + rows).replace(",", ";"),
    "utf-16": lambda rows: "\udcff\udcfe" + HEADER + rows,
    "byte order mark": lambda rows: "\ufeff" + HEADER + rows,
    "a page": lambda rows: "<!doctype html>" + HEADER + rows,
    "an archive": lambda rows: "PK\x03\x04" + HEADER + rows,
    "blank names": lambda rows: HEADER.replace("ADMINID", "") + rows,
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_stream_says_of_a_header_what_memory_does(
    both: Callable[..., Delivery], case: str
) -> None:
    told = HEADERS[case]("".join(days(90))).encode("utf-8", "surrogateescape")
    both(load_contract_of(ATTENDANCE), told)


def test_limits_are_those_of_the_contract(both: Callable[..., Delivery]) -> None:
    contract = load_contract_of(ATTENDANCE)
    few = contract.landing.model_copy(update={"max_lines": 20})
    told = (HEADER + "".join(days(30))).encode()
    refused = both(contract.model_copy(update={"landing": few}), told)
    assert "Expected at most 20 lines. Found 31." in refused.message
    assert both(contract, told).rows_validated == 30


def test_files_that_are_judged_together_fit_into_memory(
    drop: Path, lake: Lake, put: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = load_contract_of(ATTENDANCE)
    told = [(HEADER + "".join(days(40, 40 * n))).encode() for n in range(5)]
    for n, content in enumerate(told):
        put(contract, content, f"{n}.04_7_PS_Att.csv")
    monkeypatch.setattr(streaming, "IN_MEMORY", 2 * len(told[0]) + 10)
    batches = batching.new_batches(contract, drop, lake)
    assert [len(names) for names in batches] == [2, 2, 1]


def test_a_row_of_a_student_takes_all_others_along_across_blocks(
    both: Callable[..., Delivery],
) -> None:
    rows = days(200)
    rows = [*rows[:100:2], *rows[100:], *rows[1:100:2]]
    rows[0] = rows[0].replace(",1,2014", ",7,2014")
    found = both(load_contract_of(ATTENDANCE), (HEADER + "".join(rows)).encode())
    assert (found.rows_quarantined, found.rows_validated) == (10, 190)


def test_keys_are_judged_some_at_a_time(
    both: Callable[..., Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "TOGETHER", 4)
    rows = days(60)
    twice = [row.replace(",1,2014", ",0.5,2014") for row in rows[:9]]
    told = (HEADER + "".join([*rows, *rows[20:30], *twice])).encode()
    found = both(load_contract_of(ATTENDANCE), told)
    assert (found.rows_duplicate, found.rows_quarantined) == (10, 19)


@pytest.mark.full
def test_a_contract_without_a_header_is_read_in_a_stream(
    both: Callable[..., Delivery], student_lake: StudentLake
) -> None:
    contract = load_contract_of("nh/i4see_enrollment")
    drop = student_lake.sample / "extracts"
    name = receiving.find_deliveries(contract, drop)[0]
    found = both(contract, (drop / name).read_bytes(), Path(name).name)
    assert found.rows_validated


@pytest.mark.full
def test_rows_without_a_key_are_rows_of_the_file(
    both: Callable[..., Delivery], student_lake: StudentLake
) -> None:
    contract = load_contract_of("oneroster/demographics")
    drop = student_lake.sample / "extracts"
    sound = next(
        delivery.file
        for delivery in student_lake.lake.recorded_of(contract.key)
        if delivery.status == "validated" and delivery.rows_raw > 40
    )
    header, *rows = (drop / sound).read_text().splitlines()
    at = header.split(",").index("sourcedId")
    for n, row in enumerate(rows):
        cells = row.split(",")
        same = "" if n < 2 else "one id for all"
        rows[n] = ",".join([*cells[:at], same, *cells[at + 1 :]])
    told = "\n".join([header, *rows, ""]).encode()
    refused = both(contract, told, Path(sound).name)
    assert f" of {len(rows)} rows otherwise" in refused.message, refused.message


@pytest.mark.full
def test_a_check_says_the_same_of_what_is_only_warned_of(
    student_lake: StudentLake, tmp_path: Path, stream: Callable[..., None]
) -> None:
    contract = load_contract_of("nh/i4see_enrollment")
    drop = student_lake.sample / "extracts"
    sound = next(
        delivery.file
        for delivery in student_lake.lake.recorded_of(contract.key)
        if delivery.status == "validated" and delivery.rows_raw > 20
    )
    lines = (drop / sound).read_text().splitlines(keepends=True)
    at = contract.read.header.index("DAYS SUSPENDED IS")
    for row, cell in ((3, "x"), (7, "many")):
        cells = lines[row].split(",")
        lines[row] = ",".join([*cells[:at], cell, *cells[at + 1 :]])
    file = tmp_path / Path(sound).name
    file.write_text("".join(lines))
    in_memory = check.check(contract, file, Lake(tmp_path / "memory"))
    stream()
    assert check.check(contract, file, Lake(tmp_path / "stream")) == in_memory
    assert "Warning, rows 4, 8" in "".join(in_memory[1])


@pytest.mark.parametrize("status", ["validated", "refused"])
@pytest.mark.parametrize("step", ["before it was judged", "before the record"])
def test_what_was_killed_is_made_good_by_the_next_run(
    step: str,
    status: str,
    drop: Path,
    lake: Lake,
    put: Callable[..., str],
    stream: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream()
    contract = load_contract_of(ATTENDANCE)
    rows = "".join(days(50)).replace("PRS", "PRS" if status == "validated" else "X")
    name = put(contract, (HEADER + rows).encode(), "2014.04_7_PS_Att.csv")
    record = Lake.record

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    def killed_at_the_end(lake: Lake, delivery: Delivery) -> None:
        killed() if delivery.status == status else record(lake, delivery)

    with monkeypatch.context() as context, pytest.raises(KeyboardInterrupt):
        context.setattr(streamed, "judged", killed)
        if step == "before the record":
            context.undo()
            context.setattr(Lake, "record", killed_at_the_end)
        batching.receive(contract, drop, [name], lake, LANDED_AT)
    (left,) = lake.recorded_of(contract.key)
    assert left.status == "landed"
    assert (lake.root / "landing").stat().st_mode & 0o077 == 0
    (names,) = batching.new_batches(contract, drop, lake)
    batching.receive(contract, drop, names, lake, LANDED_AT)
    (made_good,) = lake.recorded_of(contract.key)
    kept = 50 if status == "validated" else 0
    assert (made_good.status, made_good.rows_validated) == (status, kept)
    assert not list(lake.root.rglob("*.part"))


def test_what_landed_is_judged_without_its_file(
    drop: Path,
    lake: Lake,
    put: Callable[..., str],
    stream: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream()
    contract = load_contract_of(ATTENDANCE)
    name = put(contract, (HEADER + "".join(days(50))).encode())

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context, pytest.raises(KeyboardInterrupt):
        context.setattr(streamed, "judged", killed)
        batching.receive(contract, drop, [name], lake, LANDED_AT)
    batching.mend(contract, drop / "gone", lake)
    (mended,) = lake.recorded_of(contract.key)
    assert (mended.status, mended.rows_validated) == ("validated", 50)
    assert not list(lake.root.rglob("*.part"))


def test_the_page_of_a_stream_shows_what_is_set_aside(
    drop: Path, lake: Lake, put: Callable[..., str], stream: Callable[..., None]
) -> None:
    stream()
    contract = load_contract_of(ATTENDANCE)
    rows = "".join(days(150)).replace("PRS", "XXX", 4)
    batching.receive(
        contract, drop, [put(contract, (HEADER + rows).encode())], lake, LANDED_AT
    )
    page = (expectations.build_data_docs(contract.key, lake) / "index.html").read_text()
    assert "2013-14 · 1 file · 10 of 150 rows" in page


@given(st.text(alphabet='ab",\n\r =', max_size=40))
def test_lines_that_are_taken_for_rows_are_rows(told: str) -> None:
    block = told.encode()
    if are_rows(block, ","):
        contract = load_contract_of(ATTENDANCE)
        records = [*text.rows(contract, io.StringIO(told, newline=""))]
        width = max([1, *(len(r.cells) for r in records)])
        by_csv = streaming._of_records(records, width)
        at_once = streaming._of_block(contract, 1, block, width) if block else by_csv
        assert _plain(at_once) == _plain(by_csv)


def _plain(chunk: streaming.Chunk) -> tuple[Any, ...]:
    cells = [pa.array(column.to_pylist()) for column in chunk.cells]
    return chunk.rows.to_pylist(), [c.to_pylist() for c in cells], chunk.ragged


@pytest.mark.parametrize("block", [1, 7, 64, 10_000])
def test_blocks_are_whole_lines(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(blocks, "BLOCK", block)
    told = b"one\n\ntwo and more\r\nthree\nlast"
    found = list(blocks.blocks(io.BytesIO(told)))
    assert b"".join(part for _, part in found) == told
    before = [b"".join(part for _, part in found[:n]) for n in range(len(found))]
    assert [row for row, _ in found] == [each.count(b"\n") + 1 for each in before]
    assert all(each.endswith(b"\n") for each in before[1:])
    assert blocks.line_lengths(io.BytesIO(told)) == (4, 13)
