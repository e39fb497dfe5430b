"""papermill runs every notebook with parameters, and stops at a bad one before a model loads."""

import base64
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import nbformat
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
# The tiny checkpoint draws at this size.
SIZE = (128, 128)


@pytest.fixture
def papermill(tiny_checkout, tiny_environment, tmp_path):
    """Runs a notebook as a user would; gives the process and the executed notebook."""

    def run(name, *parameters):
        executed = tmp_path / "out.ipynb"
        command = [sys.executable, "-m", "papermill", f"notebooks/{name}.ipynb", str(executed)]
        for parameter in parameters:
            command += ["-p", *parameter]
        process = subprocess.run(
            [*command, "--no-progress-bar"],
            cwd=tiny_checkout,
            env=tiny_environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return process, nbformat.read(executed, as_version=4)

    return run


def pictures_of(notebook):
    """The PNG outputs, decoded, in order."""
    return [
        Image.open(BytesIO(base64.b64decode(output.data["image/png"])))
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]


def failed_cell(notebook):
    """The place of the cell that failed, and what it shows for that."""
    (place,) = (
        number
        for number, cell in enumerate(notebook.cells)
        if any(output.output_type == "error" for output in cell.get("outputs", []))
    )
    (error,) = notebook.cells[place].outputs
    return place, "\n".join(error.traceback)


def ran(notebook):
    """The places of the cells that were run, but for what papermill puts in."""
    own = ("parameters", "injected-parameters")
    return [
        number
        for number, cell in enumerate(notebook.cells)
        if cell.get("execution_count") and not set(own) & set(cell.metadata.get("tags", []))
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["01_first_image", pytest.param("05_studio_from_code", marks=pytest.mark.thorough)]
)
def test_good_parameters_give_a_picture_in_the_executed_notebook(name, papermill):
    process, executed = papermill(
        name, ("prompt", "a green tree in the snow"), ("seed", "3"), ("steps", "2")
    )
    assert process.returncode == 0, process.stderr
    pictures = pictures_of(executed)
    assert pictures
    assert pictures[0].size == SIZE
    assert "a green tree in the snow" in nbformat.writes(executed)
    # Neither a library's bar nor its advice stands between the pictures.
    assert not [
        output.text
        for cell in executed.cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
    ]


@pytest.mark.thorough
@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_misspelt_parameter_stops_every_notebook_in_its_first_cell(name, papermill):
    process, executed = papermill(name, ("sed", "7"))
    assert process.returncode != 0
    assert "sed" in process.stderr
    assert "Did you mean 'seed'?" in process.stderr
    place, said = failed_cell(executed)
    assert ran(executed) == [place]
    assert said.startswith("ConfigError: there is no ")
    assert "Traceback" not in said


@pytest.mark.thorough
@pytest.mark.slow
def test_a_bad_value_is_named_before_a_model_loads(papermill):
    process, executed = papermill("01_first_image", ("steps", "abc"))
    assert process.returncode != 0
    assert "steps='abc'" in process.stderr
    assert ran(executed) == [failed_cell(executed)[0]]


@pytest.mark.thorough
@pytest.mark.slow
def test_an_unknown_checkpoint_is_named_with_those_there_are(papermill):
    process, executed = papermill("01_first_image", ("checkpoint", "pony"))
    assert process.returncode != 0
    _, said = failed_cell(executed)
    assert said.startswith("ModelNotFoundError: no checkpoint 'pony'")
    assert "known: paperdoll" in said
