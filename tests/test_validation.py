import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as pq
import pytest
import staged
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from common_metrics import batching
from common_metrics.contracts.loading import CONTRACTS, DRAFT, load_contracts
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Delivery, Lake
from common_metrics.landing import receiving
from common_metrics.reading import parsing
from common_metrics.validation import expectations, quarantine
from common_metrics.validation.findings import FEW

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "fixtures"
KEY = "ct/graduation_4yr"
HOUR = "2016-03-01T06:00:00+00:00"
SENTINEL = "ZZSENTINEL"
TANSY = b",57,41,71.9"  # in row 7, the second of twenty schools
LAYOUTS = [
    (KEY, "all-schools_all-students_grad", "school_graduates"),
    (KEY, "gender_nongrad", "school_nongraduates"),
    (KEY, "race_grad_ct", "state_graduates"),
    (KEY, "all-students_nongrad_ct", "state_nongraduates"),
    ("ct/graduation_5yr", "all-students_grad", "school_graduates"),
    ("ct/graduation_6yr", "all-students_grad", "school_graduates"),
    ("ct/college_entrance", "all-schools_.csv", "school"),
    ("ct/college_entrance", "all-schools_gender", "school_by_group"),
    ("ct/college_entrance", "___ct", "state"),
    ("nessc/school_crosswalk", "hs_crosswalk", "school_crosswalk"),
    ("us/edfacts_acgr", "2014", "edfacts_acgr"),
    ("us/edfacts_acgr", "2015", "edfacts_acgr"),
]
# Run apart: whether a library tells its maker about us is decided when it is imported.
# The hook hears every look-up and connection, also those of threads that end late.
PROBE = """
import os, sys
from pathlib import Path

def hear(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        os.write(2, f"CALLED {args[:2]}\\n".encode())
        raise OSError("no network in this test")

sys.addaudithook(hear)
from common_metrics import batching
from common_metrics.validation import expectations
from common_metrics.contracts.loading import load_contracts
from common_metrics.lake import Lake

drop, name, lake = Path(sys.argv[1]), sys.argv[2], Lake(sys.argv[3])
contract = load_contracts()["ct/graduation_4yr"]
(one,) = batching.receive(contract, drop, [name], lake, lake.moment())
assert one.delivery.status == "validated"
assert expectations.build_data_docs(contract.key, lake).is_dir()
# This release of the library sends nothing; another one may, unless told not to.
assert os.environ["GX_ANALYTICS_ENABLED"] == "False"
"""


@pytest.fixture
def graduation(contracts):
    return contracts[KEY]


@pytest.fixture
def rows(lake, contracts) -> Callable[[str, Delivery], list[dict]]:
    """Return the rows of a delivery in landing, validated or quarantine."""

    def rows(stage: str, delivery: Delivery) -> list[dict]:
        if stage == "landing":
            contract, file = contracts[delivery.key], lake.landing(delivery)
            return staged.read(contract, delivery, file).table.to_pylist()
        return pq.read_table(lake.rows(stage, delivery)).to_pylist()

    return rows


def numbers(rows: list[dict]) -> list[int]:
    return [row["_source_row"] for row in rows]


def lines(content: bytes) -> list[bytes]:
    return content.split(b"\r\n")


def with_line(content: bytes, at: int, line: bytes) -> bytes:
    """The file with one more line, which becomes row ``at``."""
    parts = lines(content)
    return b"\r\n".join([*parts[: at - 1], line, *parts[at - 1 :]])


def wrong(content: bytes, count: int, cell: bytes = b"-1") -> bytes:
    """The file with a wrong cohort in its first ``count`` rows."""
    parts = lines(content)
    for at in range(5, 5 + count):
        cells = parts[at].split(b",")
        parts[at] = b",".join([*cells[:4], cell, *cells[5:]])
    return b"\r\n".join(parts)


def checking(contract, **expectation):
    """The contract with one more expectation."""
    more = {"expectations": [*contract.expectations, expectation]}
    return contract.model_copy(update={"sha256": "f" * 64, **more})


def one_of(*schools: str, severity: str, **kwargs):
    """An expectation that only these schools are in the file."""
    return {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": "school_name", "value_set": list(schools), **kwargs},
        "severity": severity,
        "meta": {"says": "a school that we know"},
    }


# What is good


@pytest.mark.parametrize(("key", "part", "layout"), LAYOUTS)
def test_each_layout_goes_through_whole(
    run, rows, contracts, example, key, part, layout
):
    delivery = run(contracts[key], example(key, part))
    assert (delivery.status, delivery.rows_quarantined) == ("validated", 0)
    kept = rows("validated", delivery)
    assert kept == rows("landing", delivery)
    assert delivery.rows_raw == delivery.rows_validated == len(kept) > 0
    assert {row["_layout"] for row in kept} == {layout}


def test_every_contract_has_a_fixture(contracts):
    held = {f"{p.parent.parent.name}/{p.parent.name}" for p in FIXTURES.glob("*/*/*.*")}
    drafts = {key for key in held if (CONTRACTS / f"{key}{DRAFT}").exists()}
    assert held - drafts == set(contracts)


def test_additional_columns_are_reported_and_left_out(run, rows, graduation, graduates):
    parts = lines(graduates)
    parts[4] += b',"Remarks"'
    parts[5:25] = [row + b",ZZ" for row in parts[5:25]]
    assert run(graduation, b"\r\n".join(parts)).status == "refused"
    read = graduation.read.model_copy(update={"harmless": {"remarks": "notes"}})
    contract = graduation.model_copy(update={"read": read})
    delivery = run(contract, b"\r\n".join(parts))
    assert (delivery.status, delivery.rows_validated) == ("validated", 20)
    assert delivery.additional_columns == ["Remarks"]
    assert delivery.message == (
        'columns not in expectations/ct/graduation_4yr.yml left out: "Remarks"'
    )
    assert "ZZ" not in str(rows("validated", delivery))
    assert parsing.left_out([delivery]) == [
        "columns left out of ct/graduation_4yr: Remarks (1 files)"
    ]


def test_entrance_lands_while_persistence_is_not_yet_known(run, rows, contracts):
    content = (
        b'"College Entrance and Persistence, 2013-14"\r\n"All Districts"\r\n\r\n'
        b'"District","District Code","School","School Code","Entrance(%)",'
        b'"Persistence(%)"\r\n'
        b'"Ash District","=""0010011""","Ash High","=""0016111""",71.5,"N/A"\r\n'
        b'"Elm District","=""0020011""","Elm High","=""0026111""",*,"N/A"\r\n'
    )
    delivery = run(contracts["ct/college_entrance"], content)
    assert (delivery.status, delivery.rows_quarantined) == ("validated", 0)
    kept = rows("validated", delivery)
    assert [row["persistence_pct"] for row in kept] == ["N/A", "N/A"]


# Quarantine and duplicates


def test_a_wrong_row_is_moved_with_its_reason(run, rows, graduation, graduates):
    delivery = run(graduation, graduates.replace(TANSY, b",57,-41,71.9"))
    counts = (delivery.rows_raw, delivery.rows_validated, delivery.rows_quarantined)
    assert counts == (20, 19, 1)
    (moved,) = rows("quarantine", delivery)
    assert moved["_source_row"] == 7
    assert moved["graduation_count"] == "-41"
    assert moved["_reason"] == (
        "expect_column_values_to_match_regex: a count, * or N/A, in graduation_count"
    )
    assert 7 not in numbers(rows("validated", delivery))


def test_a_row_with_an_error_is_moved_whatever_its_column_takes(run, rows, contracts):
    contract = contracts["nh/cohort_counts"]
    header = [column.headers[0] for column in contract.columns.values()]
    title = ["2014 - 2015 Cohort Graduation and Dropout Rate"]
    schools = [
        [1, 11, "Larch", f"School {n}", 90, 80, 0.88, 2, 6, 10, 0.07] for n in range(12)
    ]
    content = BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet("Cohorts")
        for at, cells in enumerate([title, header, *schools]):
            sheet.write_row(at, 0, cells)
        # No expectation asks for the equivalency test.
        sheet.write_formula("H5", "=NA()", None, "#N/A")
        book.add_worksheet("Notes").write(0, 0, "Notes")
    delivery = run(contract, content.getvalue(), "cohort_counts_2015.xlsx")
    (moved,) = rows("quarantine", delivery)
    assert (moved["_source_row"], moved["hiset_count"]) == (5, "(error #N/A)")
    assert "no cell with an error" in moved["_reason"]
    assert delivery.rows_validated == 11
    assert delivery.unread_sheets == ["Notes"]
    assert delivery.message.endswith("; sheets not read: Notes")


@pytest.mark.parametrize(
    ("part", "good", "bad", "says"),
    [
        ("all-schools_all", '=""1700011""', '=""170001""', "a district code of seven"),
        ("all-schools_all", '=""1706111""', '=""170611X""', "a school code of seven"),
        ("all-schools_all", ",57,41,", ",,41,", "a cohort count in each row"),
        ("all-schools_all", ",57,41,", ",57.0,41,", "in cohort_count"),
        ("all-schools_all", ",57,41,", ",57,fortyone,", "in graduation_count"),
        ("all-schools_all", ",71.9", ",71.95", "in graduation_pct"),
        (
            "gender",
            '"Male",24,',
            '"Boys",24,',
            "a group label that is in the code list",
        ),
        ("gender", ",24,6,25.0,", ",24,-6,25.0,", "in still_enrolled_count"),
        ("gender", ",25.0,7,29.2", ",2500,7,29.2", "in still_enrolled_pct"),
        ("gender", ",25.0,7,29.2", ",25.0,7*,29.2", "in other_count"),
        ("gender", ",25.0,7,29.2", ",25.0,7,129.2", "in other_pct"),
    ],
)
def test_each_expectation_moves_its_row(
    run, rows, graduation, example, part, good, bad, says
):
    content = example(KEY, part)
    assert content.count(good.encode()) == 1
    delivery = run(graduation, content.replace(good.encode(), bad.encode()))
    (moved,) = rows("quarantine", delivery)
    assert moved["_source_row"] == 7
    assert says in moved["_reason"]


def test_every_reason_of_a_row_is_named(run, rows, graduation, graduates):
    delivery = run(graduation, graduates.replace(TANSY, b",57,-41,719"))
    (moved,) = rows("quarantine", delivery)
    first, second = moved["_reason"].split("; ")
    assert first.endswith("in graduation_count")
    assert second.endswith("in graduation_pct")


def test_the_parts_of_a_delivery_add_up(run, rows, graduation, graduates):
    mixed = graduates.replace(TANSY, b",57,-41,71.9")
    mixed = with_line(mixed, 26, lines(graduates)[7])
    delivery = run(graduation, mixed)
    raw, kept = rows("landing", delivery), rows("validated", delivery)
    moved = rows("quarantine", delivery)
    assert (len(raw), len(kept), len(moved), delivery.rows_duplicate) == (21, 19, 1, 1)
    assert sorted(numbers(kept) + numbers(moved) + [26]) == numbers(raw)


def test_of_exact_duplicates_the_first_stays(run, rows, graduation, graduates):
    osprey = lines(graduates)[7]
    delivery = run(graduation, with_line(with_line(graduates, 26, osprey), 27, osprey))
    assert (delivery.rows_raw, delivery.rows_duplicate) == (22, 2)
    assert delivery.rows_quarantined == 0
    assert numbers(rows("validated", delivery)) == list(range(6, 26))
    assert delivery.message == "2 exact duplicates left out"


def test_a_key_with_two_values_moves_both_rows(run, rows, graduation, graduates):
    second = lines(graduates)[6].replace(TANSY, b",57,42,73.7")
    delivery = run(graduation, with_line(graduates, 26, second))
    moved = rows("quarantine", delivery)
    assert numbers(moved) == [7, 26]
    assert {row["_reason"] for row in moved} == {
        "expect_compound_columns_to_be_unique: one row for each district_name, "
        "school_id_state, student_group_label"
    }
    assert (delivery.rows_duplicate, delivery.rows_validated) == (0, 19)


@pytest.mark.parametrize("place", ["school", "code"])
def test_a_row_of_a_school_file_without_its_school_is_moved(
    run, rows, graduation, graduates, place
):
    cell = {"school": b'"Tansy Brook High School"', "code": b'"=""1706111"""'}[place]
    delivery = run(graduation, graduates.replace(cell, b'""'))
    assert numbers(rows("quarantine", delivery)) == [7]


@pytest.mark.parametrize("key", [KEY, "nessc/school_crosswalk"])
def test_the_quarantine_of_the_message_is_there(
    run, lake, contracts, graduates, crosswalk, key
):
    school = "ME,MAINE,2399903,ME-9,Corrigan Bay,2399903{:05},ME-9-{},A,9,{},{}\r\n"
    many = b"".join(school.format(n, n, n, n).encode() for n in range(100, 300))
    content = {
        KEY: graduates.replace(TANSY, b",57,-41,71.9"),
        "nessc/school_crosswalk": crosswalk.replace(b"VT,VERMONT", b"XX,X") + many,
    }[key]
    delivery = run(contracts[key], content)
    assert delivery.status == "validated", delivery.message
    assert delivery.rows_quarantined == 1
    path = delivery.message.partition("see ")[2].partition(";")[0]
    assert (lake.root / path).is_file()


def test_a_lost_row_stops_everything(
    lake, graduation, graduates, put, drop, monkeypatch
):
    name = put(graduation, graduates)
    delivery = staged.land(graduation, drop, name, lake, HOUR)
    part = quarantine.part
    monkeypatch.setattr(
        quarantine, "part", lambda read: part(read)._replace(rows=part(read).rows[1:])
    )
    with pytest.raises(quarantine.RowsLost, match="20 rows read, but 19 validated"):
        staged.validate(graduation, delivery, lake)
    assert not list(lake.validated.rglob("*.parquet"))


# What refuses the whole file


@pytest.mark.parametrize("count", [2, 3])
def test_a_few_wrong_rows_are_moved(run, graduation, graduates, count):
    delivery = run(graduation, wrong(graduates, count))
    assert (delivery.status, delivery.rows_quarantined) == ("validated", count)


def test_more_wrong_rows_than_allowed_refuse_the_file(run, lake, graduation, graduates):
    delivery = run(graduation, wrong(graduates, 4))
    assert delivery.status == "refused"
    assert delivery.message == (
        f"{KEY} {delivery.file} row 6: Expected a count, * or N/A, in cohort_count. "
        "Found 4 of 20 rows otherwise, most of them a number below zero, like -9. "
        "So many cannot be single mistakes: the layout "
        "or a code list has changed, or this is another extract. Compare it with the "
        "last one and expectations/ct/graduation_4yr.yml."
    )
    assert not list(lake.validated.rglob("*.parquet"))
    assert not list(lake.root.rglob("quarantine/**/*.parquet"))
    assert lake.landing(delivery).read_bytes() == wrong(graduates, 4)


def test_keys_with_two_values_in_half_of_the_rows_refuse_the_file(
    run, graduation, graduates
):
    parts = lines(graduates)
    for at in range(5, 16):
        again = b",".join([*parts[at].split(b",")[:4], b"9,8,88.9"])
        graduates = with_line(graduates, 26, again)
    delivery = run(graduation, graduates)
    assert delivery.status == "refused"
    assert "Expected one row for each district_name" in delivery.message


def test_a_refused_file_takes_back_what_an_earlier_contract_let_through(
    run, lake, graduation, graduates
):
    run(graduation, graduates)
    strict = one_of("Quillmere High School", severity="critical")
    assert run(checking(graduation, **strict), graduates).status == "refused"
    assert not list(lake.validated.rglob("*.parquet"))


def test_a_contract_may_change_to_and_fro(run, graduation, graduates, example):
    other = checking(graduation, **one_of("Nowhere High School", severity="critical"))
    gender = example(KEY, "gender")
    assert run(graduation, graduates).status == "validated"
    assert run(other, gender, "gender.csv").status == "refused"
    assert run(graduation, gender, "gender.csv").status == "validated"


# Warnings


@pytest.mark.parametrize("mostly", [{"mostly": 0.01}, {}], ids=["mostly", "strict"])
def test_a_warning_passes_and_is_reported(run, rows, graduation, graduates, mostly):
    lenient = one_of("Quillmere High School", severity="warning", **mostly)
    delivery = run(checking(graduation, **lenient), graduates)
    assert (delivery.status, delivery.rows_validated) == ("validated", 20)
    assert rows("quarantine", delivery) == []
    assert delivery.message == (
        "19 rows warned of, the first is row 7 "
        "(expect_column_values_to_be_in_set: a school that we know)"
    )


# Data Docs and telemetry


@pytest.mark.parametrize(
    "damage",
    [
        lambda good: good.replace(TANSY, f",57,{SENTINEL},71.9".encode()),
        lambda good: good.replace(TANSY, f',57,41,"{SENTINEL}"'.encode()),
        lambda good: with_line(
            good.replace(b"Tansy Brook High School", SENTINEL.encode()),
            26,
            lines(good)[6].replace(b"Tansy Brook High School", b"Another"),
        ),
        lambda good: wrong(good, 9, SENTINEL.encode()),
    ],
    ids=["count", "rate", "key", "refused"],
)
def test_data_docs_quote_no_cell(run, rows, lake, graduation, graduates, damage):
    delivery = run(graduation, damage(graduates))
    site = expectations.build_data_docs(KEY, lake)
    assert delivery.rows_quarantined or delivery.status == "refused"
    assert SENTINEL in str(rows("landing", delivery)), "or this test looks for nothing"
    assert list(site.rglob("validations/**/*.html"))
    docs = [p for p in (lake.root / "data_docs").rglob("*") if p.is_file()]
    assert [p for p in docs if SENTINEL.encode() in p.read_bytes()] == []


def test_data_docs_have_a_page_for_each_batch(
    lake, put, drop, graduation, graduates, example
):
    names = [put(graduation, graduates, "all.csv")]
    names.append(put(graduation, example(KEY, "gender"), "gender.csv"))
    batching.receive(graduation, drop, names, lake, HOUR)
    site = expectations.build_data_docs(KEY, lake)
    assert site.is_relative_to(lake.root / "data_docs")
    assert (site / "index.html").is_file()
    (page,) = site.rglob("validations/**/*.html")
    assert page.parents[1].name == "2014-15 · 2 files"


def test_the_start_pages_need_no_scripts_and_lead_to_each_page(
    run, lake, contracts, graduation, graduates, crosswalk
):
    for contract, content in (
        (graduation, graduates.replace(TANSY, b",57,-41,71.9")),
        (contracts["nessc/school_crosswalk"], crosswalk),
    ):
        run(contract, content, "2014-15.csv")
        expectations.build_data_docs(contract.key, lake)
    root = lake.root / "data_docs"
    pages = [root / "index.html", *root.glob("*/*/gx/*/data_docs/*/index.html")]
    linked = set()
    for page in pages:
        text = page.read_text()
        assert "<script" not in text and "<td>" in text
        hrefs = [unquote(href) for href in re.findall('href="(.+?)"', text)]
        linked |= {(page.parent / href).resolve() for href in hrefs}
    written = {*root.rglob("validations/**/*.html"), *pages}
    assert written <= linked and [p for p in linked if not p.is_file()] == []
    of_graduation = next(page for page in pages if "graduation_4yr" in str(page))
    assert re.search(r"</td><td>\d+</td><td>1</td></tr>", of_graduation.read_text())


def test_a_page_of_the_data_docs_tells_nobody_who_reads_it(
    run, lake, graduation, graduates
):
    run(graduation, graduates)
    pages = expectations.build_data_docs(KEY, lake).rglob("*.html")
    assert [page.name for page in pages if "dataContextId=" in page.read_text()] == []


def test_a_record_quotes_no_cell(run, lake, graduation, graduates):
    run(graduation, graduates.replace(TANSY, f",57,{SENTINEL},71.9".encode()))
    (record,) = lake.deliveries.rglob("*.json")
    assert SENTINEL not in record.read_text()


def test_everything_lies_below_the_lake(
    run, tmp_path, monkeypatch, graduation, graduates
):
    monkeypatch.chdir(tmp_path)
    run(graduation, graduates)
    expectations.build_data_docs(KEY, Lake(tmp_path / "lake"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drop", "lake"]


def test_validation_tells_nobody(tmp_path, put, drop, graduation, graduates):
    name = put(graduation, graduates)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GX_", "DO_NOT_"))}
    probe = subprocess.run(
        [sys.executable, "-c", PROBE, drop, name, tmp_path / "lake"],
        env={**env, "PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
    )
    assert probe.returncode == 0, probe.stderr
    assert "CALLED" not in probe.stderr


# Any table


GOOD = ["10,9,90.0", "11,10,90.9", "12,11,91.7", "9,*,*", "N/A,N/A,N/A"]
WRONG = ["-9,8,90.0", "9,8,900", "9,8.5,90.0", "nine,8,90.0"]
ROW = st.tuples(st.integers(0, 59), st.sampled_from(GOOD + WRONG))
HEAD = (
    '"Four-Year Graduation Rates, 2014-15"\r\n"All Districts, All Students"\r\n\r\n'
    '"",,,,,"Graduates",\r\n"District","District Code","School","School Code",'
    '"Four-Year Cohort Count","Graduation Count","Graduation Rate"\r\n'
)
FIRST_ROW = 6


def as_file(table: list[tuple[int, str]]) -> bytes:
    text = '"D{0}","=""{0:07}""","School {0}","=""{0:07}""",{1}\r\n'
    return (HEAD + "".join(text.format(*row) for row in table) + "\r\n").encode()


def judged(table: list[tuple[int, str]]) -> tuple[int, int, int] | None:
    """How many rows must be validated, moved, and left out; None: the file refused."""
    distinct = set(table)
    invalid = {row for row in distinct if row[1] in WRONG}
    keys = Counter(school for school, _ in distinct)
    twins = {row for row in distinct if keys[row[0]] > 1}
    wrong_by_column = [
        sum(cells.split(",")[at] == cell for _, cells in distinct)
        for at, cell in [(0, "-9"), (0, "nine"), (1, "8.5"), (2, "900")]
    ]
    counts = [sum(wrong_by_column[:2]), *wrong_by_column[2:]]
    if max(counts) > len(distinct) / 10 or len(twins) > len(distinct) / 2:
        return None
    # A rate is held against its counts where a row has all three.
    rated = sum(cells in [*GOOD[:3], *WRONG[1:3]] for _, cells in distinct)
    if sum(wrong_by_column[2:]) > max(FEW, rated / 10):
        return None
    moved = len(invalid | twins)
    return len(distinct) - moved, moved, len(table) - len(distinct)


@pytest.fixture(scope="module")
def one_lake(tmp_path_factory) -> Lake:
    return Lake(tmp_path_factory.mktemp("any"))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(ROW, max_size=12), st.randoms(use_true_random=False))
def test_of_any_table_no_row_is_lost_or_doubled(one_lake, more, random):
    table = [(school, GOOD[school % 5]) for school in range(60)] + more
    random.shuffle(table)
    contract, drop = load_contracts()[KEY], one_lake.root / "drop"
    file = drop / Path(contract.landing.drop[0]).with_name("any.csv")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(as_file(table))
    name = file.relative_to(drop).as_posix()
    delivery = staged.land(contract, drop, name, one_lake, HOUR)
    if delivery.status == "landed":
        try:
            delivery = staged.validate(contract, delivery, one_lake)
        except DeliveryRefused:
            assert judged(table) is None
            assert not one_lake.rows("validated", delivery).exists()
            return
    assert judged(table) == (
        delivery.rows_validated,
        delivery.rows_quarantined,
        delivery.rows_duplicate,
    )
    kept, moved = (
        numbers(pq.read_table(one_lake.rows(stage, delivery)).to_pylist())
        for stage in ("validated", "quarantine")
    )
    assert len(set(kept + moved)) == len(kept) + len(moved)
    assert len(kept) + len(moved) + delivery.rows_duplicate == len(table)
    assert set(kept + moved) <= set(range(FIRST_ROW, FIRST_ROW + len(table)))


# Real data


def test_the_damaged_federal_file_is_refused_and_harms_no_other(
    real_data, lake, contracts
):
    contract = contracts["us/edfacts_acgr"]
    names = receiving.find_deliveries(contract, real_data)
    damaged = "edfacts_acgr/damaged/acgr-sch-sy2017-18.csv"
    land = partial(staged.land, contract, real_data, lake=lake, at=HOUR)
    good = [
        staged.validate(contract, land(name), lake) for name in names if name != damaged
    ]
    # Three special schools of California carry the cohort of a county.
    assert sorted(d.rows_quarantined for d in good) == [0, 0, 0, 3]
    rows = {path: path.read_bytes() for path in lake.validated.rglob("*.parquet")}
    with pytest.raises(DeliveryRefused):
        staged.validate(contract, land(damaged), lake)
    (refused,) = (d for d in lake.all_recorded() if d.status == "refused")
    assert refused.message.startswith(f"us/edfacts_acgr {damaged} row 1495: ")
    assert "ids in exponent form" in refused.message
    assert [d for d in lake.all_recorded() if d != refused] == good
    assert {p: p.read_bytes() for p in lake.validated.rglob("*.parquet")} == rows


@pytest.mark.parametrize("key", [key for key in load_contracts() if key[:3] == "ct/"])
def test_every_real_file_has_exactly_one_layout(real_data, contracts, key):
    contract = contracts[key]
    names = receiving.find_deliveries(contract, real_data)
    assert names
    for name in names:
        delivery = Delivery(contract.provider, contract.extract, name, "", 0, HOUR)
        fitting = []
        for layout, columns in contract.layouts.items():
            alone = contract.model_copy(update={"layouts": {layout: columns}})
            try:
                staged.read(alone, delivery, real_data / name)
            except DeliveryRefused:
                continue
            fitting.append(layout)
        assert len(fitting) == 1, f"{name}: {fitting}"


# Judged together


def without_keys(content: bytes) -> bytes:
    """The file with two more rows, different ones, that name no school at all."""
    end = b'"","","",{n},{n},100.0'
    more = [end.replace(b"{n}", number) for number in (b"8", b"9")]
    return with_line(with_line(content, 26, more[0]), 27, more[1])


TOGETHER = {
    "good": lambda good: good,
    "two wrong": lambda good: wrong(good, 2),
    "three wrong": lambda good: wrong(good, 3),
    "header alone": lambda good: good[: good.index(b'"Quillmere')],
    "one school twice": lambda good: with_line(
        good, 26, lines(good)[6].replace(TANSY, b",57,42,73.7")
    ),
    "repeated": lambda good: with_line(good, 26, lines(good)[7]),
    "no school": without_keys,
    "unseen column": lambda good: good.replace(b"Four-Year Cohort", b"Cohort"),
}


def written(lake: Lake, delivery: Delivery) -> dict[str, list[dict]]:
    """What stands in validated and quarantine of a delivery."""
    files = {stage: lake.rows(stage, delivery) for stage in ("validated", "quarantine")}
    return {
        stage: pq.read_table(file).to_pylist() if file.exists() else []
        for stage, file in files.items()
    }


def test_a_verdict_is_that_of_the_delivery_alone(
    tmp_path, put, drop, graduation, graduates
):
    """However many are judged in one run: same rows, same sentences."""
    contents = {name: damage(graduates) for name, damage in TOGETHER.items()}
    names = [put(graduation, data, f"{name}.csv") for name, data in contents.items()]
    warned = one_of("Quillmere High School", severity="warning", mostly=0.01)
    contract = checking(graduation, **warned)
    together, alone = Lake(tmp_path / "together"), Lake(tmp_path / "alone")
    received = batching.receive(contract, drop, names, together, HOUR)
    assert {each.delivery.status for each in received} == {"validated", "refused"}
    for each in received:
        (single,) = batching.receive(contract, drop, [each.delivery.file], alone, HOUR)
        assert single.delivery == each.delivery
        assert written(alone, single.delivery) == written(together, each.delivery)


def test_what_is_unique_in_a_delivery_may_stand_in_another(
    lake, put, drop, contracts, federal
):
    """With one column that is unique, and with several."""
    contract = contracts["us/edfacts_acgr"]
    again = federal.replace(b"\r\n", b"\n") + b"\n"
    names = [put(contract, federal, "1.csv"), put(contract, again, "2.csv")]
    received = batching.receive(contract, drop, names, lake, HOUR)
    assert [each.delivery.rows_validated for each in received] == [4, 4]


@pytest.mark.parametrize(
    ("kind", "is_of_rows"),
    [
        ("expect_column_values_to_be_unique", True),
        ("expect_column_pair_values_a_to_be_greater_than_b", True),
        ("expect_column_values_to_be_increasing", False),
        ("expect_column_mean_to_be_between", False),
        ("expect_column_value_z_scores_to_be_less_than", False),
        ("expect_table_row_count_to_be_between", False),
    ],
)
def test_what_is_not_about_rows_is_judged_delivery_by_delivery(kind, is_of_rows):
    assert expectations._is_of_rows(kind) == is_of_rows


def test_an_expectation_of_the_whole_table_sees_one_delivery(
    lake, put, drop, graduation, graduates, example
):
    """A mean over both would pass for one and fail for the other."""
    few = {
        "type": "expect_column_unique_value_count_to_be_between",
        "kwargs": {"column": "student_group_label", "min_value": 0, "max_value": 0},
        "severity": "critical",
        "meta": {"says": "no groups"},
    }
    gender = put(graduation, example(KEY, "gender"), "gender.csv")
    names = [put(graduation, graduates, "all.csv"), gender]
    received = batching.receive(checking(graduation, **few), drop, names, lake, HOUR)
    said = {e.delivery.file: e.delivery.status for e in received}
    assert said == {names[0]: "validated", gender: "refused"}


def test_a_check_that_breaks_refuses_the_file_though_it_should_only_warn(
    run, graduation, graduates
):
    """Great Expectations 1.24.1 tells a broken check by a dict for each metric."""
    broken = {
        "type": "expect_column_values_to_not_be_null",
        "kwargs": {"column": "no_such_column"},
        "severity": "warning",
    }
    rules = [*graduation.expectations, broken]
    contract = graduation.model_copy(update={"expectations": rules})
    assert run(contract, graduates).status == "refused"
