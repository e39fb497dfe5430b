"""`python -m medialab name=value …` makes a picture, or says what is wrong."""

import json
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


@pytest.mark.thorough
def test_settings_of_stages_and_lists_reach_the_picture(medialab):
    done = medialab(
        *("prompt=a red ball", "steps=2", "seed=7", "width=64", "height=64", "loras=[]"),
        *("upscaler.enabled=true", 'upscaler={"scale": 3, "tile": 0}', "upscaler.loras=null"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    path = Path(done.stdout.splitlines()[0])
    with Image.open(path) as picture:
        assert picture.size == (192, 192)
    config = json.loads(path.with_suffix(".json").read_text())["config"]
    assert config["upscaler"]["enabled"]
    assert config["upscaler"]["tile"] == 0


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("steps=abc", "steps='abc': write a whole number"),
        ("stepz=3", "no setting 'stepz'"),
        ("face.stepz=3", "Did you mean 'steps'?"),
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


def test_no_argument_shows_the_help_and_makes_no_picture(medialab, tiny_checkout):
    before = sorted((tiny_checkout / "outputs").rglob("*.png"))
    alone, asked = medialab(), medialab("--help")
    assert (alone.returncode, alone.stderr) == (0, "")
    assert alone.stdout == asked.stdout
    for told in ('python -m medialab prompt="a red car"', "face.enabled", "loras[].weight"):
        assert told in alone.stdout
    assert sorted((tiny_checkout / "outputs").rglob("*.png")) == before


def test_help_of_one_stage_is_its_settings_alone(medialab):
    done = medialab("face", "--help")
    assert "  face.steps  whole number, 1 to 150 steps; not set\n" in done.stdout
    assert "hand." not in done.stdout
    wrong = medialab("--help", "facee")
    assert wrong.returncode == 2
    assert "no stage and no setting 'facee'" in wrong.stderr
    assert "Did you mean 'face'?" in wrong.stderr


def test_a_reader_that_has_seen_enough_is_no_fault(tiny_checkout, tiny_environment):
    command = f'"{sys.executable}" -m medialab --help | head -n 1'
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=tiny_checkout,
        env=tiny_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("Make a picture: ")
    assert done.stderr == ""
