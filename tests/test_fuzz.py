"""No mutant of a sample file is misread where a program could see it: tests/fuzz.py."""

import random
import subprocess
import sys

import fuzz
import pytest
from conftest import ROOT
from test_landing import KEY

from common_metrics.reading import text

SUBMISSION = "nessc/common_metrics_submission"


def test_a_file_is_its_raw_fields_joined_again(contracts, example) -> None:
    content = example(KEY, "all-students_grad").decode()
    assert fuzz.table(contracts[KEY], content).text() == content


@pytest.mark.parametrize("what", [*fuzz.SEEN, *fuzz.UNSEEN])
def test_each_mutation_changes_some_sample(what, contracts) -> None:
    mutate = {**fuzz.SEEN, **fuzz.UNSEEN}[what]
    keys = (KEY, "nessc/school_crosswalk", "us/edfacts_acgr", SUBMISSION)
    files = [(key, f) for key in keys for f in (fuzz.FIXTURES / key).glob("*.csv")]
    for key, file in files:
        content = text.decode(contracts[key], file.read_bytes())
        for seed in range(5):
            found = fuzz.table(contracts[key], content)
            if mutate(found, random.Random(seed)):
                assert found.text() != content
                return
    pytest.fail("it changes none of them")


@pytest.mark.full
def test_no_mutant_is_misread() -> None:
    program = str(ROOT / "tests/fuzz.py")
    command = [sys.executable, program, "--mutants", "500", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
