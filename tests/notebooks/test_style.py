"""Notebooks can be read aloud to a photographer: short cells, half prose, nothing defined."""

import ast
import json
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    read = nbformat.read(request.param, as_version=4)
    nbformat.validate(read)
    return read


def codes_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def parameters_of(notebook):
    return [cell for cell in codes_of(notebook) if "parameters" in cell.metadata.get("tags", [])]


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_ten_to_seventeen_cells_half_of_them_prose(notebook):
    prose = len(notebook.cells) - len(codes_of(notebook))
    assert 10 <= len(notebook.cells) <= 17
    assert 0.4 <= prose / len(notebook.cells) <= 0.65


def test_a_code_cell_has_one_to_four_lines_and_defines_nothing(notebook):
    for cell in codes_of(notebook):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        names = [type(node).__name__ for node in ast.walk(ast.parse(cell.source))]
        assert not {"FunctionDef", "ClassDef", "Lambda"} & set(names), cell.source
        if cell not in parameters_of(notebook):
            assert 1 <= len(lines) <= 4, cell.source


def test_one_cell_holds_the_parameters_in_plain_literals(notebook):
    (cell,) = parameters_of(notebook)
    for line in ast.parse(cell.source).body:
        assert isinstance(line, ast.Assign), cell.source
        ast.literal_eval(line.value)


def test_it_ends_with_what_to_try_next(notebook):
    assert "what to try next" in notebook.cells[-1].source.lower()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_committed_without_outputs(path):
    raw = json.loads(path.read_text())
    assert (raw["nbformat"], raw["nbformat_minor"]) == (4, 5)
    assert raw["metadata"]["kernelspec"]["name"] == "python3"
    for cell in raw["cells"]:
        assert cell["id"]
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
