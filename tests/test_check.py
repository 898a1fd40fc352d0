"""`make check`: what a state sees before it sends a file; real runs of the module."""

import csv
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from common_metrics.check import _remember, check
from common_metrics.contracts import blanks
from common_metrics.contracts.loading import load_contract, load_contracts
from common_metrics.lake import Lake

ROOT = Path(__file__).parents[1]
KEY = "nessc/common_metrics_submission"
SECRET = "Zyxomma"
Run = subprocess.CompletedProcess


@pytest.fixture
def checked(tmp_path: Path) -> Callable[..., Run]:
    """Run the checker in an empty folder; nothing may be written beside the file."""

    def run(content: bytes, name: str = "vt_2013-14.csv", *options: str) -> Run:
        file = tmp_path / name
        file.write_bytes(content)
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        command = [
            sys.executable,
            "-m",
            "common_metrics.cli",
            "check",
            str(file),
            *options,
        ]
        known = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("COMMON_METRICS_")
        }
        done = subprocess.run(
            command,
            env=known | {"PYTHONPATH": str(ROOT / "plugins"), "TMPDIR": str(scratch)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        left = [path for path in tmp_path.rglob("*") if path != file]
        assert left == [scratch]
        assert file.read_bytes() == content
        return done

    return run


@pytest.fixture
def vermont(example) -> bytes:
    """Rows 3 to 25 of a filled template."""
    return example(KEY, "vt_submission_2013-14")


def with_cell(content: bytes, row: int, column: str, cell: str) -> bytes:
    """The file with one other cell."""
    lines = content.decode().split("\n")
    cells = next(csv.reader([lines[row - 1]]))
    cells[lines[1].split(",").index(column)] = cell
    lines[row - 1] = ",".join(f'"{cell}"' for cell in cells)
    return "\n".join(lines).encode()


def test_a_good_file_passes(checked, vermont) -> None:
    done = checked(vermont)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{KEY} vt_2013-14.csv: 23 of 23 rows would be accepted.\n"


def test_each_wrong_row_is_listed_with_its_reasons_and_no_cell(
    checked, vermont
) -> None:
    content = with_cell(vermont, 12, "metric_id", SECRET)
    content = with_cell(content, 5, "denominator", SECRET)
    done = checked(content)
    assert done.returncode == 3
    first, heading, *rows = done.stdout.splitlines()
    assert first == f"{KEY} vt_2013-14.csv: 21 of 23 rows would be accepted."
    assert heading == "To mend, 2 rows:"
    assert rows[0].startswith("  row 5: expected a count of students above zero")
    reasons = rows[1].removeprefix("  row 12: expected ").split("; ")
    assert sorted(reasons) == [
        "a metric that is in the registry",
        "the definition that the registry has for the metric",
    ]
    assert SECRET not in done.stdout + done.stderr


def test_a_broken_file_is_refused_in_four_parts(checked, vermont) -> None:
    done = checked(vermont.replace(b"numerator,denominator", b"numerator,Zyxomma"))
    assert done.returncode == 4
    sentence, count = done.stdout.splitlines()
    assert re.match(
        rf"{KEY} vt_2013-14\.csv: Expected a column for denominator.* Found no such "
        r"header.* If the publisher renamed it",
        sentence,
    )
    assert count == "0 rows would be accepted."
    assert SECRET not in done.stdout + done.stderr


def test_the_other_rows_of_a_student_say_why_they_go_too(checked, example) -> None:
    key = "nessc/student_assessment"
    content = example(key).replace(b",math,Y,Y", b",maths,Y,Y", 1)
    done = checked(content, "x_student_assessment_2014-15.csv", "--key", key)
    assert done.stdout.splitlines()[2:] == [
        "  row 2: expected math, ela or science",
        "  row 3: another row of this student was set aside",
        "To do: Mend these rows where the file is made, and send it again.",
    ]


def test_repeats_and_a_name_that_no_run_looks_for_are_notes(checked, vermont) -> None:
    again = vermont + vermont.rstrip(b"\n").split(b"\n")[-1] + b"\n"
    done = checked(again, "vermont.txt")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:] == [
        "Note: 1 row said twice would be left out.",
        "Note: a run looks for nessc_submissions/*.csv: give the file such a name.",
    ]


def test_check_and_run_say_the_same_of_a_column_that_nobody_knows(
    tmp_path, lake, run, contracts, graduates
) -> None:
    name = "four-year-graduation-rates__2014-15_all-schools_homeless_grad.csv"
    rows = graduates.split(b"\r\n")
    more = [b',"Homeless Status"', *[b',"Homeless"'] * (len(rows) - 7)]
    rows[4:-2] = [row + cell for row, cell in zip(rows[4:-2], more, strict=True)]
    content = b"\r\n".join(rows)
    file = tmp_path / name
    file.write_bytes(content)
    contract = contracts["ct/graduation_4yr"]
    code, lines = check(contract, file, lake)
    judged = run(contract, content)
    assert (code, judged.status) == (4, "refused")
    said = judged.message.partition(": ")[2]
    assert 'additional columns: "Homeless Status". A column may tell rows' in said
    assert lines[0].partition(": ")[2] == said


def test_a_file_that_lost_its_rows_is_found_as_in_a_run(
    run, lake, contracts, graduates, tmp_path
) -> None:
    contract, name = contracts["ct/graduation_4yr"], "four-year_2014-15.csv"
    whole = run(contract, graduates, name)
    file = tmp_path / name
    file.write_bytes(b"\r\n".join([*graduates.split(b"\r\n")[:12], b""]))
    known = Lake(tmp_path / "known")
    _remember(contract, file, lake, known)
    code, lines = check(contract, file, known)
    assert (code, whole.rows_validated) == (4, 20)
    assert "as in the delivery before, 20. Found 7." in lines[0]


def test_any_other_contract_by_its_key(checked, graduates) -> None:
    name = "four-year-graduation-rates__2014-15_all-schools_all-students_grad.csv"
    done = checked(graduates, name, "--key", "ct/graduation_4yr")
    assert done.stdout.endswith(": 20 of 20 rows would be accepted.\n")
    assert done.returncode == 0


def test_what_is_found_in_a_row_is_told_by_its_shape(checked, graduates) -> None:
    """Digits as 9: the shape tells what to mend, and no number."""
    content = graduates.replace(b",57,41,71.9", b',"1,057",41,71.9%')
    content = content.replace(b'"=""0006111"""', b"6111")
    total = b'"Total","","","",900,800,88.9\r\n\r\n'
    content = content.removesuffix(b"\r\n") + total
    done = checked(content, "four-year_2014-15.csv", "--key", "ct/graduation_4yr")
    _, _, first, second, last, todo = done.stdout.splitlines()
    assert first.endswith("found a code that lost its leading zeros in school_id_state")
    assert "; found digits with a thousands comma, like 9,999 in cohort_count" in second
    assert "; a number with a percent sign, like 99.9% in graduation_pct" in second
    assert last.endswith("found a row of totals")
    assert "without a thousands comma. Write rates without a percent sign." in todo
    assert todo.endswith("Take rows of totals out of the file.")


def test_of_a_student_s_file_nothing_but_a_lost_zero_of_a_school_is_told(
    checked, example
) -> None:
    key = "nessc/student_enrollment"
    rows = example(key).split(b"\n")
    rows[1] = rows[1].replace(b",0006111,", b",6111,")
    rows[2] = rows[2].replace(b"1996-11-20", b"11/20/1996")
    name = "x_student_enrollment_2014-15.csv"
    done = checked(b"\n".join(rows), name, "--key", key)
    assert done.stdout.count("found") == 1
    assert "a code that lost its leading zeros in school_id_state" in done.stdout


def test_a_column_that_is_left_out_is_named(checked, crosswalk) -> None:
    name, key = "hs_crosswalk_2015_16.csv", "nessc/school_crosswalk"
    done = checked(crosswalk, name, "--key", key)
    assert 'Note: columns that would be left out: "' in done.stdout


def test_an_unknown_key_and_a_missing_file_say_what_to_give(checked, vermont) -> None:
    done = checked(vermont, "vt_2013-14.csv", "--key", "vt/none")
    assert done.returncode == 2
    assert "KEY=vt/none: expected the key of a contract." in done.stdout
    assert f"\n  {KEY}\n" in done.stdout
    missing = subprocess.run(
        [sys.executable, "-m", "common_metrics.cli", "check", "nowhere.csv"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
    )
    assert missing.returncode == 2
    assert missing.stdout.startswith("nowhere.csv: expected a file. Found none.")


def test_rows_that_a_rule_only_warns_of_are_listed_and_pass(
    tmp_path: Path, vermont
) -> None:
    rules = yaml.safe_load((ROOT / f"expectations/{KEY}.yml").read_text())
    rules["expectations"].append(
        {
            "type": "expect_column_values_to_not_be_in_set",
            "kwargs": {"column": "student_group", "value_set": ["swd"]},
            "severity": "warning",
            "meta": {"says": "a group that has been checked twice"},
        }
    )
    contract = tmp_path / f"{KEY}.yml"
    contract.parent.mkdir()
    contract.write_text(yaml.safe_dump(rules))
    file = tmp_path / "vt_2013-14.csv"
    file.write_bytes(vermont)
    lines = vermont.decode().split("\n")
    rows = [at for at, line in enumerate(lines, start=1) if ",swd," in line]
    code, lines = check(load_contract(contract, tmp_path), file, Lake(tmp_path / "l"))
    assert code == 0 and rows
    listed = ", ".join(map(str, rows))
    assert lines[1] == (
        f"Warning, rows {listed}: expected a group that has been checked twice"
    )


def test_make_check_prints_the_same(tmp_path: Path, vermont) -> None:
    """Through make, with the file's place relative to where make runs."""
    file = tmp_path / "vt_2013-14.csv"
    file.write_bytes(with_cell(vermont, 12, "metric_id", SECRET))
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    python = venv / "bin/python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    for stamp in (".uv", ".runtime"):
        (venv / stamp).touch()
    command = ["make", "--no-print-directory", "--old-file=requirements.txt", "check"]
    done = subprocess.run(
        [*command, f"FILE={file}", f"VENV={venv}", f"LAKE={tmp_path / 'lake'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "22 of 23 rows would be accepted." in done.stdout
    assert re.search("row 12: .*a metric that is in the registry", done.stdout)


def test_page_and_blank_file_are_what_the_contract_makes() -> None:
    contract = load_contracts()[KEY]
    assert blanks.PAGE.read_text() == blanks.page(contract), "run make sources"
    assert blanks.BLANK.read_text() == blanks.blank(contract), "run make sources"


def test_the_page_names_every_column_metric_and_group() -> None:
    """Read from yml and seeds here, so that the page is no witness of itself."""
    rules = yaml.safe_load((ROOT / f"expectations/{KEY}.yml").read_text())
    named = set(re.findall(r"^\| `(\w+)` \|", blanks.PAGE.read_text(), re.M))
    names = {*seed("metrics", "metric_id"), *seed("student_groups", "student_group")}
    names |= {"reported", "suppressed", "not_reported", "not_applicable"}
    heads = {"value_status", "metric_id", "student_group"}
    assert named | heads == names | {*rules["columns"]} | heads


def seed(name: str, column: str) -> list[str]:
    """A column of a seed, of metrics those in per cent."""
    with (ROOT / f"dbt_project/seeds/{name}.csv").open(newline="") as lines:
        rows = csv.DictReader(lines)
        return [r[column] for r in rows if r.get("unit", "per cent") == "per cent"]


def test_the_blank_file_lacks_nothing_but_rows(checked) -> None:
    done = checked(blanks.BLANK.read_bytes(), "me_2014-15.csv")
    assert done.returncode == 4
    assert "Expected between 1 and 100000 rows. Found 0." in done.stdout


def test_a_filled_blank_file_passes(checked) -> None:
    row = "ME,,,,,,2014-15,acgr_4yr,all,120,150,reported,acgr_34cfr200_19,2015-11-30\n"
    done = checked(blanks.BLANK.read_bytes() + row.encode(), "me_2014-15.csv")
    assert done.stdout.endswith(": 1 of 1 rows would be accepted.\n")
