"""The sample's own workbooks read back as they were written."""

from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

SAMPLE = Path(__file__).parent / "sample"


@pytest.fixture(autouse=True)
def sample_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SAMPLE)


def test_a_reader_finds_every_sheet_and_cell() -> None:
    from workbook import xlsx

    wide = [f"column {n}" for n in range(703)]
    rows = [["a & <b>", " c ", None, 7, 0.45, date(2014, 10, 1), True], [""], wide]
    book = CalamineWorkbook.from_filelike(
        BytesIO(xlsx({"2013-14": [[1]], 'B "&"': rows}))
    )
    assert book.sheet_names == ["2013-14", 'B "&"']
    assert book.get_sheet_by_index(0).to_python() == [[1]]
    first, blank, last = book.get_sheet_by_index(1).to_python()
    assert first[:7] == ["a & <b>", " c ", "", 7, 0.45, date(2014, 10, 1), True]
    assert not any(blank)
    assert last == wide


def test_the_same_cells_make_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    from workbook import xlsx

    before = xlsx({"A": [["x", 1]]})
    monkeypatch.setattr(time, "time", lambda: 1_900_000_000.0)
    assert xlsx({"A": [["x", 1]]}) == before
