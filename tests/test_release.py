"""Publishing: readers are never blocked, nothing half-written is seen, N are kept."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import duckdb
import pytest
import swaps
from swaps import publish

from common_metrics.lake import Delivery, Lake, write_json
from common_metrics.publication import audit, candidate, release, release_folders
from common_metrics.publication.audiences import ReleaseRefused
from common_metrics.settings import KEEP
from common_metrics.warehouse import build


@pytest.fixture
def built(lake: Lake) -> Lake:
    """A lake with a small finished build of described tables."""
    swaps.small_build(lake)
    return lake


@pytest.fixture(autouse=True)
def no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """These small releases lack what pages and workbooks are made from."""
    monkeypatch.setattr(candidate, "write_site", lambda *_: None)
    monkeypatch.setattr(candidate, "write_workbooks", lambda *_: None)


@pytest.fixture
def not_attacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only folders matter: the attack is what takes longest."""
    monkeypatch.setattr(audit, "refuse_recovered", lambda *_: None)


@pytest.mark.usefixtures("not_attacked")
def test_readers_see_whole_releases_while_others_are_published(built: Lake) -> None:
    for seen in swaps.watched(built, 12):
        assert seen.errors == [] and seen.mixed == 0, seen
        assert seen.releases > 2, f"{seen.kind} saw the swaps"


def test_an_open_reader_keeps_its_release_and_does_not_block(built: Lake) -> None:
    publish(built, 0)
    with duckdb.connect(str(built.current / "public.duckdb"), read_only=True) as con:
        publish(built, 1)
        assert con.execute("select max(version) from school_outcomes").fetchone() == (
            0,
        )
    assert built.current.resolve().name.startswith("20260101T0001")


@pytest.mark.usefixtures("not_attacked")
def test_the_last_releases_are_kept_and_nothing_unfinished_is_left(built: Lake) -> None:
    names = [publish(built, minute) for minute in range(KEEP["RELEASES"] + 2)]
    left = {path.name for path in built.published.iterdir()}
    assert left == {*names[2:], "current"}
    assert not list(built.published.rglob("*.wal"))


def test_rollback_names_what_is_kept_when_it_cannot(built: Lake) -> None:
    first, second = publish(built, 0), publish(built, 1)
    assert release.rollback(built) == first
    with pytest.raises(ReleaseRefused, match=f"Found .*{second}"):
        release.rollback(built)
    assert release.rollback(built, second) == second
    assert built.current.resolve().name == second


def test_a_rolled_back_build_is_not_published_again_by_itself(built: Lake) -> None:
    publish(built, 0)
    write_json(built.build_record(), {"fingerprint": build.fingerprint(built)})
    release.publish(built, datetime(2026, 1, 2, tzinfo=UTC))
    release.rollback(built)
    assert not release.is_needed(built)
    built.record(Delivery("ct", "x", "new.csv", "b" * 64, 1, "2026-01-03T00:00:00Z"))
    assert release.is_needed(built)


def test_an_undeclared_column_stops_the_release_and_leaves_the_current(
    built: Lake,
) -> None:
    publish(built, 0)
    before = built.current.resolve()
    manifest = built.dbt_target() / "manifest.json"
    nodes = json.loads(manifest.read_text())
    del nodes["nodes"]["school_outcomes"]["columns"]["version"]
    write_json(manifest, nodes)
    with pytest.raises(ReleaseRefused, match="declared columns only.*version"):
        publish(built, 1)
    assert built.current.resolve() == before


def test_a_small_restricted_cell_stops_the_release_without_being_printed(
    built: Lake,
) -> None:
    publish(built, 0)
    before = built.current.resolve()
    with duckdb.connect(str(built.build())) as con:
        con.execute(
            "insert into published.school_outcomes by name select 'VT' as state, "
            "'restricted' as visibility, 'reported' as value_status, "
            "737 as numerator, 739 as denominator, 1 as version"
        )
    with pytest.raises(ReleaseRefused) as refused:
        publish(built, 1)
    assert "Found 1" in str(refused.value) and "737" not in str(refused.value)
    assert built.current.resolve() == before


def test_an_old_client_s_storage_version_is_written(built: Lake) -> None:
    publish(built, 0)
    with duckdb.connect() as con:
        file = Path(built.current / "public.duckdb")
        con.execute(f"attach '{file}' as published (read_only)")
        tags = con.execute(
            "select tags from duckdb_databases() where database_name = 'published'"
        ).fetchone()[0]
    assert tags["storage_version"].startswith("v1.0.0")
    # Clients 1.1 read files of version 64, and no later ones.
    assert int.from_bytes(file.read_bytes()[12:20], "little") == 64


def test_a_view_reads_the_tables_of_its_own_file(built: Lake) -> None:
    """One model of a view serves all files: none of them shows another's rows."""
    with duckdb.connect(str(built.build())) as con:
        con.execute(
            "create table published.seen as from "
            "(values (1, 'public'), (2, 'partner')) as rows (students, audience)"
        )
        # In the order of their names the one that reads the other comes first.
        con.execute("create view published.summed as from warehouse.published.seen")
        con.execute("create view published.above as from warehouse.published.summed")
        con.execute(
            "create macro published.at_least(least) as table "
            "select * from warehouse.published.above where students >= least"
        )
        con.execute("comment on macro table published.at_least is 'a view of one'")
    nodes = swaps.nodes(built)
    reads = {"summed": "as_seen_by('partner', 'seen')", "above": "ref('summed')"}
    for name, read in reads.items():
        nodes[name]["config"]["meta"]["stays_a_view"] = True
        nodes[name]["raw_code"] = f"select * from {{{{ {read} }}}}"
    write_json(built.dbt_target() / "manifest.json", {"nodes": nodes})
    publish(built, 0)
    for tier, students in (("public", 1), ("partner", 2)):
        file = str(built.current / f"{tier}.duckdb")
        with duckdb.connect(file, read_only=True) as con:
            assert con.execute("from above").fetchall() == [(students,)]
            assert con.execute("from at_least(2)").fetchall() == [(2,)] * (students - 1)
            kinds = "select comment from duckdb_views() where view_name = 'summed'"
            assert con.execute(kinds).fetchall() == [("about summed",)]


class Killed(BaseException):
    """The process ends here: nothing after it is run, not even a clean-up."""


# Where it may end: before what is written is whole, between the three steps of a swap,
# and while what is too many goes.
ENDS = [
    (candidate, "_write_manifest", "before"),
    (release_folders, "_link", "after"),
    (release_folders, "_rename_in", "after"),
    (release_folders, "_finish", "after"),
    (release_folders, "_remove", "before"),
]


@pytest.mark.usefixtures("not_attacked")
@pytest.mark.parametrize(
    ("place", "step", "when"), ENDS, ids=[f"{when} {step}" for _, step, when in ENDS]
)
def test_a_killed_publication_is_finished_by_the_next_run(
    built: Lake,
    monkeypatch: pytest.MonkeyPatch,
    place: ModuleType,
    step: str,
    when: str,
) -> None:
    monkeypatch.setenv("COMMON_METRICS_KEEP_RELEASES", "2")
    kept = [publish(built, minute) for minute in range(2)]
    real = getattr(place, step)

    def killed(*args: object) -> None:
        if when == "after":
            real(*args)
        raise Killed

    monkeypatch.setattr(place, step, killed)
    with pytest.raises(Killed):
        publish(built, 10)
    monkeypatch.setattr(place, step, real)
    made_from = json.loads(built.build_record().read_text())["fingerprint"]
    monkeypatch.setattr(release, "fingerprint", lambda _: made_from)
    if release.is_needed(built):
        assert built.current.resolve().name == kept[-1]
        publish(built, 10)
    else:
        # What is too many goes with the next publication; it is in nobody's way.
        assert built.current.resolve().name not in kept
        publish(built, 11)
    names = list(release.manifests(built))
    assert built.current.resolve().name == names[-1] not in kept
    assert len(names) == 2
    assert {path.name for path in built.published.iterdir()} == {*names, "current"}
    with duckdb.connect(str(built.current / "public.duckdb"), read_only=True) as con:
        assert con.execute("select min(version) from school_outcomes").fetchone() >= (
            10,
        )


@pytest.mark.usefixtures("not_attacked")
def test_a_folder_that_was_removed_in_part_is_no_release(built: Lake) -> None:
    first, second, third = (publish(built, minute) for minute in range(3))
    (built.published / first / "manifest.json").unlink()
    (built.published / second / "public.duckdb").unlink()
    assert list(release.manifests(built)) == [third]
    fourth = publish(built, 3)
    left = {path.name for path in built.published.iterdir()}
    assert left == {third, fourth, "current"}


@pytest.mark.usefixtures("not_attacked")
def test_releases_are_ordered_as_they_were_made_though_the_clock_went_back(
    built: Lake,
) -> None:
    late = [publish(built, 100 + minute) for minute in range(3)]
    early = [publish(built, minute) for minute in range(3)]
    assert list(release.manifests(built)) == [*late[1:], *early]
    assert release.rollback(built) == early[1]
