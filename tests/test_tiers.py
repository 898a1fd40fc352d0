"""What each published file must not carry, looked for in its bytes.

Three numbers and three names are planted in restricted files. What finds none of them
in the public files finds them in the partners' files, so that it can find something.
"""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import staged
from leaks import readable

from common_metrics.contracts.loading import load_contracts
from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Lake
from common_metrics.landing import receiving
from common_metrics.publication import audiences, release
from common_metrics.validation import measures
from common_metrics.warehouse.build import build

pytestmark = pytest.mark.full
FIXTURES = Path(__file__).parent / "fixtures" / "nessc"
KEY = "nessc/common_metrics_submission"
HOUR = "2016-12-01T06:00:00+00:00"
SCHOOL, NEIGHBOUR, QUILLMERE = "509990100001", "509990400004", "099990100001"
# Numerators whose complement is too small to show, in Vermont below 11, in Connecticut
# below 6; the denominators are shown. Found in bytes by nothing but themselves.
NUMBERS = {SCHOOL: 8_735_197, NEIGHBOUR: 9_145_733, QUILLMERE: 6_423_719}
VERMONT_FILE, REFUSED_FILE = "vt_hollowmere_academy_2013-14", "ct_brackenfold_2014-15"
UNMATCHED_FILE = "ravensmoor_doe_jane.csv"
NAMES = ("hollowmere_academy", "brackenfold", "ravensmoor")
ROW = (
    "{state},{school},,{name},,,{year},acgr_6yr,el,{meeting},{all},reported,"
    "acgr_34cfr200_19,2015-11-30\n"
)


def planted(state: str, year: str, *schools: tuple[str, str]) -> bytes:
    """Rows of a submission: all but two students of a school graduated."""
    rows = (
        ROW.format(
            state=state,
            year=year,
            school=school,
            name=name,
            meeting=NUMBERS[school],
            all=NUMBERS[school] + 2,
        )
        for school, name in schools
    )
    return "".join(rows).encode()


def submission(name: str, more: bytes = b"") -> bytes:
    file = FIXTURES / "common_metrics_submission" / f"{name}.csv"
    return file.read_bytes() + more


def deliver(lake: Lake, key: str, name: str, content: bytes) -> None:
    """Put, land and validate bytes; a refusal is recorded."""
    contract = load_contracts()[key]
    drop = lake.root.parent / "drop"
    file = drop / Path(contract.landing.drop[0]).with_name(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    below = file.relative_to(drop).as_posix()
    try:
        landed = staged.land(contract, drop, below, lake, HOUR)
        staged.validate(contract, landed, lake)
    except DeliveryRefused:
        pass


def fill(lake: Lake) -> None:
    """Two states and three schools with planted cells, a wrong and a stray file."""
    crosswalk = FIXTURES / "school_crosswalk" / "hs_crosswalk_2015_16.csv"
    deliver(lake, "nessc/school_crosswalk", crosswalk.name, crosswalk.read_bytes())
    schools = [
        (SCHOOL, "Planted High School"),
        (NEIGHBOUR, "Hollow Birch Union High School"),
    ]
    vermont = planted("VT", "2013-14", *schools)
    content = submission("vt_submission_2013-14", vermont)
    deliver(lake, KEY, f"{VERMONT_FILE}.csv", content)
    connecticut = planted("CT", "2014-15", (QUILLMERE, "Quillmere High School"))
    content = submission("ct_submission_2014-15", connecticut)
    deliver(lake, KEY, "ct_2014-15.csv", content)
    deliver(lake, KEY, f"{REFUSED_FILE}.csv", b"<html>Log in</html>")
    drop = lake.root.parent / "drop"
    (drop / UNMATCHED_FILE).write_text("jane\n")
    receiving.record_unmatched(load_contracts(), drop, lake, HOUR)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake of restricted files with a release."""
    lake = Lake(tmp_path_factory.mktemp("tiers") / "lake")
    with pytest.MonkeyPatch.context() as patch:
        # Numbers that are found again among others are larger than any school.
        patch.setattr(measures, "LARGEST_SCHOOL", 100_000_000)
        patch.setattr(measures, "LARGEST_COUNT", 100_000_000)
        fill(lake)
    build(lake)
    release.publish(lake, datetime(2016, 12, 1, 7, tzinfo=UTC))
    return lake


@pytest.fixture(scope="module")
def current(lake: Lake) -> Path:
    return lake.current.resolve()


def varint(number: int) -> bytes:
    """The form in which DuckDB keeps the least and greatest value of a column."""
    parts = []
    while number > 0x3F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def forms(number: int) -> list[bytes]:
    """A number as it may stand in bytes: text, integer, double, number of a header."""
    rate = 100 * number / (number + 2)
    return [
        str(number).encode(),
        struct.pack("<q", number),
        struct.pack("<d", rate),
        varint(number),
    ]


def found_in(content: bytes) -> set[str]:
    """Whose numbers, and which names, stand in some bytes."""
    content = content.lower()
    held = {
        school
        for school, number in NUMBERS.items()
        if any(form.lower() in content for form in forms(number))
    }
    return held | {name for name in NAMES if name.encode() in content}


ZSTANDARD = b"\x28\xb5\x2f\xfd"


def unpacked(content: bytes) -> Iterator[bytes]:
    """The pages of a Parquet file as they were before they were compressed."""
    at = content.find(ZSTANDARD)
    while at >= 0:
        packed = pa.BufferReader(content[at:])
        with pa.CompressedInputStream(packed, "zstd") as stream:
            page = b""
            try:
                # One byte at a time: what follows the page spoils the last read.
                while part := stream.read(1):
                    page += part
            except OSError:
                pass
        yield page
        at = content.find(ZSTANDARD, at + 1)


def everything(file: Path) -> Iterator[bytes]:
    """The bytes of a file, of its pages, and of its cells as text."""
    content = file.read_bytes()
    yield from readable(content)
    if file.suffix == ".parquet":
        yield from unpacked(content)


def found(*files: Path) -> set[str]:
    texts = (text for file in files for text in everything(file))
    return {hit for text in texts for hit in found_in(text)}


def public_files(current: Path) -> list[Path]:
    """What may be put on a public server."""
    below = [*(current / "public").rglob("*"), *(current / "site").rglob("*")]
    return [current / "public.duckdb", *(f for f in below if f.is_file())]


def test_nothing_hidden_is_in_the_bytes_of_any_public_file(current: Path) -> None:
    files = public_files(current)
    assert {"public.duckdb", "manifest.json", "index.html"} <= {f.name for f in files}
    assert {f.name: found(f) for f in files if found(f)} == {}


def test_the_same_search_finds_all_of_it_in_the_partner_file(current: Path) -> None:
    assert found(current / "partner.duckdb") == {*NUMBERS, *NAMES}
    assert found(*(current / "partner").iterdir()) == {*NUMBERS, *NAMES}


def test_it_also_finds_what_stands_in_statistics_and_pages_alone(
    current: Path,
) -> None:
    """Each way of hiding in a file is one that the search can see."""
    most = max(NUMBERS, key=NUMBERS.get)
    assert most in found_in((current / "partner.duckdb").read_bytes())
    outcomes = (current / "partner" / "school_outcomes.parquet").read_bytes()
    assert most in found_in(outcomes), "the greatest value, in the statistics"
    pages = {hit for page in unpacked(outcomes) for hit in found_in(page)}
    assert pages >= set(NUMBERS)


def statistics(file: Path) -> set[object]:
    """The least and greatest values that a Parquet file keeps of its columns."""
    about = pq.read_metadata(file)
    columns = (
        about.row_group(group).column(at).statistics
        for group in range(about.num_row_groups)
        for at in range(about.num_columns)
    )
    return {end for s in columns if s and s.has_min_max for end in (s.min, s.max)}


def test_statistics_of_parquet_tell_no_hidden_end(current: Path) -> None:
    name = "school_outcomes.parquet"
    hidden = set(NUMBERS.values())
    assert statistics(current / "partner" / name) & hidden
    assert not statistics(current / "public" / name) & hidden


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("partners/vt", {SCHOOL, NEIGHBOUR, "hollowmere_academy"}),
        ("partners/ct", {QUILLMERE}),
        ("partners/school_509990100001", {SCHOOL, "hollowmere_academy"}),
        ("partners/school_099902100021", set()),  # no extract names it
        ("partners/me", set()),
        ("partners/nh", set()),
        ("partners/ri", set()),
    ],
)
def test_a_partner_s_file_holds_its_own_cells_and_no_neighbour_s(
    current: Path, name: str, own: set[str]
) -> None:
    assert found(current / f"{name}.duckdb") == own


def rows(file: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(file), read_only=True) as con:
        return con.execute(sql).fetchall()


ALL_VERMONT = "from school_outcomes where state = 'VT' order by all"
ALL_OF_STATE = "from state_outcomes where state = 'VT' order by all"


def test_a_state_s_file_is_the_partner_file_of_that_state(current: Path) -> None:
    own = current / "partners" / "vt.duckdb"
    for sql in (ALL_VERMONT, ALL_OF_STATE):
        whole = rows(current / "partner.duckdb", sql)
        assert rows(own, sql) == whole != rows(current / "public.duckdb", sql)
    assert rows(own, "select distinct state from dim_school") == [("VT",)]


def test_a_school_sees_its_state_as_the_public_does(current: Path) -> None:
    own = current / "partners" / f"school_{SCHOOL}.duckdb"
    assert rows(own, ALL_OF_STATE) == rows(current / "public.duckdb", ALL_OF_STATE)
    assert rows(own, "select distinct school_key from school_outcomes") == [(SCHOOL,)]
    # The grid names the other half of the pair, of which the school said nothing.
    told = "select numerator from school_outcomes where value_status <> 'not_reported'"
    assert rows(own, told) == [(NUMBERS[SCHOOL],)]


# What schools tell of themselves under restriction, above the level of a coalition.
NOT_IN = {
    "public": {
        "accountability",
        "coaching_days",
        "delivery_years",
        "difference_in_differences",
        "gbp_scores",
        "needs_assessments",
        "quality_findings",
        "shared_resources",
        "site_visits",
        "subsidy_eligibility",
    },
    "partners/vt": {"difference_in_differences"},
}


@pytest.mark.parametrize("tier", ["public", "partner", "partners/vt"])
def test_every_file_answers_the_same_queries(current: Path, tier: str) -> None:
    """Tables, views and columns are the same; some tables are for partners alone."""
    sql = (
        "select table_name, column_name, data_type from duckdb_columns() "
        "where not internal order by all"
    )
    held = rows(current / f"{tier}.duckdb", sql)
    everything = rows(current / "partner.duckdb", sql)
    missing = {row[0] for row in everything} - {row[0] for row in held}
    assert missing == NOT_IN.get(tier, set())
    assert held == [row for row in everything if row[0] not in missing]
    assert ("explained_outcomes", "formula", "VARCHAR") in held


def test_the_public_sees_that_restricted_files_came_and_no_more(current: Path) -> None:
    sql = "select file, status, rows_raw, message from deliveries where {} order by all"
    restricted = "extract = 'common_metrics_submission'"
    public = current / "public.duckdb"
    assert rows(public, sql.format(restricted)) == [
        ("a restricted file", "refused", None, None),
        ("a restricted file", "validated", None, None),
        ("a restricted file", "validated", None, None),
    ]
    stray = rows(public, sql.format("status = 'unmatched'"))
    assert stray == [("a file without a contract", "unmatched", None, None)]
    told = rows(current / "partner.duckdb", sql.format(restricted))
    assert all(row[2] or "Expected" in row[3] for row in told)
    source = "select distinct source_file, source_row, delivery from school_outcomes"
    assert rows(public, source) == [("a restricted file", None, None)]
    counted = "select count(*), count(rows_count) from state_coverage where "
    ((cells, known),) = rows(public, counted + restricted)
    assert cells > 0 and known == 0


def test_no_block_is_left_over_and_no_path_is_told(lake: Lake, current: Path) -> None:
    for file in current.rglob("*.duckdb"):
        ((_, _, _, total, used, free, *_),) = rows(file, "pragma database_size")
        assert (total, free) == (used, 0), file
    for file in current.rglob("*"):
        if file.is_file():
            assert str(lake.root.parent).encode() not in file.read_bytes(), file


def test_digests_of_partners_files_are_not_for_the_public(current: Path) -> None:
    import json

    shown = json.loads((current / "public" / "manifest.json").read_text())
    whole = json.loads((current / "manifest.json").read_text())
    assert shown["release"] == whole["release"] and "fingerprint" not in shown
    names = {f.relative_to(current).as_posix() for f in public_files(current)}
    assert set(shown["files"]) == names - {"public/manifest.json"}
    assert shown["files"].items() <= whole["files"].items()
    assert set(shown["tables"]) == {"public"}
    assert {"partners/vt.duckdb", "partner.duckdb"} <= set(whole["files"])


def rewrite(lake: Lake, sql: str) -> None:
    with duckdb.connect(str(lake.build())) as con:
        con.execute(sql)


def again(lake: Lake) -> str:
    return release.publish(lake, datetime(2016, 12, 1, 8, tzinfo=UTC))


def test_an_id_that_is_no_file_name_stops_the_release(lake: Lake) -> None:
    before = lake.current.resolve()
    change = "update rules.partners set partner_id = '{}' where partner_id = '{}'"
    rewrite(lake, change.format("../vt", "vt"))
    try:
        with pytest.raises(
            audiences.ReleaseRefused, match="names a file. Found '../vt'"
        ):
            again(lake)
    finally:
        rewrite(lake, change.format("vt", "../vt"))
    assert lake.current.resolve() == before


def test_a_row_of_another_state_stops_the_release(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lake.current.resolve()
    monkeypatch.setattr(audiences, "own_rows", lambda *_: ("true", ""))
    with pytest.raises(audiences.ReleaseRefused) as refused:
        again(lake)
    assert "partners/ct.duckdb" in str(refused.value)
    assert "expected rows of CT alone" in str(refused.value)
    assert lake.current.resolve() == before
