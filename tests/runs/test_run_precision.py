"""Precision is a setting: in the key, the record and the memory plan, and made again as it was."""

import pytest

from medialab import PipelineConfig
from medialab.artifacts.sidecar import Sidecar
from medialab.errors import ConfigError
from medialab.files.machine_facts import MachineFacts
from medialab.process import precisions
from medialab.process.precisions import PRECISIONS, can_compute
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


@pytest.mark.parametrize("asked", PRECISIONS)
def test_an_older_record_computes_as_its_device_does_unless_another_is_asked_for(bench, asked):
    older = bench.resolve(ASKED).model_copy(update={"dtype": None})
    assert bench.resolve(older).dtype == "float32"
    changed = older.changed(precision=asked)
    if can_compute(asked, "cpu"):
        assert bench.resolve(changed).dtype == asked
    else:
        with pytest.raises(ConfigError, match=f"precision {asked} is for GPUs"):
            bench.resolve(changed)


@pytest.mark.parametrize("asked", ["automatic", "float16"])
def test_a_record_of_a_gpu_is_made_again_in_what_this_device_computes(bench, asked):
    config = bench.resolve(ASKED).model_copy(update={"dtype": "float16", "precision": asked})
    assert bench.resolve(config).dtype == "float32"
    assert bench.execute(config, save=False).record["dtype"] == "float32"
    other = config.model_copy(update={"dtype": "bfloat16", "precision": "float16"})
    with pytest.raises(ConfigError, match="precision float16 is for GPUs"):
        bench.submit(other)


def test_a_precision_that_is_asked_for_of_a_resolved_request_is_used(bench):
    resolved = bench.resolve(ASKED)
    half = bench.execute(resolved.changed(precision="bfloat16"), save=False)
    assert half.record["dtype"] == half.config.dtype == "bfloat16"
    assert half.image.tobytes() != bench.execute(resolved, save=False).image.tobytes()
    assert bench.resolve(half.config.changed(precision="float32")).dtype == "float32"
    assert bench.resolve(half.config.changed(precision="automatic")).dtype == "bfloat16"
    with pytest.raises(ConfigError, match="precision float16 is for GPUs"):
        bench.resolve(resolved.changed(precision="float16"))


def test_what_the_device_cannot_compute_is_refused_before_anything_is_loaded(bench):
    with pytest.raises(ConfigError, match="precision float16 is for GPUs"):
        bench.submit(ASKED.changed(precision="float16"))
    assert bench.registry.nbytes == 0


def test_the_checkpoints_size_decides_where_nothing_was_asked(bench, monkeypatch):
    asked_of = []

    def chosen(precision, device, numbers, _gain):
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


@pytest.fixture
def large(monkeypatch, bench):
    """Every model counts as large, on a processor with bfloat16, and nothing was measured yet."""
    monkeypatch.setattr(precisions, "LARGE", 1)
    monkeypatch.setattr(precisions, "cpu_features", lambda: frozenset({"avx512_bf16"}))
    monkeypatch.setattr(bench.registry, "facts", MachineFacts())


def measured(monkeypatch, gain):
    """Stand a gain in for the machine's own; give the list that tells how often it was measured."""
    asked = []

    def measure():
        asked.append(gain)
        return gain

    monkeypatch.setattr(run_precision, "bfloat16_gain", measure)
    return asked


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(("gain", "expected"), [(2.0, "bfloat16"), (0.1, "float32")])
def test_the_processor_is_tried_once_and_obeyed(bench, monkeypatch, gain, expected):
    asked = measured(monkeypatch, gain)
    assert [bench.resolve(ASKED).dtype for _ in range(3)] == [expected] * 3
    assert asked == [gain]


@pytest.mark.usefixtures("large")
def test_a_picture_is_made_again_in_its_own_precision_whatever_the_machine_finds_now(
    bench, monkeypatch
):
    measured(monkeypatch, 2.0)
    first = bench.execute(ASKED.changed(seed=91))
    assert first.record["dtype"] == "bfloat16"
    monkeypatch.setattr(bench.registry, "facts", MachineFacts())
    asked = measured(monkeypatch, 0.1)
    assert bench.resolve(ASKED).dtype == "float32"
    bench.cache.clear()
    again = bench.execute(Sidecar.read(first.artifact.sidecar).config, save=False)
    assert again.record["dtype"] == "bfloat16"
    assert again.image.tobytes() == first.image.tobytes()
    assert bench.verify(first).outcome == "equal"
    assert asked == [0.1]


@pytest.mark.usefixtures("large")
def test_submitting_tries_nothing_on_the_callers_thread(bench, monkeypatch):
    measured(monkeypatch, 2.0)
    monkeypatch.setattr(
        bench.registry.facts, "measured", lambda *_: pytest.fail("tried where a panel waits")
    )
    bench._resolver.check(ASKED)
