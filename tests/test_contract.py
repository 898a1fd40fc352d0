import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from common_metrics.contracts import model as contracts_module
from common_metrics.contracts.headers import known_headers, match_columns, nameable
from common_metrics.contracts.loading import (
    CONTRACTS,
    PACKAGE,
    judging_files,
    load_contract,
    load_contracts,
)
from common_metrics.contracts.model import Contract
from common_metrics.errors import ContractError, DeliveryRefused

SHIPPED = sorted(CONTRACTS.glob("*/*.yml"))
LAYOUTS = [(key, name) for key, c in load_contracts().items() for name in c.layouts]
WITH_CODES = [
    (key, name) for key, name in LAYOUTS if key.startswith("ct/") and "school" in name
]
GRADUATES = [
    "District",
    "District Code",
    "School",
    "School Code",
    "Four-Year Cohort Count",
    "Graduation Count",
    "Graduation Rate",
]


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Callable[[Any], Any]], Contract]:
    """Load the four-year contract after a change to its content."""

    def changed(change: Callable[[Any], Any]) -> Contract:
        content = yaml.safe_load((CONTRACTS / "ct/graduation_4yr.yml").read_text())
        change(content)
        file = tmp_path / "ct" / "changed.yml"
        file.parent.mkdir()
        file.write_text(yaml.safe_dump(content))
        return load_contract(file, tmp_path)

    return changed


@pytest.fixture
def graduation(contracts: dict[str, Contract]) -> Contract:
    return contracts["ct/graduation_4yr"]


def headers(contract: Contract, layout: str, year_code: str = "1415") -> list[str]:
    """A header row of that layout."""
    first = [contract.columns[name].headers[0] for name in contract.layouts[layout]]
    return [header.replace("{year_code}", year_code) for header in first]


def without(names: list[str], name: str) -> list[str]:
    return [n for n in names if n != name]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_every_shipped_contract_loads(file):
    contract = load_contract(file)
    assert load_contracts()[contract.key] == contract
    assert contract.path == f"expectations/{file.relative_to(CONTRACTS).as_posix()}"


def test_all_contracts_are_loaded():
    assert len(load_contracts()) == len(SHIPPED) > 0


@pytest.mark.parametrize(
    ("block", "wrong", "right"),
    [
        ("", "expectation", "expectations"),
        ("", "titel", "title"),
        ("origin", "licenc", "licence"),
        ("landing", "shedule", "schedule"),
        ("landing.school_years", "frist", "first"),
        ("landing.school_years", "not_colected", "not_collected"),
        ("read", "encodng", "encoding"),
        ("identity", "preambel", "preamble"),
        ("columns.cohort_count", "header", "headers"),
        ("columns.cohort_count", "identifer", "identifier"),
    ],
)
def test_a_typo_dies_with_file_path_and_suggestion(changed, block, wrong, right):
    def misspell(content):
        for part in filter(None, block.split(".")):
            content = content[part]
        content[wrong] = content.pop(right, None)

    with pytest.raises(ContractError) as error:
        changed(misspell)
    dotted = f"{block}.{wrong}".lstrip(".")
    (line,) = (text for text in str(error.value).splitlines() if f" {dotted}: " in text)
    assert str(error.value).startswith("expectations/ct/changed.yml: expected ")
    assert line.endswith(f"Did you mean {right!r}?")


def test_a_key_like_no_other_is_to_be_removed(changed):
    with pytest.raises(ContractError, match=r"read\.zzz: .*Remove it\.\n"):
        changed(lambda content: content["read"].update(zzz=1))


def test_a_missing_block_dies_with_its_name(changed):
    with pytest.raises(
        ContractError, match=r"(?s)ct/changed\.yml: .* columns: Field required"
    ):
        changed(lambda content: content.pop("columns"))


def test_a_contract_without_expectations_dies(changed):
    with pytest.raises(ContractError, match=r"(?s)ct/changed\.yml: .* expectations: "):
        changed(lambda content: content.update(expectations=[]))


@pytest.mark.parametrize("text", ["", "- a list", "title: [", "title: x\n  read: {}"])
def test_what_is_no_contract_dies_with_its_file(tmp_path, text):
    (tmp_path / "ct").mkdir()
    file = tmp_path / "ct" / "odd.yml"
    file.write_text(text)
    with pytest.raises(ContractError, match=r"^expectations/ct/odd\.yml: "):
        load_contract(file, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["layouts"]["state_graduates"].append("cohort_cuont"),
        lambda content: content["grain"].append("cohort_cuont"),
    ],
    ids=["layouts", "grain"],
)
def test_a_name_that_is_no_column_dies(changed, change):
    with pytest.raises(ContractError, match=r"(?s)changed\.yml: .*\['cohort_cuont'\]"):
        changed(change)


@pytest.mark.parametrize(
    "identity",
    [
        {},
        {"undated": False},
        {"preamble": "a", "header": "b"},
        {"preamble": "a", "undated": True},
        {"header": "b", "undated": True},
    ],
    ids=str,
)
def test_identity_stands_in_exactly_one_place(changed, identity):
    with pytest.raises(ContractError, match="identity: .*exactly one of preamble"):
        changed(lambda content: content.update(identity=identity))


@pytest.mark.parametrize(
    "pattern", ["^Rates, (?P<year>.+)$", "^Rates, (?P<school_year>.+$"]
)
def test_an_identity_pattern_that_cannot_give_a_year_dies(changed, pattern):
    with pytest.raises(ContractError, match=r"(?s)changed\.yml: .* identity"):
        changed(lambda content: content.update(identity={"preamble": pattern}))


@pytest.mark.parametrize(("key", "layout"), LAYOUTS)
def test_each_layout_is_recognised(contracts, key, layout):
    contract = contracts[key]
    header = headers(contract, layout)
    match = match_columns(contract, header, "1415")
    assert (match.layout, match.additional) == (layout, [])
    assert list(match.position) == contract.layouts[layout]
    assert sorted(match.position.values()) == list(range(len(header)))


@pytest.mark.parametrize(
    "written",
    [
        *(
            "SCHOOL CODE",
            "school code",
            "School  Code",
            "  School Code ",
            "School_Code",
        ),
        *("SCHOOLCODE", "School\u00a0Code", "School\u200b Code", "\ufeffSchool Code"),
    ],
)
def test_case_blanks_and_unseen_signs_of_a_header_do_not_matter(graduation, written):
    header = [written if h == "School Code" else h for h in GRADUATES]
    assert match_columns(graduation, header, None).position["school_id_state"] == 3


def test_columns_may_stand_in_another_order(graduation):
    match = match_columns(graduation, GRADUATES[::-1], None)
    assert match.position["graduation_pct"] == 0
    assert match.position["district_name"] == len(GRADUATES) - 1


def test_the_year_in_a_header_is_the_one_of_the_file(contracts):
    contract = contracts["us/edfacts_acgr"]
    header = headers(contract, "schools", "1314")
    assert match_columns(contract, header, "1314").layout == "schools"
    with pytest.raises(DeliveryRefused, match='"ALL_COHORT_<yy>"'):
        match_columns(contract, header, "1415")


def test_a_renamed_column_is_refused_with_the_line_to_add(graduation):
    header = [h.replace("Four-Year Cohort Count", "Cohort N") for h in GRADUATES]
    with pytest.raises(DeliveryRefused) as error:
        match_columns(graduation, [*header, "Remarks"], None)
    assert error.value.expected == (
        'a column for cohort_count: one of "Four-Year Cohort Count"'
    )
    assert error.value.found == (
        "no such header; unknown headers in the file: "
        '"Cohort N", "Remarks" (nearest: "Cohort N")'
    )
    assert error.value.todo == (
        'If the publisher renamed it, add "Cohort N" to '
        "columns.cohort_count.headers in expectations/ct/graduation_4yr.yml."
    )


def test_a_missing_column_is_refused(graduation):
    with pytest.raises(DeliveryRefused) as error:
        match_columns(graduation, without(GRADUATES, "Graduation Rate"), None)
    assert error.value.expected.startswith("a column for graduation_pct: one of ")
    assert error.value.found == (
        "no such column, and no unknown header: nothing was renamed"
    )
    assert error.value.todo == (
        "In EdSight choose All Districts and All Schools, and export again: a column "
        "of what was chosen is left out. If it is printed no more, add a layout "
        "without it to expectations/ct/graduation_4yr.yml."
    )


def test_every_missing_column_is_named(graduation):
    header = without(without(GRADUATES, "Graduation Rate"), "School")
    with pytest.raises(DeliveryRefused, match="for school_name and for graduation_pct"):
        match_columns(graduation, header, None)


@pytest.mark.parametrize(
    "more", [["School code"], ["Gender", "Race/Ethnicity"]], ids=["same", "synonyms"]
)
def test_a_doubled_column_is_refused(graduation, more):
    with pytest.raises(DeliveryRefused, match="2 columns headed"):
        match_columns(graduation, GRADUATES + more, None)


def test_an_unknown_column_is_refused_with_the_lines_to_add(graduation):
    with pytest.raises(DeliveryRefused) as error:
        match_columns(graduation, [*GRADUATES, "Homeless Status", ""], None)
    path = "expectations/ct/graduation_4yr.yml"
    assert error.value.expected == f"the columns of {path} and no other"
    assert error.value.found == 'additional columns: "Homeless Status", "[I]"'
    assert error.value.todo == (
        "A column may tell rows apart, such as student groups: then add "
        f'"Homeless Status" to columns.student_group_label.headers in {path}. If no '
        "number depends on it, add it with the reason to read.harmless there. A letter "
        "in brackets is a column without a header."
    )


def test_where_no_column_is_free_for_it_a_new_one_is_asked_for(graduation):
    header = [*GRADUATES[:4], "Gender", *GRADUATES[4:], "Term"]
    with pytest.raises(DeliveryRefused, match='add "Term" to columns, layouts and'):
        match_columns(graduation, header, None)


@pytest.mark.parametrize(("key", "layout"), LAYOUTS)
def test_an_unknown_column_is_refused_whatever_the_contract(contracts, key, layout):
    header = [*headers(contracts[key], layout), "Zz Unheard Of"]
    with pytest.raises(DeliveryRefused, match="Found additional columns: ") as error:
        match_columns(contracts[key], header, "1415")
    is_public = contracts[key].visibility == "public"
    assert ("Zz Unheard Of" in error.value.found) == is_public


def test_a_restricted_file_is_told_in_which_column_it_is(contracts):
    contract = contracts["nessc/student_attendance"]
    header = [*headers(contract, "attendance"), "term"]
    with pytest.raises(DeliveryRefused, match=r"columns: 1 not named here, in \[H\]"):
        match_columns(contract, header, None)


def test_of_a_restricted_file_the_contracts_own_names_are_told(contracts):
    contract = contracts["vt/sis_enrollment"]
    told = nameable(contract, ["HOMELESS", "ist1math", "Quozzabyzko"])
    assert told == ["HOMELESS", "IST1*", "not named here"]


def test_a_header_one_letter_wrong_is_no_column_left_out(contracts):
    contract = contracts["ct/graduation_4yr_district"]
    header = headers(contract, next(iter(contract.layouts)))
    header[header.index("District Code")] = "Diistrict Code"
    with pytest.raises(DeliveryRefused) as error:
        match_columns(contract, header, None)
    assert error.value.found.endswith('"Diistrict Code" (nearest: "District Code")')
    assert error.value.todo.startswith(
        'If "Diistrict Code" is "District Code", correct it, or add it to '
        "columns.lea_id_state.headers in "
    )


def test_a_column_without_a_cell_is_named_and_left_out(graduation):
    match = match_columns(graduation, ["Remarks", *GRADUATES, ""], None, empty={0, 8})
    assert match.layout == "school_graduates"
    assert match.additional == ["Remarks"]
    assert 0 not in match.position.values()


def test_a_harmless_column_is_listed_with_its_reason(changed):
    contract = changed(lambda c: c["read"].update(harmless={"Note *": "remarks"}))
    match = match_columns(contract, [*GRADUATES, "NOTE_of 2015"], None)
    assert match.additional == ["NOTE_of 2015"]
    with pytest.raises(DeliveryRefused, match='"Footnote 1"'):
        match_columns(contract, [*GRADUATES, "Footnote 1"], None)


def test_no_two_columns_have_headers_that_compare_alike(contracts):
    for contract in contracts.values():
        known = [
            cell for cells in known_headers(contract, "1415") for cell in set(cells)
        ]
        assert len(known) == len(set(known)), contract.key


@pytest.mark.parametrize(
    "id_header",
    ["YOUR_UNIQUE_IDENTIFIER", "Your_Unique_Identifier", "YOURUNIQUEIDENTIFIER"],
)
def test_student_tracker_is_known_by_each_form_of_its_headers(contracts, id_header):
    contract = contracts["nsc/student_tracker"]
    header = [h.upper().replace(" ", "_") for h in headers(contract, "detail")]
    header[0] = id_header
    header += ["HIGH_SCHOOL_CODE", "HIGH_SCHOOL_GRAD_DATE"]
    assert match_columns(contract, header, None).position["student_id_state"] == 0


def test_a_group_whose_absence_means_all_students_is_filled_in_each_row(contracts):
    """A blank label would be that of all students, as the staging models read it."""
    groups = [c.columns.get("student_group_label") for c in contracts.values()]
    assert all(column.filled for column in groups if column and column.optional)


def test_names_of_files_say_the_year_in_one_way(contracts):
    """The pattern is defined once: a copy in a contract would miss 2014-2015."""
    says = [c.landing.name_year or c.identity.file_name for c in contracts.values()]
    assert len(set(filter(None, says))) == 3


def test_columns_of_two_layouts_at_once_are_refused(graduation):
    with pytest.raises(DeliveryRefused, match="with still_enrolled_count beside it"):
        match_columns(graduation, [*GRADUATES, "Still Enrolled Count"], None)


@pytest.mark.parametrize(("key", "layout"), WITH_CODES)
def test_a_school_file_without_its_codes_is_no_other_file(contracts, key, layout):
    contract = contracts[key]
    names = [n for n in contract.layouts[layout] if not contract.columns[n].optional]
    code = "school_id_state" if "school_id_state" in names else "lea_id_state"
    header = [contract.columns[name].headers[0] for name in without(names, code)]
    with pytest.raises(DeliveryRefused, match="a column for"):
        match_columns(contract, header, None)


def test_the_contract_of_a_message_can_be_opened(contracts):
    for contract in contracts.values():
        assert (CONTRACTS.parent / contract.path).exists()
        assert re.fullmatch(r"[0-9a-f]{64}", contract.sha256)


def test_a_delivery_is_judged_again_when_code_that_judges_changes(
    tmp_path, monkeypatch
):
    """Each module that refuses or turns a delivery's rows counts, and no other."""
    code = PACKAGE
    files = {file.relative_to(code): file.read_text() for file in code.rglob("*.py")}
    refusing = {name for name, text in files.items() if "DeliveryRefused(" in text}
    judging = {file.relative_to(code) for file in judging_files()}
    assert refusing - {Path("errors.py")} <= judging
    copied = tmp_path / "code"
    shutil.copytree(code, copied)
    files_of_copy = partial(judging_files, copied)
    monkeypatch.setattr(contracts_module, "judging_files", files_of_copy)
    before = contracts_module._digest(b"")
    changing = set()
    for name, text in files.items():
        (copied / name).write_text(text + "# changed")
        changing |= {name} if contracts_module._digest(b"") != before else set()
        (copied / name).write_text(text)
    assert changing == judging
