"""Nine stages over a tiny real model: pictures from pictures, the cache, and re-runs."""

import json
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.errors import (
    CancelledError,
    ConfigError,
    MissingLibraryError,
    ModelNotFoundError,
    ModelRefusedError,
    PictureError,
)
from medialab.pixels.geometry import Box
from medialab.pixels.masks import box_mask
from tests.tiny.detectors import tiny_yolo, write_onnx, yolo_rows

QUICK = {"prompt": "a red ball", "steps": 3, "width": 64, "height": 64, "seed": 7}
CENTRE = {"enabled": True, "detector": "centre", "guide_size": 64, "denoising_strength": 0.7}


def quick(**settings):
    return PipelineConfig(**QUICK | settings)


@pytest.fixture
def picture():
    noise = np.random.default_rng(3).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((96, 64))


def cached(run):
    return [stage["name"] for stage in run.record["stages"] if stage["cached"]]


def changed_where(before, after):
    """The box of the pixels that differ."""
    difference = np.any(np.asarray(before) != np.asarray(after), axis=2)
    return Image.fromarray(difference).getbbox()


def test_a_second_run_comes_from_the_cache_and_is_the_same(bench):
    first, second = bench.execute(quick()), bench.execute(quick())
    assert cached(first) == []
    assert cached(second) == ["prompt", "txt2img", "finish"]
    assert first.image.tobytes() == second.image.tobytes()


def test_a_restart_forgets_nothing(bench, tiny_models):
    first = bench.execute(quick())
    with Workbench(tiny_models, bench.artifacts.folder, device="cpu") as again:
        second = again.execute(quick())
    assert cached(second) == ["prompt", "txt2img", "finish"]
    assert second.image.tobytes() == first.image.tobytes()


def test_a_change_of_the_hand_runs_hand_upscaler_and_finish_only(bench):
    config = quick(face=CENTRE, hand=CENTRE, upscaler={"enabled": True})
    bench.execute(config)
    stronger = config.changed(hand={**CENTRE, "denoising_strength": 0.9})
    told = {one.stage: one for one in bench.explain(stronger)}
    assert [name for name, one in told.items() if not one.hit] == ["hand", "upscaler", "finish"]
    assert "denoising_strength: 0.7 → 0.9" in told["hand"].reason
    assert told["upscaler"].reason == "a stage before it changed"
    run = bench.execute(stronger)
    assert cached(run) == ["prompt", "txt2img", "face"]


def test_a_rerun_from_a_stage_equals_the_full_run(bench, tiny_models, tmp_path):
    first = bench.execute(quick(face=CENTRE, sharpen=1.0))
    changes = {"face": {"denoising_strength": 0.4}}
    rerun = bench.rerun(first, from_stage="face", changes=changes)
    assert cached(rerun) == ["prompt", "txt2img"]
    with Workbench(tiny_models, tmp_path / "elsewhere", device="cpu") as cold:
        full = cold.execute(quick(face={**CENTRE, "denoising_strength": 0.4}, sharpen=1.0))
    assert rerun.image.tobytes() == full.image.tobytes()
    assert rerun.image.tobytes() != first.image.tobytes()


def test_a_rerun_from_an_unknown_stage_names_those_there_are(bench):
    run = bench.execute(quick())
    with pytest.raises(ConfigError, match=r"no stage 'nose'; known: prompt, source, .*hand"):
        bench.rerun(run, from_stage="nose")


def test_the_reason_for_never_made_before_and_for_another_model(bench, tiny_models):
    told = bench.explain(quick())
    assert {one.reason for one in told} == {"never made before"}


def test_a_detailer_leaves_every_byte_outside_its_mask(bench, picture):
    plain = bench.enhance(picture, quick(width=None, height=None)).image
    assert plain.tobytes() == picture.tobytes()
    config = quick(width=None, height=None, face={**CENTRE, "grow": 0, "mask_blur": 0})
    detailed = bench.enhance(picture, config).image
    left, top, right, bottom = changed_where(picture, detailed)
    assert left >= 24
    assert top >= 16
    assert right <= 72
    assert bottom <= 48


def test_finds_come_back_as_a_table_that_can_be_edited(bench, picture):
    config = quick(width=None, height=None, face=CENTRE)
    run = bench.enhance(picture, config)
    (found,) = run.detections["face"]
    same = bench.rerun(run, from_stage="face", changes={"face": {"detections": (found,)}})
    assert same.image.tobytes() == run.image.tobytes()
    off = found.model_copy(update={"enabled": False})
    left_out = bench.rerun(run, from_stage="face", changes={"face": {"detections": (off,)}})
    assert left_out.image.tobytes() == picture.tobytes()
    worded = found.model_copy(update={"prompt": "a blue ball"})
    other = bench.rerun(run, from_stage="face", changes={"face": {"detections": (worded,)}})
    assert other.image.tobytes() != run.image.tobytes()


def two_finds(bench, picture, **settings):
    """A request that draws two places of a given mask, far apart."""
    mask = Image.new("L", picture.size)
    for left in (4, 68):
        mask.paste(255, (left, 20, left + 16, 36))
    face = {**CENTRE, "mask": bench.keep(mask), "grow": 0, "mask_blur": 0, "crop_factor": 1.5}
    return quick(width=None, height=None, face=face | settings)


def drawn(run):
    return run.record["stages"][-2]["applied"]["drawn"]


def test_one_box_is_run_again_alone_and_the_others_are_kept(bench, picture):
    run = bench.enhance(picture, two_finds(bench, picture))
    left, right = run.detections["face"]
    table = (right.model_copy(update={"prompt": "a blue hat"}), left)
    again = bench.rerun(run, from_stage="face", changes={"face": {"detections": table}})
    assert ["kept" in one for one in drawn(again)] == [False, True]
    assert again.detections["face"] == table
    assert again.image.crop(left.box).tobytes() == run.image.crop(left.box).tobytes()
    assert again.image.crop(right.box).tobytes() != run.image.crop(right.box).tobytes()
    bench.cache.clear()
    full = bench.execute(again.config)
    assert ["kept" in one for one in drawn(full)] == [False, False]
    assert full.image.tobytes() == again.image.tobytes()


def test_finds_drawn_before_a_cancel_are_not_drawn_again(bench, picture):
    config = two_finds(bench, picture).changed(mode="enhance", image=bench.keep(picture))

    def stop(event):
        # Steps are counted over both finds: the second has begun.
        if event.kind == "step" and event.stage == "face" and event.step > event.steps // 2:
            bench.executor.cancel_all()

    forget = bench.executor.listen(stop)
    with pytest.raises(CancelledError):
        bench.execute(config)
    forget()
    run = bench.execute(config)
    assert ["kept" in one for one in drawn(run)] == [True, False]
    bench.cache.clear()
    assert bench.execute(config).image.tobytes() == run.image.tobytes()


def test_several_finds_take_their_prompts_in_order_and_may_be_skipped(bench, picture):
    mask = Image.new("L", picture.size)
    for left in (4, 60):
        mask.paste(255, (left, 20, left + 24, 44))
    settings = {**CENTRE, "mask": bench.keep(mask), "grow": 0, "mask_blur": 0}
    settings |= {"prompt": "[SKIP][SEP]a blue ball, [PROMPT]", "order": "left to right"}
    run = bench.enhance(picture, quick(width=None, height=None, face=settings))
    drawn = run.record["stages"][-2]["applied"]["drawn"]
    assert [("skipped" in one, one["box"]) for one in drawn] == [
        (True, [4, 20, 28, 44]),
        (False, [60, 20, 84, 44]),
    ]
    assert changed_where(picture, run.image)[0] >= 60


def test_inpaint_keeps_every_byte_outside_the_mask(bench, picture):
    mask = bench.keep(box_mask(Box(8, 8, 40, 40), *picture.size))
    for inpaint in (
        {"mask": mask, "mask_blur": 0},
        {"mask": mask, "mask_blur": 0, "only_masked": True, "padding": 8},
        {"mask": mask, "mask_blur": 0, "masked_content": "fill"},
        {"mask": mask, "mask_blur": 0, "masked_content": "latent noise", "soft": True},
    ):
        config = quick(width=None, height=None, mode="inpaint", inpaint=inpaint)
        painted = bench.enhance(picture, config).image
        left, top, right, bottom = changed_where(picture, painted)
        assert left >= 8, inpaint
        assert top >= 8, inpaint
        assert right <= 40, inpaint
        assert bottom <= 40, inpaint


def test_an_inverted_mask_paints_the_rest(bench, picture):
    mask = bench.keep(box_mask(Box(8, 8, 40, 40), *picture.size))
    inpaint = {"mask": mask, "mask_blur": 0, "inverted": True}
    config = quick(width=None, height=None, mode="inpaint", inpaint=inpaint)
    painted = bench.enhance(picture, config).image
    inside = (8, 8, 40, 40)
    assert painted.crop(inside).tobytes() == picture.crop(inside).tobytes()
    assert painted.tobytes() != picture.tobytes()


def test_inpaint_without_a_mask_says_so(bench, picture):
    with pytest.raises(ConfigError, match=r"there is no mask to inpaint.*in code: inpaint.mask="):
        bench.enhance(picture, quick(mode="inpaint"))


def test_image_to_image_goes_further_with_its_strength(bench, picture):
    def distance(strength):
        config = quick(
            width=None, height=None, mode="img2img", img2img={"denoising_strength": strength}
        )
        image = bench.enhance(picture, config).image
        return float(np.abs(np.asarray(image).astype(int) - np.asarray(picture)).mean())

    assert distance(0.0) == 0
    assert distance(0.4) > 0
    assert bench.enhance(picture, quick(mode="img2img")).image.size == (64, 64)


@pytest.mark.parametrize("upscaler", ["latent", "latent nearest", "lanczos"])
def test_the_refiner_makes_the_picture_larger(bench, upscaler):
    run = bench.execute(quick(refiner={"enabled": True, "scale": 1.5, "upscaler": upscaler}))
    assert run.image.size == (96, 96)
    assert run.record["stages"][2]["applied"]["size"] == [96, 96]


def test_the_upscaler_enlarges_by_a_filter(bench):
    assert bench.execute(quick(upscaler={"enabled": True, "scale": 3.0})).image.size == (192, 192)


def test_a_model_that_is_not_there_is_named_before_anything_is_queued(bench):
    with pytest.raises(ModelNotFoundError, match="no upscaler 'nose' in models/upscalers"):
        bench.submit(quick(upscaler={"enabled": True, "upscaler": "nose"}))
    with pytest.raises(ModelNotFoundError, match="no detector 'nose' in models/detectors"):
        bench.submit(quick(face={"enabled": True, "detector": "nose"}))
    with pytest.raises(ModelNotFoundError, match=r"no detector in .* knows 'face' .*fallback"):
        bench.submit(quick(face={"enabled": True}))


def test_an_enhanced_picture_is_made_again_from_its_own_file(bench, picture):
    config = quick(width=None, height=None, face=CENTRE, upscaler={"enabled": True})
    run = bench.enhance(picture, config)
    bench.cache.clear()
    assert bench.execute(run.config).image.tobytes() == run.image.tobytes()
    run.artifact.sidecar.unlink()
    loaded = bench.artifacts.load(run.artifact.path)
    assert bench.execute(loaded).image.tobytes() == run.image.tobytes()


def test_what_is_no_picture_is_refused_by_name(bench, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(PictureError, match=r"text.png: not a picture in a supported format"):
        bench.keep(tmp_path / "text.png")
    with pytest.raises(PictureError, match="no file"):
        bench.keep(tmp_path / "nothing.png")
    with pytest.raises(ConfigError, match="starts from a picture"):
        bench.submit(PipelineConfig(mode="img2img"))


def test_a_picture_is_known_by_what_it_shows(bench, picture, tmp_path):
    picture.save(tmp_path / "a.png")
    picture.save(tmp_path / "b.webp", lossless=True)
    assert bench.keep(tmp_path / "a.png") == bench.keep(tmp_path / "b.webp") == bench.keep(picture)
    with pytest.raises(PictureError, match="is not in inputs; store it again"):
        bench.pictures.load("0" * 64)
    with pytest.raises(PictureError, match="is not the name of a stored picture"):
        bench.pictures.load("../" * 21 + "a")


def test_the_sidecar_holds_every_stages_settings(bench, picture):
    run = bench.enhance(picture, quick(width=None, height=None, face=CENTRE))
    config = json.loads(run.artifact.sidecar.read_text())["config"]
    assert config["face"]["denoising_strength"] == 0.7
    assert config["mode"] == "enhance"


def test_automatic_names_the_detectors_that_looked_and_each_has_a_word(tiny_models, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(tiny_models, models)
    tiny_yolo("yolo", models / "detectors" / "my_faces.onnx")
    path = write_onnx(models / "detectors" / "cats.onnx", [yolo_rows([])], names="{0: 'cat'}")
    assert path.exists()
    with Workbench(models, tmp_path / "outputs", device="cpu") as bench:
        picture = Image.new("RGB", (64, 64), "green")
        config = quick(width=None, height=None, face={"enabled": True, "steps": 2})
        run = bench.enhance(picture, config)
        assert run.config.face.detector == "my_faces"
        assert "detector/my_faces" in run.config.models_sha256
        applied = run.record["stages"][-2]["applied"]
        assert applied["detectors"] == [{"name": "my_faces", "found": 1, "kept": 1}]
        assert applied["drawn"][0]["box"] == [4, 16, 28, 48]
        assert bench.execute(run.config).image.tobytes() == run.image.tobytes()
        # Another file of that name is noticed.
        tiny_yolo("yolo without doubles", models / "detectors" / "my_faces.onnx")
        with pytest.raises(ModelRefusedError, match="detector 'my_faces' is another file now"):
            bench.execute(run.config)


def test_where_no_detector_serves_those_that_are_refused_are_named(tiny_models, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(tiny_models, models)
    (models / "detectors").mkdir(exist_ok=True)
    (models / "detectors" / "face_yolov8n.pt").write_bytes(b"\x80\x04cos\nsystem\n.")
    with (
        Workbench(models, tmp_path / "outputs", device="cpu") as bench,
        pytest.raises(ModelNotFoundError, match=r"not opened: face_yolov8n.pt is a pickle"),
    ):
        bench.submit(quick(face={"enabled": True}))


def test_a_detector_or_refiner_that_cannot_serve_is_named_before_anything_is_queued(
    tiny_models, tmp_path, monkeypatch
):
    models = tmp_path / "models"
    shutil.copytree(tiny_models, models)
    tiny_yolo("yolo", models / "detectors" / "my_faces.onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with Workbench(models, tmp_path / "outputs", device="cpu") as bench:
        with pytest.raises(MissingLibraryError, match=r"face.detector='my_faces': .*pip install"):
            bench.submit(quick(face={"enabled": True, "detector": "my_faces"}))
        settings = {**CENTRE, "mask_refiner": "my_faces"}
        with pytest.raises(ConfigError, match="is a model for YOLO in ONNX; choose a SAM model"):
            bench.submit(quick(face=settings))
