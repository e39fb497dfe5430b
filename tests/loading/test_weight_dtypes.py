"""A denoiser stored in float8: half the memory of 16 bits, said in the record, made again."""

import pytest
import torch

from medialab import PipelineConfig
from medialab.artifacts.sidecar import Sidecar

ASKED = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)


@pytest.fixture
def small(bench):
    return bench.execute(ASKED.changed(weight_dtype="fp8_e4m3fn"))


def test_the_picture_is_another_one_and_close(bench, small):
    whole = bench.execute(ASKED)
    assert small.image.tobytes() != whole.image.tobytes()
    apart = torch.tensor(
        [abs(a - b) for a, b in zip(small.image.tobytes(), whole.image.tobytes(), strict=True)]
    )
    assert apart.float().mean() < 40  # of 255; random weights are no soft ground
    assert not any(stage["cached"] for stage in whole.record["stages"])


def test_its_own_file_makes_it_again_byte_for_byte(bench, small):
    bench.cache.clear()
    again = bench.execute(Sidecar.read(small.artifact.sidecar).config)
    assert again.image.tobytes() == small.image.tobytes()


def test_large_weights_take_a_byte_each_and_the_rest_stays(bench, small):
    info = bench.registry.find(small.config.checkpoint, "checkpoint")
    packed = bench.registry.load(info, weight_dtype="fp8_e4m3fn")
    kinds = {weight.dtype for weight in packed.denoiser.parameters()}
    assert kinds == {torch.float8_e4m3fn, torch.float32}
    assert packed.weights == "fp8_e4m3fn, computed in float32"
    nbytes = packed.nbytes
    whole = bench.registry.load(info)
    assert {weight.dtype for weight in whole.denoiser.parameters()} == {torch.float32}
    assert nbytes < 0.6 * whole.nbytes


def test_the_record_says_how_weights_are_stored(small):
    assert small.config.weight_dtype == "fp8_e4m3fn"
    drawn = next(one for one in small.record["stages"] if one["name"] == "txt2img")
    assert drawn["applied"]["weights"] == "fp8_e4m3fn, computed in float32"
