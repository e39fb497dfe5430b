"""A denoiser stored in a byte a weight: said in the record, made again from its own file."""

import pytest
import torch
from diffusers import DiffusionPipeline

from medialab import PipelineConfig
from medialab.artifacts.sidecar import Sidecar
from medialab.loading.checkpoint import load_checkpoint
from medialab.process.precisions import WEIGHT_DTYPES

ASKED = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)
STORED = {"fp8_e4m3fn": torch.float8_e4m3fn, "int8": torch.int8}


@pytest.fixture(params=WEIGHT_DTYPES[1:])
def stored(request):
    return request.param


@pytest.fixture
def small(bench, stored):
    return bench.execute(ASKED.changed(weight_dtype=stored))


def mean_levels(one, other):
    pairs = zip(one.image.tobytes(), other.image.tobytes(), strict=True)
    return torch.tensor([abs(a - b) for a, b in pairs]).float().mean()


def kinds_of(network):
    return {weight.dtype for weight in network.parameters()}


def test_the_picture_is_another_one_and_close(bench, small):
    whole = bench.execute(ASKED)
    assert small.image.tobytes() != whole.image.tobytes()
    assert mean_levels(small, whole) < 40  # of 255; random weights are no soft ground
    assert not any(stage["cached"] for stage in whole.record["stages"])


def test_int8_is_closer_than_float8(bench):
    whole, *others = (bench.execute(ASKED.changed(weight_dtype=one)) for one in WEIGHT_DTYPES)
    eight, whole_numbers = (mean_levels(one, whole) for one in others)
    assert 0 < whole_numbers < eight


def test_its_own_file_makes_it_again_byte_for_byte(bench, small):
    bench.cache.clear()
    again = bench.execute(Sidecar.read(small.artifact.sidecar).config)
    assert again.image.tobytes() == small.image.tobytes()


def test_large_weights_take_a_byte_each_and_the_rest_stays(bench, small, stored):
    info = bench.registry.find(small.config.checkpoint, "checkpoint")
    packed = bench.registry.load(info, weight_dtype=stored)
    assert kinds_of(packed.denoiser) == {STORED[stored], torch.float32}
    assert packed.weights == f"{stored}, computed in float32"
    nbytes = packed.nbytes
    whole = bench.registry.load(info)
    assert kinds_of(whole.denoiser) == {torch.float32}
    assert nbytes < 0.6 * whole.nbytes


def test_the_record_says_how_weights_are_stored(small, stored):
    assert small.config.weight_dtype == stored
    drawn = next(one for one in small.record["stages"] if one["name"] == "txt2img")
    assert drawn["applied"]["weights"] == f"{stored}, computed in float32"


def test_a_device_with_memory_of_its_own_is_given_the_small_weights(bench, stored, monkeypatch):
    given = []
    # No CUDA here: what would go there is looked at, and stays.
    monkeypatch.setattr(
        DiffusionPipeline,
        "to",
        lambda pipeline, device: given.append((device, kinds_of(pipeline.unet))),
    )
    info = bench.registry.find("paperdoll", "checkpoint")
    load_checkpoint(info, "cuda:0", precision="float32", weight_dtype=stored)
    assert given == [("cuda:0", {STORED[stored], torch.float32})]
