"""Weights of a byte: near the original ones, computed with exactly, and changed by no LoRA."""

import pytest
import torch
from diffusers import FluxTransformer2DModel

from medialab.errors import ModelRefusedError
from medialab.families.byte_layers import ByteConv2d, ByteLinear
from medialab.families.z_image.lora import LORAS
from medialab.loading.int8_weights import quantised, store_in_int8
from medialab.loading.taking_turns import in_groups
from medialab.lora import LoRAManager, LoRAUse
from tests.lora.layers import written as write
from tests.tiny.t5_clip import make_chroma, make_flux
from tests.tiny.transformer_loras import KOHYA, linears, lokr, pairs, stand_in, written
from tests.tiny.z_image import make_pipeline


def noise(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


@pytest.mark.parametrize("shape", [(8, 32), (8, 4, 3, 3)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_each_number_is_off_by_half_a_step_of_its_channel_at_most(shape, dtype):
    weight = noise(*shape, dtype=dtype) * torch.logspace(-6, 6, 8).reshape(
        -1, *[1] * len(shape[1:])
    )
    packed, scale = quantised(weight)
    assert (packed.dtype, scale.dtype) == (torch.int8, torch.float32)
    steps = (packed * scale - weight.float()).abs() / scale
    assert steps.max() <= 0.5001
    # The largest of each channel is told whole, so that nothing of a byte's range is left unused.
    assert (packed.flatten(1).abs().amax(1) == 127).all()


def test_a_channel_of_zeros_stays_one_and_numbers_that_are_a_bytes_stay_themselves():
    weight = torch.tensor([[0.0, 0.0], [127.0, -3.0]])
    packed, scale = quantised(weight)
    assert torch.equal(packed * scale, weight)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_layer_computes_with_its_unpacked_weight_in_the_precision_of_its_input(dtype):
    network = torch.nn.ModuleDict(
        {"line": torch.nn.Linear(16, 8), "picture": torch.nn.Conv2d(4, 8, 3, stride=2, padding=1)}
    ).to(dtype)
    network["picture"].to(memory_format=torch.channels_last)
    store_in_int8(network)
    line, picture = network["line"], network["picture"]
    assert (type(line), type(picture)) == (ByteLinear, ByteConv2d)
    assert {line.weight.dtype, picture.weight.dtype} == {torch.int8}
    assert picture.weight.is_contiguous(memory_format=torch.channels_last)
    x, image = noise(3, 16, dtype=dtype), noise(1, 4, 8, 8, dtype=dtype)
    with torch.inference_mode():
        weight = (line.weight.float() * line.scale).to(dtype)
        assert torch.equal(line(x), torch.nn.functional.linear(x, weight, line.bias))
        weight = (picture.weight.float() * picture.scale).to(dtype)
        expected = torch.nn.functional.conv2d(image, weight, picture.bias, 2, 1)
        assert torch.equal(picture(image), expected)


@pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning")
@pytest.mark.parametrize("make", [make_flux, make_chroma, make_pipeline])
def test_the_layers_are_those_that_diffusers_stores_in_eight_bits(make):
    ours, theirs = make().transformer, make().transformer
    store_in_int8(ours)
    theirs.enable_layerwise_casting(torch.float8_e4m3fn, torch.float32)
    layers = dict(theirs.named_modules())
    packed = {name for name, one in ours.named_modules() if isinstance(one, ByteLinear)}
    eight = {
        name
        for name, one in theirs.named_modules()
        if isinstance(one, torch.nn.Linear) and one.weight.dtype == torch.float8_e4m3fn
    }
    assert packed == eight
    assert packed
    assert any(
        isinstance(one, torch.nn.Linear) for name, one in layers.items() if name not in eight
    )


@pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning")
def test_group_by_group_a_network_computes_the_same_and_keeps_its_bytes():
    transformer = make_flux().transformer
    assert isinstance(transformer, FluxTransformer2DModel)
    store_in_int8(transformer)
    before = {name: one.clone() for name, one in transformer.state_dict().items()}
    layer = transformer.transformer_blocks[0].ff.net[2]
    x = noise(2, layer.in_features)
    with torch.inference_mode():
        expected = layer(x)
        with in_groups(transformer, "cpu:0"):
            found = layer(x)
    assert torch.equal(found, expected)
    assert all(torch.equal(one, before[name]) for name, one in transformer.state_dict().items())


@torch.inference_mode()
def test_a_plain_lora_is_attached_and_one_that_changes_weights_is_refused_by_name(tmp_path):
    transformer = make_pipeline().transformer
    sides = {
        name: side for name, side in linears(transformer).items() if name.startswith("layers.")
    }
    ink = write(tmp_path, written(sides, "lora_unet_", KOHYA, flat=True), "ink")
    kron = write(tmp_path, lokr(sides, "diffusion_model."), "kron")
    store_in_int8(transformer)
    model = stand_in("z-image", LORAS, {"transformer": transformer})
    layer = transformer.layers[0].attention.to_q
    stored, x = layer.weight.clone(), noise(3, layer.in_features)
    plain = layer(x)
    with LoRAManager().apply_loras(model, [LoRAUse(ink)], calls=20) as applied:
        found = layer(x)
    down, up = pairs(sides)["layers.0.attention.to_q"]
    added = torch.nn.functional.linear(torch.nn.functional.linear(x, down), up)
    assert applied.mode == "attached"
    assert torch.equal(found, plain + added)
    assert torch.equal(layer(x), plain)
    says = r"LoRA 'kron' is lokr, which changes weights .* packed \(int8\); choose a plain LoRA"
    with (
        pytest.raises(ModelRefusedError, match=says),
        LoRAManager().apply_loras(model, [LoRAUse(kron)], calls=20),
    ):
        pass
    assert torch.equal(layer.weight, stored)
