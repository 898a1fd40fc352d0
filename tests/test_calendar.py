"""What is late, missing or unexpected on a day, and that nothing else depends on it."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml
from conftest import LANDED_AT
from pydantic import ValidationError
from rich.console import Console

from common_metrics import calendar, cli, report
from common_metrics.contracts.model import Contract, Due, Landing
from common_metrics.lake import Delivery, Lake, write_json
from common_metrics.landing import receiving
from common_metrics.warehouse import build

DBT = Path(__file__).parents[1] / "dbt_project"
MODEL = DBT / "models/published/delivery_calendar.yml"
MACRO = DBT / "macros/published_files.sql"
RATES = {"provider": "ct", "extract": "graduation_4yr", "state": "CT"}


@pytest.fixture
def publish(lake: Lake) -> Callable[..., None]:
    """Write a release whose calendar has these rows, and the project's own macro."""
    (model,) = yaml.safe_load(MODEL.read_text())["models"]
    columns = ", ".join(f"{c['name']} {c['data_type']}" for c in model["columns"])
    (macro,) = re.findall(r"calendar_on\(\) -%}\n(.*?);", MACRO.read_text(), re.DOTALL)
    macro = macro.replace("{{ this.schema }}.", "").replace(
        "{{ this }}", "delivery_calendar"
    )

    def publish(*rows: dict) -> None:
        folder = lake.published / "20260101T000000Z-00000000"
        folder.mkdir(parents=True)
        for name in ("public", "partner"):
            with duckdb.connect(str(folder / f"{name}.duckdb")) as con:
                con.execute(f"create table delivery_calendar ({columns})")
                for row in rows:
                    marks = ", ".join("?" * len(row))
                    con.execute(
                        f"insert into delivery_calendar ({', '.join(row)}) "
                        f"values ({marks})",
                        [*row.values()],
                    )
                con.execute(macro)
        write_json(folder / "manifest.json", {"built_at": LANDED_AT, "files": {}})
        lake.current.symlink_to(folder.name)

    return publish


def row(year: int, status: str = "open", **other: object) -> dict:
    return {
        **RATES,
        **{"school_year": year, "delivery_status": status, "due_basis": "contract"},
        **{"message": ""},
        **other,
    }


DUE = {"due_on": "2016-05-31", "missing_from": "2016-07-01"}


@pytest.mark.parametrize(
    ("due", "year", "day"),
    [
        (Due(day="05-31"), 2015, date(2016, 5, 31)),
        (Due(day="06-30"), 2015, date(2016, 6, 30)),
        (Due(day="10-15"), 2015, date(2015, 10, 15)),
        (Due(day="05-31", years_later=2), 2015, date(2018, 5, 31)),
        (Due(day="03-31", years_later=-1), 2015, date(2015, 3, 31)),
    ],
)
def test_a_year_is_due_on_the_first_such_day_after_its_end(due, year, day) -> None:
    assert due.on(year) == day


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"due": {"day": "31-05"}}, "due.day"),
        ({"due": {"day": "02-30"}}, "due.day"),
        ({"due": {"day": "W05-1"}}, "due.day"),
        ({"due": {"day": "05-31"}, "school_years": None}, "school_years"),
    ],
)
def test_a_due_day_that_means_nothing_is_refused(given, said) -> None:
    sound = {"drop": ["a/*.csv"], "schedule": "0 6 * * *"}
    years = {"school_years": {"first": 2015, "last": 2015}}
    with pytest.raises(ValidationError, match=said):
        Landing(**{**sound, **years, **given})


def test_the_owner_judges_no_file_and_the_due_day_is_in_the_build(contracts) -> None:
    contract = contracts["ct/graduation_4yr"]
    told = contract.model_copy(update={"owner": "somebody@example.org"})
    assert told.model_dump_json() == contract.model_dump_json()
    due = Due(day="05-31", grace_days=9)
    landing = contract.landing.model_copy(update={"due": due})
    row = build._due(contract.model_copy(update={"landing": landing}))[-1]
    assert (row["due_on"], row["grace_days"]) == ("2016-05-31", 9)


@pytest.mark.parametrize(
    ("day", "status"),
    [
        ("2016-05-31", "expected"),
        ("2016-06-01", "late"),
        ("2016-06-30", "late"),
        ("2016-07-01", "missing"),
    ],
)
def test_a_year_is_late_after_its_day_and_missing_after_its_grace(
    publish, lake, day, status
) -> None:
    publish(row(2015, **DUE), row(2014, "delivered"), row(2013, "not_collected"))
    found = calendar.entries(lake, date.fromisoformat(day))
    of = {each.school_year: each.calendar_status for each in found}
    assert of == {2013: "not_collected", 2014: "delivered", 2015: status}


def test_a_year_of_which_nobody_knows_the_day_is_never_late(publish, lake) -> None:
    publish(row(2015, due_basis="too_few"))
    found = calendar.entries(lake, date(2116, 1, 1))
    assert [each.calendar_status for each in found] == ["expected"]
    assert calendar.line(found) == (
        "calendar: 0 late, 0 missing, 0 unexpected; of 1 nobody knows the day; "
        "see `make calendar`"
    )


def test_what_came_since_the_release_is_not_late(publish, lake) -> None:
    publish(row(2014, **DUE), row(2015, **DUE))
    receipt = Delivery("ct", "graduation_4yr", "a.csv", "0f" * 32, 1, LANDED_AT)
    after = LANDED_AT.replace("2016", "2026")
    lake.record(receipt.with_(status="validated", school_years=[2014]))
    lake.record(receipt.with_(sha256="1f" * 32, school_years=[2015]))
    found = calendar.entries(lake, date(2016, 6, 9))
    assert calendar.line(found).startswith("calendar: 2 late, 0 missing")
    lake.record(receipt.with_(status="validated", school_years=[2014], landed_at=after))
    found = calendar.entries(lake, date(2016, 6, 9))
    assert calendar.line(found).startswith("calendar: 1 late, 0 missing")


def test_years_of_which_the_same_is_known_share_a_line_with_what_it_is(
    publish, lake, stray
) -> None:
    few, refused = "No day can be learned.", "Refused; see deliveries."
    publish(
        row(2014, message=refused, **DUE),
        *(row(year, due_basis="too_few", message=few) for year in (2016, 2017)),
    )
    lines = [*calendar.listed(calendar.entries(lake, date(2016, 6, 9)))]
    key = "CT ct/graduation_4yr"
    words = [" ".join(line.split()) for line in lines]
    assert words[0].startswith(f"unexpected * {stray}: no contract asks for it.")
    assert words[1:] == [
        f"expected {key} 2016, 2017: {few}",
        f"late {key} 2014: due by 2016-05-31, missing from 2016-07-01, {refused}",
    ]


def test_nobody_is_to_look_for_what_the_sample_leaves_out(publish, lake) -> None:
    publish(row(2015, **DUE))
    found = calendar.entries(lake, date(2016, 9, 9))
    assert calendar.told(lake, found) == [calendar.line(found)]
    lake.private("sample")
    assert calendar.told(lake, found) == [calendar.SAMPLE, calendar.line(found)]


@pytest.fixture
def stray(drop: Path, lake: Lake, contracts: dict[str, Contract]) -> str:
    """A file that lies beside the folder of its contract."""
    name = "ct_edsight/four-year-graduation-rates-schools/rates__2014-15.csv"
    (drop / name).parent.mkdir(parents=True)
    (drop / name).write_text("a,b\n1,2\n")
    receiving.record_unmatched(contracts, drop, lake, LANDED_AT)
    return name


def test_a_file_of_no_pattern_is_told_with_what_is_late_the_nearest_first(
    publish, lake, stray
) -> None:
    science = {"extract": "science"}
    publish(
        row(2015, **DUE),
        row(2014, "delivered"),
        row(2015, **science, **DUE),
        row(2014, "delivered", **science),
        # One that never came is nobody's other name.
        row(2015, extract="graduation_5yr", **DUE),
    )
    found = calendar.entries(lake, date(2016, 6, 9))
    key, told = calendar.moved(found)[stray]
    assert key == "ct/graduation_4yr"
    assert told.index(stray) < told.index("ct/graduation_4yr (landing.drop: ct_edsight")
    assert told.index("ct/graduation_4yr") < told.index("ct/science")
    assert "5yr" not in told
    assert "1 unexpected" in calendar.line(found)
    # Before anything is late it may be a new source.
    assert calendar.moved(calendar.entries(lake, date(2016, 5, 9))) == {}


def test_a_run_ends_with_the_calendar_in_a_line(
    publish, lake, drop, stray, monkeypatch
):
    publish(row(2015, **DUE), row(2014, "delivered"))
    monkeypatch.setattr(report, "_print_release", lambda *_: None)
    console = Console(record=True, width=120)
    report.report(console, lake, drop, [])
    line = "calendar: 0 late, 1 missing, 1 unexpected; see `make calendar`"
    assert console.export_text().splitlines()[-1] == line


def test_make_calendar_takes_the_day_and_a_lake_without_a_release(
    publish, lake, capsys
) -> None:
    words = ["calendar", "--lake", str(lake.root), "--today", "2016-06-09"]
    cli.app(words, standalone_mode=False)
    assert "0 late, 0 missing, 0 unexpected" in capsys.readouterr().out
    publish(row(2015, **DUE))
    cli.app(words, standalone_mode=False)
    told = capsys.readouterr().out
    assert "calendar: 1 late" in told and "ct/graduation_4yr" in told
    with pytest.raises(cli.WrongWords, match=r"Found 'soon'\. Write it like `make cal"):
        cli.app(["calendar", "--today", "soon"], standalone_mode=False)


def test_no_model_asks_what_day_it_is() -> None:
    """Else the same deliveries would give another release on the next day."""
    asks = re.compile(r"\b(current_date|today\(|now\(|current_timestamp|get_current)")
    files = [*DBT.glob("models/**/*.sql"), *DBT.glob("macros/*.sql")]
    assert [f.name for f in files if asks.search(f.read_text())] == []
