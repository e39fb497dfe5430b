"""Batches without anyone watching: the notebook by papermill, and the worked examples."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from medialab.batch.files import read_batch

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "notebooks" / "batches").glob("*.yaml"))
FILE = """
settings: {prompt: a red ball, steps: 2, width: 64, height: 64}
axes: {seed: 1-2, guidance_scale: [3, 5]}
"""


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_every_worked_example_is_a_batch(path):
    sweep = read_batch(path).sweep

    sweep.check()
    assert len(sweep) >= 9


@pytest.mark.thorough
@pytest.mark.slow
def test_papermill_makes_a_batch_of_a_file_and_again_makes_nothing(
    tiny_checkout, tiny_environment, tmp_path
):
    (tmp_path / "batch.yaml").write_text(FILE)

    def run():
        command = [sys.executable, "-m", "papermill", "notebooks/05_batch.ipynb"]
        command += [str(tmp_path / "out.ipynb"), "-p", "name", "papers", "--no-progress-bar"]
        process = subprocess.run(
            [*command, "-f", str(tmp_path / "batch.yaml")],
            cwd=tiny_checkout,
            env=tiny_environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert process.returncode == 0, process.stderr
        outputs = [
            output
            for cell in nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
            for output in cell.get("outputs", [])
        ]
        said = "".join(one.text for one in outputs if one.output_type == "stream")
        return outputs, said, process.stdout + process.stderr

    outputs, said, console = run()
    _, said_again, _ = run()

    assert "4 of 4: seed 2, guidance_scale 5: " in said
    # Without --log-output, too: a line a picture, above a bar.
    assert "4 of 4: seed 2, guidance_scale 5: " in console
    assert "papers: 100%" in console
    # What any notebook viewer shows: the table, and the contact sheet.
    kinds = [{*one.data} for one in outputs if one.output_type != "stream"]
    assert any("text/html" in kind for kind in kinds)
    assert any("image/png" in kind for kind in kinds)
    assert said_again.strip() == "4 pictures; 4 made already; 0 to make"
