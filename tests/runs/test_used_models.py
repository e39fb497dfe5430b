"""A picture is tied to the models without which it would be another one, and to no others."""

import json
import shutil

import pytest
from PIL import Image
from safetensors.torch import save_file

from medialab import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ModelRefusedError
from tests.lora.test_runs import lora
from tests.tiny.detectors import tiny_yolo, write_onnx, yolo_rows

QUICK = {"prompt": "a red ball", "steps": 2, "seed": 7, "width": 64, "height": 64}
FACE = {"enabled": True, "steps": 2, "guide_size": 64}


@pytest.fixture
def models(tiny_models, tmp_path):
    """Detectors that find a face, or none; a second checkpoint; a LoRA."""
    folder = tmp_path / "models"
    shutil.copytree(tiny_models, folder)
    shutil.copytree(folder / "checkpoints" / "paperdoll", folder / "checkpoints" / "copy")
    tiny_yolo("yolo", folder / "detectors" / "one.onnx")
    shutil.copy(folder / "detectors" / "one.onnx", folder / "detectors" / "two.onnx")
    write_onnx(folder / "detectors" / "none.onnx", [yolo_rows([])], names="{0: 'face'}")
    (folder / "loras").mkdir(exist_ok=True)
    save_file(lora(1), folder / "loras" / "ink.safetensors")
    return folder


def run_of(bench, **settings):
    image = bench.keep(Image.new("RGB", (64, 64), "green"))
    enhanced = QUICK | {"mode": "enhance", "image": image}
    return bench.execute(PipelineConfig.parse(enhanced | settings))


def saved(run):
    """The config in a picture's sidecar."""
    return ResolvedConfig.parse(json.loads(run.artifact.sidecar.read_text())["config"])


def ties(run):
    return set(saved(run).models_sha256)


def test_detectors_behind_the_one_that_found_any_are_no_part_of_the_picture(bench, models):
    run = run_of(bench, face=FACE | {"detector": "none, one, two"})
    assert ties(run) == {"detector/none", "detector/one"}
    # What was asked stays, for the next picture.
    assert saved(run).face.detector == "none, one, two"
    config = saved(run)
    again = bench.execute(config)
    assert again.image.tobytes() == run.image.tobytes()
    assert all(stage["cached"] for stage in again.record["stages"])
    assert ties(again) == ties(run)
    # Lost, or another file, it changes nothing.
    for change in (lambda path: path.write_bytes(b"other"), lambda path: path.unlink()):
        change(models / "detectors" / "two.onnx")
        bench.cache.clear()
        assert bench.execute(config).image.tobytes() == run.image.tobytes()
    # The others are still what they were.
    shutil.copy(models / "detectors" / "none.onnx", models / "detectors" / "one.onnx")
    with pytest.raises(ModelRefusedError, match="detector 'one' is another file now"):
        bench.execute(config)


def test_where_nothing_was_found_nothing_that_would_have_drawn_is_tied(bench, models):
    own = FACE | {"detector": "none", "checkpoint": "copy", "loras": [{"name": "ink"}]}
    run = run_of(bench, face=own)
    assert ties(run) == {"detector/none"}
    drew = run_of(bench, face=own | {"detector": "one"})
    assert ties(drew) == {"detector/one", "checkpoint/copy", "lora/ink"}
    (models / "loras" / "ink.safetensors").unlink()
    assert bench.execute(saved(run)).image.tobytes() == run.image.tobytes()


def test_a_checkpoint_that_was_left_no_step_is_not_tied(bench):
    settings = QUICK | {"handover_checkpoint": "copy", "sampler": "Euler", "schedule": "simple"}
    for switch_at, tied in ((0.4, {"checkpoint/copy"}), (0.9, set())):
        run = bench.execute(PipelineConfig.parse(settings | {"switch_at": switch_at}))
        assert ties(run) == tied


def test_retries_are_told_when_a_part_was_kept(bench, failing):
    import torch

    model = bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))
    settings = {"face": FACE | {"detector": "one"}}
    failing(model.components["unet"], 1, torch.OutOfMemoryError("CUDA out of memory."))
    first = run_of(bench, **settings)
    # Another last setting of the stage that changes no find: its parts are found again.
    later = run_of(bench, face=settings["face"] | {"fallback": "centre"})
    told = [
        next(stage["applied"] for stage in run.record["stages"] if stage["name"] == "face")
        for run in (first, later)
    ]
    assert told[0]["retries"]
    assert told[1]["drawn"][0]["kept"]
    assert told[1]["retries"] == told[0]["retries"]
