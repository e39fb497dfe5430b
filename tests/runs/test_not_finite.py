"""Values that are no numbers: once more in float32, told, and never a black picture."""

import numpy as np
import pytest
import torch
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.diffusion.drawing import Drawing
from medialab.diffusion.encoding import encode
from medialab.errors import NotFiniteError
from medialab.loading.registry import ModelRegistry
from medialab.loading.upscalers import Upscaler, compact_network
from medialab.process.retries import in_float32

QUICK = {"prompt": "a red ball", "steps": 2, "width": 64, "height": 64, "seed": 7}
WHY = "NaN"


def quick(**settings):
    return PipelineConfig(**QUICK | settings)


@pytest.fixture
def model(bench):
    return bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))


def retries(run, stage):
    found = next(one for one in run.record["stages"] if one["name"] == stage)
    return found["applied"].get("retries", [])


def part_of(model, name):
    vae = model.components["vae"]
    return {"decoder": vae.decoder, "encoder": vae.encoder}.get(name) or model.components[name]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("network", "stage", "part"),
    [
        ("decoder", "txt2img", "the VAE's decoder"),
        ("encoder", "face", "the VAE's encoder"),
        ("unet", "txt2img", "txt2img"),
    ],
)
def test_pain_19_nan_once_is_computed_again_and_told(
    bench, model, spoiling, checksum, network, stage, part
):
    config = quick(face={"enabled": True, "detector": "centre"})
    clean = bench.execute(config)
    assert retries(clean, stage) == []
    before = checksum(model)
    bench.cache.clear()
    model._cached.clear()  # the crop was encoded before
    spoiling(part_of(model, network), 1)
    run = bench.execute(config)
    assert retries(run, stage) == [
        {"part": part, "why": WHY, "how": "in float32", "same_pixels": True}
    ]
    assert run.image.tobytes() == clean.image.tobytes()
    assert checksum(model) == before


@pytest.mark.parametrize("network", ["decoder", "unet"])
def test_pain_19_nan_for_ever_is_a_named_error_and_nothing_is_saved(
    bench, model, spoiling, tmp_path, network
):
    spoiling(part_of(model, network), 10**6)
    with pytest.raises(NotFiniteError, match=r"^txt2img: .*NaN.*; float32 did not help") as raised:
        bench.execute(quick(sampler="Heun"))
    assert ("sampler 'Heun'" in str(raised.value)) == (network == "unet")
    assert not list((tmp_path / "outputs").rglob("*.png"))


def test_no_text_is_remembered_as_nan(bench, model, spoiling):
    clean = bench.execute(quick())
    bench.cache.clear()
    model.cached("encoded texts", dict).clear()
    spoiling(model.components["text_encoder"].get_input_embeddings(), 1)
    run = bench.execute(quick())
    assert [one["part"] for one in retries(run, "prompt")] == ["prompt"]
    assert run.image.tobytes() == clean.image.tobytes()


@pytest.fixture
def half_bench(tiny_models, tmp_path, monkeypatch):
    """A workbench whose checkpoint is float16, as on a GPU without bfloat16."""
    monkeypatch.setattr("medialab.loading.checkpoint.pick_dtype", lambda *_: torch.float16)
    with Workbench(tiny_models, tmp_path / "half", device="cpu") as workbench:
        yield workbench


def overflowing(module):
    """Weights that are plain numbers in float16, with an outcome that is none there.

    The layers' norms take the size out again: in float32 all is well, as with SDXL's VAE.
    """
    with torch.no_grad():
        for weight in module.parameters():
            weight.copy_(3e4 * weight.float() / weight.float().abs().max())


def test_a_float16_vae_that_overflows_is_cured_by_float32(half_bench, checksum):
    model = half_bench.registry.load(half_bench.registry.find("paperdoll", "checkpoint"))
    vae = model.components["vae"]
    overflowing(vae.decoder.mid_block.resnets[0].conv2)
    before = checksum(model)
    run = half_bench.execute(quick(face={"enabled": True, "detector": "centre"}))
    assert {one["part"] for one in retries(run, "txt2img")} == {"the VAE's decoder"}
    assert {one["part"] for one in retries(run, "face")} == {"the VAE's decoder"}
    assert np.asarray(run.image).std() > 1
    assert vae.dtype == torch.float16
    assert checksum(model) == before


def test_a_float16_denoiser_that_overflows_is_cured_by_float32_for_the_whole_stage(
    half_bench, checksum
):
    model = half_bench.registry.load(half_bench.registry.find("paperdoll", "checkpoint"))
    overflowing(model.components["unet"].conv_in)
    before = checksum(model)
    run = half_bench.execute(quick())
    assert [one["part"] for one in retries(run, "txt2img")] == ["txt2img"]
    assert np.asarray(run.image).std() > 1
    assert (model.dtype, model.components["unet"].dtype) == (torch.float16, torch.float16)
    assert checksum(model) == before
    # The same settings come to the same pixels, with the retry and from the cache.
    half_bench.cache.clear()
    assert half_bench.execute(quick()).image.tobytes() == run.image.tobytes()


def test_bfloat16_weights_go_up_and_come_back_bit_for_bit(tiny_models, monkeypatch, checksum):
    monkeypatch.setattr("medialab.loading.checkpoint.pick_dtype", lambda *_: torch.bfloat16)
    registry = ModelRegistry(tiny_models, device="cpu")
    model = registry.load(registry.find("paperdoll", "checkpoint"))
    # As some networks do by themselves: one part of it is float32 already.
    model.components["unet"].conv_out.float()
    before = checksum(model)
    low = encode(Drawing(model), "a red ball", "").embeddings()["prompt_embeds"]
    with model.in_float32():
        assert {one.dtype for one in model.components["unet"].parameters()} == {torch.float32}
        high = encode(Drawing(model), "a red ball", "").embeddings()["prompt_embeds"]
    assert checksum(model) == before
    assert (low.dtype, high.dtype) == (torch.bfloat16, torch.float32)
    assert torch.equal(encode(Drawing(model), "a red ball", "").embeddings()["prompt_embeds"], low)
    registry.unload_all()


def test_an_error_while_weights_are_float32_brings_them_back(model):
    unet = model.components["unet"].to(torch.bfloat16)
    with pytest.raises(KeyError), in_float32(unet):
        raise KeyError
    assert unet.dtype == torch.bfloat16


def test_an_upscaler_that_gives_nan_is_an_error_and_no_black_tile(spoiling):
    network = compact_network(features=8, layers=1, scale=2)
    upscaler = Upscaler(network, 2, "cpu")
    spoiling(network, 1)
    with pytest.raises(NotFiniteError, match="the upscaler produced NaN"):
        upscaler.enlarge(Image.new("RGB", (64, 64)))
