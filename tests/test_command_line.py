"""`python -m medialab name=value …` makes a picture, or says what is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture
def medialab(tiny_checkout, tiny_environment):
    """Runs the program over the tiny checkpoint."""

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "medialab", *arguments],
            cwd=tiny_checkout,
            env=tiny_environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_it_prints_the_path_of_the_picture_and_the_seconds(medialab):
    done = medialab("prompt=a red ball", "steps=2", "seed=7", "batch_size=2")
    assert (done.returncode, done.stderr) == (0, "")
    *paths, seconds = done.stdout.splitlines()
    for path in paths:
        with Image.open(path) as picture:
            assert picture.size == (128, 128)
    assert len(paths) == 2
    assert Path(paths[0]).with_suffix(".json").exists()
    assert seconds.startswith("made in ")


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("steps=abc", "steps='abc'"),
        ("stepz=3", "no setting 'stepz'"),
        ("checkpoint=nosuch", "no checkpoint 'nosuch' in models/checkpoints; known: paperdoll"),
        ("steps", "settings are written name=value, not 'steps'"),
    ],
)
def test_a_mistake_is_named_in_one_line_without_a_traceback(medialab, argument, message):
    done = medialab(argument)
    assert done.returncode in {1, 2}
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
