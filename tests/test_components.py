"""Learner profiles, learning paths and mastery, from files of schools to both tiers."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest
import staged
import yaml

import components
from common_metrics.contracts import blanks
from common_metrics.contracts.loading import CONTRACTS, load_contract_of
from common_metrics.lake import Delivery, Lake
from edfacts import CROSSWALK, crosswalk_row
from records import Outcome, as_csv
from world import World

pytestmark = pytest.mark.full
ROOT = Path(__file__).parents[1]
SEEDS = ROOT / "dbt_project/seeds"
KEYS = [f"nessc/{name}" for name in components.COMPONENTS]
WORLD = World(2014)
SENT = {d.path.split("/")[1]: d for d in components.deliveries(WORLD)}
REASONS = {
    "learner_profiles": "no more in complete_count than in skills_count",
    "learning_paths": "parts that add up to active_path_count",
    "mastery": "no more in by_standard_count than in students_count",
}
MINIMUMS = {  # denominator, numerator, all others
    "CT": (20, 6, 6),
    "ME": (10, 10, 10),
    "NH": (10, 5, 5),
    "RI": (10, 10, 10),
    "VT": (11, 11, 11),
}
CELLS = (
    "select provider, extract, state, coalesce(school_id_nces, ''), school_id_state, "
    "school_name, school_year, metric_id, student_group, numerator, denominator, "
    "value_pct, value_status from published.school_outcomes where audience = ?"
)


class Built(NamedTuple):
    """Every cell of both tiers by its names, and what became of each file."""

    lake: Lake
    records: dict[str, Delivery]
    partner: dict[tuple, tuple]
    public: dict[tuple, tuple]
    definitions: set[tuple[str, str]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sample's files of the three components and the crosswalk, through dbt."""
    lake = Lake(tmp_path_factory.mktemp("components") / "lake")
    known = [s for s in WORLD.schools if s.in_crosswalk == "1"]
    rows = [CROSSWALK, *map(crosswalk_row, known)]
    staged.bring(lake, "nessc/school_crosswalk", "x.csv", as_csv(rows, "\r\n"))
    records = {
        name.removesuffix(".csv"): staged.bring(
            lake, f"nessc/{name.removesuffix('.csv')}", name, sent.content
        )
        for name, sent in SENT.items()
    }
    con = staged.build(lake, "+school_outcomes", "--exclude", "test_type:data")
    partner, public = (
        {row[:9]: row[9:] for row in con.execute(CELLS, [tier]).fetchall()}
        for tier in ("partner", "public")
    )
    sql = "select distinct metric_id, definition_id from published.school_outcomes"
    definitions = set(con.execute(sql).fetchall())
    con.close()
    return Built(lake, records, partner, public, definitions)


def planted() -> Iterator[Outcome]:
    for sent in SENT.values():
        yield from sent.outcomes


def test_what_partners_see_is_what_was_planted(built: Built) -> None:
    truth = {cell[:9]: cell[9:] for cell in map(tuple, planted())}
    assert len(truth) == 78 * 13
    assert built.partner.keys() == truth.keys()
    for cell, (numerator, denominator, value, status) in built.partner.items():
        part, whole, rate, _, _, said, _ = truth[cell]
        assert (numerator, denominator, status) == (int(part), int(whole), said)
        assert float(value) == pytest.approx(float(rate), abs=1e-9)
    assert built.definitions == {
        (row["metric_id"], row["definition_id"])
        for row in seed("metrics")
        if row["subject"] in ("learner_profile", "learning_path", "mastery")
    }


def test_the_public_sees_no_small_number_and_the_others_as_they_are(
    built: Built,
) -> None:
    assert built.public.keys() == built.partner.keys()
    hidden = {c for c, values in built.public.items() if values[-1] == "suppressed"}
    for cell, (numerator, denominator, *_) in built.partner.items():
        whole, part, rest = MINIMUMS[cell[2]]
        small = denominator < whole or numerator < part
        if small or denominator - numerator < rest:
            assert cell in hidden
            assert built.public[cell][0] is built.public[cell][2] is None
    shown = built.public.keys() - hidden
    assert all(built.public[cell] == built.partner[cell] for cell in shown)
    for name in components.COMPONENTS:
        assert {cell[1] for cell in shown} >= {name} <= {cell[1] for cell in hidden}


def test_no_small_mode_is_the_rest_of_the_others(built: Built) -> None:
    """Of the modes of a group either none is hidden or two at least, or their sum."""
    families: dict[tuple, list[tuple]] = {}
    for cell in built.public:
        if cell[7].startswith("learning_path_"):
            families.setdefault((*cell[:7], cell[8]), []).append(cell)
    hidden = [
        [cell for cell in family if built.public[cell][-1] == "suppressed"]
        for family in families.values()
    ]
    assert {len(cells) for cells in hidden} >= {0, 2}
    assert 1 not in {len(cells) for cells in hidden}


@pytest.mark.parametrize("name", components.COMPONENTS)
def test_the_planted_fault_is_set_aside_with_its_reason(
    built: Built, name: str
) -> None:
    (fault,) = SENT[f"{name}.csv"].faults
    record = built.records[name]
    assert (record.rows_validated, record.rows_quarantined) == (78, 1)
    aside = pq.read_table(built.lake.rows("quarantine", record)).to_pylist()
    ((row, reason),) = ((row["_source_row"], row["_reason"]) for row in aside)
    assert row == fault.row
    assert REASONS[name] in reason


@pytest.mark.parametrize("key", KEYS)
def test_the_fixture_is_a_filled_template_and_passes(key, contracts, run) -> None:
    (file,) = (ROOT / "tests/fixtures" / key).glob("*.csv")
    blank = blanks.BLANKS[key].read_text()
    assert blank == blanks.blank(contracts[key]), "run make sources"
    assert file.read_text().startswith(blank)
    delivery = run(contracts[key], file.read_bytes(), file.name)
    assert (delivery.status, delivery.rows_quarantined) == ("validated", 0)
    assert contracts[key].visibility == "restricted"


WRONG = {  # cells of a good row, what they become, and what is said of it
    "learner_profiles": [
        ("60,31,52", "60,61,61", "no more in complete_count than in students_count"),
        ("60,31,52", "9,10,52", "no more in complete_count than in students_count"),
        ("60,31,52", "60,31,61", "no more in skills_count than in students_count"),
        ("60,31,52", "60,,52", "complete_count where the status is reported"),
        ("60,31,52", "0,0,0", "a count of students above zero"),
        ("60,31,52", "60,52%,52", "a count of students, in complete_count"),
        ("reported", "suppressed", "no complete_count where the status is not"),
        (",ed,", ",poor,", "a student group that is in the code list"),
    ],
    "learning_paths": [
        ("60,28,", "27,28,", "no more in active_path_count than in students_count"),
        (",9,5,4,", ",8,5,4,", "parts that add up to active_path_count"),
        (",9,5,4,", ",14,,4,", "every mode or none"),
    ],
    "mastery": [
        ("60,24", "60,61", "no more in by_standard_count than"),
        ("509990400004", "", "a federal or a state code in each row"),
        ("2015-16", "2015-17", "a school year such as 2014-15 or 2015"),
    ],
}


@pytest.mark.parametrize(
    ("name", "was", "now", "reason"),
    [(name, *change) for name, changes in WRONG.items() for change in changes],
)
def test_a_wrong_row_is_set_aside(name, was, now, reason, contracts, run, lake) -> None:
    """Among forty good rows, each of a school of its own."""
    (file,) = (ROOT / "tests/fixtures/nessc" / name).glob("*.csv")
    head, _, row, *_ = file.read_text().splitlines()
    many = [row.replace("509990400004", f"5099904001{n:02}") for n in range(40)]
    assert row.count(was) == 1
    text = "\n".join([head, *many, row.replace(was, now)]) + "\n"
    delivery = run(contracts[f"nessc/{name}"], text.encode(), file.name)
    assert (delivery.rows_quarantined, delivery.rows_validated) == (1, 40)
    (aside,) = (lake.root / "quarantine").rglob("*.parquet")
    assert reason in pq.read_table(aside)["_reason"][0].as_py()


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("column", ["interests", "student_id"])
def test_a_column_that_tells_of_a_student_is_refused(
    key, column, contracts, run, lake
) -> None:
    """The contract knows no such column; what stood in it is written nowhere."""
    (file,) = (ROOT / "tests/fixtures" / key).glob("*.csv")
    head, *rows = file.read_text().splitlines()
    told = [f"{head},{column}", *(f"{row},wants to be a welder" for row in rows)]
    delivery = run(contracts[key], ("\n".join(told) + "\n").encode(), file.name)
    assert delivery.status == "refused"
    assert "and no other. Found additional columns: 1 not named" in delivery.message
    for place in ("validated", "quarantine"):
        assert not list((lake.root / place).rglob("*.parquet"))


def test_modes_are_the_pathways_of_the_levers_and_groups_those_of_the_seed() -> None:
    modes = [row["lever"] for row in seed("levers") if row["is_pathway"] == "true"]
    metrics = {row["metric_id"] for row in seed("metrics")}
    assert {f"learning_path_mode_{mode}" for mode in modes} == {
        metric for metric in metrics if metric.startswith("learning_path_mode_")
    }
    contract = yaml.safe_load((CONTRACTS / "nessc/learning_paths.yml").read_text())
    columns = [name for name in contract["columns"] if name.endswith("_count")]
    assert columns[2:] == [f"{mode}_count" for mode in modes]
    parts = [r["part_count"] for r in seed("count_sums") if "paths" in r["whole_count"]]
    assert parts == [f"paths_{mode}" for mode in modes]
    groups = [row["student_group"] for row in seed("student_groups")]
    for key in KEYS:
        rules = load_contract_of(key).expectations
        assert groups in [rule["kwargs"].get("value_set") for rule in rules]


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))
