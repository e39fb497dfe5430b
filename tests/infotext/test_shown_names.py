"""A1111's names of upscalers, schedules and models are ours again when they are read."""

import pytest

from medialab.infotext.shown_names import (
    plain_name,
    read_upscaler,
    schedule,
    shown_upscaler,
    with_hash,
)
from medialab.settings.samplers import SCHEDULES
from tests.infotext.test_text_range import resolved


@pytest.mark.parametrize("name", ["latent", "latent nearest", "latent bicubic", "lanczos", "4x-x"])
def test_an_upscaler_is_read_as_it_was_shown(name):
    assert read_upscaler(shown_upscaler(name)) == name
    assert read_upscaler(shown_upscaler(name).upper()) in {name, name.upper()}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_shown_with_its_capitals(name):
    assert schedule(name).casefold() == name
    assert schedule(name) != name


def test_a_model_is_named_with_the_hash_that_is_known_and_read_without_it():
    config = resolved(models_sha256={"controlnet/lines": "ab" * 32})
    assert with_hash(config, "controlnet", "lines") == "lines [ababababab]"
    assert with_hash(config, "controlnet", "other") == "other"
    assert plain_name("lines [ababababab]") == plain_name("lines") == "lines"
