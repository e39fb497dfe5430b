"""With a LoRA, every family of flow matching draws what diffusers draws that has loaded it.

A family joins by its line in tests/tiny/by_hand.py.
"""

import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.errors import ConfigError
from medialab.families import RUNNING
from tests.alike import are_alike
from tests.lora.layers import written as write
from tests.records import applied
from tests.tiny.by_hand import BY_HAND, ByHand
from tests.tiny.families import write_families
from tests.tiny.transformer_loras import PEFT, linears, written

PROMPT = "a red ball"
each = pytest.mark.parametrize("name", BY_HAND)


@pytest.fixture(scope="module")
def models(tmp_path_factory, tiny_models):
    """A tiny checkpoint of each family, called like it."""
    paperdoll = tiny_models / "checkpoints" / "paperdoll"
    root = tmp_path_factory.mktemp("by_hand") / "models"
    write_families(root, BY_HAND, paperdoll)
    (root / "loras").mkdir()
    return root


@pytest.fixture
def hand(models, name):
    return ByHand(models / "checkpoints" / name, BY_HAND[name], RUNNING[name].latents.channels)


def pipeline_of(hand):
    """diffusers' pipeline that draws from a prompt."""
    return getattr(hand.draws, "pipeline", hand.draws)


@pytest.fixture
def lora(models, hand, name):
    """The file of a LoRA of the first blocks' layers, and of CLIPs' where diffusers reads any."""
    pipeline = pipeline_of(hand)
    sides = linears(pipeline.transformer)
    blocks = tuple(f"{one}.0." for one in RUNNING[name].loras.blocks[0])
    first = {one: side for one, side in sides.items() if one.startswith(blocks)}
    tensors = written(first, "transformer.", PEFT)
    for part in pipeline._lora_loadable_modules:
        if part != "transformer":
            of_part = linears(getattr(pipeline, part))
            of_part = {one: side for one, side in of_part.items() if "q_proj" in one}
            tensors |= written(of_part, f"{part}.", PEFT)
    # Flux.1's and Chroma's layers are alike: the trainer's word tells them.
    return write(models / "loras", tensors, f"for {name}", {"ss_base_model_version": name})


def loaded(hand, path, weight):
    """diffusers' pipelines with a LoRA: fused in the transformer, beside a CLIP's layers."""
    pipeline = pipeline_of(hand)
    pipeline.load_lora_weights(path, adapter_name="style")
    pipeline.set_adapters(["style"], [weight])
    pipeline.fuse_lora(components=["transformer"])
    return hand


def quick(name, **settings):
    """Return a config for a small picture of few steps."""
    small = {
        "checkpoint": name,
        "prompt": PROMPT,
        "sampler": RUNNING[name].defaults.sampler,
        "guidance_scale": 1.0,
        "width": 64,
        "height": 64,
        "steps": 2,
        "seed": 3,
    }
    return PipelineConfig.parse(small | settings)


@pytest.mark.thorough
@each
@pytest.mark.parametrize("weight", [1.0, -0.5])
def test_pictures_are_those_of_diffusers_and_without_it_those_of_before(
    name, weight, bench, hand, lora
):
    plain = bench.execute(quick(name), save=False).image.tobytes()
    asked = [{"name": lora.stem, "weight": weight}]
    run = bench.execute(quick(name, loras=asked), save=False)
    expected = loaded(hand, lora, weight).draw(PROMPT, scale=1.0)
    assert are_alike(run.image, expected)
    assert run.image.tobytes() != plain
    (one,) = applied(run, "txt2img")["loras"]
    assert (one["name"], one["kinds"], "unmatched" in one) == (lora.stem, ["lora"], False)
    bench.cache.clear()
    assert bench.execute(quick(name), save=False).image.tobytes() == plain


@pytest.mark.thorough
@each
def test_a_stage_without_loras_of_its_own_does_without_those_of_the_picture(
    name, bench, models, hand, lora
):
    larger = {"enabled": True, "scale": 1.5, "upscaler": "lanczos", "denoising_strength": 0.5}
    config = quick(name, loras=[{"name": lora.stem}], refiner={**larger, "steps": 2, "loras": []})
    run = bench.execute(config, save=False)
    assert "loras" not in applied(run, "refiner")
    plain = ByHand(models / "checkpoints" / name, BY_HAND[name], RUNNING[name].latents.channels)
    first = loaded(hand, lora, 1.0).draw(PROMPT, scale=1.0)
    start = first.resize((96, 96), Image.Resampling.LANCZOS)
    expected = plain.redraw(PROMPT, start, 0.5, scale=1.0, size=(96, 96), steps=4)
    assert are_alike(run.image, expected)


@pytest.mark.thorough
@each
def test_block_weights_switch_it_off_or_on_and_another_familys_are_refused(name, bench, lora):
    plain, whole = (
        bench.execute(quick(name, loras=loras), save=False).image.tobytes()
        for loras in ([], [{"name": lora.stem}])
    )
    for weights, expected in (("NONE", plain), ("ALL", whole)):
        asked = [{"name": lora.stem, "block_weights": weights}]
        assert bench.execute(quick(name, loras=asked), save=False).image.tobytes() == expected
    first = RUNNING[name].loras.blocks[0]
    weights = ",".join("0" * (1 + sum(first.values())))
    asked = [{"name": lora.stem, "block_weights": weights}]
    assert bench.execute(quick(name, loras=asked), save=False).image.tobytes() == plain
    bench.registry.unload_all()
    asked = [{"name": lora.stem, "block_weights": "OUTALL"}]
    with pytest.raises(ConfigError, match=r"lbw='OUTALL': give \d+ numbers .* or ALL or NONE"):
        bench.execute(quick(name, loras=asked), save=False)
    assert not bench.registry.nbytes
