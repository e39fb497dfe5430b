"""A VAE of models/vae in place of the checkpoint's own: what it changes, and what it leaves."""

import json
import shutil

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from PIL import Image
from safetensors.torch import save_file

from medialab import PipelineConfig, Workbench
from medialab.diffusion.drawing import Drawing
from medialab.errors import ConfigError, ModelNotFoundError, ModelRefusedError
from medialab.infotext import text as infotext
from medialab.loading.registry import ModelRegistry
from medialab.loading.vaes import load_vae, refuse_unfitting
from tests.tiny.checkpoints import write_sdxl, write_single_vae

QUICK = {"prompt": "a red ball", "steps": 2, "width": 64, "height": 64, "seed": 7}
# Stages that encode and decode by themselves, with a request in which each is the last that does.
STAGES = {
    "img2img": {"mode": "img2img"},
    "inpaint": {"mode": "inpaint"},
    "outpaint": {"mode": "outpaint"},
    "refiner": {"refiner": {"enabled": True, "scale": 1.5}},
    "face": {"face": {"enabled": True, "detector": "centre"}},
    "upscaler": {
        "upscaler": {
            "enabled": True,
            "scale": 2,
            "denoising_strength": 0.5,
            "diffusion_tile": 64,
        }
    },
}


def quick(**settings):
    return PipelineConfig(**QUICK | settings)


def make_vae(**settings):
    """As the tiny checkpoint's, with weights of its own."""
    torch.manual_seed(5)
    levels = settings.pop("levels", 4)
    sizes = {
        "down_block_types": ("DownEncoderBlock2D",) * levels,
        "up_block_types": ("UpDecoderBlock2D",) * levels,
        "block_out_channels": (16,) * levels,
        "latent_channels": 4,
        "norm_num_groups": 16,
        "sample_size": 128,
        "mid_block_add_attention": False,
        "scaling_factor": 0.5,
    }
    return AutoencoderKL(**sizes | settings)


@pytest.fixture(scope="module")
def models(tiny_models, tmp_path_factory):
    """The tiny checkpoint's folder, with VAEs."""
    root = tmp_path_factory.mktemp("vaes") / "models"
    shutil.copytree(tiny_models, root)
    folder = root / "vae"
    folder.mkdir(exist_ok=True)
    shutil.copytree(root / "checkpoints" / "paperdoll" / "vae", folder / "same")
    vae = make_vae()
    vae.save_pretrained(folder / "other")
    make_vae().save_pretrained(folder / "half", variant="fp16")
    write_single_vae(folder / "single.safetensors", vae)
    save_file(vae.state_dict(), folder / "unnamed.safetensors")
    torch.manual_seed(5)
    sizes = {"encoder_block_out_channels": (8,) * 4, "decoder_block_out_channels": (8,) * 4}
    AutoencoderTiny(**sizes).save_pretrained(folder / "tiny")
    make_vae(latent_channels=16).save_pretrained(folder / "wide")
    write_single_vae(folder / "wide-single.safetensors", make_vae(latent_channels=16))
    make_vae(levels=3).save_pretrained(folder / "coarse")
    write_single_vae(folder / "coarse-single.safetensors", make_vae(levels=3))
    write_single_vae(folder / "attentive.safetensors", make_vae(mid_block_add_attention=True))
    write_single_vae(folder / "broad.safetensors", make_vae(block_out_channels=(32,) * 4))
    save_file(AutoencoderTiny(**sizes).state_dict(), folder / "tiny-single.safetensors")
    (folder / "video").mkdir()
    (folder / "video" / "config.json").write_text('{"_class_name": "AutoencoderKLWan"}')
    return root


@pytest.fixture(scope="module")
def bench(models, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    with Workbench(models=models, outputs=outputs, device="cpu") as workbench:
        workbench.execute(quick(), save=False)  # its worker begins here, and outlives each test
        yield workbench


@pytest.fixture(autouse=True)
def nothing_kept(bench):
    bench.cache.clear()


@pytest.fixture
def picture(bench):
    return bench.keep(Image.effect_noise((64, 64), 90).convert("RGB"))


@pytest.fixture
def model(bench):
    return bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))


def find(models, name):
    return ModelRegistry(models).find(name, "vae")


def decoded(vae):
    torch.manual_seed(1)
    with torch.inference_mode():
        return vae.decode(torch.randn(1, 4, 8, 8))[0]


# Loading


def test_a_folder_is_loaded_with_its_own_scaling(models, model):
    vae = load_vae(find(models, "other"), model.components["vae"], "cpu")
    assert vae.network.config.scaling_factor == 0.5
    assert torch.allclose(decoded(vae.network), decoded(make_vae().eval()), atol=1e-5)
    weights = vae.network.state_dict().values()
    assert vae.nbytes == sum(one.numel() * one.element_size() for one in weights)
    vae.release()
    assert vae.network is None


def test_a_folder_with_only_half_precisions_name_is_loaded(models):
    assert load_vae(find(models, "half"), None, "cpu").nbytes > 0


@pytest.mark.parametrize("name", ["single", "unnamed"])
def test_a_single_file_is_built_after_the_checkpoints_own(models, model, name):
    own = model.components["vae"]
    vae = load_vae(find(models, name), own, "cpu").network
    assert torch.allclose(decoded(vae), decoded(make_vae().eval()), atol=1e-5)
    # A file tells no scaling: it is the checkpoint's, as in A1111.
    assert vae.config.scaling_factor == own.config.scaling_factor == 1.0


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("wide", "latents of 16 channels, 8 times smaller"),
        ("wide-single", "latents of 16 channels, 8 times smaller"),
        ("coarse", "latents of 4 channels, 4 times smaller"),
        ("coarse-single", "latents of 4 channels, 4 times smaller"),
        ("video", "class AutoencoderKLWan; supported are AutoencoderKL"),
        ("tiny-single", "get it as a diffusers folder"),
    ],
)
def test_a_vae_that_cannot_fit_is_refused_before_anything_is_loaded(bench, name, says):
    bench.registry.unload_all()
    with pytest.raises(ModelRefusedError, match=says):
        bench.submit(quick(vae=name))
    assert not bench.registry._loaded


@pytest.mark.parametrize(
    ("name", "says"),
    [("attentive", "holds 176 weights, where the checkpoint's own"), ("broad", "cannot be loaded")],
)
def test_a_file_with_other_weights_than_the_checkpoints_own_is_refused(bench, name, says):
    with pytest.raises(ModelRefusedError, match=f"{says}.*made for the checkpoint's family"):
        bench.execute(quick(vae=name), save=False)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("torn/diffusion_pytorch_model", r"lacks decoder\.conv_out\.bias; download it again"),
        ("torn", "holds 155 weights, where the checkpoint's own VAE has 156"),
    ],
)
def test_a_vae_that_lacks_weights_is_refused(models, model, tmp_path, name, says):
    weights = make_vae().state_dict()
    del weights["decoder.conv_out.bias"]
    file = tmp_path / "vae" / f"{name}.safetensors"
    file.parent.mkdir(parents=True)
    if "/" in name:
        make_vae().save_config(file.parent)
    save_file(weights, file)
    (info,) = ModelRegistry(tmp_path).models("vae")
    with pytest.raises(ModelRefusedError, match=says):
        load_vae(info, model.components["vae"], "cpu")


def test_a_pickle_is_refused_and_an_unknown_name_is_told_the_choices(bench, models):
    pickled = models / "vae" / "old.ckpt"
    pickled.write_bytes(b"a pickle")
    try:
        with pytest.raises(ModelRefusedError, match="is a pickle"):
            bench.submit(quick(vae="old"))
    finally:
        pickled.unlink()
    with pytest.raises(ModelNotFoundError, match=r"no vae 'nose' in models/vae; known: .*other"):
        bench.submit(quick(vae="nose"))
    with pytest.raises(ModelNotFoundError, match="no vae 'nose'"):
        bench.submit(quick(face={"enabled": True, "detector": "centre", "vae": "nose"}))


def test_what_fits_is_not_refused(models):
    for name in ("same", "other", "single", "unnamed", "tiny"):
        refuse_unfitting(find(models, name))


# Pictures


@pytest.fixture(scope="module")
def plain(bench):
    return bench.execute(quick(), save=False).image.tobytes()


@pytest.mark.parametrize("name", ["other", "single", "tiny"])
def test_another_vae_draws_another_picture_and_its_own_is_back_afterwards(
    bench, model, checksum, plain, name
):
    before = checksum(model)
    first = bench.execute(quick(vae=name), save=False)
    bench.cache.clear()
    assert bench.execute(quick(), save=False).image.tobytes() == plain
    bench.cache.clear()
    again = bench.execute(quick(vae=name), save=False)
    assert first.image.tobytes() == again.image.tobytes() != plain
    assert checksum(model) == before


def test_a_vae_that_is_the_checkpoints_own_draws_its_picture(bench, plain):
    assert bench.execute(quick(vae="same"), save=False).image.tobytes() == plain


def test_latents_are_scaled_as_the_vae_in_use_wants_them(bench, models):
    """A folder's own config says how; one with the checkpoint's scaling is as the single file."""
    other = models / "vae" / "scaled"
    shutil.copytree(models / "vae" / "other", other)
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"scaling_factor": 1.0}))
    try:
        one, same = (
            bench.execute(quick(vae=name), save=False).image.tobytes()
            for name in ("scaled", "single")
        )
        assert one == same
        assert bench.execute(quick(vae="other"), save=False).image.tobytes() != one
    finally:
        shutil.rmtree(other)


@pytest.mark.parametrize("vae", ["other", "tiny"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_encodes_and_decodes_with_its_own(bench, model, picture, stage, vae):
    own, mask = model.components["vae"], bench.keep(Image.new("L", (64, 64), 255))
    asked = STAGES[stage]
    settings = asked | {stage: asked.get(stage, {}) | {"vae": vae}}
    if stage == "inpaint":
        settings["inpaint"]["mask"] = mask
    config = quick(image=picture, **settings)
    bench.execute(quick(image=picture, **{**settings, stage: {}}).changed(inpaint={"mask": mask}))
    calls = []
    hooks = [
        part.register_forward_pre_hook(lambda *_given, name=name: calls.append(name))
        for name, part in (("encoder", own.encoder), ("decoder", own.decoder))
    ]
    try:
        run = bench.execute(config, save=False)
    finally:
        for hook in hooks:
            hook.remove()
    assert calls == []  # what other stages draw was kept
    assert f"vae/{vae}" in run.config.models_sha256
    assert np.asarray(run.image).std() > 1


def test_editing_by_instruction_uses_it(models, tmp_path, picture, bench):
    from diffusers import StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel

    from models.paperdoll.family import save_checkpoint

    root = tmp_path / "models"
    shutil.copytree(models, root)
    parts = bench.registry.load(bench.registry.find("paperdoll", "checkpoint")).components
    unet = UNet2DConditionModel.from_config(dict(parts["unet"].config) | {"in_channels": 8})
    save_checkpoint(
        root / "checkpoints" / "editor",
        parts["vae"],
        parts["text_encoder"],
        parts["tokenizer"],
        unet,
        as_pipeline=StableDiffusionInstructPix2PixPipeline,
    )
    start = bench.pictures.load(picture)
    with Workbench(root, tmp_path / "outputs", device="cpu") as own:
        config = quick(mode="instruct", checkpoint="editor")
        plain, other = (
            own.enhance(start, config.changed(vae=vae), save=False).image.tobytes()
            for vae in ("", "other")
        )
        assert plain != other


def test_a_stage_takes_over_the_bases_and_may_go_back_to_its_checkpoints_own(bench):
    part = {"enabled": True, "detector": "centre"}
    config = quick(vae="other", face=part)

    def face_of(config):
        return config.settings_for("face", type(config.face)).vae

    assert face_of(config) == "other"
    assert face_of(config.changed(face=part | {"vae": ""})) == ""
    assert face_of(config.changed(face=part | {"vae": "tiny"})) == "tiny"
    pictures = [
        bench.execute(config.changed(face=part | own), save=False).image.tobytes()
        for own in ({}, {"vae": "other"}, {"vae": ""}, {"vae": "tiny"})
    ]
    assert pictures[0] == pictures[1]
    assert len(set(pictures)) == 3


@pytest.mark.parametrize("name", ["other", "tiny"])
def test_nan_and_a_lack_of_memory_are_met_in_the_vae_in_use(
    bench, model, checksum, spoiling, failing, name
):
    loaded = bench.registry.load(
        bench.registry.find(name, "vae"), kept=[model], like=model.components["vae"]
    )
    config = quick(vae=name, width=192, height=192)
    clean = bench.execute(config, save=False)
    before = checksum(model), {k: v.clone() for k, v in loaded.network.state_dict().items()}
    bench.cache.clear()
    spoiling(loaded.network.decoder, 1)
    run = bench.execute(config, save=False)
    assert told(run) == ["in float32"]
    assert run.image.tobytes() == clean.image.tobytes()
    bench.cache.clear()
    failing(loaded.network.decoder, 3, RuntimeError("CUDA out of memory."))
    run = bench.execute(config, save=False)
    assert told(run) == ["caches freed", "VAE in tiles", "VAE in smaller tiles"]
    # Tiles of random weights differ much, of trained ones little; blank is what they must not be.
    assert np.asarray(run.image).std() > 1
    assert not loaded.network.use_tiling
    assert checksum(model) == before[0]
    for weight, value in loaded.network.state_dict().items():
        assert torch.equal(value, before[1][weight])


def test_in_half_precision_only_a_vae_that_overflows_is_raised(model, models):
    chosen = load_vae(find(models, "other"), None, "cpu")
    chosen.network.to(torch.float16)
    drawing = Drawing(model, vae=chosen)
    try:
        assert drawing.vae is chosen.network
        assert not drawing.vae_overflows  # of Stable Diffusion 1.5, which none does
        model._pipeline.upcast_vae = lambda: None  # as SDXL's pipelines have it
        assert drawing.vae_overflows
        chosen.network.register_to_config(force_upcast=False)
        assert not drawing.vae_overflows
    finally:
        del model._pipeline.upcast_vae


def test_a_preview_is_that_of_the_vae_in_use(bench, monkeypatch):
    from medialab.diffusion import previews
    from medialab.runs import context

    made = []

    class Noted(previews.LatentPreview):
        def __init__(self, vae, codec):
            made.append(vae)
            super().__init__(vae, codec)

    bench.executor.listen(lambda event: event.preview)  # somebody looks

    monkeypatch.setattr(context, "LatentPreview", Noted)
    bench.registry.unload_all()
    for vae in ("other", "other", "tiny", ""):
        bench.cache.clear()
        bench.execute(quick(vae=vae), save=False)
    assert [type(vae).__name__ for vae in made] == [
        "AutoencoderKL",
        "AutoencoderTiny",
        "AutoencoderKL",
    ]
    assert made[0] is not made[2]


def test_another_checkpoint_that_takes_over_leaves_the_vae_the_last_word(bench, models):
    config = quick(handover_checkpoint="paperdoll", switch_at=0.5, vae="other", steps=4)
    alone = bench.execute(quick(vae="other", steps=4), save=False)
    assert bench.execute(config, save=False).image.tobytes() == alone.image.tobytes()


# Memory


def test_a_checkpoint_in_use_makes_no_room_for_its_vae(bench, plain):
    bench.registry.budget.bound = 1
    try:
        bench.registry.unload_all()
        with_it = bench.execute(quick(vae="other"), save=False)
        assert len(bench.registry._loaded) == 2
        bench.cache.clear()
        assert bench.execute(quick(), save=False).image.tobytes() == plain
    finally:
        bench.registry.budget.bound = None
    bench.cache.clear()
    again = bench.execute(quick(vae="other"), save=False)
    assert again.image.tobytes() == with_it.image.tobytes()


# What is kept and told


def cached(run):
    return [stage["name"] for stage in run.record["stages"] if stage["cached"]]


def told(run):
    found = next(one for one in run.record["stages"] if one["name"] == "txt2img")
    return [retry["how"] for retry in found["applied"].get("retries", [])]


def test_the_cache_tells_vaes_apart_by_name_and_content(bench, models):
    assert cached(bench.execute(quick(vae="other"), save=False)) == []
    assert "txt2img" in cached(bench.execute(quick(vae="other"), save=False))
    run = bench.execute(quick(vae="tiny"), save=False)
    assert cached(run) == ["prompt"]
    resolved = bench.resolve(quick(vae="other"))
    sha256 = bench.registry.sha256(bench.registry.find("other", "vae"))
    assert resolved.models_sha256 == {"vae/other": sha256}
    stages = {one.name: one for one in bench._resolver.plan_first(resolved).stages}
    key, prompt = stages["txt2img"].key, stages["prompt"].key
    assert key.models["vae other"] == sha256
    assert "vae other" not in prompt.models


def test_a_stages_other_vae_runs_that_stage_and_those_after_it_only(bench):
    part = {"enabled": True, "detector": "centre"}
    bench.execute(quick(face=part), save=False)
    run = bench.execute(quick(face=part | {"vae": "other"}), save=False)
    assert cached(run) == ["prompt", "txt2img"]


def test_a_replaced_file_is_noticed_and_a_resolved_config_refuses_it(tiny_models, tmp_path):
    root = tmp_path / "models"
    shutil.copytree(tiny_models, root)
    (root / "vae").mkdir(exist_ok=True)
    file = root / "vae" / "mine.safetensors"
    write_single_vae(file, make_vae())
    with Workbench(root, tmp_path / "outputs", device="cpu") as own:
        before = own.execute(quick(vae="mine"), save=False)
        torch.manual_seed(9)
        other = make_vae()
        with torch.no_grad():
            other.decoder.conv_out.weight.mul_(3)
        write_single_vae(file.with_name("new"), other)
        file.with_name("new").replace(file)
        after = own.execute(quick(vae="mine"), save=False)
        assert cached(after) == ["prompt"]
        assert after.image.tobytes() != before.image.tobytes()
        with pytest.raises(ModelRefusedError, match="vae 'mine' is another file now"):
            own.execute(before.config, save=False)


def test_a_file_and_its_infotext_say_which_it_was(bench):
    config = quick(vae="other", face={"enabled": True, "detector": "centre", "vae": ""})
    run = bench.execute(config)
    with Image.open(run.artifact.path) as file:
        text = file.text["parameters"]
    sha256 = run.config.models_sha256["vae/other"]
    assert f", VAE hash: {sha256[:10]}, VAE: other.safetensors, " in text
    assert "ADetailer use separate VAE: True, ADetailer VAE: None, " in text
    settings = infotext.read(text).settings
    assert settings["vae"] == "other"
    assert settings["face"]["vae"] == ""
    again = bench.execute(bench.artifacts.load(run.artifact.path), save=False)
    assert again.image.tobytes() == run.image.tobytes()


# Families


def test_the_bases_vae_is_refused_for_a_checkpoint_with_other_latents(bench, models, tmp_path):
    root = tmp_path / "models"
    shutil.copytree(models, root)
    parts = bench.registry.load(bench.registry.find("paperdoll", "checkpoint")).components
    write_sdxl(root / "checkpoints", parts["tokenizer"], parts["vae"])
    part = {"enabled": True, "checkpoint": "xl"}
    with Workbench(root, tmp_path / "outputs", device="cpu") as own:
        with pytest.raises(
            ConfigError, match=r"refiner takes over vae 'other'.*refiner\.vae to ''"
        ):
            own.submit(quick(vae="other", refiner=part))
        own._resolver.check(quick(vae="other", refiner=part | {"vae": ""}))
        own._resolver.check(quick(vae="other", refiner=part | {"vae": "tiny"}))
        own._resolver.check(quick(vae="", refiner=part))
        own._resolver.check(
            quick(vae="other", checkpoint="xl", refiner=part | {"checkpoint": "xl-refiner"})
        )
