"""A single file of the original Stable Diffusion names becomes the very parts it was made of."""

import json
import shutil

import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.errors import ConfigError, ModelRefusedError
from medialab.families import RUNNING
from medialab.families.unet_clip.single_files import FIRST_LAYER, SHARED_TOKENIZER
from medialab.listing.info import ModelInfo
from medialab.loading.checkpoint import load_checkpoint
from medialab.loading.networks import CONFIGS
from medialab.loading.registry import ModelRegistry
from tests.tiny.checkpoints import (
    original_vae,
    under,
    workbench_of,
    write_checkpoint,
    write_single_files,
    write_widened,
)
from tests.tiny.networks import make_vae_of_four_levels
from tests.tiny.original_names import original_controlnet
from tests.tiny.scaled_files import with_scales

SINGLE_FILES = {
    name: one.opening.single_file
    for name, one in RUNNING.items()
    if getattr(one.opening, "single_file", None)
}


def find(root, name):
    return ModelRegistry(root).find(name, "checkpoint")


@pytest.fixture(scope="module")
def single_files(tiny_models, tmp_path_factory):
    """A models folder with a tiny single file and configs for each family, and their parts."""
    root = tmp_path_factory.mktemp("single") / "models"
    tokens = tiny_models / "checkpoints" / "paperdoll" / "tokenizer"
    return root, write_single_files(root, tokens)


# Reading


# Euler's sigmas are made by NumPy from a tensor (diffusers 0.42).
@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("family", SINGLE_FILES)
def test_a_single_file_becomes_the_very_parts_it_was_made_of(single_files, family, caplog):
    import torch

    root, parts = single_files
    info = find(root, family)
    assert (info.family, info.format) == (family, "original")
    model = load_checkpoint(info, "cpu", root / "configs")
    assert caplog.text == ""
    for name, part in parts[family].items():
        loaded = model.components[name].state_dict()
        assert loaded.keys() == part.state_dict().keys()
        for weight, value in part.state_dict().items():
            assert torch.equal(loaded[weight], value), f"{name}.{weight}"
    if family == "sdxl-refiner":
        return  # it only finishes pictures
    pipeline = model.pipeline("text-to-image")
    assert pipeline("a hat", width=16, height=16, num_inference_steps=1).images[0].size == (16, 16)


def rewritten(root, name, change):
    """A copy of the tiny single file with its tensors changed."""
    from safetensors.torch import load_file, save_file

    tensors = load_file(root / "checkpoints" / "sd15.safetensors")
    change(tensors)
    save_file(tensors, root / "checkpoints" / f"{name}.safetensors")
    return find(root, name)


def test_a_single_file_that_lacks_weights_is_refused(single_files):
    root, _ = single_files
    for name, lost in (
        ("no-text", "cond_stage_model.transformer.text_model.final_layer_norm.weight"),
        ("no-unet", "model.diffusion_model.out.2.weight"),
    ):
        info = rewritten(root, name, lambda tensors, lost=lost: tensors.pop(lost))
        with pytest.raises(ModelRefusedError, match=f"{name}' (lacks|cannot be loaded)"):
            load_checkpoint(info, "cpu", root / "configs")


def test_a_single_file_of_odd_channels_is_refused_by_the_listing(single_files):
    import torch

    root, _ = single_files
    first = {FIRST_LAYER: torch.zeros(32, 5, 3, 3)}
    with pytest.raises(ModelRefusedError, match="is made for following a depth picture"):
        rewritten(root, "depth", lambda tensors: tensors.update(first))
    (info,) = [one for one in ModelRegistry(root).models("checkpoint") if one.name == "depth"]
    assert (info.family, info.variant) == ("sd15", "depth")
    with pytest.raises(ModelRefusedError, match="is made for following a depth picture"):
        load_checkpoint(info, "cpu", root / "configs")


def test_a_single_file_of_a_family_without_configs_is_refused_by_name(single_files):
    root, _ = single_files
    path = root / "checkpoints" / "sd15.safetensors"
    info = ModelInfo("big", "checkpoint", "paperdoll", "original", path, 0)
    with pytest.raises(ModelRefusedError, match=r"family paperdoll; .*sd15, sd2.* are opened"):
        load_checkpoint(info, "cpu", root / "configs")


def test_a_single_file_with_weights_that_have_no_place_is_refused(single_files):
    import torch

    root, _ = single_files
    for name, extra in (
        ("more-unet", "model.diffusion_model.adapter.0.weight"),
        ("more-vae", "first_stage_model.decoder.extra.weight"),
        ("more-text", "cond_stage_model.transformer.text_model.extra.weight"),
    ):
        info = rewritten(
            root, name, lambda tensors, extra=extra: tensors.update({extra: torch.zeros(2)})
        )
        with pytest.raises(ModelRefusedError, match=f"{name}' cannot be loaded: it holds"):
            load_checkpoint(info, "cpu", root / "configs")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float8_e4m3fn"])
def test_a_single_file_of_few_bits_becomes_numbers_to_compute_with(single_files, dtype):
    import torch

    root, parts = single_files

    def shrink(tensors):
        for name, value in tensors.items():
            tensors[name] = value.to(getattr(torch, dtype))

    model = load_checkpoint(rewritten(root, f"few-{dtype}", shrink), "cpu", root / "configs")
    for name, part in parts["sd15"].items():
        loaded = model.components[name].state_dict()
        for weight, value in part.state_dict().items():
            kept = value.to(getattr(torch, dtype)).float()
            assert loaded[weight].dtype == torch.float32, weight
            assert torch.equal(loaded[weight], kept), weight


def test_scaled_weights_of_a_unet_become_their_products(single_files):
    import torch

    root, _ = single_files
    prefix, wide = "model.diffusion_model.", {}

    def scale(tensors):
        own = {name: tensors.pop(name) for name in list(tensors) if name.startswith(prefix)}
        found, _, stands_for = with_scales(own)
        tensors |= found
        wide.update(own | stands_for)

    scaled = load_checkpoint(rewritten(root, "scaled", scale), "cpu", root / "configs")
    plain = rewritten(root, "wide", lambda tensors: tensors.update(wide))
    expected = load_checkpoint(plain, "cpu", root / "configs").denoiser.state_dict()
    assert scaled.weights == ""
    for name, value in scaled.denoiser.state_dict().items():
        assert torch.equal(value, expected[name]), name


def test_a_merge_whose_clip_has_no_text_model_in_its_names_is_the_same_model(single_files):
    import torch

    root, parts = single_files

    def shorten(tensors):
        for name in [name for name in tensors if ".text_model." in name]:
            tensors[name.replace(".text_model.", ".")] = tensors.pop(name)

    model = load_checkpoint(rewritten(root, "merge", shorten), "cpu", root / "configs")
    loaded = model.components["text_encoder"].state_dict()
    for weight, value in parts["sd15"]["text_encoder"].state_dict().items():
        assert torch.equal(loaded[weight], value), weight


# Made for inpainting, or for editing


@pytest.fixture(scope="module")
def widened_files(single_files):
    root, _ = single_files
    for family in ("sd15", "sd2", "sdxl"):
        write_widened(root / "checkpoints", family, f"{family}-inpaint", channels=9)
    write_widened(root / "checkpoints", "sd15", "sd15-edit", channels=8)
    return root


def noise_picture(seed, size=(64, 64)):
    import numpy as np

    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def half_masked(size=(64, 64)):
    mask = Image.new("L", size, 0)
    mask.paste(255, (0, 0, size[0] // 2, size[1]))
    return mask


@pytest.mark.thorough
@pytest.mark.parametrize("family", ["sd15", "sd2", "sdxl"])
def test_a_file_for_inpainting_paints_what_is_masked_and_sees_what_stays(
    widened_files, small_bench, family
):
    bench, name = small_bench, f"{family}-inpaint"
    assert find(widened_files, name).variant == "inpaint"
    mask = bench.keep(half_masked())
    settings = {"mask": mask, "denoising_strength": 1.0, "mask_blur": 0}
    config = PipelineConfig.parse(
        QUICK | {"checkpoint": name, "mode": "inpaint", "inpaint": settings}
    )
    pictures = [noise_picture(1), noise_picture(2)]
    for picture in pictures:  # what is painted starts alike; what stays differs
        picture.paste((90, 90, 90), (0, 0, 32, 64))
    one, other = (bench.enhance(picture, config, save=False).image for picture in pictures)
    stays, painted = (32, 0, 64, 64), (0, 0, 32, 64)
    assert one.crop(stays).tobytes() == pictures[0].crop(stays).tobytes()
    assert one.crop(painted).tobytes() != pictures[0].crop(painted).tobytes()
    assert one.crop(painted).tobytes() != other.crop(painted).tobytes()


def test_its_denoiser_is_told_what_diffusers_tells_it(widened_files, small_bench):
    """As diffusers' inpaint pipeline: mask and latents of the masked picture, after the latents."""
    import numpy as np
    import torch
    from diffusers import StableDiffusionInpaintPipeline

    bench = small_bench
    picture, mask = noise_picture(1), half_masked()
    model = bench.registry.load(find(widened_files, "sd15-inpaint"))
    seen = []
    unet = model.components["unet"]
    hook = unet.conv_in.register_forward_pre_hook(lambda _, given: seen.append(given[0].clone()))
    try:
        settings = {"mask": bench.keep(mask), "denoising_strength": 1.0, "mask_blur": 0}
        config = QUICK | {"checkpoint": "sd15-inpaint", "mode": "inpaint", "inpaint": settings}
        bench.enhance(picture, PipelineConfig.parse(config), save=False)
        ours = seen[0]
        seen.clear()
        components = {**model.components, "safety_checker": None, "feature_extractor": None}
        theirs = StableDiffusionInpaintPipeline(**components, requires_safety_checker=False)
        theirs.set_progress_bar_config(disable=True)
        theirs("a hat", image=picture, mask_image=mask, width=64, height=64, num_inference_steps=1)
    finally:
        hook.remove()
    assert ours.shape[1] == seen[0].shape[1] == 9
    assert torch.equal(ours[:, 4], seen[0][:, 4])
    scaling = model.vae.config.scaling_factor
    # diffusers draws from the VAE's distribution, we take its middle.
    hidden = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None] / 127.5 - 1
    hidden[..., :32] = 0
    with torch.no_grad():
        expected = model.vae.encode(hidden.to(memory_format=torch.channels_last)).latent_dist
    assert torch.allclose(ours[:1, 5:], expected.mode() * scaling, atol=1e-5)
    spread = (seen[0][:1, 5:] / scaling - expected.mean).abs() / expected.std
    assert spread.max() < 6


def test_a_file_for_inpainting_draws_whole_pictures_as_all_masked(widened_files, small_bench):
    bench = small_bench
    runs = [drawn(bench, checkpoint="sd15-inpaint").image for _ in range(2)]
    assert runs[0].size == (64, 64)
    assert runs[0].tobytes() == runs[1].tobytes()
    again = PipelineConfig.parse(
        QUICK | {"checkpoint": "sd15-inpaint", "mode": "img2img", "img2img": {}}
    )
    assert bench.enhance(noise_picture(3), again, save=False).image.size == (64, 64)
    with pytest.raises(ConfigError, match="is made for inpainting"):
        drawn(bench, checkpoint="sd15", handover_checkpoint="sd15-inpaint", switch_at=0.5)


def test_a_file_for_editing_edits_and_does_nothing_else(widened_files, small_bench):
    config = QUICK | {"checkpoint": "sd15-edit"}
    edit = PipelineConfig.parse(config | {"mode": "instruct"})
    picture = noise_picture(4)
    edited = small_bench.enhance(picture, edit, save=False).image
    assert edited.size == picture.size
    assert edited.tobytes() != picture.tobytes()
    with pytest.raises(ModelRefusedError, match="made for editing by instruction"):
        small_bench.execute(PipelineConfig.parse(config), save=False)


def test_a_stage_that_a_checkpoint_is_not_made_for_is_named_before_anything_is_queued(
    widened_files, small_bench
):
    hires = {"enabled": True, "scale": 1.0, "steps": 2, "denoising_strength": 0.5}
    image = small_bench.keep(noise_picture(5))
    for settings, says in (
        ({"checkpoint": "sd15-edit"}, "txt2img: .*not for making pictures"),
        ({"checkpoint": "sdxl-refiner"}, "txt2img: .*only finishes pictures"),
        (
            {"checkpoint": "sd15", "refiner": hires | {"checkpoint": "sd15-edit"}},
            "refiner: checkpoint 'sd15-edit' is made for editing by instruction",
        ),
        (
            {"checkpoint": "sd15-edit", "mode": "instruct", "image": image, "refiner": hires},
            "refiner: checkpoint 'sd15-edit'",
        ),
        (
            {"checkpoint": "sd15", "mode": "instruct", "image": image},
            "instruct: .*not for editing by instruction",
        ),
        (
            {"checkpoint": "sd15", "handover_checkpoint": "sd15-edit", "switch_at": 0.5},
            "handover_checkpoint 'sd15-edit' is made for editing by instruction",
        ),
    ):
        with pytest.raises((ConfigError, ModelRefusedError), match=says):
            small_bench.submit(PipelineConfig.parse(QUICK | settings))


def test_a_file_for_editing_of_sdxl_is_refused_in_the_listing(single_files):
    root, _ = single_files
    write_widened(root / "checkpoints", "sdxl", "sdxl-edit", channels=8)
    with pytest.raises(ModelRefusedError, match="is made for editing by instruction"):
        find(root, "sdxl-edit")


@pytest.mark.thorough
def test_a_refiners_file_finishes_pictures_of_sdxl(small_bench):
    plain, finished = (
        drawn(small_bench, checkpoint="sdxl", handover_checkpoint=other, switch_at=0.5)
        for other in ("", "sdxl-refiner")
    )
    assert plain.image.tobytes() != finished.image.tobytes()


# Other networks in one file


@pytest.fixture(scope="module")
def controlnets(single_files):
    """ControlNets of sd15 in one file each, and the network that they are."""
    import torch
    from diffusers import ControlNetModel

    root, parts = single_files
    network = ControlNetModel.from_unet(
        parts["sd15"]["unet"], conditioning_embedding_out_channels=(16, 32, 96, 256)
    )
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.1)
    network.save_config(root / "configs" / "sd15" / "controlnet")
    original, folder = original_controlnet(network), root / "controlnet"
    write_checkpoint(folder / "bare.safetensors", original)
    write_checkpoint(folder / "prefixed.safetensors", under("control_model", original))
    write_checkpoint(folder / "diffusers.safetensors", network.state_dict())
    whole = under("model.diffusion_model", {"input_blocks.0.0.weight": torch.zeros(1)})
    write_checkpoint(folder / "whole.safetensors", under("control_model", original), whole)
    mark = {"difference": torch.tensor(1.0)}
    write_checkpoint(folder / "difference.safetensors", under("control_model", original), mark)
    lost = {name: one for name, one in original.items() if name != "zero_convs.0.0.weight"}
    write_checkpoint(folder / "lost.safetensors", lost)
    more = {"zero_convs.9.0.weight": torch.zeros(1)}
    write_checkpoint(folder / "more.safetensors", original, more)
    return root, network


def load_control(root, name):
    from medialab.loading.networks import load_controlnet

    info = ModelRegistry(root).find(name, "controlnet")
    return load_controlnet(info, "cpu", root / "configs").network


@pytest.mark.parametrize("name", ["bare", "prefixed", "diffusers", "whole"])
def test_a_controlnet_of_one_file_is_opened_whatever_its_names_begin_with(controlnets, name):
    import torch

    root, network = controlnets
    loaded = load_control(root, name).state_dict()
    assert loaded.keys() == network.state_dict().keys()
    for weight, value in network.state_dict().items():
        assert torch.equal(loaded[weight], value), weight


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("difference", "holds the difference to one checkpoint"),
        ("lost", "cannot be loaded"),
        ("more", "it holds .* weights"),
    ],
)
def test_a_controlnet_that_is_none_by_itself_is_refused(controlnets, name, says):
    root, _ = controlnets
    with pytest.raises(ModelRefusedError, match=says):
        load_control(root, name)


def old_names(state):
    """Weights of a VAE as diffusers wrote them before 0.14."""
    renamed = {}
    for name, value in state.items():
        place = name
        for today, before in (
            (".to_q.", ".query."),
            (".to_k.", ".key."),
            (".to_v.", ".value."),
            (".to_out.0.", ".proj_attn."),
        ):
            place = place.replace(today, before)
        renamed[place] = value
    return renamed


@pytest.mark.parametrize("form", ["file", "folder"])
def test_a_vae_with_the_names_of_2022_is_the_same_vae(tmp_path, form):
    import torch

    from medialab.loading.vaes import load_vae

    torch.manual_seed(3)
    vae = make_vae_of_four_levels()
    before = old_names(vae.state_dict())
    assert before.keys() != vae.state_dict().keys()
    if form == "file":
        write_checkpoint(tmp_path / "vae" / "old.safetensors", before)
    else:
        vae.save_config(tmp_path / "vae" / "old")
        write_checkpoint(
            tmp_path / "vae" / "old" / "diffusion_pytorch_model.safetensors",
            before,
            metadata={"format": "pt"},
        )
    (info,) = ModelRegistry(tmp_path).models("vae")
    assert info.refused is None
    loaded = load_vae(info, make_vae_of_four_levels(), "cpu").network.state_dict()
    assert loaded.keys() == vae.state_dict().keys()
    for weight, value in vae.state_dict().items():
        assert torch.equal(loaded[weight], value), weight


def test_a_checkpoint_without_its_vae_runs_with_one_of_the_folder(single_files, tmp_path):
    import torch
    from safetensors.torch import load_file

    source, _ = single_files
    root = tmp_path / "models"
    shutil.copytree(source / "configs", root / "configs")
    torch.manual_seed(4)
    vae = make_vae_of_four_levels()
    vae.save_config(root / "configs" / "sd15" / "vae")
    own = original_vae(vae)
    tensors = load_file(source / "checkpoints" / "sd15.safetensors")
    rest = {name: one for name, one in tensors.items() if "first_stage_model" not in name}
    write_checkpoint(root / "checkpoints" / "whole.safetensors", rest, own)
    write_checkpoint(root / "checkpoints" / "bare.safetensors", rest)
    write_checkpoint(root / "vae" / "mine.safetensors", vae.state_dict())
    info = find(root, "bare")
    assert (info.refused, info.lacks_vae, info.family) == (None, True, "sd15")
    with workbench_of(root, tmp_path) as bench:
        says = r"txt2img: checkpoint 'bare' has no VAE: set vae to .*\(mine\)"
        with pytest.raises(ConfigError, match=says) as fault:
            bench.submit(PipelineConfig.parse(QUICK | {"checkpoint": "bare"}))
        assert fault.value.choices == ("mine",)
        whole = drawn(bench, checkpoint="whole").image
        assert drawn(bench, checkpoint="bare", vae="mine").image.tobytes() == whole.tobytes()
        refiner = {"enabled": True, "scale": 1.0, "denoising_strength": 0.5, "checkpoint": "bare"}
        with pytest.raises(ConfigError, match=r"refiner: .* set refiner\.vae to one"):
            drawn(bench, checkpoint="whole", refiner=refiner)
        model = bench.registry.load(info)
        with pytest.raises(ModelRefusedError, match="lacks its VAE: choose one"):
            model.vae.encode(None)


# What it says of itself


NONE = "a marker, without a number in it"
SAYINGS = {
    "silent": ({}, None, ("epsilon", False)),
    "marked": ({"v_pred": NONE}, None, ("v_prediction", False)),
    "marked-zero": ({"v_pred": NONE, "ztsnr": NONE}, None, ("v_prediction", True)),
    "zero-alone": ({"ztsnr": NONE}, None, ("epsilon", True)),
    "modelspec": ({}, {"modelspec.prediction_type": "v"}, ("v_prediction", False)),
    "modelspec-epsilon": ({}, {"modelspec.prediction_type": "epsilon"}, ("epsilon", False)),
    "kohya": (
        {},
        {"ss_v_parameterization": "True", "ss_zero_terminal_snr": "True"},
        ("v_prediction", True),
    ),
    "modelspec-words": ({}, {"modelspec.prediction_type": " V-Pred "}, ("v_prediction", False)),
    "modelspec-nothing": ({}, {"modelspec.prediction_type": "None"}, ("epsilon", False)),
    # What no sampler here knows is no epsilon.
    "modelspec-flow": (
        {},
        {"modelspec.prediction_type": "Rectified flow"},
        ("flow_prediction", False),
    ),
    "kohya-epsilon": ({}, {"ss_v_parameterization": "False"}, ("epsilon", False)),
    # A merge copies metadata from anywhere; whoever adds a marker means it.
    "contrary": (
        {"v_pred": NONE},
        {"modelspec.prediction_type": "epsilon"},
        ("v_prediction", False),
    ),
}


def saying(root, family, name, markers, metadata):
    """A copy of a family's tiny file that says something of itself."""
    import torch
    from safetensors.torch import load_file

    tensors = load_file(root / "checkpoints" / f"{family}.safetensors")
    tensors |= {marker: torch.tensor([]) for marker in markers}
    path = root / "checkpoints" / f"{name}.safetensors"
    write_checkpoint(path, tensors, metadata=metadata)
    return find(root, name)


@pytest.fixture(scope="module")
def sayings(single_files):
    root, _ = single_files
    for name, (markers, metadata, _) in SAYINGS.items():
        saying(root, "sdxl", name, markers, metadata)
    return root


@pytest.mark.thorough
@pytest.mark.parametrize("name", SAYINGS)
def test_a_listing_tells_what_a_file_says_it_predicts(sayings, name):
    info = find(sayings, name)
    assert (info.prediction_type, info.zero_terminal_snr) == SAYINGS[name][2]


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["silent", "marked", "marked-zero", "kohya"])
def test_a_file_is_run_as_it_says(sayings, name):
    config = (
        load_checkpoint(find(sayings, name), "cpu", sayings / "configs")
        .components["scheduler"]
        .config
    )
    told = config["prediction_type"], config.get("rescale_betas_zero_snr", False)
    assert told == SAYINGS[name][2]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (None, "v_prediction"),
        ({"modelspec.prediction_type": "epsilon"}, "epsilon"),
        ({"ss_v_parameterization": "False"}, "epsilon"),
    ],
)
def test_stable_diffusion_2_predicts_v_unless_it_says_otherwise(single_files, metadata, expected):
    root, _ = single_files
    info = saying(root, "sd2", f"sd2-{expected}-{len(metadata or {})}", (), metadata)
    assert info.prediction_type == expected
    scheduler = load_checkpoint(info, "cpu", root / "configs").components["scheduler"]
    assert scheduler.config["prediction_type"] == expected


@pytest.mark.parametrize("marker", ["edm_mean", "edm_vpred.sigma_max"])
def test_a_file_trained_with_edms_noise_is_refused_in_the_listing(single_files, marker):
    root, _ = single_files
    with pytest.raises(ModelRefusedError, match="trained with EDM's noise"):
        saying(root, "sdxl", "edm", (marker,), None)


@pytest.fixture
def small_bench(single_files, tmp_path):
    """A workbench over the tiny files, built after the tiny configs."""
    root, _ = single_files
    with workbench_of(root, tmp_path) as bench:
        yield bench


@pytest.fixture
def sdxl_bench(sayings, small_bench):
    """The same, with files that say something of themselves."""
    return small_bench


QUICK = {
    "prompt": "a hat",
    "seed": 5,
    "steps": 4,
    "width": 64,
    "height": 64,
    "sampler": "Euler",
    "schedule": "normal",
    "guidance_scale": 3.0,
}


def drawn(bench, **settings):
    return bench.execute(PipelineConfig.parse(QUICK | settings), save=False)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["marked", "marked-zero"])
def test_its_picture_is_that_of_diffusers_with_such_a_scheduler(sdxl_bench, single_files, name):
    import torch
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline
    from transformers import CLIPTokenizer

    root, parts = single_files
    run = drawn(sdxl_bench, checkpoint=name)
    own = root / "configs" / SHARED_TOKENIZER
    _, zero = SAYINGS[name][2]
    pipeline = StableDiffusionXLPipeline(
        **parts["sdxl"],
        **{
            name: CLIPTokenizer.from_pretrained(own, pad_token=pad)
            for name, pad in SINGLE_FILES["sdxl"].tokenizers.items()
        },
        scheduler=EulerDiscreteScheduler(
            prediction_type="v_prediction",
            rescale_betas_zero_snr=zero,
            timestep_spacing="linspace",
        ),
    )
    pipeline.set_progress_bar_config(disable=True)
    for part in ("unet", "vae"):
        getattr(pipeline, part).to(memory_format=torch.channels_last)
    expected = pipeline(
        "a hat",
        width=64,
        height=64,
        num_inference_steps=4,
        guidance_scale=3.0,
        generator=torch.Generator("cpu").manual_seed(5),
    ).images[0]
    assert run.image.tobytes() == expected.tobytes()
    (applied,) = [one["applied"] for one in run.record["stages"] if one["name"] == "txt2img"]
    assert applied["prediction_type"] == "v_prediction"


@pytest.mark.thorough
def test_a_setting_overrides_what_a_file_says(sdxl_bench):
    silent, marked = (drawn(sdxl_bench, checkpoint=name) for name in ("silent", "marked"))
    assert silent.image.tobytes() != marked.image.tobytes()
    for name, said, expected in (
        ("silent", "v_prediction", marked),
        ("marked", "epsilon", silent),
        ("marked", "automatic", marked),
    ):
        run = drawn(sdxl_bench, checkpoint=name, prediction_type=said)
        assert run.image.tobytes() == expected.image.tobytes(), (name, said)
    assert run.config.prediction_type == "automatic"
    with pytest.raises(ConfigError, match="prediction_type='flow'"):
        PipelineConfig.parse({"prediction_type": "flow"})


@pytest.mark.thorough
def test_a_stages_own_checkpoint_is_run_as_that_one_says(sdxl_bench):
    # The base's word is the base's: both stages draw with the same weights.
    both = {"checkpoint": "silent", "prediction_type": "epsilon"}
    refiner = {"enabled": True, "scale": 1.0, "steps": 2, "denoising_strength": 0.5}
    own = drawn(sdxl_bench, **both, refiner=refiner | {"checkpoint": "marked"})
    said = drawn(sdxl_bench, **both, refiner=refiner | {"prediction_type": "v_prediction"})
    base = drawn(sdxl_bench, **both, refiner=refiner)
    assert own.image.tobytes() == said.image.tobytes() != base.image.tobytes()
    stages = {one["name"]: one["applied"] for one in own.record["stages"]}
    assert stages["txt2img"]["prediction_type"] == "epsilon"
    assert stages["refiner"]["prediction_type"] == "v_prediction"


@pytest.mark.thorough
def test_a_checkpoint_that_takes_over_predicts_as_it_says(sdxl_bench):
    taken = {"checkpoint": "silent", "switch_at": 0.5}
    plain = drawn(sdxl_bench, checkpoint="silent")
    to_v = drawn(sdxl_bench, **taken, handover_checkpoint="marked")
    # Over to the same weights, which say the same as the base: nothing changes.
    same = drawn(sdxl_bench, **taken, handover_checkpoint="modelspec-epsilon")
    assert same.image.tobytes() == plain.image.tobytes() != to_v.image.tobytes()
    with pytest.raises(ConfigError, match=r"'marked-zero' was trained with another noise than"):
        drawn(sdxl_bench, **taken, handover_checkpoint="marked-zero")


def test_a_sampler_that_does_not_know_zero_snr_is_refused_before_anything_is_loaded(sdxl_bench):
    config = PipelineConfig.parse(QUICK | {"checkpoint": "marked-zero", "sampler": "Heun"})
    with pytest.raises(ConfigError, match=r"txt2img, checkpoint 'marked-zero': sampler 'Heun'"):
        sdxl_bench.submit(config)


def test_the_override_is_in_the_infotext_and_the_sidecar(sdxl_bench):
    from medialab.infotext import text as infotext

    config = PipelineConfig.parse(
        QUICK | {"checkpoint": "silent", "prediction_type": "v_prediction"}
    )
    run = sdxl_bench.execute(config)
    sidecar = json.loads(run.artifact.path.with_suffix(".json").read_text())
    assert sidecar["config"]["prediction_type"] == "v_prediction"
    with Image.open(run.artifact.path) as picture:
        text = picture.info["parameters"]
    assert infotext.read(text).settings["prediction_type"] == "v_prediction"


@pytest.mark.parametrize(
    ("part", "numbers"),
    [
        # Parameters, as the published weights have them.
        ("sd15/unet", 859_520_964),
        ("sd15/vae", 83_653_863),
        ("sd15/text_encoder", 123_060_480),
        ("sdxl/unet", 2_567_463_684),
        ("sdxl/vae", 83_653_863),
        ("sdxl/text_encoder", 123_060_480),
        ("sdxl/text_encoder_2", 694_659_840),
        ("sd2/unet", 865_910_724),
        ("sd2/vae", 83_653_863),
        ("sd2/text_encoder", 340_387_840),
        ("sdxl-refiner/unet", 2_259_526_660),
        ("sdxl-refiner/text_encoder_2", 694_659_840),
    ],
)
def test_the_shipped_configs_build_models_of_the_published_size(part, numbers):
    import diffusers
    import torch
    import transformers

    folder = CONFIGS / part
    name = json.loads((folder / "config.json").read_text())
    with torch.device("meta"):
        if "_class_name" in name:
            made = getattr(diffusers, name["_class_name"]).from_config(name)
        else:
            config = transformers.CLIPTextConfig.from_pretrained(folder)
            made = getattr(transformers, name["architectures"][0])(config)
    assert sum(weight.numel() for weight in made.parameters()) == numbers


@pytest.mark.parametrize("family", SINGLE_FILES)
def test_every_part_of_a_shipped_family_has_its_config(family):
    index = json.loads((CONFIGS / family / "model_index.json").read_text())
    made = SINGLE_FILES[family]
    assert index["_class_name"] == made.pipeline
    named = {name for name, value in index.items() if isinstance(value, list) and value[0]}
    assert named == {"unet", "vae", "scheduler", *made.encoders, *made.tokenizers}
    for name in named - set(made.tokenizers):
        assert list((CONFIGS / family / name).glob("*config.json")), name


def test_the_shipped_tokenizer_is_clips_own():
    from transformers import CLIPTokenizer

    folder = CONFIGS / SHARED_TOKENIZER
    tokenizer = CLIPTokenizer.from_pretrained(
        folder,
        pad_token=SINGLE_FILES["sdxl"].tokenizers["tokenizer_2"],
        local_files_only=True,
    )
    assert len(tokenizer) == 49_408
    # The ids that OpenAI's CLIP gives this sentence.
    assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
    assert (tokenizer.model_max_length, tokenizer.pad_token_id) == (77, 0)
