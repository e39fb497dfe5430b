"""A quick run leaves out rows of long tables, and none of what guards against others."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import QUICK_ROWS

TESTS = Path(__file__).parent
MARKS = "not thorough and not further_row"
FILES = ("prompts/test_weights.py", "presets/test_preset.py", "remote/test_names.py")
LONG = "test_weights_are_a1111s"
GUARDS = ("test_a_name_that_no_file_can_have_is_refused", "test_a_name_is_made_safe")


def rows(*words):
    """Return how many rows of each test pytest collects of FILES."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q"]
    command += ["-p", "no:cacheprovider", "-p", "no:nbval", "-p", "no:schemathesis"]
    done = subprocess.run(
        [*command, *words, *(str(TESTS / file) for file in FILES)],
        capture_output=True,
        text=True,
        check=True,
        cwd=TESTS.parent,
    )
    names = [line.partition("::")[2] for line in done.stdout.splitlines() if "::" in line]
    return Counter(name.partition("[")[0] for name in names)


@pytest.mark.thorough
def test_a_quick_run_tries_three_rows_of_a_long_table_and_all_that_guard():
    every, quick = rows(), rows("-m", MARKS)
    assert quick.keys() == every.keys()
    assert every[LONG] > quick[LONG] == QUICK_ROWS
    for name in GUARDS:
        assert quick[name] == every[name] > QUICK_ROWS


def test_make_leaves_out_just_these():
    assert f'-m "{MARKS}"' in (TESTS.parent / "Makefile").read_text(encoding="utf-8")
