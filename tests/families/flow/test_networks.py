"""A GGUF file's denoiser draws what diffusers draws with it, its weights quantised all the way."""

import gguf
import pytest
import torch
from diffusers import GGUFQuantizationConfig, ZImageTransformer2DModel
from diffusers.quantizers.gguf.utils import GGUFLinear, dequantize_gguf_tensor
from gguf.constants import GGMLQuantizationType

from medialab import PipelineConfig
from medialab.errors import MissingLibraryError, ModelRefusedError
from medialab.families.flow.networks import network_of, read_tensors
from medialab.families.flow.original_names import as_in_diffusers
from medialab.process import libraries
from tests.tiny.checkpoints import workbench_of
from tests.tiny.flow_files import (
    original_flux,
    original_klein,
    original_parts,
    original_sd3,
    write_flow_configs,
    write_parts,
)
from tests.tiny.flux2_klein import make_pipeline as make_klein
from tests.tiny.t5_clip import make_flux, make_sd3
from tests.tiny.z_image import make_pipeline

WIDTH = 2560  # of Qwen3-4B


def write_gguf(path, tensors, quantised=GGMLQuantizationType.Q8_0):
    """Write weights quantised where their rows can be, others as they are, one as BF16."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "lumina2")
    for name, value in tensors.items():
        rows, kind = value.numpy(), None
        if name == "cap_pad_token":  # no layer of its own, and made floating point at once
            kind = GGMLQuantizationType.BF16
        elif value.ndim == 2 and value.shape[1] % 32 == 0 and name != "x_pad_token":
            kind = quantised
        if kind is None:
            writer.add_tensor(name, rows)
        else:
            writer.add_tensor(name, gguf.quants.quantize(rows, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    root = tmp_path_factory.mktemp("gguf") / "models"
    pipeline = make_pipeline(WIDTH)
    write_parts(root, pipeline)
    write_gguf(root / "diffusion_models" / "z-q8.gguf", original_parts(pipeline)[0])
    write_flow_configs(root / "configs" / "z-image", pipeline, tokenizer="qwen3-tokenizer")
    return root


@pytest.fixture
def bench(models, tmp_path):
    with workbench_of(models, tmp_path) as workbench:
        yield workbench


CONFIG = PipelineConfig(
    checkpoint="z-q8",
    prompt="a red ball",
    guidance_scale=1.0,
    sampler="Euler",
    steps=2,
    width=64,
    height=64,
    seed=3,
)


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable:UserWarning")
def test_a_gguf_draws_the_bytes_of_diffusers_and_the_record_says_how_it_computes(bench, models):
    run = bench.execute(CONFIG)
    pipeline = make_pipeline(WIDTH)
    pipeline.transformer = ZImageTransformer2DModel.from_single_file(
        {
            name: value if name != "cap_pad_token" else value.as_tensor().view(torch.bfloat16)
            for name, value in read_tensors(models / "diffusion_models" / "z-q8.gguf").items()
        },
        config=str(models / "configs" / "z-image" / "transformer"),
        quantization_config=GGUFQuantizationConfig(compute_dtype=torch.float32),
        dtype=torch.float32,
        local_files_only=True,
    )
    pipeline.vae.to(memory_format=torch.channels_last)
    pipeline.set_progress_bar_config(disable=True)
    image = pipeline(
        "a red ball",
        width=64,
        height=64,
        num_inference_steps=2,
        guidance_scale=0.0,
        generator=torch.Generator("cpu").manual_seed(3),
    ).images[0]
    assert run.image.tobytes() == image.tobytes()
    applied = next(one["applied"] for one in run.record["stages"] if one["name"] == "txt2img")
    assert applied["weights"] == "GGUF Q8_0, computed in float32"


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable:UserWarning")
def test_nan_of_a_gguf_in_bfloat16_is_computed_again_in_float32(bench, spoiling):
    config = CONFIG.changed(precision="bfloat16")
    clean = bench.execute(config, save=False)
    bench.cache.clear()
    info = bench.registry.find(CONFIG.checkpoint, "checkpoint")
    encoders = [
        bench.registry.find(one, "text encoder") for one in clean.config.text_encoder.split(", ")
    ]
    spoiling(bench.registry.load(info, encoders=encoders, precision="bfloat16").denoiser, 1)
    run = bench.execute(config, save=False)
    applied = next(one["applied"] for one in run.record["stages"] if one["name"] == "txt2img")
    assert [one["how"] for one in applied["retries"]] == ["in float32"]
    bench.cache.clear()
    assert bench.execute(config, save=False).image.tobytes() == clean.image.tobytes()


def test_without_the_library_a_gguf_is_refused_with_how_to_get_it(bench, monkeypatch):
    monkeypatch.setattr(libraries.importlib.util, "find_spec", lambda name: None)
    monkeypatch.delitem(libraries.sys.modules, "gguf")
    with pytest.raises(MissingLibraryError, match=r"gguf .* pip install .*\[gguf\]"):
        bench.execute(CONFIG)


def test_quantised_weights_are_stored_in_no_other_way_and_that_is_said_before_loading(bench):
    with pytest.raises(ModelRefusedError, match=r"^\w+: .*GGUF Q8_0.*set weight_dtype to default"):
        bench.execute(CONFIG.changed(weight_dtype="fp8_e4m3fn"))
    assert not bench.registry.budget.nbytes


def test_a_damaged_gguf_is_refused_by_name(bench, models):
    whole = (models / "diffusion_models" / "z-q8.gguf").read_bytes()
    (models / "diffusion_models" / "cut.gguf").write_bytes(whole[:-64])
    with pytest.raises(ModelRefusedError, match=r"cut.gguf is cut short"):
        bench.execute(CONFIG.changed(checkpoint="cut"))


@pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning")
@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable:UserWarning")
@pytest.mark.parametrize(
    ("make", "original", "convert"),
    [
        (make_flux, original_flux, as_in_diffusers),
        (make_klein, original_klein, None),
        (make_sd3, original_sd3, None),
    ],
    ids=["flux", "klein", "sd3"],
)
def test_joined_layers_of_quantised_weights_are_parted_as_they_are(
    tmp_path, make, original, convert
):
    network = make().transformer
    network.save_config(tmp_path / "transformer")
    write_gguf(tmp_path / "x.gguf", original(network.state_dict()))
    found = network_of(
        read_tensors(tmp_path / "x.gguf"),
        type(network).__name__,
        tmp_path / "transformer",
        torch.float32,
        convert=convert,
    )
    layers = dict(network.named_modules())
    checked = 0
    for name, layer in found.named_modules():
        if isinstance(layer, GGUFLinear) and hasattr(layer.weight, "quant_type"):
            weight = dequantize_gguf_tensor(layer.weight).float()
            # Q8_0 keeps eight bits: a step is a 127th of the largest of 32 numbers.
            assert (weight - layers[name].weight).abs().max() <= layers[
                name
            ].weight.abs().max() / 127
            checked += 1
    assert checked > 10
