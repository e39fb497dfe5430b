"""What `make mutants` puts into the code, and what it says of the tests."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.equivalents import EQUIVALENT
from tests.mutants.mutations import mutants_of, sample

ROOT = Path(__file__).resolve().parents[2]

SOURCE = '''\
"""A module."""

LIMIT: int | None = 3


class Shelf:
    """Things."""

    def put(self, thing: str | None, *, last: bool = False) -> bool:
        """Keep a thing."""
        if len(self.things) >= LIMIT and not last:
            raise ValueError(thing)
        self.things.append(thing)
        return True

    def clear(self) -> None:
        """Take everything out."""
        self.things.clear()
        return None
'''


@pytest.fixture
def shelf(tmp_path):
    (tmp_path / "shelf.py").write_text(SOURCE)
    return tmp_path, Path("shelf.py")


def test_every_fault_changes_one_line_of_what_is_computed_and_nothing_that_is_only_said(shelf):
    found = [(one.line, one.operator, one.after(shelf[0])) for one in mutants_of(*shelf)]
    assert found == [
        (3, "NumberReplacer", "LIMIT: int | None = 4"),
        (3, "NumberReplacer", "LIMIT: int | None = 2"),
        (9, "ReplaceFalseWithTrue", SOURCE.splitlines()[8].strip().replace("False", "True")),
        (11, "AddNot", "if not len(self.things) >= LIMIT and not last:"),
        (11, "ReplaceAndWithOr", "if len(self.things) >= LIMIT or not last:"),
        (11, "ReplaceComparisonOperator_GtE_Gt", "if len(self.things) > LIMIT and not last:"),
        (11, "ReplaceUnaryOperator_Delete_Not", "if len(self.things) >= LIMIT and  last:"),
        (12, "LeaveOut", "pass"),
        (13, "LeaveOut", "pass"),
        (14, "LeaveOut", "pass"),
        (14, "ReplaceTrueWithFalse", "return False"),
        (18, "LeaveOut", "pass"),
    ]
    for one in mutants_of(*shelf):
        ast.parse(one.code(shelf[0]))


def test_a_sample_is_the_same_each_time_and_hardly_changed_by_another_line(shelf):
    def drawn():
        return [(one.operator, one.before) for one in sample(mutants_of(*shelf), 4)]

    first = drawn()
    assert first == drawn()
    assert len(first) == len(set(first)) == 4
    (shelf[0] / shelf[1]).write_text(SOURCE.replace("class Shelf", "import math\n\n\nclass Shelf"))
    assert drawn() == first


def test_a_fault_that_is_named_as_changing_nothing_is_one_that_can_be_put_in():
    possible = {
        (str(path), one.operator, one.before)
        for path in {Path(path) for path, _, _ in EQUIVALENT}
        for one in mutants_of(ROOT, path)
    }
    assert set(EQUIVALENT) <= possible
    assert all(len(reason) > 10 for reason in EQUIVALENT.values())


@pytest.mark.thorough
@pytest.mark.slow
def test_what_the_tests_notice_is_told_from_what_they_do_not(tmp_path):
    (tmp_path / "test_blocks.py").write_text(
        "from medialab.errors import near\n"
        "def test_it():\n    assert 'Did you mean' in near('inc', ['ink', 'pen'])\n"
    )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.mutants.run", "errors.py", "--count", "6"),
            *("--tests", str(tmp_path / "test_blocks.py"), "--least", "0"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "  unnoticed: medialab/errors.py:" in done.stdout
    assert done.stdout.splitlines()[-1].split()[:2] == ["errors.py", "6"]
