"""Notebooks can be read aloud to a photographer: short cells, half prose, nothing defined.

The studio's own notebook is no text to read: one title, one line, one cell.
"""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from traitlets.config import Config

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
STUDIO = ROOT / "notebooks" / "studio.ipynb"
# As `jupyter nbconvert --TagRemovePreprocessor.remove_cell_tags=check` is told.
EXPORT = Config(TagRemovePreprocessor={"enabled": True, "remove_cell_tags": {"check"}})


@pytest.fixture(params=[one for one in NOTEBOOKS if one != STUDIO], ids=lambda path: path.stem)
def notebook(request):
    return read(request.param)


@pytest.fixture
def studio():
    return read(STUDIO)


def read(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def codes_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def parameters_of(notebook):
    return [cell for cell in codes_of(notebook) if "parameters" in cell.metadata.get("tags", [])]


def is_check(cell):
    return "check" in cell.metadata.get("tags", [])


def test_the_readme_shows_the_way_to_every_notebook_and_to_no_other():
    shown = re.findall(r"notebooks/(\w+)\.ipynb", (ROOT / "README.md").read_text())
    assert {path.stem for path in NOTEBOOKS} == set(shown)


def test_the_studio_is_a_title_a_line_and_a_folded_cell_that_says_what_it_is(studio):
    title, cell = studio.cells
    heading, _ = (line for line in title.source.splitlines() if line)
    assert heading == "# Media Lab Studio"
    assert cell.cell_type == "code"
    assert cell.metadata == {"jupyter": {"source_hidden": True}}
    # JupyterLab shows a folded cell's first line.
    assert cell.source.startswith("# The studio")
    *_, last = ast.parse(cell.source).body
    assert ast.unparse(last) == "studio"


def test_the_studios_line_has_a_button_that_runs_it_and_says_how_to_without(studio):
    line = studio.cells[0].source.splitlines()[-1]
    assert 'data-commandlinker-command="notebook:run-all-cells"' in line
    assert "Run All Cells" in line


def test_ten_to_seventeen_cells_half_of_them_prose(notebook):
    shown = [cell for cell in notebook.cells if not is_check(cell)]
    prose = [cell for cell in shown if cell.cell_type == "markdown"]
    assert 10 <= len(shown) <= 17
    assert 0.4 <= len(prose) / len(shown) <= 0.65


def test_what_only_checks_is_out_of_the_readers_way(notebook):
    """A cell tagged `check` is folded away by JupyterLab, and left out of an exported page."""
    for cell in codes_of(notebook):
        checks = any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(cell.source)))
        hidden = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        assert checks == is_check(cell) == hidden, cell.source
        if checks:  # and shows nothing
            last = ast.parse(cell.source).body[-1]
            assert not isinstance(last, ast.Expr), cell.source


def test_an_exported_page_shows_no_check(notebook):
    shown, _ = HTMLExporter(config=EXPORT).from_notebook_node(notebook)
    assert "assert" not in shown.partition("<body")[2].replace("assertive", "")
    for cell in notebook.cells:
        assert (f'id="cell-id={cell.id}"' in shown) != is_check(cell)


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
