"""LoRAs of Z-Image in every form: the network's weights are those that diffusers fuses."""

from types import SimpleNamespace

import pytest
import torch
from diffusers import ZImagePipeline

from medialab import PipelineConfig
from medialab.families import RUNNING
from medialab.families.z_image.lora import LORAS
from medialab.loading.checkpoint import LoadedCheckpoint
from medialab.lora import LoRAManager, LoRAUse
from tests.lora.layers import written as write
from tests.tiny.transformer_loras import (
    KOHYA,
    PEFT,
    PEFT_DEFAULT,
    changed,
    fused_by_diffusers,
    joined_sides,
    linears,
    lokr,
    weights,
    written,
)
from tests.tiny.z_image import make_pipeline, write_z_image

BLOCKS = ("layers.", "noise_refiner.", "context_refiner.")
JOINED = {
    f"{stack}.{n}.attention.qkv": tuple(f"{stack}.{n}.attention.to_{one}" for one in "qkv")
    for stack, count in (("layers", 2), ("noise_refiner", 1), ("context_refiner", 1))
    for n in range(count)
}


def in_blocks(sides):
    return {name: side for name, side in sides.items() if name.startswith(BLOCKS)}


def original(sides):
    return {
        name.replace("to_out.0", "out"): side for name, side in joined_sides(sides, JOINED).items()
    }


def named_twice(sides):
    """Anime-Z's: query, key and value alone and joined, the output by both names."""
    own = written(in_blocks(sides), "lora_unet_", KOHYA, flat=True, alpha=2)
    both = written(original(in_blocks(sides)), "lora_unet_", KOHYA, flat=True, alpha=2)
    return {name: value.clone() for name, value in (both | own).items()}


FORMS = {
    "diffusers": lambda sides: written(sides, "transformer.", PEFT),
    "ai-toolkit": lambda sides: written(sides, "diffusion_model.", PEFT),
    "peft": lambda sides: written(sides, "", PEFT_DEFAULT),
    "with alphas": lambda sides: written(sides, "diffusion_model.", PEFT, alpha=2),
    "musubi-tuner": lambda sides: written(sides, "diffusion_model.", KOHYA, alpha=2),
    "kohya": lambda sides: written(sides, "lora_unet_", KOHYA, flat=True, alpha=2),
    "kohya, joined": lambda sides: written(
        original(in_blocks(sides)), "lora_unet_", KOHYA, flat=True, alpha=8
    ),
    "named twice": named_twice,
    "LoKr": lambda sides: lokr(in_blocks(sides), "diffusion_model."),
    "LoKr of low rank": lambda sides: lokr(in_blocks(sides), "diffusion_model.", alpha=4),
}


@pytest.fixture(scope="module")
def model():
    components = make_pipeline().components
    return LoadedCheckpoint(
        SimpleNamespace(components=components), RUNNING["z-image"], "cpu", torch.float32
    )


@pytest.mark.thorough
@pytest.mark.parametrize("weight", [1.0, 0.5, -1.0])
@pytest.mark.parametrize("form", FORMS)
def test_the_weights_are_those_of_diffusers_and_afterwards_those_of_before(
    model, form, weight, tmp_path
):
    path = write(tmp_path, FORMS[form](linears(model.components["transformer"])))
    before = weights(model.components)
    with LoRAManager().apply_loras(model, [LoRAUse(path, weight)], calls=20) as applied:
        ours = weights(model.components)
    assert not changed(before, weights(model.components))
    expected = fused_by_diffusers(make_pipeline(), path, weight)
    assert not changed(expected, ours)
    assert len(changed(before, ours)) > 20
    (report,) = applied.reports
    assert (report.family, report.rank) == ("z-image", 4 if "LoKr" not in form else report.rank)
    assert bool(report.unmatched) == (form == "named twice")
    assert LORAS is model.family.loras


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("z") / "models"
    write_z_image(folder / "checkpoints" / "tiny-z")
    (folder / "loras").mkdir()
    sides = linears(make_pipeline().transformer)
    write(folder / "loras", FORMS["kohya, joined"](sides), "ink")
    return folder


def drawn_by_diffusers(models, steps, weight, *, fused):
    pipeline = ZImagePipeline.from_pretrained(
        models / "checkpoints" / "tiny-z", local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.vae.to(memory_format=torch.channels_last)
    pipeline.load_lora_weights(models / "loras" / "ink.safetensors", adapter_name="ink")
    pipeline.set_adapters(["ink"], [weight])
    if fused:
        pipeline.fuse_lora()
    return pipeline(
        "a red ball",
        width=64,
        height=64,
        num_inference_steps=steps,
        guidance_scale=0.0,
        generator=torch.Generator("cpu").manual_seed(3),
    ).images[0]


@pytest.mark.thorough
@pytest.mark.parametrize("weight", [1.0, -0.5])
@pytest.mark.parametrize(("steps", "mode"), [(1, "attached"), (2, "merged")])
def test_pictures_are_those_of_diffusers_and_without_it_those_of_before(
    bench, models, steps, mode, weight
):
    config = {
        "checkpoint": "tiny-z",
        "prompt": "a red ball",
        "sampler": "Euler",
        "steps": steps,
        "width": 64,
        "height": 64,
        "seed": 3,
        "guidance_scale": 1.0,
    }
    plain = bench.execute(PipelineConfig(**config)).image.tobytes()
    run = bench.execute(PipelineConfig(**config, loras=[{"name": "ink", "weight": weight}]))
    expected = drawn_by_diffusers(models, steps, weight, fused=mode == "merged")
    assert run.image.tobytes() == expected.tobytes() != plain
    told = next(one for one in run.record["stages"] if one["name"] == "txt2img")["applied"]
    assert told["loras_are"] == mode
    assert [(one["name"], one["family"]) for one in told["loras"]] == [("ink", "z-image")]
    assert "unmatched" not in told["loras"][0]
    bench.cache.clear()
    assert bench.execute(PipelineConfig(**config)).image.tobytes() == plain
