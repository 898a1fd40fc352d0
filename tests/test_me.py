"""Maine: the long assessment layout, under full and under cut headers."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from staged import bring, build

from common_metrics.errors import DeliveryRefused
from common_metrics.lake import Lake

FIXTURES = Path(__file__).parent / "fixtures/me/assessment"
KEY = "me/assessment"


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Iterator[duckdb.DuckDBPyConnection]:
    lake = Lake(tmp_path_factory.mktemp("me") / "lake")
    for file in sorted(FIXTURES.glob("*.csv")):
        bring(lake, KEY, file.name, file.read_bytes())
    with build(lake, "resource_type:seed", "path:models/staging/me") as warehouse:
        yield warehouse


def rows_of(built: duckdb.DuckDBPyConnection, year: int) -> list[tuple]:
    return built.execute(
        "select source_row, level, lea_id_state, school_id_state, metric_id, "
        "numerator, denominator, cast(value_pct as double), value_status "
        "from staging.stg_me__assessment where school_year = ? order by 1",
        [year],
    ).fetchall()


def test_proportions_are_per_cents_and_blank_ids_the_level(built) -> None:
    math, science = "proficiency_math_nwea", "proficiency_science_mea"
    assert rows_of(built, 2021) == [
        (2, "state", None, None, math, 64000, 80000, 80.0, "reported"),
        (3, "lea", "812", None, math, 310, 400, 77.5, "reported"),
        (5, "school", "812", "813", math, 171, 200, 85.5, "reported"),
        (6, "school", "812", "813", math, None, None, None, "suppressed"),
        (7, "school", "812", "813", science, 1, 100, 1.0, "reported"),
    ]


def test_cut_headers_are_known_and_the_test_is_that_of_the_year(built) -> None:
    found = rows_of(built, 2017)
    assert [row[0] for row in found] == [2, 3, 5, 6, 7]
    assert {row[4] for row in found} == {
        "proficiency_math_mea",
        "proficiency_science_mea",
    }
    assert found[3][-1] == "suppressed"


def test_rows_of_a_school_without_unit_or_with_a_per_cent_are_set_aside(
    tmp_path: Path,
) -> None:
    content = (FIXTURES / "me_assessment_2021.csv").read_text()
    rows = "".join(
        f"Larch Unit,812,School {n},{n},Science,All Students,At State Expectations,"
        "10,1,5,0.5,0.5,0.3,10,N\n"
        for n in range(900, 930)
    )
    wrong = (
        "Larch Unit,,Larch High School,813,Science,White,At State Expectations,"
        "10,1,5,0.5,0.5,0.3,10,N\n"
        "Larch Unit,812,Larch High School,813,Science,White,At State Expectations,"
        "10,1,5,50,0.5,0.3,10,N\n"
    )
    judged = bring(
        Lake(tmp_path / "lake"),
        KEY,
        "me_assessment_2021.csv",
        (content + rows + wrong).encode(),
    )
    assert (judged.rows_validated, judged.rows_quarantined) == (36, 2)


def test_an_unknown_header_and_a_name_without_year_fail_closed(tmp_path: Path) -> None:
    content = (FIXTURES / "me_assessment_2021.csv").read_bytes()
    lake = Lake(tmp_path / "lake")
    other = content.replace(b"Achievement Level,Total", b"Level Reached,Total")
    with pytest.raises(DeliveryRefused, match="a column for achievement_level"):
        bring(lake, KEY, "me_assessment_2021.csv", other)
    with pytest.raises(DeliveryRefused, match="a file name that says one school year"):
        bring(lake, KEY, "assessment.csv", content)
