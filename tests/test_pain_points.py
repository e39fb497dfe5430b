"""The page of pains names tests that are there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROWS = [
    line
    for line in (ROOT / "docs" / "pain-points.md").read_text().splitlines()
    if re.match(r"\| \d+ \|", line)
]
PROMISED = {*range(1, 11), 15, *range(18, 22), 23}


def number_of(row):
    return int(row.split("|")[1])


def test_every_pain_that_this_part_answers_for_has_its_row():
    assert {number_of(row) for row in ROWS} >= PROMISED


@pytest.mark.parametrize("row", ROWS, ids=number_of)
def test_every_row_names_tests_that_are_there(row):
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
    assert named
    for file, test in named:
        tree = ast.parse((ROOT / file).read_text())
        there = {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
        assert test in there, f"{file} has no {test}"
