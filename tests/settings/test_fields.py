"""Values of another kind are refused where they would be taken for something else."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError


@pytest.mark.parametrize(
    "settings", [{"seed": 1.2e19}, {"seed": 2.0**60}, {"variation_seed": 1e17}]
)
def test_a_number_that_is_not_exact_is_no_seed(settings):
    with pytest.raises(ConfigError, match="write all its digits"):
        PipelineConfig.parse(settings)
    assert PipelineConfig.parse({"seed": 1000.0}).seed == 1000


@pytest.mark.parametrize(
    "settings",
    [
        {"steps": True},
        {"seed": False},
        {"guidance_scale": True},
        {"width": True},
        {"face": {"top_k": True}},
        {"loras": [{"name": "ink", "weight": True}]},
        {"face": {"detections": [{"box": [True, 0, 8, 8]}]}},
    ],
)
def test_true_is_no_number(settings):
    with pytest.raises(ConfigError, match="true and false are not a number"):
        PipelineConfig.parse(settings)


@pytest.mark.parametrize("value", [True, "true", 1, "yes"])
def test_a_switch_takes_what_people_write(value):
    assert PipelineConfig.parse({"face": {"enabled": value}}).face.enabled is True


@pytest.mark.parametrize("value", [2.5, "two", 1e300, float("nan"), float("inf")])
def test_a_count_is_a_whole_number(value):
    with pytest.raises(ConfigError, match="steps="):
        PipelineConfig.parse({"steps": value})


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"prompt": "a \ud83d cat"}, "prompt="),
        ({"styles": ["\udc80"]}, "styles="),
        ({"checkpoint": "\ud800"}, "checkpoint="),
        ({"face": {"prompt": "x\udfff"}}, "face.prompt="),
        ({"loras": [{"name": "a\ud83d"}]}, "loras.0.name="),
    ],
)
def test_half_a_character_is_named_with_its_place(settings, where):
    with pytest.raises(ConfigError, match=r"character \d+ is half of one") as error:
        PipelineConfig.parse(settings)
    assert where in str(error.value)
    str(error.value).encode()


def test_sampler_and_schedule_are_found_whatever_their_capitals():
    config = PipelineConfig(sampler="euler A", schedule="SIMPLE")
    assert (config.sampler, config.schedule) == ("Euler a", "simple")


@given(st.integers(0, 2**64 - 1))
def test_a_seed_of_numpy_is_exact(seed):
    assert PipelineConfig(seed=np.uint64(seed)).seed == seed
    assert PipelineConfig(seed=np.array(seed, dtype=np.uint64)).seed == seed
    if seed < 2**63:
        assert PipelineConfig(seed=torch.tensor(seed)).seed == seed


@pytest.mark.parametrize("true", [np.True_, np.array(True), torch.tensor(True)])
def test_numpys_true_is_no_number_either_but_switches_a_stage_on(true):
    for settings in ({"steps": true}, {"guidance_scale": true}, {"loras": [true]}):
        with pytest.raises(ConfigError, match="true and false are not a number"):
            PipelineConfig.parse(settings)
    assert PipelineConfig.parse({"face": {"enabled": true}}).face.enabled is True


@pytest.mark.parametrize(
    "settings", [{"styles": {"ink", "gold"}}, {"face": {"words": frozenset({"eye", "nose"})}}]
)
def test_a_set_whose_order_is_another_in_each_process_is_refused(settings):
    with pytest.raises(ConfigError, match=r"a set has no order.*write a list"):
        PipelineConfig.parse(settings)
