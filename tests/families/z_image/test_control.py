"""Z-Image follows ControlNets as diffusers does, and in tasks that it has no pipeline for."""

import numpy as np
import pytest
import torch
from diffusers import ZImageControlNetPipeline, ZImagePipeline
from PIL import Image

from medialab import PipelineConfig
from medialab.errors import ConfigError, ModelRefusedError
from medialab.families.capabilities import Followed
from medialab.families.z_image.control import CONTROL, LENT
from medialab.families.z_image.denoiser import Transformer
from medialab.settings.control_units import ControlUnit
from tests.records import applied
from tests.tiny.z_image import make_controlnet, write_z_image

NAME = "tiny-z"
QUICK = {
    "checkpoint": NAME,
    "prompt": "a red ball",
    "sampler": "Euler",
    "steps": 4,
    "width": 64,
    "height": 64,
    "seed": 3,
    "guidance_scale": 2.0,
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("z") / "models"
    write_z_image(folder / "checkpoints" / NAME)
    make_controlnet().save_pretrained(folder / "controlnet" / "edges")
    make_controlnet(reads=33).save_pretrained(folder / "controlnet" / "edges-2")
    make_controlnet(width=192).save_pretrained(folder / "controlnet" / "wide")
    return folder


@pytest.fixture(scope="module")
def shown():
    levels = np.random.default_rng(4).integers(0, 256, (64, 64, 3), np.uint8)
    return Image.fromarray(levels)


@pytest.fixture
def drawn(bench, shown):
    """Runs a config with units, and returns the run."""

    def run(*units, **settings):
        kept = bench.keep(shown)
        control = [{"model": "edges", "image": kept, **unit} for unit in units]
        return bench.execute(
            PipelineConfig.parse(QUICK | {"control": control} | settings), save=False
        )

    return run


@pytest.mark.thorough
@pytest.mark.parametrize(("model", "reads"), [("edges", 16), ("edges-2", 33)])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_text_to_image_with_a_unit_is_that_of_diffusers(models, drawn, shown, model, reads, scale):
    plain = ZImagePipeline.from_pretrained(models / "checkpoints" / NAME, local_files_only=True)
    pipeline = ZImageControlNetPipeline(**plain.components, controlnet=make_controlnet(reads=reads))
    pipeline.set_progress_bar_config(disable=True)
    pipeline.vae.to(memory_format=torch.channels_last)
    expected = pipeline(
        "a red ball",
        control_image=shown,
        controlnet_conditioning_scale=0.7,
        width=64,
        height=64,
        num_inference_steps=4,
        guidance_scale=scale - 1,
        generator=torch.Generator("cpu").manual_seed(3),
    ).images[0]
    run = drawn({"model": model, "weight": 0.7}, guidance_scale=scale)
    assert run.image.tobytes() == expected.tobytes()
    assert applied(run)["control"][0]["model"] == model
    assert run.image.tobytes() != drawn().image.tobytes()


@pytest.mark.parametrize("mode", ["img2img", "inpaint", "outpaint"])
def test_modes_that_start_from_a_picture_follow_units_too(bench, drawn, shown, mode):
    picture = bench.keep(Image.new("RGB", (64, 64), "teal"))
    settings = {"mode": mode, "image": picture}
    if mode == "inpaint":
        settings["inpaint"] = {"mask": bench.keep(Image.new("L", (64, 64), 255))}
    with_one, without = drawn({}, **settings), drawn(**settings)
    assert with_one.image.tobytes() != without.image.tobytes()
    assert applied(with_one, mode)["control"][0]["weight"] == 1.0


def test_the_hires_fix_follows_a_unit_of_its_own(bench, drawn, shown):
    unit = {"model": "edges", "image": bench.keep(shown)}
    larger = {"enabled": True, "scale": 1.5, "steps": 2}
    with_one = drawn(refiner=larger | {"control": [unit]})
    assert with_one.image.tobytes() != drawn(refiner=larger).image.tobytes()


def test_a_unit_is_followed_in_its_share_of_the_steps_alone(drawn):
    pictures = [drawn(unit).image.tobytes() for unit in ({}, {"end": 0.5}, {"start": 0.5})]
    assert len({*pictures, drawn().image.tobytes()}) == 4
    # No whole step lies in the last eighth of four.
    assert drawn({"start": 0.875}).image.tobytes() == drawn().image.tobytes()


def test_several_units_add_up(drawn):
    once = np.asarray(drawn({"weight": 0.6}).image).astype(int)
    twice = np.asarray(drawn({"weight": 0.3}, {"weight": 0.3}).image).astype(int)
    assert np.abs(once - twice).max() <= 1


def test_an_and_follows_a_unit_with_each_of_its_prompts(drawn):
    once = np.asarray(drawn({}).image).astype(int)
    both = drawn({}, prompt="a red ball :0.5 AND a red ball :0.5")
    assert np.abs(once - np.asarray(both.image)).max() <= 1
    other = drawn({}, prompt="a red ball AND a blue hat on a table")
    assert np.abs(once - np.asarray(other.image)).max() > 1


def test_after_a_run_the_controlnet_holds_nothing_of_the_checkpoint(bench, drawn):
    drawn({})
    network = bench.registry.load(bench.registry.find("edges", "controlnet")).network
    assert all(getattr(network, name) is None for name in LENT)
    assert set(network.state_dict()) == set(make_controlnet().state_dict())


def test_one_for_a_transformer_of_another_size_is_refused_by_name(drawn):
    with pytest.raises(ModelRefusedError, match=r"width 192 .* this z-image .* width 96"):
        drawn({"model": "wide"})


def test_a_handover_with_units_is_refused_before_anything_is_loaded(bench, drawn):
    with pytest.raises(ConfigError, match=r"handover_checkpoint .* take control away"):
        drawn({}, handover_checkpoint=NAME, switch_at=0.5)
    assert not bench.registry.nbytes


@torch.inference_mode()
def test_prompts_one_after_another_are_followed_as_they_are_together(models):
    pipeline = ZImagePipeline.from_pretrained(models / "checkpoints" / NAME, local_files_only=True)
    network, control = pipeline.transformer, make_controlnet()
    pipeline._num_timesteps = 2
    generator = torch.Generator().manual_seed(1)
    latents = [torch.randn(16, 1, 8, 8, generator=generator) for _ in range(2)]
    texts = [torch.randn(length, 64, generator=generator) for length in (3, 40)]
    time = torch.tensor([0.3, 0.3])
    followed = [
        Followed(control, torch.randn(1, 16, 8, 8, generator=generator), ControlUnit(model="any"))
    ]
    plain = network(latents, time, texts, return_dict=False)[0]
    with CONTROL.following(pipeline, network, followed):
        together = network(latents, time, texts, return_dict=False)[0]
    denoiser = Transformer()
    with denoiser.rows_apart(network), denoiser.rows_apart(control):
        network.forward.rows_apart = True  # as medialab.diffusion.low_memory marks it
        with CONTROL.following(pipeline, network, followed):
            apart = network(latents, time, texts, return_dict=False)[0]
    for one, other, without in zip(together, apart, plain, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
        assert not torch.allclose(one, without, atol=1e-2)
    assert "forward" not in vars(network)
