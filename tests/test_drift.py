"""The drift doctor: files of the publishers, changed as publishers change them.

Each goes through the reader and the whole check. What a file's columns became is made
here, one change at a time; the contract that is patched is a copy.
"""

import csv
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.conftest import FIXTURES, ROOT
from tests.xls import xls

from common_metrics import batching
from common_metrics.check import check_beside
from common_metrics.contracts.loading import CONTRACTS, load_contract, load_contracts
from common_metrics.contracts.patching import patched
from common_metrics.drift.doctor import doctor
from common_metrics.drift.layouts import nearest
from common_metrics.drift.likeness import Evidence, likeness
from common_metrics.drift.tables import read_table
from common_metrics.errors import Refused
from common_metrics.lake import Lake
from common_metrics.landing.gate import read_whole
from workbook import xlsx

GRADUATES = "four-year-graduation-rates__2014-15_all-schools_all-students_grad.csv"
COHORTS = "nh/cohort_counts/cohort_counts_2016.xlsx"
SECRET = "Zyxomma"
Rows = list[list[str]]


class Doctor:
    """Writes a file, asks the doctor, and keeps what it said."""

    def __init__(self, folder: Path):
        self.folder, self.lake = folder, Lake(folder / "lake")
        self.root = folder / "expectations"
        shutil.copytree(CONTRACTS, self.root)

    def ask(self, key: str, name: str, content: bytes, accept: str = "") -> int:
        self.file, self.key = self.folder / name, key
        self.file.write_bytes(content)
        self.code, self.lines = doctor(self.file, key, self.lake, accept, self.root)
        return self.code

    def said(self, *starts: str) -> list[str]:
        return [line for line in self.lines if line.startswith(starts)]

    @property
    def patch(self) -> list[str]:
        """The lines that the patch takes away and adds."""
        return [
            line
            for line in self.lines
            if re.match("[-+]", line) and not line.startswith(("---", "+++"))
        ]

    def checked(self) -> tuple[int, str]:
        """What the whole check says under the contract as it stands now."""
        place = self.root / f"{self.key}.yml"
        code, lines = check_beside(
            load_contract(place, self.root), self.file, self.lake
        )
        return code, lines[0]

    @property
    def is_untouched(self) -> bool:
        files = (f.relative_to(self.root) for f in self.root.rglob("*.yml"))
        return all(
            (self.root / f).read_bytes() == (CONTRACTS / f).read_bytes() for f in files
        )


@pytest.fixture
def asked(tmp_path: Path) -> Doctor:
    return Doctor(tmp_path)


def changed(path: str, *pairs: tuple[str, str]) -> bytes:
    """A fixture with other texts, each of which it holds."""
    text = (FIXTURES / path).read_bytes().decode()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


def graduates(*pairs: tuple[str, str]) -> bytes:
    return changed(f"ct/graduation_4yr/{GRADUATES}", *pairs)


def cohorts(change: Callable[[Rows, int], Rows], kind: Callable = None) -> bytes:
    """The cohorts of New Hampshire as a workbook, changed; a change gets its header."""
    data = (FIXTURES / COHORTS).read_bytes()
    found = read_whole(load_contracts()["nh/cohort_counts"], data)
    rows = [record.cells for record in found]
    (at,) = (n for n, row in enumerate(rows) if "Graduated" in row)
    return (kind or (lambda made: xlsx({"Sheet": made})))(change(rows, at))


def without(name: str) -> Callable[[Rows, int], Rows]:
    def change(rows: Rows, at: int) -> Rows:
        column = rows[at].index(name)
        return [
            row if n < at else row[:column] + row[column + 1 :]
            for n, row in enumerate(rows)
        ]

    return change


def with_column(name: str, cell: Callable[[int], str]) -> Callable[[Rows, int], Rows]:
    def change(rows: Rows, at: int) -> Rows:
        added = {at: name} | {
            n: cell(n) for n in range(at + 1, len(rows)) if rows[n][4]
        }
        return [[*row, added.get(n, "")] for n, row in enumerate(rows)]

    return change


def renamed(old: str, new: str) -> Callable[[Rows, int], Rows]:
    return lambda rows, _: [[new if cell == old else cell for cell in r] for r in rows]


def test_a_renamed_column_is_told_tried_and_accepted(asked) -> None:
    content = graduates(("Four-Year Cohort Count", "Cohort N"))
    asked.ask("ct/graduation_4yr", GRADUATES, content)
    assert asked.checked()[0] == 4
    assert asked.lines[1:4] == [
        "nearest  layout school_graduates of expectations/ct/graduation_4yr.yml: "
        "6 of 8 columns by name",
        'renamed  cohort_count: "Four-Year Cohort Count" -> "Cohort N" '
        "(names 70% alike; 20 of 20 cells fit: a count, * or N/A)",
        "cells    100 of 100 fit, 100.0%",
    ]
    assert asked.patch == [
        '-    headers: ["Four-Year Cohort Count"]',
        '+    headers: ["Four-Year Cohort Count", "Cohort N"]',
    ]
    assert asked.ask("ct/graduation_4yr", GRADUATES, content, "no") == 1
    assert asked.is_untouched
    assert asked.ask("ct/graduation_4yr", GRADUATES, content, "yes") == 0
    assert asked.lines[-1].startswith("Accepted: expectations/ct/graduation_4yr.yml")
    assert asked.checked() == (
        0,
        f"ct/graduation_4yr {GRADUATES}: 20 of 20 rows would be accepted.",
    )
    # The old header is still taken, and nothing else of the contract changed.
    asked.file.write_bytes(graduates())
    assert asked.checked()[0] == 0
    old, new = (
        load_contract(root / "ct/graduation_4yr.yml", root)
        for root in (CONTRACTS, asked.root)
    )
    assert new.columns["cohort_count"].headers == ["Four-Year Cohort Count", "Cohort N"]
    of = {"columns": {}, "sha256": "", "rules_sha256": ""}
    assert new.model_copy(update=of) == old.model_copy(update=of)


def test_a_patch_that_does_not_help_is_neither_proposed_nor_written(asked) -> None:
    content = graduates(
        ("Four-Year Cohort Count", "Cohort N"), (", 2014-15", ", 2013-14")
    )
    assert asked.ask("ct/graduation_4yr", GRADUATES, content, "yes") == 1
    assert "No patch is proposed. With one the check says:" in asked.lines
    assert "the school year that its name says" in asked.lines[-2]
    assert not asked.patch and asked.is_untouched


@pytest.mark.parametrize("kind", [None, xls])
def test_workbooks_are_read_as_tables_are(asked, kind) -> None:
    content = cohorts(renamed("Graduated", "Graduates"), kind)
    assert asked.ask("nh/cohort_counts", "cohort_counts_2016.xlsx", content) == 0
    assert asked.patch[-1] == '+    headers: ["Graduated", "Graduates"]'


def test_a_sheet_of_another_name_and_several_are_found(asked) -> None:
    path = "ri/october_head_count/oct1st-headcount-2013-2015.xlsx"
    name = Path(path).name
    contract = load_contracts()["ri/october_head_count"]
    data = (FIXTURES / path).read_bytes()
    rows = [record.cells for record in read_whole(contract, data)]
    assert asked.ask(contract.key, name, xlsx({"All Schools": rows})) == 0
    assert asked.said("renamed") == ['renamed  sheet: "Schools" -> "All Schools"']
    assert asked.patch == ["-  sheet: Schools", "+  sheet: Schools|All Schools"]
    # Districts and schools have the same columns: which is which, nobody guesses.
    both = xlsx({"All Schools": rows, "Districts": rows})
    assert asked.ask(contract.key, name, both, "yes") == 1
    assert asked.said("renamed")[0].endswith('-> "All Schools", "Districts"')
    assert asked.is_untouched

    def halves(rows: Rows) -> bytes:
        (at,) = (n for n, row in enumerate(rows) if "Graduated" in row)
        top = rows[: at + 1]
        return xlsx(
            {"North": top + rows[at + 1 : at + 2], "South": top + rows[at + 2 :]}
        )

    content = cohorts(lambda rows, _: rows, halves)
    assert asked.ask("nh/cohort_counts", "cohort_counts_2016.xlsx", content) == 0
    assert asked.said("split") == ['split    sheet: into "North", "South"']
    assert asked.patch == ["+  sheet: North|South"]


def test_years_in_headers_may_be_written_in_another_way(asked) -> None:
    path = "ct/enrollment_trend/enrollment__trend_ell_ct.csv"
    years = re.compile(r"\"(20\d\d-\d\d)\"")
    text = (FIXTURES / path).read_text()
    wide = [years.sub(rf'"{before} \1"', text).encode() for before in ("SY", "Fall")]
    assert asked.ask("ct/enrollment_trend", Path(path).name, wide[0]) == 0
    assert r"'^(?:SY )?(\d{4}-\d{2})$'" in asked.patch[1]
    # A year of the fall may be another one than that of its end.
    assert asked.ask("ct/enrollment_trend", Path(path).name, wide[1]) == 1
    content = changed("us/edfacts_acgr/EdFacts 2015.csv", ("_1415", "_2014_15"))
    assert asked.ask("us/edfacts_acgr", "EdFacts 2015.csv", content) == 0
    assert r"(?P<year_code>\d\d\d\d_\d\d|\d{4})" in asked.patch[1]
    content = changed("us/edfacts_acgr/EdFacts 2015.csv", ("ECD_RATE", "ECODIS_RATE"))
    assert asked.ask("us/edfacts_acgr", "EdFacts 2015.csv", content) == 0
    assert asked.patch[1].endswith(
        '["ECD_RATE_{year_code}", "ECODIS_RATE_{year_code}"]'
    )


def test_a_column_may_go_where_nothing_reads_it(asked) -> None:
    name = "cohort_counts_2016.xlsx"
    assert asked.ask("nh/cohort_counts", name, cohorts(without("SAU #"))) == 0
    assert asked.said("dropped") == ['dropped  sau_number: "SAU #"']
    assert asked.patch == ["+    optional: true"]
    for gone in ("Dropout Rate", "Cohort", "District #"):
        assert asked.ask("nh/cohort_counts", name, cohorts(without(gone)), "yes") == 1
        assert "is gone, and" in asked.lines[-1]
    assert not asked.patch and asked.is_untouched


def test_a_number_that_means_another_thing_is_no_new_name(asked) -> None:
    content = graduates(('"Four-Year Cohort Count"', '"Five-Year Cohort Count"'))
    assert asked.ask("ct/graduation_4yr", GRADUATES, content, "yes") == 1
    assert asked.said("added", "dropped") == [
        'dropped  cohort_count: "Four-Year Cohort Count"',
        'added    "Five-Year Cohort Count" (20 of 20 rows, most 3 digits)',
    ]
    assert not asked.said("renamed") and asked.is_untouched
    assert likeness("Graduates", "Non-Graduates") == 0
    assert likeness("School Code", "School Name") == 0
    assert likeness("School #", "School Number") == 1


def test_a_new_column_is_left_out_once_somebody_says_why(asked) -> None:
    name = "cohort_counts_2016.xlsx"
    content = cohorts(with_column("Town", lambda n: f"Town {n}"))
    assert asked.ask("nh/cohort_counts", name, content) == 0
    assert "ACCEPT='<why no number depends on it>'" in asked.lines[-1]
    # A yes is no reason.
    assert asked.ask("nh/cohort_counts", name, content, "yes") == 1
    assert asked.is_untouched
    assert asked.ask("nh/cohort_counts", name, content, "where the school is") == 0
    contract = load_contract(asked.root / "nh/cohort_counts.yml", asked.root)
    assert contract.read.harmless == {"Town": "where the school is"}
    assert asked.checked()[0] == 0


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        (lambda n: "Homeless", "holds the same in each row"),
        (lambda n: ["Female", "Male"][n % 2], "tells rows apart"),
    ],
)
def test_a_new_column_that_may_tell_students_apart_is_not_left_out(
    asked, cell, why
) -> None:
    content = cohorts(with_column("Status", cell))
    name = "cohort_counts_2016.xlsx"
    assert asked.ask("nh/cohort_counts", name, content, "it is harmless") == 1
    assert why in asked.lines[-1] and asked.is_untouched


def test_parts_of_a_column_and_of_a_header_are_seen(asked) -> None:
    rows = list(csv.reader(io.StringIO(graduates().decode())))
    rows = [[re.sub('^="|"$', "", cell) for cell in row] for row in rows]
    for row in rows[4:]:
        if len(row) > 3:
            code = row[3]
            row[3:4] = (
                ["No. A", "No. B"] if code == "School Code" else [code[:3], code[3:]]
            )
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    assert asked.ask("ct/graduation_4yr", GRADUATES, text.getvalue().encode()) == 1
    assert asked.said("split") == ['split    school_id_state: into "No. A" and "No. B"']

    def two_rows(rows: Rows, at: int) -> Rows:
        parts = [cell.partition(" ") for cell in rows[at]]
        header = [[first for first, _, _ in parts], [last for _, _, last in parts]]
        return rows[:at] + header + rows[at + 1 :]

    name = "cohort_counts_2016.xlsx"
    assert asked.ask("nh/cohort_counts", name, cohorts(two_rows)) == 1
    assert asked.said("split") == ["split    header: into rows 9 and 10"]
    content = cohorts(with_column("Graduated Late", lambda n: "0"))
    content = cohorts(
        lambda rows, at: with_column("Graduated in August", lambda n: "0")(
            renamed("Graduated", "Graduated in June")(rows, at), at
        )
    )
    assert asked.ask("nh/cohort_counts", name, content) == 1
    (split,) = asked.said("split")
    assert split.endswith('into "Graduated in June" and "Graduated in August"')


def test_of_two_answers_none_is_given(asked) -> None:
    def change(rows: Rows, at: int) -> Rows:
        rows = renamed("Graduated", "Graduates A")(rows, at)
        return with_column("Graduates B", lambda n: "1")(rows, at)

    content = cohorts(change)
    assert asked.ask("nh/cohort_counts", "cohort_counts_2016.xlsx", content) == 1
    assert asked.said("renamed", "doubtful") == [
        'doubtful graduated_count: "Graduates A" or "Graduates B"'
    ]


def test_columns_of_two_layouts_are_left_to_a_person(asked) -> None:
    rows = list(csv.reader(io.StringIO(graduates().decode())))
    header, cells = ["Other Count", "Other Rate"], ["1", "2.5"]
    rows = [
        row + (header if "School" in row else cells) if len(row) > 3 else row
        for row in rows
    ]
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    content = text.getvalue().encode()
    assert asked.ask("ct/graduation_4yr", GRADUATES, content, "yes") == 1
    assert asked.said("beside") == ["beside   other_count, other_pct: of other layouts"]
    line = "graduation_count, graduation_pct, other_count, other_pct]"
    assert asked.lines[-1].endswith(line) and asked.is_untouched


def test_cells_of_earlier_deliveries_know_a_column_again(asked, put, drop) -> None:
    contract = load_contracts()["ct/graduation_4yr"]
    content = graduates(('"District"', '"LEA"'))
    assert asked.ask(contract.key, GRADUATES, content) == 1
    before = put(contract, graduates(), GRADUATES)
    batching.receive(contract, drop, [before], asked.lake, asked.lake.moment())
    assert asked.ask(contract.key, GRADUATES, content) == 0
    (said,) = asked.said("renamed")
    assert said.endswith("20 of 20 cells fit: they stood there before)")


def test_a_file_as_it_always_was_has_not_changed(asked) -> None:
    held = 0
    for key, contract in load_contracts().items():
        for file in sorted((FIXTURES / key).glob("*.*")):
            table = read_table(contract, file.read_bytes())
            drift = nearest(contract, table, Evidence(contract, asked.lake))
            (told,) = {drift.distance, len(table.changes)}
            assert told == 0, file
            held += 1
    assert held > 100


def test_a_column_is_held_against_its_place_in_the_file_before(
    asked, put, drop
) -> None:
    contract = load_contracts()["us/edfacts_acgr"]
    name, content = "EdFacts 2015.csv", changed("us/edfacts_acgr/EdFacts 2015.csv")
    # The publisher never had this column where the contract lists it.
    asked.ask(contract.key, name, content)
    assert asked.said("moved") == [
        "moved    as_of_date: it stands elsewhere, and is found by its name"
    ]
    before = put(contract, content, name)
    batching.receive(contract, drop, [before], asked.lake, asked.lake.moment())
    asked.ask(contract.key, name, content)
    assert not asked.said("moved")
    rows = list(csv.reader(io.StringIO(content.decode())))
    text = io.StringIO()
    csv.writer(text).writerows([*row[1:5], row[0], *row[5:]] for row in rows)
    asked.ask(contract.key, name, text.getvalue().encode())
    assert asked.said("moved") == [
        "moved    state_name: it stands elsewhere, and is found by its name"
    ]
    assert asked.code == 0


def test_no_data_of_a_student_is_printed(asked) -> None:
    key, name = "nessc/student_enrollment", "x_student_enrollment_2014-15.csv"
    path = f"{key}/quillmere_student_enrollment_2014-15.csv"
    content = changed(path, ("exit_type", SECRET), ("first_name", f"{SECRET} White"))
    assert asked.ask(key, name, content, "yes") == 1
    assert SECRET not in "\n".join(asked.lines)
    assert asked.said("renamed")[0].startswith('renamed  exit_type: "exit_type" -> [')
    assert asked.is_untouched
    # What is surely a header may be told.
    assert asked.ask(key, name, changed(path, ("exit_type", "exit_types"))) == 0
    assert asked.patch == ["+    headers: [exit_type, exit_types]"]
    cells = {cell for row in csv.reader(io.StringIO(content.decode())) for cell in row}
    told = "\n".join(asked.lines)
    assert not [
        cell for cell in cells if re.fullmatch("[A-Z][a-z]{3,}", cell) and cell in told
    ]


def test_a_file_in_the_lake_is_known_by_its_place_and_any_by_its_columns(asked) -> None:
    content = graduates(("Four-Year Cohort Count", "Cohort N"))
    place = asked.lake.root / "refused/ct/graduation_4yr" / f"93d63659__{GRADUATES}"
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    code, lines = doctor(place, "", asked.lake)
    assert (code, lines[0]) == (0, f"ct/graduation_4yr {GRADUATES}")
    # The place counts, also where another contract is nearer.
    other = asked.lake.root / "landing/ct/graduation_5yr/2015" / GRADUATES
    other.parent.mkdir(parents=True)
    other.write_bytes(content)
    assert doctor(other, "", asked.lake)[1][0] == f"ct/graduation_5yr {GRADUATES}"
    assert asked.ask("", "columns.csv", content) == 0
    assert asked.lines[0] == "ct/graduation_4yr columns.csv"
    with pytest.raises(Refused, match="Found a web page"):
        asked.ask("ct/graduation_4yr", GRADUATES, b"<html></html>")


def test_the_refusal_names_the_command_and_the_command_answers(asked, run) -> None:
    contract = load_contracts()["ct/graduation_4yr"]
    content = graduates(("Four-Year Cohort Count", "Cohort N"))
    message = run(contract, content, GRADUATES).message
    assert message.endswith(
        "`make drift FILE=<the file> KEY=ct/graduation_4yr` proposes the lines."
    )
    asked.file = asked.folder / GRADUATES
    asked.file.write_bytes(content)
    command = [sys.executable, "-m", "common_metrics.cli", "drift", str(asked.file)]
    done = subprocess.run(
        [*command, "--key", contract.key],
        cwd=asked.folder,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert '+    headers: ["Four-Year Cohort Count", "Cohort N"]' in done.stdout


def test_a_patch_changes_a_line_of_any_contract_and_nothing_else() -> None:
    for file in sorted(CONTRACTS.glob("*/*.yml")):
        text = file.read_text()
        for path, value in (
            (("columns", "new", "optional"), True),
            (("read", "harmless", "a, b"), "it's: so"),
            (("layouts", "both"), ["a", "b"]),
        ):
            new = patched(text, path, value)
            due = at = yaml.safe_load(text)
            for name in path[:-1]:
                at[name] = at = at.get(name) or {}
            at[path[-1]] = value
            assert yaml.safe_load(new) == due, (file, path)
            lines = [{*of.splitlines()} for of in (text, new)]
            assert len(lines[0] - lines[1]) <= 1 == len(lines[1] - lines[0])
    assert ROOT / "expectations" == CONTRACTS
