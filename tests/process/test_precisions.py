"""The precision that models compute in: by the device, the model's size, and the user's word."""

import pytest

from medialab.errors import ConfigError
from medialab.process import precisions
from medialab.process.precisions import (
    LARGE,
    LEAST_GAIN,
    PRECISIONS,
    can_compute,
    chosen,
    computes_bfloat16,
)


@pytest.fixture(params=["avx512_bf16", "amx_bf16", "bf16"])
def new_processor(monkeypatch, request):
    monkeypatch.setattr(precisions, "cpu_features", lambda: frozenset({"avx2", request.param}))


@pytest.fixture
def old_processor(monkeypatch):
    monkeypatch.setattr(precisions, "cpu_features", lambda: frozenset({"avx2", "avx512f", "fma"}))


@pytest.mark.usefixtures("new_processor")
def test_large_models_compute_in_bfloat16_where_the_processor_does():
    assert computes_bfloat16("cpu")
    assert chosen("automatic", "cpu", LARGE) == "bfloat16"
    assert chosen("automatic", "cpu", LARGE - 1) == "float32"


@pytest.mark.usefixtures("new_processor")
def test_a_processor_that_is_not_faster_in_bfloat16_stays_at_float32():
    assert chosen("automatic", "cpu", LARGE, lambda: LEAST_GAIN) == "bfloat16"
    assert chosen("automatic", "cpu", LARGE, lambda: LEAST_GAIN - 0.01) == "float32"
    assert chosen("bfloat16", "cpu", LARGE, lambda: 0.0) == "bfloat16"  # as asked


def refuse():
    raise AssertionError("measured in vain")


@pytest.mark.usefixtures("new_processor")
def test_nothing_is_tried_where_it_decides_nothing():
    assert chosen("automatic", "cpu", LARGE - 1, refuse) == "float32"
    assert chosen("float32", "cpu", LARGE, refuse) == "float32"
    assert chosen("automatic", "mps", LARGE, refuse) == "float16"


@pytest.mark.usefixtures("old_processor")
def test_on_other_processors_all_compute_in_float32():
    assert not computes_bfloat16("cpu")
    assert chosen("automatic", "cpu", 10 * LARGE) == "float32"
    assert chosen("automatic", "cpu", 10 * LARGE, refuse) == "float32"
    assert chosen("bfloat16", "cpu", LARGE) == "bfloat16"  # slow, in half the memory


def test_a_gpu_has_its_own_whatever_the_size():
    assert chosen("automatic", "mps", 1) == "float16"
    assert chosen("float32", "mps", 10 * LARGE) == "float32"


@pytest.mark.parametrize("precision", PRECISIONS)
def test_what_is_asked_for_is_taken_or_refused_by_name(precision):
    if can_compute(precision, "cpu"):
        assert chosen(precision, "cpu", 1) == precision
        return
    with pytest.raises(ConfigError, match="precision float16 is for GPUs") as refused:
        chosen(precision, "cpu", 1)
    assert refused.value.setting == "precision"
    assert refused.value.choices == ("automatic", "float32", "bfloat16")
