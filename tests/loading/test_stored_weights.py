"""The bytes that a plan tells of a denoiser are those that it has once it is loaded."""

import pytest
import torch
from diffusers import QwenImagePipeline

from medialab.families import RUNNING
from medialab.families.flow.networks import network_of, read_tensors
from medialab.families.flow.original_names import as_in_diffusers
from medialab.files.gguf import read_gguf_header
from medialab.loading.checkpoint import _STORING, load_checkpoint
from medialab.loading.memory_needs import part_sizes
from medialab.loading.registry import ModelRegistry
from medialab.loading.stored_weights import Counts, Weight, counted
from medialab.process.precisions import WEIGHT_DTYPES
from tests.tiny.families import write_families
from tests.tiny.flow_files import fused, original_flux, original_klein, original_sd3
from tests.tiny.flux2_klein import make_pipeline as make_klein
from tests.tiny.packed import write_gguf
from tests.tiny.qwen_image import make_parts
from tests.tiny.scaled_files import with_scales
from tests.tiny.t5_clip import make_chroma, make_flux, make_sd3
from tests.tiny.z_image import make_pipeline as make_z_image

pytestmark = [
    pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore:The given NumPy array is not writable:UserWarning"),
]
FORMATS = {torch.float32: "F32", torch.float8_e4m3fn: "F8_E4M3"}
# Families by the names in their single files.
FILES = {
    "flux": (make_flux, original_flux, as_in_diffusers),
    "chroma": (make_chroma, original_flux, as_in_diffusers),
    "flux2-klein-4b": (make_klein, original_klein, None),
    "sd3": (make_sd3, original_sd3, None),
    "z-image": (make_z_image, fused, None),
    "qwen-image": (lambda: QwenImagePipeline(**make_parts(32, 2)), dict, None),
}


@pytest.fixture(scope="module")
def models(tiny_models, tmp_path_factory):
    root = tmp_path_factory.mktemp("stored") / "models"
    write_families(root, RUNNING, tiny_models / "checkpoints" / "paperdoll")
    return root


@pytest.mark.thorough
@pytest.mark.parametrize("name", RUNNING)
def test_a_folders_denoiser_has_the_bytes_that_its_plan_says_however_it_is_stored(models, name):
    info = ModelRegistry(models).find(name, "checkpoint")
    for weight_dtype in WEIGHT_DTYPES:
        for precision in ("float32", "bfloat16"):
            model = load_checkpoint(info, "cpu", precision=precision, weight_dtype=weight_dtype)
            planned = part_sizes(info, (), precision, weight_dtype)
            assert planned.denoiser == weights_of(model.denoiser), (weight_dtype, precision)
            model.release()


def weights_of(network):
    """The bytes of a network's weights and their scales, without tables that it computes."""
    scales = [one for name, one in network.named_buffers() if name.endswith(".scale")]
    return sum(one.nbytes for one in (*network.state_dict().values(), *scales))


def built(folder, name, tensors):
    make, _, convert = FILES[name]
    network = make().transformer
    network.save_config(folder / "transformer")
    return network_of(
        tensors, type(network).__name__, folder / "transformer", torch.float32, convert=convert
    )


@pytest.mark.parametrize("weight_dtype", WEIGHT_DTYPES)
@pytest.mark.parametrize("name", FILES)
def test_so_has_one_of_a_single_file_in_its_makers_names(tmp_path, name, weight_dtype):
    make, original, _ = FILES[name]
    tensors = original(make().transformer.state_dict())
    weights = [Weight(name, tuple(one.shape), "F32") for name, one in tensors.items()]
    found = counted(weights, RUNNING[name].denoiser.wide, stays=False)
    network = built(tmp_path, name, tensors)
    if weight_dtype != WEIGHT_DTYPES[0]:
        _STORING[weight_dtype](network, torch.float32)
    assert sum(one.nbytes(4, weight_dtype) for one in found.values()) == weights_of(network)


@pytest.mark.parametrize("name", FILES)
def test_scaled_weights_count_a_byte_each_and_their_scales(tmp_path, name):
    make, original, _ = FILES[name]
    tensors = with_scales(original(make().transformer.state_dict()), "weight_scale")[0]
    beside = {name for name in tensors if name.endswith(".weight_scale")}
    weights = [
        Weight(name, tuple(one.shape), FORMATS[one.dtype])
        for name, one in tensors.items()
        if name not in beside
    ]
    found = counted(weights, RUNNING[name].denoiser.wide, stays=True)
    network = built(tmp_path, name, tensors)
    assert sum(one.nbytes(4, "default") for one in found.values()) == weights_of(network)
    assert sum(one.kept for one in found.values()) > 0


def test_a_gguf_counts_its_blocks(tmp_path):
    tensors = fused(make_z_image().transformer.state_dict())
    write_gguf(tmp_path / "z.gguf", tensors)
    header = read_gguf_header(tmp_path / "z.gguf")
    weights = [Weight(name, one, header.dtypes[name]) for name, one in header.shapes.items()]
    found = counted(weights, RUNNING["z-image"].denoiser.wide, stays=True)
    network = built(tmp_path, "z-image", read_tensors(tmp_path / "z.gguf"))
    assert sum(one.nbytes(4, "default") for one in found.values()) == weights_of(network)


def test_groups_are_blocks_and_what_is_outside_of_any():
    names = ("a.0.x.weight", "a.0.x.bias", "a.1.x.weight", "norm_out.linear.weight", "pad")
    shapes = ((4, 8), (4,), (4, 8), (2, 2), (1, 8))
    weights = [Weight(name, shape, "F32") for name, shape in zip(names, shapes, strict=True)]
    assert counted(weights, "norm", stays=False) == {
        "a.0": Counts(large=32, rows=4, biases=4),
        "a.1": Counts(large=32, rows=4),
        "": Counts(wide=12),
    }
