"""papermill runs every notebook with parameters, and stops at a bad one before a model loads."""

import base64
import subprocess
import sys
from io import BytesIO

import nbformat
import pytest
from PIL import Image

NOTEBOOKS = ("01_first_image", "studio")
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


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_good_parameters_give_a_picture_in_the_executed_notebook(name, papermill):
    process, executed = papermill(
        name, ("prompt", "a green tree in the snow"), ("seed", "3"), ("steps", "2")
    )
    assert process.returncode == 0, process.stderr
    pictures = pictures_of(executed)
    assert pictures
    assert pictures[0].size == SIZE
    assert "a green tree in the snow" in nbformat.writes(executed)


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        (("steps", "abc"), "steps='abc'"),
        (("stepz", "3"), "there is no setting 'stepz'"),
    ],
)
def test_a_bad_parameter_is_named_before_a_model_loads(name, parameter, said, papermill):
    process, executed = papermill(name, parameter)
    assert process.returncode != 0
    assert said in process.stderr
    assert "ConfigError" in process.stderr
    # papermill puts its own cells in; ours keep their ids.
    failed = next(place for place, cell in enumerate(executed.cells) if cell.id == "config")
    later = [cell for cell in executed.cells[failed + 1 :] if cell.cell_type == "code"]
    assert later
    assert all(cell.execution_count is None for cell in later)


@pytest.mark.thorough
@pytest.mark.slow
def test_an_unknown_checkpoint_is_named_with_those_there_are(papermill):
    process, _ = papermill("studio", ("checkpoint", "pony"))
    assert process.returncode != 0
    assert "no checkpoint 'pony'" in process.stderr
    assert "known: paperdoll" in process.stderr
