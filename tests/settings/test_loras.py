"""The LoRAs of a pass: those of its settings and those of its prompt's tags."""

import pytest

from medialab.errors import ConfigError
from medialab.settings.loras import MOST_LORAS, LoRAConfig, asked_loras, unused_loras


def test_those_of_the_setting_come_before_those_of_tags():
    loras = asked_loras("a tree <lora:ink:0.5>", [LoRAConfig(name="gold", weight=0.3)])
    assert [(one.name, one.weight) for one in loras] == [("gold", 0.3), ("ink", 0.5)]


@pytest.mark.parametrize(
    ("settings", "counts"),
    [
        ({}, True),
        ({"enabled": False}, False),
        ({"weight": 0}, False),
        ({"weight": 0, "text_encoder": 0.5}, True),
        ({"start": 0.5, "stop": 0.5}, True),  # in the text encoders, which know no steps
        ({"start": 0.5, "stop": 0.5, "text_encoder": 0}, False),
    ],
)
def test_one_that_has_no_effect_does_not_count(settings, counts):
    one = LoRAConfig(name="ink", **settings)
    assert one.counts is counts
    assert bool(asked_loras("", [one])) is counts


def test_a_tag_out_of_range_is_named():
    with pytest.raises(ConfigError, match=r"<lora:ink>: weights go from -10 to 10"):
        asked_loras("<lora:ink:11>", ())


def test_more_than_a_pass_takes_are_refused():
    loras = [LoRAConfig(name=f"{n}") for n in range(MOST_LORAS)]
    assert len(asked_loras("", loras)) == MOST_LORAS
    with pytest.raises(ConfigError, match=f"{MOST_LORAS + 1} LoRAs at once"):
        asked_loras("<lora:one more:1>", loras)


def test_those_of_a_negative_prompt_are_named_once_and_have_no_effect():
    assert unused_loras("<lora:ink:1> rain <lora:ink:1> <lora:gold:1>") == ("ink", "gold")


def test_a_start_after_the_stop_is_refused():
    with pytest.raises(ValueError, match=r"start 0\.6 is after stop 0\.4"):
        LoRAConfig(name="ink", start=0.6, stop=0.4)
