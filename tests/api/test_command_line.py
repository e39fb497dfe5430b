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


@pytest.mark.thorough
def test_a_photo_is_enhanced_without_a_checkpoint(tmp_path, tiny_environment):
    Image.effect_noise((96, 64), 40).convert("RGB").save(tmp_path / "photo=1.jpg")
    own = {"MEDIALAB_MODELS": str(tmp_path), "MEDIALAB_OUTPUTS": str(tmp_path / "outputs")}

    def medialab(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "medialab", "enhance", *arguments],
            cwd=tmp_path,
            env=tiny_environment | own,
            capture_output=True,
            text=True,
            check=False,
        )

    for settings, size in ((), (192, 128)), (("sharpen=1",), (96, 64)):
        done = medialab("photo=1.jpg", *settings)
        assert (done.returncode, done.stderr) == (0, "")
        with Image.open(done.stdout.splitlines()[0]) as picture:
            assert picture.size == size
    done = medialab("photo=1.jpg", "face.enabled=true")
    assert (done.returncode, done.stdout) == (1, "")
    assert "to have these alone, switch Face off; in code: face.enabled=False" in done.stderr


@pytest.mark.thorough
@pytest.mark.parametrize("arguments", [(), ("sharpen=1",)])
def test_to_enhance_needs_a_picture(medialab, arguments):
    done = medialab("enhance", *arguments)
    assert done.returncode == 2
    assert "write the picture's file first: python -m medialab enhance photo.jpg" in done.stderr


@pytest.mark.thorough
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


@pytest.mark.thorough
def test_no_argument_shows_the_help_and_makes_no_picture(medialab, tiny_checkout):
    before = sorted((tiny_checkout / "outputs").rglob("*.png"))
    alone, asked = medialab(), medialab("--help")
    assert (alone.returncode, alone.stderr) == (0, "")
    assert alone.stdout == asked.stdout
    for told in ('python -m medialab prompt="a red car"', "face.enabled", "loras[].weight"):
        assert told in alone.stdout
    assert sorted((tiny_checkout / "outputs").rglob("*.png")) == before


@pytest.mark.thorough
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


BATCH = """
settings: {prompt: a red ball, steps: 2, width: 64, height: 64}
axes: {seed: 1-2, guidance_scale: [3, 5]}
"""


@pytest.mark.thorough
def test_a_batch_is_made_from_its_file_and_again_makes_nothing(medialab, tmp_path):
    file = tmp_path / "poster.yaml"
    file.write_text(BATCH)

    done, again = medialab("batch", str(file)), medialab("batch", str(file))

    assert (done.returncode, done.stderr) == (0, "")
    first, *rows, table, sheet = done.stdout.splitlines()
    assert first.startswith("4 pictures; 4 to make")
    assert [row.partition(":")[0] for row in rows] == [f"{number} of 4" for number in range(1, 5)]
    assert "seed 2, guidance_scale 5: " in rows[3]
    assert len(Path(table).read_text().splitlines()) == 5
    with Image.open(sheet) as drawn:
        assert drawn.width > 2 * 64
    assert again.returncode == 0
    assert again.stdout.splitlines()[0] == "4 pictures; 4 made already; 0 to make"
    assert len(again.stdout.splitlines()) == 3


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("axes: {stps: 1-3}", "Did you mean 'steps'"),
        ("axes: {steps: 0-3}", "steps=0: must be greater than or equal to 1"),
        ("a: !!python/object/apply:os.system [echo]", "not allowed"),
    ],
)
def test_a_wrong_batch_makes_nothing(medialab, tmp_path, text, message):
    file = tmp_path / "poster.yaml"
    file.write_text(text)

    done = medialab("batch", str(file))

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "file"),
        (["a.yaml", "--dusk", "tcp://127.0.0.1:9"], "--dusk"),
        (["a.yaml", "--workers", "two"], "'two'"),
        (["a.yaml", "--workers", "2", "--dask", "tcp://127.0.0.1:9"], "not allowed with"),
    ],
)
def test_wrong_arguments_of_a_batch_are_told_with_the_right_ones(medialab, arguments, message):
    done = medialab("batch", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "python -m medialab batch file.yaml [--devices NAMES | --dask ADDRESS" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.thorough
def test_a_batch_is_made_on_several_devices(medialab, tmp_path):
    file = tmp_path / "two.yaml"
    file.write_text("name: two\nsettings: {steps: 2, width: 64, height: 64}\naxes: {seed: 1-4}\n")

    done = medialab("batch", str(file), "--devices", "cpu,cpu")

    assert (done.returncode, done.stderr) == (0, "")
    assert sum(": 20" in line for line in done.stdout.splitlines()) == 4
    again = medialab("batch", str(file), "--devices", "cpu")
    assert "4 made already" in again.stdout


@pytest.mark.thorough
def test_devices_that_are_not_there_are_told_before_a_batch_begins(medialab, tmp_path):
    file = tmp_path / "none.yaml"
    file.write_text("name: none\nsettings: {steps: 2}\naxes: {seed: 1-4}\n")
    done = medialab("batch", str(file), "--devices", "cpu,cuda:9")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no 'cuda:9' here; known: cpu" in done.stderr
    both = medialab("batch", str(file), "--devices", "cpu", "--workers", "2")
    assert both.returncode == 2
    assert "not allowed with" in both.stderr


@pytest.mark.thorough
def test_a_batch_on_a_cluster_that_is_not_there_says_so(medialab, tmp_path):
    file = tmp_path / "nowhere.yaml"
    file.write_text(BATCH.replace("red", "blue"))

    done = medialab("batch", str(file), "--dask", "tcp://127.0.0.1:9")

    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith("4 pictures; 4 to make")
    assert done.stderr.startswith("no Dask scheduler answers at tcp://127.0.0.1:9")
    assert "Traceback" not in done.stderr


@pytest.mark.thorough
def test_a_batch_is_made_by_workers_of_this_machine(medialab, tmp_path):
    file = tmp_path / "workers.yaml"
    file.write_text(BATCH.replace("red", "green"))

    done = medialab("batch", str(file), "--workers", "2")

    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stdout.splitlines() if " of 4: " in line]) == 4
    assert done.stdout.count("writes its pictures into this outputs folder") == 2
