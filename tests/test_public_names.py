"""What a program may import works in a process of its own, where nothing else was imported before.

Other tests run in one process, where one test's imports may help the next.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import medialab
import widgets

ROOT = Path(__file__).resolve().parents[1]

OF_MEDIALAB = {
    "MediaLabError": """
from medialab import MediaLabError
from medialab.errors import ConfigError
print(issubclass(ConfigError, MediaLabError))
""",
    "PipelineConfig": """
from medialab import PipelineConfig
print(PipelineConfig.parse(PipelineConfig(prompt="a car").model_dump()).prompt == "a car")
""",
    "ResolvedConfig": """
from medialab import ResolvedConfig
known = {"width": 64, "height": 64, "seed": 7, "checkpoint_sha256": "a" * 64}
asked = ResolvedConfig.model_validate(known).asked()
print((asked.seed, asked.width) == (7, 64))
""",
    "Run": """
from medialab import PipelineConfig, Run, Workbench
with Workbench(models, outputs, device="cpu") as bench:
    run = bench.execute(PipelineConfig(prompt="a car", steps=1, width=64, height=64))
print(isinstance(run, Run) and run.artifact.path.exists() and run.image.size == (64, 64))
""",
    "Workbench": """
from medialab import Workbench
with Workbench(models, outputs, device="cpu") as bench:
    print([info.name for info in bench.models("checkpoint")] == ["paperdoll"])
""",
}
OF_WIDGETS = {
    "BatchGrid": """
from medialab import PipelineConfig, Workbench
from widgets import BatchGrid
bench = Workbench(models, outputs, device="cpu")
batch = bench.sweep(PipelineConfig(prompt="cat"), {"steps": [1, 2]}, name="cats")
print(len(BatchGrid(batch).children) > 0)
bench.close()
""",
    "Studio": """
from medialab import Workbench
from widgets import Studio
bench = Workbench(models, outputs, device="cpu")
print(len(Studio(bench).children) > 0)
bench.close()
""",
}


@pytest.fixture
def said_by(tiny_models, tmp_path):
    """What a fresh process prints that runs this code."""

    def run(code):
        folders = f"models, outputs = {str(tiny_models)!r}, {str(tmp_path / 'outputs')!r}\n"
        done = subprocess.run(
            [sys.executable, "-c", folders + code],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.mark.thorough
@pytest.mark.parametrize("name", medialab.__all__)
def test_each_public_name_of_the_core_works_in_a_fresh_process(said_by, name):
    assert said_by(OF_MEDIALAB[name]) == "True"


@pytest.mark.thorough
@pytest.mark.parametrize("name", widgets.__all__)
def test_each_public_name_of_the_panels_works_in_a_fresh_process(said_by, name):
    assert said_by(OF_WIDGETS[name]) == "True"
