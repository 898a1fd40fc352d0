"""What a program can see is wrong in a delivery although each cell looks right."""

import csv
import io
import re
from collections.abc import Callable

import pandas as pd
import pyarrow.parquet as pq
import pytest

from common_metrics.contracts.loading import load_contracts
from common_metrics.pseudonyms import MALFORMED, pseudonym
from common_metrics.validation import earlier, findings, plausibility

GRADUATION = "ct/graduation_4yr"
SUBMISSION = "nessc/common_metrics_submission"
CROSSWALK = "nessc/school_crosswalk"
COHORTS = "nh/cohort_counts"
ID = r"(?:school|lea)_id_(?:state|nces)$"
# Whose publisher writes codes in a way of its own.
OWN_FORM = {
    ("nh/assessment", "lea_id_state"),
    ("nh/assessment", "school_id_state"),
    ("us/edfacts_acgr", "lea_id_nces"),
    ("us/edfacts_acgr", "school_id_nces"),
    ("us/edfacts_acgr_long", "lea_id_nces"),
    ("us/edfacts_acgr_long", "school_id_nces"),
}
TANSY = b",57,41,71.9"  # in row 7 of twenty schools


@pytest.fixture
def reasons(lake) -> Callable[[], dict[int, str]]:
    """The reason of each quarantined row."""

    def reasons() -> dict[int, str]:
        found = pq.read_table(lake.root / "quarantine").to_pylist()
        return {row["_source_row"]: row["_reason"] for row in found}

    return reasons


def table(*rows: dict[str, str | None], contract) -> pd.DataFrame:
    """Rows of one delivery as they are judged; other columns are empty."""
    lineage = {"_delivery": "one", "_school_year": 2015}
    full = [
        dict.fromkeys(contract.columns) | lineage | {"_source_row": at} | row
        for at, row in enumerate(rows)
    ]
    return pd.DataFrame(full).assign(_row=range(len(rows)))


def with_cells(content: bytes, row: int, **cells: str) -> bytes:
    """The csv file, its header in row 2, with other cells in one row."""
    lines = content.decode().splitlines()
    header = next(csv.reader([lines[1]]))
    changed = dict(zip(header, next(csv.reader([lines[row - 1]])), strict=True)) | cells
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(changed.values())
    lines[row - 1] = out.getvalue()
    return ("\n".join(lines) + "\n").encode()


# Every contract


@pytest.mark.parametrize("key", load_contracts())
def test_no_digit_of_another_script_passes_any_pattern(key):
    contract = load_contracts()[key]
    for rule in contract.expectations:
        # What replaces the digit may not stand in a class of signs.
        assert not re.search(r"\[[^\]]*\\d|\\w", rule["kwargs"].get("regex", ""))
    for rule in plausibility.expectations(contract):
        assert r"\d" not in rule["kwargs"].get("regex", "")


def test_no_digit_of_another_script_is_hashed():
    assert pseudonym("student", "12345", r"\d{5}") != MALFORMED
    assert pseudonym("student", "1234５", r"\d{5}") == MALFORMED


@pytest.mark.parametrize("key", load_contracts())
def test_every_code_has_its_form(key):
    contract = load_contracts()[key]
    judged: dict[str, set[str]] = {}
    for rule in plausibility.expectations(contract):
        if "regex" in rule["kwargs"]:
            judged.setdefault(rule["kwargs"]["column"], set()).add(rule["meta"]["says"])
    of_many = {name for name in contract.columns if name.endswith("state")}
    for column in contract.columns:
        kind = re.search(ID, column)
        if not kind or (key, column) in OWN_FORM:
            continue
        states = 5 if column.removesuffix(kind[0]) + "state" in of_many else 1
        assert len(judged[column]) >= states, column


def test_no_contract_repeats_a_form():
    own = {
        (key, rule["kwargs"]["column"])
        for key, contract in load_contracts().items()
        for rule in contract.expectations
        if rule["type"].endswith("match_regex")
        and re.search(ID, rule["kwargs"]["column"])
    }
    assert own == OWN_FORM


@pytest.mark.parametrize("key", load_contracts())
def test_an_empty_table_and_empty_columns_can_be_measured(key):
    contract = load_contracts()[key]
    assert plausibility.measured(contract, table({}, contract=contract)).shape[0] == 1


# Codes


@pytest.mark.parametrize(
    ("state", "code", "says"),
    [
        ("CT", "36111", "a school code of seven digits in Connecticut"),
        ("ME", "0084", "a school code of one to four digits without a zero in front"),
        ("NH", "2638", "a school code of five digits in New Hampshire"),
        ("RI", "8114", "a school code of five digits in Rhode Island"),
        ("VT", "PS23", "a school code of letters and three digits, such as PS023"),
    ],
)
def test_a_code_that_lost_its_zeros_is_set_aside(
    run, contracts, example, reasons, state, code, says
):
    content = with_cells(
        example(SUBMISSION, "vt_submission_2013-14"),
        12,
        state=state,
        school_id_state=code,
        school_id_nces="",
        lea_id_state="",
    )
    assert run(contracts[SUBMISSION], content, "vt_2013-14.csv").status == "validated"
    assert says in reasons()[12]


def test_codes_of_other_schools_in_a_row_have_the_form_of_its_state(
    run, contracts, example, reasons
):
    """The school that answers for a student is of the same state."""
    key = "nessc/student_enrollment"
    content = example(key).replace(b",00806,,", b",00806,6111,", 1)
    assert run(contracts[key], content).rows_quarantined == 1
    (reason,) = reasons().values()
    assert "in Connecticut, in responsible_school_id_state" in reason


def test_a_federal_id_of_another_state_is_set_aside(run, contracts, crosswalk, reasons):
    content = crosswalk.replace(b"239990300003", b"339990300003")
    assert run(contracts[CROSSWALK], content).status == "validated"
    assert "a federal school id of 12 digits that begins with 23" in reasons()[4]


def test_a_crosswalk_whose_ids_lost_their_zeros_is_refused(run, contracts, crosswalk):
    lost = re.sub(rb",0(99990[12],)", rb",\1", crosswalk)
    delivery = run(contracts[CROSSWALK], lost)
    assert delivery.status == "refused"
    assert "in Connecticut, in lea_id_nces. Found 2 of 2 rows otherwise, most of them 6"
    assert "row 2: Expected a federal district id of 7 digits" in delivery.message


# Numbers


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (b",57,58,*", "no more in graduation_count than in cohort_count"),
        (
            b",57,41,17.9",
            "the rate that follows from graduation_count and cohort_count",
        ),
        (b",57,41,0.7", "the rate that follows from graduation_count and cohort_count"),
        (b",90057,*,*", "no more than a school or a state can have, in cohort_count"),
    ],
)
def test_numbers_that_cannot_be_are_set_aside(
    run, contracts, graduates, reasons, cells, says
):
    assert run(contracts[GRADUATION], graduates.replace(TANSY, cells)).rows_raw == 20
    assert list(reasons()) == [7]
    assert says in reasons()[7]


@pytest.mark.parametrize(
    ("key", "part", "cells", "says"),
    [
        ("ct/sat", "SAT2015", (b",64,60,93.8", b",64,70,93.8"), "students_count"),
        ("ct/sat", "SAT2015", (b",60,9,15.0", b",60,69,15.0"), "scored_count"),
        (
            "us/edfacts_acgr",
            "2015",
            (b"High School,252,91", b"High School,2,PS"),
            "all",
        ),
    ],
)
def test_no_part_is_above_its_whole(
    run, contracts, example, reasons, key, part, cells, says
):
    run(contracts[key], example(key, part).replace(*cells, 1))
    (reason,) = reasons().values()
    assert re.search(f"no more in .* than in {says}", reason)


@pytest.mark.parametrize("cells", [b",57,41,71.9", b",57,41,72.0", b",57,*,71.9"])
def test_rounded_or_hidden_numbers_pass(run, contracts, graduates, cells):
    delivery = run(contracts[GRADUATION], graduates.replace(TANSY, cells))
    assert delivery.rows_validated == 20


@pytest.mark.parametrize(
    ("rate", "fits"),
    [
        ("4.26%", True),
        ("0.0426", True),
        ("0.0425531914893617", True),
        ("42.55%", False),
        ("0.43", False),
        ("4.26", False),
    ],
)
def test_a_rate_of_a_workbook_is_a_proportion_or_says_per_cent(contracts, rate, fits):
    contract = contracts[COHORTS]
    row = {"cohort_count": "94", "dropped_out_count": "4", "dropout_pct": rate}
    judged = plausibility.measured(contract, table(row, contract=contract))
    assert (judged["_off_dropout_pct"][0] <= 0) == fits


@pytest.mark.parametrize(
    ("parts", "above"),
    [
        (("85", "9"), 0),
        (("85", "42"), 33),
        (("85", "8"), -1),
        (("85", "*"), None),
        (("95", "*"), 1),
    ],
)
def test_parts_add_up_to_the_whole_unless_one_is_hidden(contracts, parts, above):
    contract = contracts[COHORTS]
    names = ("graduated_count", "nongraduate_count")
    row = dict(zip(names, parts, strict=True)) | {"cohort_count": "94"}
    judged = plausibility.measured(contract, table(row, contract=contract))
    found = judged["_above_cohort_count_graduated_count"][0]
    assert found == above if above is not None else pd.isna(found)


def test_groups_make_the_printed_total(contracts):
    contract = contracts["ct/enrollment_status"]
    rows = [
        {"no_count": "385", "yes_count": "25", "total_count": "410"},
        {"no_count": "385", "yes_count": "52", "total_count": "410"},
        {"no_count": "*", "yes_count": "*", "total_count": "302"},
    ]
    judged = plausibility.measured(contract, table(*rows, contract=contract))
    above = judged["_above_total_count_no_count"]
    assert above.dropna().to_dict() == {0: 0, 1: 27}


@pytest.mark.parametrize("year", ["1014-15", "9998-99"])
def test_a_year_that_cannot_be_refuses_the_file(run, contracts, graduates, year):
    delivery = run(contracts[GRADUATION], graduates.replace(b"2014-15", year.encode()))
    assert delivery.status == "refused"
    assert f"Expected a school year such as 2014-15. Found '{year}'" in delivery.message


# Rows


def test_a_row_again_in_another_spelling_is_set_aside(
    run, contracts, graduates, reasons
):
    lines = graduates.split(b"\r\n")
    again = lines[6].replace(b"Tansy Brook School", b"TANSY  Brook school")
    content = b"\r\n".join([*lines[:25], again.replace(TANSY, b",57,42,73.7"), b""])
    run(contracts[GRADUATION], content)
    assert sorted(reasons()) == [7, 26]


def test_a_name_counts_for_nothing_beside_an_id(contracts):
    contract = contracts["nessc/mastery"]
    rows = [
        {"school_id_state": "PS991", "school_name": "Hollow Birch"},
        {"school_name": "Osprey  Friends SCHOOL"},
    ]
    judged = plausibility.measured(contract, table(*rows, contract=contract))
    assert judged["_key_school_name"].tolist() == ["", "osprey friends school"]


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([("905", "Quarry"), ("905", "Total")], [False, True]),
        ([("905", "Quarry"), (None, "State Total")], [False, False]),
        # A school of Connecticut is called so, under a code of its own.
        ([("905", "Quarry"), ("906", "TOTAL")], [False, False]),
    ],
)
def test_a_row_of_totals_has_not_the_id_of_another(contracts, rows, wrong):
    contract = contracts[COHORTS]
    cells = [{"lea_id_state": code, "school_name": name} for code, name in rows]
    judged = plausibility.measured(contract, table(*cells, contract=contract))
    assert judged["_total_school_name"].notna().tolist() == wrong


@pytest.mark.parametrize(
    ("spans", "wrong"),
    [
        ([("", ""), ("", "")], [True, True]),
        ([("", "2014"), ("2015", "")], [False, False]),
        ([("", "2015"), ("2015", "")], [True, True]),
        ([("", "2014"), ("", "")], [True, True]),
        ([("2016", ""), ("2011", "2012"), ("2013", "")], [True, False, True]),
    ],
)
def test_one_federal_id_stands_under_one_code_at_a_time(contracts, spans, wrong):
    contract = contracts[CROSSWALK]
    rows = [
        {
            "state": "CT",
            "school_id_nces": "099991600001",
            "school_id_state": f"916{at}111",
            "first_year": first or None,
            "last_year": last or None,
        }
        for at, (first, last) in enumerate(spans)
    ]
    judged = plausibility.measured(contract, table(*rows, contract=contract))
    assert judged["_meets_school_id_nces"].notna().tolist() == wrong
    assert judged["_meets_state_school_id_state"].isna().all()


def test_the_gate_says_what_to_give_a_school_with_a_new_code(
    run, contracts, crosswalk, reasons
):
    again = crosswalk.splitlines(keepends=True)[3].replace(b",991,61,61", b",991,61,62")
    delivery = run(contracts[CROSSWALK], crosswalk + again)
    assert delivery.status == "validated"
    assert sorted(reasons()) == [4, 6]
    assert "give both first_year and last_year" in reasons()[4]


def test_memberships_that_meet_are_set_aside(run, contracts, example, reasons):
    content = example("league/membership").replace(b"2014-06-30", b"2015-07-01")
    run(contracts["league/membership"], content)
    assert sorted(reasons()) == [3, 4]
    assert "give both first_day and last_day" in reasons()[3]


def test_what_is_judged_together_does_not_meet(contracts):
    """Rows of two deliveries may stand in one run."""
    contract = contracts[CROSSWALK]
    row = {"state": "ME", "school_id_nces": "239990300003", "school_id_state": "61"}
    rows = table(row, row, contract=contract).assign(_delivery=["one", "other"])
    assert plausibility.measured(contract, rows)["_meets_school_id_nces"].isna().all()


# Cells


def test_a_row_that_lost_a_cell_is_set_aside(run, contracts, graduates, reasons):
    run(contracts[GRADUATION], graduates.replace(TANSY, b",57,41,"))
    assert [*reasons()] == [7]
    assert "a cell in each column, as the publisher leaves none empty" in reasons()[7]


def test_a_value_that_went_before_its_row_became_many_is_seen(contracts):
    rows = [
        {"_source_row": at, "school_name": "A", "_delivery": "one"} for at in (1, 1, 2)
    ]
    contract = contracts["vt/postsecondary"]
    frame = table(*rows, contract=contract)
    assert [*plausibility.measured(contract, frame)["_gap"].notna()] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    "cell", ["0\u200b.95", "\uff10.95", "0.\u0669\u0665", "0.9\x1b5"]
)
def test_what_nobody_sees_sets_a_row_aside_in_a_column_that_nobody_uses(
    run, contracts, example, reasons, cell
):
    content = example("me/assessment", "2016-17")
    content = content.replace(b"0.95", cell.encode(), 1)
    run(contracts["me/assessment"], content, "me_2016-17.csv")
    assert [*reasons()] == [3]
    assert "no sign that cannot be seen and no digit but 0 to 9" in reasons()[3]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (b"Larch Unit,", b"12.5,", "a name with letters, in lea_name"),
        (b",0.95,", b",95,", "a proportion or a star, in tested_pct"),
    ],
)
def test_of_what_no_number_depends_on_it_is_said_alone(
    run, contracts, example, reasons, before, after, says
):
    content = example("me/assessment", "2016-17").replace(before, after, 1)
    delivery = run(contracts["me/assessment"], content, "me_2016-17.csv")
    assert "1 rows warned of, the first is row 3 (" in delivery.message
    assert says in delivery.message and not reasons()


# A file that was cut


def test_a_file_that_lost_its_rows_waits_for_a_person(
    run, lake, contracts, graduates, tmp_path, monkeypatch
):
    monkeypatch.setattr(earlier, "ACCEPTED", tmp_path / "accepted.yml")
    earlier.ACCEPTED.write_text("{}")
    assert run(contracts[GRADUATION], graduates).rows_validated == 20
    cut = b"\r\n".join([*graduates.split(b"\r\n")[:15], b""])
    refused = run(contracts[GRADUATION], cut)
    assert refused.status == "refused"
    assert "about as many rows as in the delivery before, 20. Found 10." in (
        refused.message
    )
    assert f'add "{refused.sha256}": "<the reason>" to expectations/accepted_' in (
        refused.message
    )
    earlier.ACCEPTED.write_text(f'"{refused.sha256}": schools were closed\n')
    assert run(contracts[GRADUATION], cut).rows_validated == 10


def test_a_few_rows_less_a_first_file_and_another_name_pass(run, contracts, graduates):
    lines = graduates.split(b"\r\n")
    assert run(contracts[GRADUATION], graduates).status == "validated"
    fewer = b"\r\n".join([*lines[:22], b""])
    assert run(contracts[GRADUATION], fewer).rows_validated == 17
    other = b"\r\n".join([*lines[:8], b""])
    cut = run(contracts[GRADUATION], other, "other.csv")
    assert cut.rows_validated == 3 and not cut.message


def test_a_first_file_with_half_the_rows_of_its_likes_is_said(
    run, contracts, graduates
):
    lines = graduates.split(b"\r\n")
    for at, rows in enumerate((20, 19, 10, 9)):
        content = b"\r\n".join([*lines[: 5 + rows], b""])
        told = run(contracts[GRADUATION], content, f"schools {at}.csv").message
        assert ("9 rows, where the files of other years have about 19" in told) == (
            rows == 9
        )


def test_whoever_accepts_a_file_says_why():
    assert all(
        re.fullmatch("[0-9a-f]{64}", digest) and reason
        for digest, reason in earlier.accepted().items()
    )


# Sentences


@pytest.mark.parametrize(
    ("wrong", "judged", "refused"),
    [(1, 38, False), (3, 38, False), (4, 38, True), (1, 3, False), (1, 2, True)],
)
def test_a_few_wrong_rows_are_single_mistakes(wrong, judged, refused):
    assert findings.too_many(wrong, judged) == refused


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1,234", "digits with a thousands comma"),
        ("85,7", "digits with a decimal comma"),
        ("85.7%", "a number with a percent sign"),
        ("85.7", "a number with decimals"),
        ("-4", "a number below zero"),
        ("36111", "5 digits"),
        ("7９", "digits beside signs that are not ASCII"),
        ("Ninth grade", "letters"),
        ("PS23", "digits and other signs"),
        ("#", "other signs"),
        ("N/A", 'the marker "N/A"'),
        (None, "an empty cell"),
    ],
)
def test_a_shape_tells_the_fault_and_no_cell(cell, words):
    assert findings.shape(cell) == words


def test_a_refused_file_says_what_the_cells_look_like(run, contracts, graduates):
    lines = graduates.split(b"\r\n")
    for at in range(5, 10):
        cells = lines[at].split(b",")
        lines[at] = b",".join([*cells[:4], b'"1,234"', *cells[5:]])
    delivery = run(contracts[GRADUATION], b"\r\n".join(lines))
    assert "Found 5 of 20 rows otherwise, most of them digits with a thousands" in (
        delivery.message
    )
    assert " comma, like 9,999. Write numbers without a thousands comma." in (
        delivery.message
    )


def test_no_form_has_digits_inside_brackets(contracts) -> None:
    r"""There \d would become [0-9] within brackets, and end them."""
    regexes = {
        rule["kwargs"]["regex"]
        for contract in contracts.values()
        for rule in contract.expectations
        if "regex" in rule["kwargs"]
    }
    assert len(regexes) > 50
    assert [each for each in regexes if re.search(r"\[[^]]*\\d", each)] == []


@pytest.mark.parametrize("value", ["-86.6", "186.6", "101"])
def test_a_printed_value_that_is_no_per_cent_is_set_aside(
    run, contracts, example, reasons, value: str
) -> None:
    sound = example("nessc/printed_values").decode()
    first = sound.splitlines(keepends=True)[1]
    wrong = first.replace("2012-13", "2010-11").replace("86.6", value)
    run(contracts["nessc/printed_values"], (sound + wrong).encode())
    ((row, said),) = reasons().items()
    assert row == len(sound.splitlines()) + 1
    assert "a per cent from 0 to 100" in said
