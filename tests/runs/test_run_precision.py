"""Precision is a setting: in the key, the record and the memory plan, and made again as it was."""

import pytest

from medialab import PipelineConfig
from medialab.artifacts.sidecar import Sidecar
from medialab.errors import ConfigError
from medialab.runs import run_precision

ASKED = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)


def test_a_picture_in_bfloat16_is_another_and_says_so(bench):
    exact = bench.execute(ASKED)
    half = bench.execute(ASKED.changed(precision="bfloat16"))
    assert exact.config.dtype == exact.record["dtype"] == "float32"
    assert half.config.dtype == half.record["dtype"] == "bfloat16"
    assert exact.image.tobytes() != half.image.tobytes()
    assert not any(stage["cached"] for stage in half.record["stages"])
    loaded = bench.registry.load(bench.registry.find(exact.config.checkpoint, "checkpoint"))
    assert loaded.dtype.itemsize == 4


def test_its_own_file_makes_it_again_byte_for_byte(bench):
    half = bench.execute(ASKED.changed(precision="bfloat16"))
    bench.cache.clear()
    again = bench.execute(Sidecar.read(half.artifact.sidecar).config)
    assert again.record["dtype"] == "bfloat16"
    assert again.image.tobytes() == half.image.tobytes()
    assert half.config.asked().precision == "bfloat16"
    assert "dtype" not in type(half.config.asked()).model_fields


def test_work_in_bfloat16_needs_half_the_weights(bench):
    whole, half = (
        bench.memory_plan(ASKED.changed(precision=one)).largest.weights
        for one in ("float32", "bfloat16")
    )
    assert half * 2 == whole


def test_an_older_record_computes_as_its_device_does(bench):
    config = bench.resolve(ASKED.changed(precision="bfloat16"))
    older = config.model_copy(update={"dtype": None})
    assert bench.resolve(older).dtype == "float32"


def test_a_record_of_a_gpu_is_made_again_in_what_this_device_computes(bench):
    config = bench.resolve(ASKED).model_copy(update={"dtype": "float16"})
    assert bench.resolve(config).dtype == "float32"


def test_what_the_device_cannot_compute_is_refused_before_anything_is_loaded(bench):
    with pytest.raises(ConfigError, match="precision float16 is for GPUs"):
        bench.submit(ASKED.changed(precision="float16"))
    assert bench.registry.nbytes == 0


def test_the_checkpoints_size_decides_where_nothing_was_asked(bench, monkeypatch):
    asked_of = []

    def chosen(precision, device, numbers):
        asked_of.append((precision, device, numbers))
        return "bfloat16"

    monkeypatch.setattr(run_precision, "chosen", chosen)
    assert bench.resolve(ASKED).dtype == "bfloat16"
    ((precision, device, numbers),) = set(asked_of)
    checkpoint = bench.registry.load(
        bench.registry.find(bench.resolve(ASKED).checkpoint, "checkpoint")
    )
    assert (precision, device) == ("automatic", "cpu")
    assert numbers * 4 == pytest.approx(checkpoint.nbytes, rel=0.01)
