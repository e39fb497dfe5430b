"""Scaled weights of eight bits in every family's network: their numbers, their memory, faults."""

import pytest
import torch
from diffusers import QwenImagePipeline

from medialab.errors import ModelRefusedError
from medialab.families.byte_layers import ByteConv2d, ByteLinear
from medialab.families.flow.networks import encoder_network, network_of
from medialab.families.flow.original_names import as_in_diffusers
from medialab.families.flux.opening import CLIP_L
from medialab.families.scales import make_numbers, take_scales
from tests.tiny.flow_files import fused, original_flux, original_klein, original_sd3
from tests.tiny.flux2_klein import make_pipeline as make_klein
from tests.tiny.qwen_image import make_parts
from tests.tiny.scaled_files import as_bytes, with_scales
from tests.tiny.t5_clip import make_chroma, make_flux, make_sd3
from tests.tiny.z_image import make_pipeline as make_z_image

pytestmark = pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning")
NETWORKS = {
    "flux": (make_flux, original_flux, as_in_diffusers),
    "chroma": (make_chroma, original_flux, as_in_diffusers),
    "klein": (make_klein, original_klein, None),
    "sd3": (make_sd3, original_sd3, None),
    "z-image": (make_z_image, fused, None),
    "qwen-image": (lambda: QwenImagePipeline(**make_parts(32, 2)), dict, None),
    "in diffusers' names": (make_flux, dict, as_in_diffusers),
}
FORMS = ("scale_weight", "weight_scale", "comfy_quant")


def built(folder, name, change, dtype=torch.float32):
    """A family's network of tensors that a function makes of its plain ones."""
    make, original, convert = NETWORKS[name]
    network = make().transformer
    network.save_config(folder / "transformer")
    tensors = change(original(network.state_dict()))
    config, kind = folder / "transformer", type(network).__name__
    return network_of(tensors, kind, config, dtype, convert=convert)


def numbers_of(network):
    """All weights of a network as numbers, by name."""
    found = {name: value.float() for name, value in network.state_dict().items()}
    for name, layer in network.named_modules():
        if isinstance(layer, (ByteLinear, ByteConv2d)):
            found[f"{name}.weight"] = layer.weight.view(layer.kind).float() * layer.scale
    return found


@pytest.mark.parametrize("by_rows", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_numbers_are_those_of_the_file_times_their_scales_wherever_they_go(
    tmp_path, name, by_rows
):
    found = built(tmp_path, name, lambda plain: with_scales(plain, by_rows=by_rows)[0])

    def multiplied(plain):
        return plain | with_scales(plain, by_rows=by_rows)[2]

    expected = numbers_of(built(tmp_path, name, multiplied))
    numbers = numbers_of(found)
    assert numbers.keys() == expected.keys()
    for one, value in numbers.items():
        assert torch.equal(value, expected[one]), one
    kinds = {type(one) for one in found.modules()}
    assert ByteLinear in kinds
    assert torch.nn.Linear not in kinds  # no layer's matrix is wide, as in a GGUF
    assert found.dtype == torch.float32


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2])
def test_each_published_form_is_read(tmp_path, form, dtype):
    found = built(tmp_path, "z-image", lambda plain: with_scales(plain, form, dtype=dtype)[0])

    def multiplied(plain):
        return plain | with_scales(plain, form, dtype=dtype)[2]

    expected = numbers_of(built(tmp_path, "z-image", multiplied))
    for one, value in numbers_of(found).items():
        assert torch.equal(value, expected[one]), one


def test_what_has_no_scale_stays_unscaled_whether_of_eight_bits_or_more(tmp_path):
    def change(plain):
        tensors = with_scales(plain)[0]
        wide, bare = "layers.0.feed_forward.w1", "cap_embedder.1"
        for layer in (wide, bare):
            del tensors[f"{layer}.scale_weight"], tensors[f"{layer}.scale_input"]
        tensors[f"{wide}.weight"] = plain[f"{wide}.weight"]
        tensors[f"{bare}.weight"] = plain[f"{bare}.weight"].to(torch.float8_e4m3fn)
        return {
            name: value.bfloat16() if value.ndim == 1 else value for name, value in tensors.items()
        }

    found, plain = built(tmp_path, "z-image", change), make_z_image().transformer.state_dict()
    assert type(found.layers[0].feed_forward.w1) is torch.nn.Linear
    numbers = numbers_of(found)
    for layer in ("layers.0.feed_forward.w1", "cap_embedder.1"):
        value = plain[f"{layer}.weight"]
        kept = value if layer.startswith("layers") else value.to(torch.float8_e4m3fn).float()
        assert torch.equal(numbers[f"{layer}.weight"], kept)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda told: as_bytes({"format": "nvfp4"}), "quantised as 'nvfp4'"),
        (
            lambda told: as_bytes({"format": "float8_e4m3fn", "convrot": True}),
            "quantised with convrot",
        ),
        (lambda told: as_bytes([]), r"quantised as \[\]"),
        (lambda told: told[:-1], "quantised as None"),
        (lambda told: torch.zeros(2**16 + 1, dtype=torch.uint8), "quantised as None"),
    ],
)
def test_a_layer_that_says_it_is_quantised_otherwise_is_refused_by_its_name(
    tmp_path, change, words
):
    def damaged(plain):
        tensors = with_scales(plain, "comfy_quant")[0]
        name = "layers.1.attention.qkv.comfy_quant"
        return tensors | {name: change(tensors[name])}

    with pytest.raises(ModelRefusedError, match=rf"layers\.1\.attention\.qkv is {words}"):
        built(tmp_path, "z-image", damaged)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_scale_that_is_no_number_is_refused_by_its_name(tmp_path, value):
    def damaged(plain):
        tensors = with_scales(plain)[0]
        return tensors | {"layers.1.attention.qkv.scale_weight": torch.tensor(value)}

    with pytest.raises(
        ModelRefusedError, match=r"its layers\.1\.attention\.qkv\.scale_weight is no"
    ):
        built(tmp_path, "z-image", damaged)


def test_elsewhere_scaled_weights_become_numbers_and_nothing_else_is_left():
    plain = {"a.weight": torch.randn(4, 8), "a.bias": torch.randn(4)}
    tensors, _, stands_for = with_scales(plain)
    make_numbers(tensors, torch.float16)
    assert tensors.keys() == plain.keys()
    assert torch.equal(tensors["a.weight"], stands_for["a.weight"].half())
    assert torch.equal(tensors["a.bias"], plain["a.bias"])
    assert take_scales(tensors) == {}


def test_the_scale_of_a_weight_that_a_family_leaves_out_goes_with_it(tmp_path):
    """Flux.1 has no use for the projection that files of CLIP-L may have, scaled like the rest."""
    encoder = make_flux().text_encoder
    encoder.config.save_pretrained(tmp_path)
    projection = {"text_projection.weight": torch.randn(8, 8)}
    tensors, _, stands_for = with_scales(encoder.state_dict() | projection)
    used = {name: one for name, one in tensors.items() if not name.endswith(CLIP_L.left_out)}
    assert used.keys() < tensors.keys()
    found = encoder_network(used, "CLIPTextModel", tmp_path, torch.float32).state_dict()
    scaled = stands_for.keys() & found.keys()
    assert scaled
    assert all(torch.equal(found[name], stands_for[name]) for name in scaled)
