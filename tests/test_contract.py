import ast
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from common_metrics.check import check
from common_metrics.contracts import blanks, forms, loading
from common_metrics.contracts.headers import known_headers, match_columns, nameable
from common_metrics.contracts.loading import (
    CONTRACTS,
    PACKAGE,
    judges_digest,
    judging_files,
    load_contract,
    load_contract_of,
    load_contracts,
    merged,
)
from common_metrics.contracts.model import Contract
from common_metrics.errors import ContractError, DeliveryRefused
from common_metrics.lake import Lake

SHIPPED = sorted(CONTRACTS.glob("*/*.yml"))
LAYOUTS = [(key, name) for key, c in load_contracts().items() for name in c.layouts]
WITH_CODES = [
    (key, name)
    for key, name in LAYOUTS
    if key.startswith("ct/")
    and "school_id_state" in load_contracts()[key].layouts[name]
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


def headers(
    contract: Contract, layout: str | None = None, year_code: str = "1415"
) -> list[str]:
    """A header row of that layout, or of the first."""
    names = contract.layouts[layout or next(iter(contract.layouts))]
    first = [contract.columns[name].headers[0] for name in names]
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


@pytest.mark.parametrize("more", [{"says": "words"}, {"type": None}])
def test_an_expectation_that_the_library_does_not_take_dies(changed, more):
    stated = {"type": "expect_column_to_exist", "kwargs": {"column": "cohort_count"}}
    stated = {k: v for k, v in (stated | more).items() if v}
    with pytest.raises(ContractError, match=r"expectations: .*give type, and of"):
        changed(lambda content: content.update(expectations=[stated]))


def test_a_contract_that_expects_nothing_dies(changed):
    def only_headers(content):
        del content["rows"]
        for name, column in content["columns"].items():
            content["columns"][name] = {
                k: column[k] for k in ("headers", "description")
            }

    with pytest.raises(ContractError, match=r"(?s)ct/changed\.yml: .* expectations: "):
        changed(only_headers)


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
        {"preamble": "{year}", "header": "{year}"},
        {"preamble": "{year}", "undated": True},
        {"header": "{year}", "undated": True},
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
    header = headers(contract, year_code="1314")
    assert match_columns(contract, header, "1314").additional == []
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
    header = [*headers(contract), "term"]
    with pytest.raises(DeliveryRefused, match=r"columns: 1 not named here, in \[H\]"):
        match_columns(contract, header, None)


def test_of_a_restricted_file_the_contracts_own_names_are_told(contracts):
    contract = contracts["vt/sis_enrollment"]
    told = nameable(contract, ["HOMELESS", "ist1math", "Quozzabyzko"])
    assert told == ["HOMELESS", "IST1*", "not named here"]


def test_a_header_one_letter_wrong_is_no_column_left_out(contracts):
    contract = contracts["ct/graduation_4yr_district"]
    header = headers(contract)
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
    header = [h.upper().replace(" ", "_") for h in headers(contract)]
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


def imported(file: Path) -> set[Path]:
    """The modules of the package that one of them imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
            places = [f"{name}.py".replace(".", "/", name.count(".")) for name in names]
            found |= {PACKAGE.parent / place for place in places}
    return {place for place in found if place.exists()}


def test_every_module_that_judging_leads_to_counts():
    """But the words of refusals, the paths of the lake, and where files come from."""
    stages = ("landing", "reading", "validation")
    left = [file for stage in stages for file in (PACKAGE / stage).glob("*.py")]
    reached: set[Path] = set()
    while left:
        reached.add(file := left.pop())
        left += imported(file) - reached
    names = ("errors.py", "lake.py", "fetching/states.py", "contracts/sources.py")
    no_judges = {PACKAGE / name for name in names}
    assert reached - no_judges == set(judging_files())


def test_a_delivery_is_judged_again_when_code_that_judges_changes(tmp_path):
    """Each of its modules, and no other."""
    files = {f.relative_to(PACKAGE): f.read_text() for f in PACKAGE.rglob("*.py")}
    judging = {file.relative_to(PACKAGE) for file in judging_files()}
    copied = tmp_path / "code"
    shutil.copytree(PACKAGE, copied)
    before = judges_digest.__wrapped__(copied)
    changing = set()
    for name, text in files.items():
        (copied / name).write_text(text + "# changed")
        changing |= {name} if judges_digest.__wrapped__(copied) != before else set()
        (copied / name).write_text(text)
    assert changing == judging


@pytest.fixture
def repository(tmp_path: Path, monkeypatch) -> Iterator[Path]:
    """A copy of the contracts, their forms and the seeds, which a test may change."""
    copied = tmp_path / "copied"
    shutil.copytree(CONTRACTS, copied / "expectations")
    shutil.copytree(forms.SEEDS, copied / "seeds")
    monkeypatch.setattr(forms, "FORMS", copied / "expectations/forms.yml")
    monkeypatch.setattr(forms, "SEEDS", copied / "seeds")
    forget()
    yield copied
    forget()


def test_a_bad_contract_bars_itself_alone(repository: Path) -> None:
    root = repository / "expectations"
    good = {*load_contracts(root)}
    (root / "ct/sat.yml").write_text("title: [not yaml")
    (root / "me/drafted.yml").write_text("title: TODO\n")
    (root / "me/other.draft.yml").write_text("title: TODO\n")
    forget()
    contracts = load_contracts(root)
    assert {*contracts} == good - {"ct/sat"}
    assert {*contracts.barred} == {"ct/sat", "me/drafted"}
    for key, error in contracts.barred.items():
        assert f"{error}".startswith(f"expectations/{key}.yml")
    assert load_contracts().barred == {}


def forget() -> None:
    forms.named_forms.cache_clear()
    forms.seed_rows.cache_clear()
    loading.load_contracts.cache_clear()
    loading.judges_digest.cache_clear()


def digests(repository: Path) -> dict[str, str]:
    forget()
    contracts = load_contracts(repository / "expectations")
    return {key: contract.sha256 for key, contract in contracts.items()}


@pytest.mark.parametrize(
    ("file", "old", "new", "judged_again"),
    [
        (
            "expectations/ct/graduation_4yr.yml",
            "rows: {max: 5000}",
            "rows: {max: 6000}",
            {f"ct/graduation_{years}yr" for years in (4, 5, 6)},
        ),
        ("expectations/ct/sat.yml", "#", "# As ever:", set()),
        (
            "expectations/forms.yml",
            "a status of OneRoster 1.1",
            "a status of OneRoster",
            {
                f"oneroster/{name}"
                for name in (
                    "academic_sessions",
                    "demographics",
                    "enrollments",
                    "orgs",
                    "users",
                )
            },
        ),
        (
            "seeds/levers.csv",
            "\ntraditional,",
            "\nordinary,",
            {"league/levers"},
        ),
        ("seeds/target_rules.csv", ",", ";", set()),
    ],
)
def test_a_delivery_is_judged_again_when_what_its_contract_takes_from_others_changes(
    repository, file, old, new, judged_again
):
    before = digests(repository)
    text = (repository / file).read_text()
    assert old in text
    (repository / file).write_text(text.replace(old, new, 1))
    after = digests(repository)
    assert {key for key in before if before[key] != after[key]} == judged_again


def test_a_delivery_is_judged_again_when_the_forms_of_codes_change(
    repository, monkeypatch
):
    before = digests(repository)
    monkeypatch.setattr(loading, "CODE_FORMS", repository / "expectations/forms.yml")
    assert not set(before.values()) & set(digests(repository).values())


def test_maps_merge_by_name_and_all_else_replaces():
    base = {"a": {"b": 1, "c": [1, 2], "d": "x"}, "e": 1, "f": {"g": 1}}
    own = {"a": {"c": [3], "d": None, "h": 2}, "e": {"i": 1}}
    assert merged(base, own) == {
        "a": {"b": 1, "c": [3], "h": 2},
        "e": {"i": 1},
        "f": {"g": 1},
    }


def small(root: Path, name: str, text: str) -> Contract:
    (root / "xx").mkdir(exist_ok=True)
    (root / f"xx/{name}.yml").write_text(text)
    return load_contract(root / f"xx/{name}.yml", root)


SMALL = """
title: Fourth and four, fourteen
origin: {publisher: p, page: p, licence: p, definition_id: p}
visibility: public
landing: {drop: ["four/*.csv"], schedule: "0 6 * * *"}
identity: {undated: true}
rows: {max: 9, of: pupils}
columns:
  name:
    description: Whose
    required: a name in each row
  kind:
    headers: [KIND]
    description: Which
    required: {where: name == "A", says: a kind of A, mostly: 0}
    form: [{name: yes_or_no, says: 'Y or N, {header}', mostly: 0.5}, sex]
    empty: {where: name == "B", says: no kind of B}
  part:
    headers: []
    description: From the title
    form: {name: day, what: a first day, such_as: 2014-08-28, where: kind.notnull()}
grain: [name]
expectations:
  - type: expect_column_values_to_not_be_in_set
    kwargs: {column: kind, value_set: [{seed: levers, column: lever}, X]}
    meta: {says: no lever}
"""


def test_a_contract_says_what_its_cells_look_like_once(tmp_path):
    contract = small(tmp_path, "small", SMALL)
    assert contract.layouts == {"small": ["name", "kind"]}
    assert contract.columns["name"].headers == ["name"]
    found = [
        (
            e["type"].removeprefix("expect_").removeprefix("column_values_to_"),
            e["meta"]["says"],
            e["kwargs"].get("mostly"),
            e["kwargs"].get("row_condition", {}).get("pass_through_filter"),
        )
        for e in contract.expectations
    ]
    assert found == [
        ("table_row_count_to_be_between", "between 1 and 9 pupils", None, None),
        ("not_be_null", "a name in each row", 0.9, None),
        ("not_be_null", "a kind of A", 0, 'name == "A"'),
        ("be_in_set", "Y or N, KIND", 0.5, None),
        ("be_in_set", "F or M in kind", 0.9, None),
        ("be_null", "no kind of B", 0, 'name == "B"'),
        ("match_regex", "a first day in ten characters", 0.9, "kind.notnull()"),
        (
            "match_strftime_format",
            "a first day such as 2014-08-28",
            0.9,
            "kind.notnull()",
        ),
        ("not_be_in_set", "no lever", None, None),
    ]
    assert {e["severity"] for e in contract.expectations} == {"critical"}
    assert contract.expectations[3]["kwargs"]["value_set"] == ["Y", "N"]
    levers = contract.expectations[-1]["kwargs"]["value_set"]
    assert (levers[0], levers[-1]) == ("proficiency_based_graduation", "X")


def test_whole_words_are_exchanged_in_what_is_taken_over(tmp_path):
    small(tmp_path, "small", SMALL)
    other = "extends: xx/small\nwords: {four: five, KIND: SORT}\ngrain: [kind]\n"
    contract = small(tmp_path, "other", other)
    assert contract.title == "Fourth and five, fourteen"
    assert contract.landing.drop == ["five/*.csv"]
    assert contract.columns["kind"].headers == ["SORT"]
    assert (contract.grain, contract.key) == (["kind"], "xx/other")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("extends: xx/other", "xx/other extends xx/small, name that one"),
        ("extends: xx/none", "No such file"),
        ("extends: xx/small\ncolumns: {kind: {form: secks}}", "no form 'secks'"),
        (
            "extends: xx/small\ncolumns: {kind: {form: {regex: a, value_set: [b]}}}",
            r"columns\.kind\.form\.0: .*exactly one of name, regex",
        ),
        (
            "extends: xx/small\ncolumns: {kind: {form: {regex: a}}}",
            r"columns\.kind\.form\.0: .*says: Field required",
        ),
        (
            "extends: xx/small\n"
            "columns: {kind: {form: {value_set: {seed: levers, column: b}, says: c}}}",
            r"columns\.kind\.form\.0\.value_set: .*no such seed or column: 'b'",
        ),
        (
            "extends: xx/small\ncolumns: {kind: {form: {says: c, value_set: "
            "{seed: levers, column: lever, where: {lever: x}}}}}",
            "no row of the seed levers has these values",
        ),
        (
            "extends: xx/small\ncolumns: {kind: {required: {say: a}}}",
            r"kind\.required\.0\.say: .*Did you mean 'says'",
        ),
    ],
)
def test_what_a_contract_takes_from_others_has_to_exist(tmp_path, text, found):
    small(tmp_path, "small", SMALL)
    small(tmp_path, "other", "extends: xx/small")
    with pytest.raises(
        ContractError, match=rf"(?s)^expectations/xx/odd\.yml: .*{found}"
    ):
        small(tmp_path, "odd", text)


def test_a_new_metric_is_one_row_of_the_seed(repository, tmp_path):
    """The contract takes it, the page of the template and dim_metric tell of it."""
    file = tmp_path / "vt_2013-14.csv"
    row = "VT,,,,,,2013-14,civics,all,30,40,reported,civics_passed,2014-11-30"
    key = "nessc/common_metrics_submission"

    def judged() -> bool:
        forget()
        contract = load_contract_of(key, repository / "expectations")
        file.write_text(
            f"{blanks.blank(contract)}{row}\n".replace("2014-15", "2013-14")
        )
        return check(contract, file, Lake(tmp_path / "lake"))[0] == 0

    assert not judged()
    with (repository / "seeds/metrics.csv").open("a", newline="") as seed:
        seed.write(
            "civics,Civics,higher,,Students who pass,Students tested,civics_passed,"
            "per cent,civics,false,a test,stated,true,proficiency\n"
        )
    assert judged()
    page = blanks.page(load_contract_of(key, repository / "expectations"))
    told = "| `civics` | `civics_passed` | Students who pass | Students tested |"
    assert told in page.splitlines()
    model = (forms.ROOT / "dbt_project/models/marts/dim_metric.sql").read_text()
    seeds = rf"read_csv('{repository}/seeds/\1.csv', header = true)"
    sql = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", seeds, model)
    asked = "select numerator_definition from described where metric_id = 'civics'"
    found = duckdb.sql(sql.replace("select * from described", asked)).fetchall()
    assert found == [("Students who pass",)]
