"""A GGUF file's denoiser draws what diffusers draws with it, its weights quantised all the way."""

import pytest
import torch
from diffusers.quantizers.gguf.utils import GGUFLinear, dequantize_gguf_tensor

from medialab import PipelineConfig
from medialab.errors import MissingLibraryError, ModelRefusedError
from medialab.families.flow.networks import network_of, read_tensors
from medialab.families.flow.original_names import as_in_diffusers
from medialab.process import libraries
from tests.tiny.checkpoints import workbench_of
from tests.tiny.flow_files import (
    original_flux,
    original_klein,
    original_sd3,
)
from tests.tiny.flux2_klein import make_pipeline as make_klein
from tests.tiny.packed import SETTINGS, drawn, packed_pipeline, write_gguf, write_packed
from tests.tiny.t5_clip import make_flux, make_sd3


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return write_packed(tmp_path_factory.mktemp("gguf") / "models")


@pytest.fixture
def bench(models, tmp_path):
    with workbench_of(models, tmp_path) as workbench:
        yield workbench


CONFIG = PipelineConfig(**SETTINGS)


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable:UserWarning")
def test_a_gguf_draws_the_bytes_of_diffusers_and_the_record_says_how_it_computes(bench, models):
    run = bench.execute(CONFIG)
    assert run.image.tobytes() == drawn(packed_pipeline(models)).tobytes()
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
