"""LoRAs beside weights of fewer than 16 bits: GGUF's and fp8's, which no sum is written into."""

import pytest
import torch
from diffusers.hooks import apply_layerwise_casting

from medialab import PipelineConfig
from medialab.errors import ModelRefusedError
from medialab.families.z_image.lora import LORAS
from medialab.lora import LoRAManager, LoRAUse
from tests.lora.layers import written as write
from tests.tiny.checkpoints import workbench_of
from tests.tiny.packed import SETTINGS, WIDTH, drawn, packed_pipeline, write_packed
from tests.tiny.transformer_loras import (
    KOHYA,
    PEFT,
    linears,
    lokr,
    pairs,
    stand_in,
    weights,
    written,
)
from tests.tiny.z_image import make_pipeline

pytestmark = pytest.mark.filterwarnings("ignore:The given NumPy array is not writable:UserWarning")


@pytest.fixture(scope="module")
def sides():
    """Of the layers in blocks; others cannot be quantised, or are at the tiny size too narrow."""
    every = linears(make_pipeline(WIDTH).transformer)
    return {name: side for name, side in every.items() if name.startswith("layers.")}


@pytest.fixture(scope="module")
def models(tmp_path_factory, sides):
    root = write_packed(tmp_path_factory.mktemp("packed") / "models")
    (root / "loras").mkdir()
    write(root / "loras", written(sides, "diffusion_model.", PEFT, alpha=2), "ink")
    write(root / "loras", lokr(sides, "diffusion_model."), "kron")
    return root


@pytest.fixture
def bench(models, tmp_path):
    with workbench_of(models, tmp_path) as workbench:
        yield workbench


def drawn_by_diffusers(models, weight):
    pipeline = packed_pipeline(models)
    pipeline.load_lora_weights(models / "loras" / "ink.safetensors", adapter_name="ink")
    pipeline.set_adapters(["ink"], [weight])
    return drawn(pipeline)


@pytest.mark.parametrize("weight", [1.0, -0.5])
def test_a_plain_lora_on_a_gguf_draws_the_bytes_of_diffusers(bench, models, weight):
    plain = bench.execute(PipelineConfig(**SETTINGS)).image.tobytes()
    run = bench.execute(PipelineConfig(**SETTINGS, loras=[{"name": "ink", "weight": weight}]))
    assert run.image.tobytes() == drawn_by_diffusers(models, weight).tobytes() != plain
    told = next(one for one in run.record["stages"] if one["name"] == "txt2img")["applied"]
    assert (told["loras_are"], told["weights"]) == ("attached", "GGUF Q8_0, computed in float32")
    bench.cache.clear()
    assert bench.execute(PipelineConfig(**SETTINGS)).image.tobytes() == plain


def test_one_that_changes_weights_themselves_is_refused_with_the_reason(bench):
    says = r"LoRA 'kron' is lokr, which changes weights .* packed \(uint8\); choose a plain LoRA"
    with pytest.raises(ModelRefusedError, match=says):
        bench.execute(PipelineConfig(**SETTINGS, loras=[{"name": "kron"}]))


@torch.inference_mode()
def test_beside_layers_stored_in_8_bits_it_adds_what_it_adds_to_16(sides, tmp_path):
    """diffusers makes them 16 bits for each call, and 8 again."""
    transformer = make_pipeline().transformer.to(torch.bfloat16)
    small = {name: side for name, side in linears(transformer).items() if name in sides}
    path = write(tmp_path, written(small, "lora_unet_", KOHYA, flat=True))
    rounded = {
        name: one.weight.to(torch.float8_e4m3fn).to(torch.bfloat16)
        for name, one in transformer.named_modules()
        if name in small
    }
    apply_layerwise_casting(
        transformer, storage_dtype=torch.float8_e4m3fn, compute_dtype=torch.bfloat16
    )
    model = stand_in("z-image", LORAS, {"transformer": transformer})
    layer = transformer.layers[0].attention.to_q
    assert layer.weight.dtype == torch.float8_e4m3fn
    x = torch.randn(3, layer.in_features, generator=torch.Generator().manual_seed(1)).bfloat16()
    before = layer(x)
    stored = weights({"transformer": transformer})
    with LoRAManager().apply_loras(model, [LoRAUse(path)], calls=20) as applied:
        found = layer(x)
    assert applied.mode == "attached"
    assert not {
        name
        for name, value in weights({"transformer": transformer}).items()
        if not torch.equal(value.view(torch.uint8), stored[name].view(torch.uint8))
    }
    assert torch.equal(layer(x), before)
    down, up = (one.bfloat16() for one in pairs(small)["layers.0.attention.to_q"])
    plain = torch.nn.functional.linear(x, rounded["layers.0.attention.to_q"])
    expected = plain + torch.nn.functional.linear(torch.nn.functional.linear(x, down), up)
    assert torch.equal(found, expected)
