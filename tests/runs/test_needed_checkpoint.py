"""With no checkpoint at all a photo is enlarged, sharpened and its colours balanced."""

import json
import shutil
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image, ImageFilter

from medialab import PipelineConfig, Workbench
from medialab.errors import ModelNotFoundError, ModelRefusedError
from medialab.pixels.colours import balanced
from tests.tiny.detectors import tiny_yolo

ENLARGED = {"enabled": True, "scale": 2.0}


@pytest.fixture
def photo():
    levels = np.random.default_rng(5).normal(120, 25, (72, 96, 3))
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(1))


@pytest.fixture(params=["nothing", "an upscaler alone"])
def no_checkpoint(request, tmp_path):
    """A models folder without a checkpoint."""
    folder = tmp_path / "models"
    (folder / "upscalers").mkdir(parents=True)
    if request.param != "nothing":
        import torch
        from safetensors.torch import save_file

        from medialab.loading.upscalers import compact_network

        torch.manual_seed(0)
        weights = compact_network(8, 2, 2).state_dict()
        save_file(weights, folder / "upscalers" / "small.safetensors")
    return folder


@pytest.fixture
def bare(no_checkpoint, tmp_path):
    """A workbench over it."""
    with Workbench(no_checkpoint, tmp_path / "outputs", device="cpu") as workbench:
        yield workbench


def stages_of(run):
    return {one["name"]: one["applied"] for one in run.record["stages"]}


def test_a_photo_alone_comes_back_larger_sharper_and_balanced(bare, photo):
    run = bare.enhance(photo)
    by_hand = balanced(photo.resize((192, 144), Image.Resampling.LANCZOS), 0.5)
    by_hand = by_hand.filter(ImageFilter.UnsharpMask(1.2, 50, 3))
    assert run.image.tobytes() == by_hand.tobytes()
    assert [*stages_of(run)] == ["source", "upscaler", "finish"]


def test_an_upscaler_that_is_there_enlarges(no_checkpoint, bare, photo):
    if not list((no_checkpoint / "upscalers").iterdir()):
        with pytest.raises(ModelNotFoundError, match="no upscaler 'small'"):
            bare.enhance(photo, PipelineConfig(upscaler=ENLARGED | {"upscaler": "small"}))
        return
    run = bare.enhance(photo, PipelineConfig(upscaler=ENLARGED | {"upscaler": "small"}))
    assert run.image.size == (192, 144)
    assert stages_of(run)["upscaler"]["upscaler"] == "small"
    assert run.image.tobytes() != photo.resize((192, 144), Image.Resampling.LANCZOS).tobytes()


def test_what_is_saved_names_no_checkpoint_and_is_made_again(bare, photo):
    run = bare.enhance(photo)
    assert run.config.checkpoint_sha256 == run.artifact.checkpoint == ""
    assert "Model" not in Image.open(run.artifact.path).text["parameters"]
    assert json.loads(run.artifact.sidecar.read_text())["config"]["checkpoint_sha256"] == ""
    assert bare.find(model="paperdoll").empty
    bare.cache.clear()
    assert bare.verify(run.artifact.path).is_equal
    run.artifact.sidecar.unlink()
    loaded = bare.artifacts.load(run.artifact.path)
    assert bare.execute(loaded, save=False).image.tobytes() == run.image.tobytes()


@pytest.mark.parametrize("size", [(48, 30), (4500, 20)], ids=str)
def test_a_photo_that_is_no_size_to_draw_keeps_it_where_only_the_text_is_left(bare, size):
    photo = Image.effect_noise(size, 40).convert("RGB")
    run = bare.enhance(photo, PipelineConfig(sharpen=1.0))
    run.artifact.sidecar.unlink()
    loaded = bare.artifacts.load(run.artifact.path)
    assert (loaded.width, loaded.height) == size
    assert bare.execute(loaded, save=False).image.tobytes() == run.image.tobytes()


def test_a_checkpoint_that_comes_later_changes_nothing_of_it(bare, bench, photo):
    config = PipelineConfig(seed=3, sharpen=1.0, upscaler=ENLARGED)
    without, having = bare.enhance(photo, config), bench.enhance(photo, config)
    assert without.config == having.config
    assert without.image.tobytes() == having.image.tobytes()
    # A picture of before, which has a checkpoint's hash, is made again without it.
    older = having.config.model_copy(update={"checkpoint_sha256": "a" * 64})
    assert bare.execute(older, save=False).image.tobytes() == having.image.tobytes()


@pytest.mark.parametrize(
    ("settings", "way", "code"),
    [
        ({"face": {"enabled": True}}, "switch Face off", "face.enabled=False"),
        (
            {"upscaler": ENLARGED | {"denoising_strength": 0.2}, "hand": {"enabled": True}},
            "switch Hand off and set the denoising strength of Upscaler to 0",
            "hand.enabled=False, upscaler.denoising_strength=0",
        ),
        ({"mode": "img2img"}, "skip Image to image", "mode='enhance'"),
    ],
    ids=str,
)
def test_what_draws_says_before_it_starts_that_it_needs_one(bare, photo, settings, way, code):
    with pytest.raises(ModelNotFoundError) as refused:
        bare.enhance(photo, PipelineConfig.parse(settings))
    said = refused.value
    assert "no checkpoint 'paperdoll' in models/checkpoints" in said.message
    assert "Put a checkpoint (.safetensors, or a diffusers folder) in" in said.message
    assert said.message.endswith(f"need no checkpoint: to have these alone, {way}")
    assert (said.hint, said.setting) == (code, "checkpoint")
    assert bare.executor.jobs() == []
    # What it says works.
    changes = {}
    for one in code.split(", "):
        name, _, value = one.partition("=")
        stage, _, own = name.rpartition(".")
        value = {"False": False, "0": 0, "'enhance'": "enhance"}[value]
        changes |= {stage: settings[stage] | {own: value}} if stage else {own: value}
    assert bare.enhance(photo, PipelineConfig.parse(settings | changes)).image is not None


def test_a_picture_from_words_has_no_such_way_out(bare):
    with pytest.raises(ModelNotFoundError, match=r"Put a checkpoint .* in MEDIALAB_MODELS\.$"):
        bare.submit(PipelineConfig(prompt="a cat"))


def test_a_refused_checkpoint_stops_only_what_draws(no_checkpoint, tmp_path, photo):
    (no_checkpoint / "checkpoints").mkdir()
    (no_checkpoint / "checkpoints" / "mine.ckpt").write_bytes(b"\x80\x04cos\nsystem\n.")
    with Workbench(no_checkpoint, tmp_path / "outputs", device="cpu") as bench:
        config = PipelineConfig(checkpoint="mine", upscaler=ENLARGED)
        assert bench.enhance(photo, config).image.size == (192, 144)
        with pytest.raises(ModelRefusedError, match="pickle"):
            bench.enhance(photo, config.changed(face={"enabled": True}))


def test_all_that_is_asked_beforehand_is_answered_without_one(bare, photo):
    config = PipelineConfig(upscaler=ENLARGED, sharpen=1.0).starting_from(bare.keep(photo))
    assert "upscaler at 192 × 144 px" in str(bare.memory_plan(config))
    assert {one.reason for one in bare.explain(config)} == {"never made before"}
    assert bare.without_effect(config) == []
    assert bare.memory_plan(PipelineConfig(mode="enhance")).fits


def test_the_embedded_detector_is_first_only_where_its_family_draws(tiny_models, tmp_path, photo):
    models = tmp_path / "models"
    shutil.copytree(tiny_models, models)
    for name in ("my_faces", "paperdoll"):
        tiny_yolo("yolo", models / "detectors" / f"{name}.onnx")
    with Workbench(models, tmp_path / "outputs", device="cpu") as bench:

        def asked(strength):
            face = {"enabled": True, "denoising_strength": strength}
            config = PipelineConfig(steps=2, face=face).starting_from(bench.keep(photo))
            return bench.resolve(config).face.detector

        assert asked(0.0) == "my_faces, paperdoll"
        assert asked(0.5) == "paperdoll, my_faces"


def test_a_batch_of_it_is_made_counted_and_found_again(bare, photo):
    base = PipelineConfig(seed=1, upscaler=ENLARGED).starting_from(bare.keep(photo))
    batch = bare.sweep(base, {"sharpen": [0.0, 1.0]}, name="sharp").run()
    assert batch.plan.made == 2
    assert bare.sweep(base, {"sharpen": [0.0, 1.0]}, name="again").plan.saved == 2


def test_a_file_name_with_the_models_leaves_it_out(bare, photo):
    config = PipelineConfig(sharpen=1.0, file_name="[model_name]-[date]-[model_hash]")
    run = bare.enhance(photo, config)
    assert run.artifact.path.stem.partition("-")[2] == f"{datetime.now(UTC):%Y-%m-%d}"
