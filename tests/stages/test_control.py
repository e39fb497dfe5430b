"""ControlNets in every stage that draws."""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from medialab import PipelineConfig, Workbench
from medialab.errors import ConfigError, MediaLabError, ModelNotFoundError, ModelRefusedError
from medialab.loading.networks import load_controlnet
from medialab.loading.registry import ModelRegistry
from models.paperdoll.controlnet import agreement, canny
from tests.tiny.detectors import tiny_depth, tiny_pose, write_onnx, yolo_rows
from tests.tiny.networks import make_controlnet

QUICK = {"prompt": "a red ball", "steps": 4, "width": 64, "height": 64, "seed": 7}
UNIT = {"model": "lines", "preprocessor": "canny"}
FACE = {"enabled": True, "detector": "centre", "guide_size": 64, "denoising_strength": 0.8}


@pytest.fixture(scope="module")
def models(tiny_models, tmp_path_factory):
    """The tiny checkpoint with a ControlNet that does something, and one of another family."""
    from diffusers import ControlNetModel, UNet2DConditionModel

    folder = tmp_path_factory.mktemp("controlled") / "models"
    shutil.copytree(tiny_models, folder)
    unet = UNet2DConditionModel.from_pretrained(folder / "checkpoints" / "paperdoll" / "unet")
    torch.manual_seed(1)
    network = make_controlnet(unet)
    network.save_pretrained(folder / "controlnet" / "lines")
    config = dict(network.config) | {"cross_attention_dim": 768}
    ControlNetModel.from_config(config).save_pretrained(folder / "controlnet" / "foreign")
    return folder


@pytest.fixture
def lines(bench):
    image = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(image).ellipse((12, 12, 50, 50), fill="black")
    return bench.keep(image)


def drawn(bench, **settings):
    return bench.execute(PipelineConfig.parse(QUICK | settings))


def pixels(run):
    return run.image.tobytes()


def applied(run):
    return {stage["name"]: stage["applied"] for stage in run.record["stages"]}


def test_a_unit_changes_the_picture_and_one_that_does_not_count_changes_no_byte(bench, lines):
    plain = drawn(bench)
    assert "control" not in applied(plain)
    unit = UNIT | {"image": lines}
    with_it = drawn(bench, control=[unit])
    assert pixels(with_it) != pixels(plain)
    assert applied(with_it)["txt2img"]["control"] == [
        {"model": "lines", "preprocessor": "canny", "weight": 1.0}
    ]
    for off in ({"weight": 0}, {"enabled": False}, {"start": 0.5, "end": 0.5}):
        assert pixels(drawn(bench, control=[unit | off])) == pixels(plain)


def test_weight_start_end_and_what_is_shown_all_decide_the_picture(bench, lines):
    unit = UNIT | {"image": lines}
    variants = [
        [unit],
        [unit | {"weight": 0.4}],
        [unit | {"end": 0.5}],
        [unit | {"start": 0.5}],
        [unit | {"preprocessor": "none"}],
        [unit | {"preprocessor": "invert"}],
        [unit, unit | {"preprocessor": "tile"}],
    ]
    assert len({pixels(drawn(bench, control=control)) for control in variants}) == len(variants)


def test_a_changed_unit_runs_the_prompt_no_second_time(bench, lines):
    unit = UNIT | {"image": lines}
    run = drawn(bench, control=[unit])
    changed = run.config.asked().changed(control=[unit | {"weight": 0.5}])
    hits = {found.stage: found.hit for found in bench.explain(changed)}
    assert hits["prompt"]
    assert not hits["control"]
    assert not hits["txt2img"]


def test_the_current_picture_is_followed_where_no_other_is_given(bench):
    start = Image.effect_noise((64, 64), 90).convert("RGB")
    for mode in ("img2img", "inpaint", "outpaint"):
        settings = {"mode": mode, "image": bench.keep(start)}
        if mode == "inpaint":
            mask = Image.new("L", (64, 64), 0)
            mask.paste(255, (16, 16, 48, 48))
            settings["inpaint"] = {"mask": bench.keep(mask), "mask_blur": 0}
        plain, followed = drawn(bench, **settings), drawn(bench, **settings, control=[UNIT])
        assert pixels(plain) != pixels(followed)
        if mode == "inpaint":
            outside = np.ones((64, 64), bool)
            outside[16:48, 16:48] = False
            assert (np.asarray(followed.image)[outside] == np.asarray(start)[outside]).all()
    with pytest.raises(ConfigError, match="'lines' has no picture"):
        drawn(bench, control=[UNIT])


@pytest.mark.thorough
@pytest.mark.parametrize("mode", ["txt2img", "img2img", "outpaint"])
def test_a_control_is_followed_in_a_picture_of_any_size(bench, lines, mode):
    settings = {"mode": mode, "width": 101, "height": 67}
    if mode != "txt2img":
        settings["image"] = bench.keep(Image.effect_noise((101, 67), 90).convert("RGB"))
    size = (165, 67) if mode == "outpaint" else (101, 67)
    plain = drawn(bench, **settings)
    for sampler in ("Euler", "DPM++ 2M"):
        unit = UNIT | {"image": lines}
        followed = drawn(bench, **settings, control=[unit, unit], sampler=sampler)
        assert followed.image.size == size
        assert pixels(followed) != pixels(plain)


@pytest.mark.thorough
@pytest.mark.parametrize("stage", ["refiner", "face", "upscaler"])
def test_later_stages_have_the_bases_their_own_or_none(bench, stage):
    start = bench.keep(Image.effect_noise((64, 64), 90).convert("RGB"))
    base = {"mode": "enhance", "image": start}
    drawn_larger = {"enabled": True, "scale": 1.5, "denoising_strength": 0.8}
    tiles = {"diffusion_tile": 64, "diffusion_overlap": 16}
    own = {"face": FACE, "refiner": drawn_larger, "upscaler": drawn_larger | tiles}[stage]
    none = drawn(bench, **base, **{stage: own})
    inherited = drawn(bench, **base, control=[UNIT], **{stage: own})
    set_here = drawn(bench, **base, **{stage: own | {"control": [UNIT]}})
    empty = drawn(bench, **base, control=[UNIT], **{stage: own | {"control": []}})
    assert pixels(inherited) == pixels(set_here) != pixels(none)
    assert pixels(empty) == pixels(none)


def test_a_picture_is_made_again_from_its_own_file(bench, lines):
    unit = UNIT | {"image": lines, "weight": 0.7}
    run = drawn(bench, control=[unit], face=FACE)
    bench.cache.clear()
    loaded = bench.artifacts.load(run.artifact.path)
    assert loaded.control[0].weight == 0.7
    assert pixels(bench.execute(loaded)) == pixels(run)


def test_a_control_stage_that_was_kept_gives_the_same_picture(bench, lines):
    unit = UNIT | {"image": lines}
    first = drawn(bench, control=[unit])
    again = bench.rerun(first, from_stage="txt2img")
    assert {stage["name"]: stage["cached"] for stage in again.record["stages"]}["control"]
    assert pixels(again) == pixels(first)


@pytest.mark.parametrize(
    ("settings", "fault", "message"),
    [
        ({"control": [{"model": "nope"}]}, ModelNotFoundError, "no controlnet 'nope'"),
        ({"control": [UNIT | {"model": "foreign"}]}, ModelRefusedError, "made for its family"),
        ({"control": [UNIT | {"preprocessor": "cany"}]}, ConfigError, "canny, scribble"),
        ({"control": [UNIT | {"start": 0.9, "end": 0.1}]}, ConfigError, "start 0.9 is after end"),
        ({"control": [UNIT | {"preprocessor": "depth"}]}, ConfigError, "needs preprocessor_model"),
        ({"control": [UNIT | {"preprocessor": "pose"}]}, ConfigError, "a pose model in models/det"),
        ({"control": [UNIT], "mode": "instruct"}, ConfigError, "follows no ControlNet"),
    ],
)
def test_what_cannot_be_followed_is_named(bench, lines, settings, fault, message):
    units = [unit | {"image": lines} for unit in settings["control"]]
    with pytest.raises(fault, match=message) as raised:
        drawn(bench, **settings | {"control": units, "image": lines})
    assert isinstance(raised.value, MediaLabError)


@pytest.mark.parametrize("stage", ["", "refiner", "face"])
def test_one_of_another_family_is_refused_before_anything_is_queued(bench, lines, stage):
    unit = UNIT | {"model": "foreign", "image": lines}
    own = {"enabled": True, "control": [unit], "detector": "centre"}
    if stage == "refiner":
        own.pop("detector")
    config = PipelineConfig.parse(QUICK | ({stage: own} if stage else {"control": [unit]}))
    with pytest.raises(
        ModelRefusedError,
        match=rf"^{stage or 'control'}: ControlNet 'foreign' is made for sd15, and checkpoint "
        r"'paperdoll' is of family paperdoll",
    ):
        bench.submit(config)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"upscaler": {"enabled": True, "upscaler": "nope"}}, "upscaler: no upscaler"),
        ({"face": {"enabled": True, "detector": "centre", "vae": "nope"}}, "face: no vae"),
        ({"refiner": {"enabled": True, "checkpoint": "nope"}}, "refiner: no checkpoint"),
    ],
)
def test_a_model_that_a_stage_needs_is_missed_by_stage_and_name(bench, settings, kind):
    with pytest.raises(ModelNotFoundError, match=f"^{kind} 'nope' in models/"):
        bench.submit(PipelineConfig.parse(QUICK | settings))


def test_a_single_file_is_opened_by_its_familys_config(models, tmp_path):
    from dataclasses import replace

    info = ModelRegistry(models, device="cpu").find("lines", "controlnet")
    configs = tmp_path / "configs"
    shutil.copytree(info.path, configs / "sd15" / "controlnet")
    weights = configs / "sd15" / "controlnet" / "diffusion_pytorch_model.safetensors"
    single = shutil.move(weights, tmp_path / "lines.safetensors")
    from_file = load_controlnet(replace(info, path=single, family="sd15"), "cpu", configs)
    from_folder = load_controlnet(info, "cpu")
    ours, theirs = from_file.network.state_dict(), from_folder.network.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    with pytest.raises(ModelRefusedError, match="get it as a diffusers folder"):
        load_controlnet(replace(info, path=single, family="hidream"), "cpu", configs)


def test_depth_is_told_by_a_model_of_the_persons(models, tmp_path, lines, bench):
    torch.manual_seed(0)
    network, processor = tiny_depth()
    folder = models / "detectors" / "depth"
    network.save_pretrained(folder)
    processor.save_pretrained(folder)
    unit = {"model": "lines", "image": lines}
    depth = unit | {"preprocessor": "depth", "preprocessor_model": "depth"}
    assert pixels(drawn(bench, control=[depth])) != pixels(drawn(bench, control=[unit]))
    shutil.rmtree(folder)


@pytest.fixture
def pose_model(models):
    """A pose model of the real classes, in the models folder for one test."""
    torch.manual_seed(0)
    network, processor = tiny_pose()
    folder = models / "detectors" / "pose"
    network.save_pretrained(folder)
    processor.save_pretrained(folder)
    yield "pose"
    shutil.rmtree(folder)


@pytest.fixture
def blind(models):
    """A detector that finds nobody, in the models folder for one test."""
    path = write_onnx(models / "detectors" / "blind.onnx", [yolo_rows([])], names="{0: 'person'}")
    yield "blind"
    path.unlink()


def test_a_pose_is_told_by_a_model_of_the_persons(bench, lines, pose_model, blind):
    unit = {"model": "lines", "image": lines}
    pose = unit | {"preprocessor": "pose", "preprocessor_model": pose_model}
    run = drawn(bench, control=[pose])
    assert pixels(run) != pixels(drawn(bench, control=[unit]))
    assert "detector/pose" in run.config.models_sha256
    # Where the detector finds nobody, the ControlNet is shown nobody.
    nobody = drawn(bench, control=[pose | {"people_model": blind}])
    assert "detector/blind" in nobody.config.models_sha256
    assert pixels(nobody) != pixels(run)


def test_a_model_of_another_kind_is_refused_before_anything_is_queued(bench, lines, pose_model):
    unit = {"model": "lines", "image": lines, "preprocessor_model": pose_model}
    pose, depth = unit | {"preprocessor": "pose"}, unit | {"preprocessor": "depth"}

    def submit(**settings):
        bench.submit(PipelineConfig.parse(QUICK | settings))

    with pytest.raises(ModelRefusedError, match="detector 'pose' finds no parts"):
        submit(control=[pose | {"people_model": pose_model}])
    with pytest.raises(ConfigError, match=r"^control: .* a model that tells how near things are"):
        submit(control=[depth])
    with pytest.raises(ConfigError, match=r"^face: .* a model that tells how near things are"):
        submit(face=FACE | {"control": [depth]})
    assert not bench.executor.jobs()


@pytest.mark.thorough
def test_the_shipped_one_makes_edges_agree(tmp_path):
    """With the real paperdoll: a person in another pose's outline."""
    with Workbench(outputs=tmp_path / "outputs", device="cpu") as bench:
        given = bench.execute(
            PipelineConfig(prompt="full body, a person with their arms up in the snow", seed=5),
            save=False,
        ).image
        unit = {"model": "paperdoll-canny", "preprocessor": "canny", "image": bench.keep(given)}
        asked = PipelineConfig(prompt="full body, a person in a red shirt, in the snow", seed=1)
        agreements = {}
        for weight in (0.0, 1.0):
            config = asked.changed(control=[unit | {"weight": weight}])
            image = bench.execute(config, save=False).image
            agreements[weight] = agreement(canny(given), canny(image))
    assert agreements[1.0] > agreements[0.0] + 0.15, agreements
