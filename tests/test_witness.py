"""What a third program finds where the models and Tau-Argus hide the same tables."""

import pandas as pd
import pytest
import witness

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def ways() -> pd.DataFrame:
    return witness.compared(schools=20).set_index("hidden by")


def test_the_audit_finds_what_is_small_and_alone(ways: pd.DataFrame) -> None:
    assert ways.loc["what is small, alone", "of the small ones recovered"] > 100


@pytest.mark.parametrize("way", ["the models", "Tau-Argus, OPT", "Tau-Argus, MOD"])
def test_the_audit_finds_no_number_in_either_pattern(
    ways: pd.DataFrame, way: str
) -> None:
    assert ways.loc[way, "of the small ones recovered"] == 0
    # Only the models promise it of complementary cells.
    assert way != "the models" or ways.loc[way, "of all hidden ones"] == 0


def test_the_models_show_no_less_than_tau_argus(ways: pd.DataFrame) -> None:
    shown = ways["numbers shown"].str.split().str[0].astype(int)
    assert shown["the models"] >= shown.filter(like="Tau-Argus").max()
