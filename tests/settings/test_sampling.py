"""What a stage sets for itself, and what it inherits."""

import pytest

from medialab import PipelineConfig
from medialab.errors import ConfigError
from medialab.prompts import MOST_CHARACTERS
from medialab.settings.sampling import SAMPLING_NAMES, SamplingConfig, with_base

BASE = dict(PipelineConfig(prompt="a doll <lora:ink:1>", negative_prompt="rain", seed=3))


def test_what_is_unset_is_inherited_and_nothing_is_open_then():
    sampling = SamplingConfig(steps=7).filled(BASE).sampling()
    assert sampling.steps == 7
    assert {name: getattr(sampling, name) for name in SAMPLING_NAMES if name != "steps"} == {
        name: BASE[name] for name in SAMPLING_NAMES if name != "steps"
    }


def test_what_is_not_filled_is_no_sampling_yet():
    with pytest.raises(TypeError, match=r"checkpoint, prompt, .* not set"):
        SamplingConfig(steps=7).sampling()


def test_its_own_prompt_may_hold_the_main_one():
    own = SamplingConfig(prompt="[PROMPT], close")
    assert own.filled(BASE).prompt == "a doll <lora:ink:1>, close"
    assert own.takes_base("prompt")
    assert not SamplingConfig(prompt="a face").takes_base("prompt")


def test_with_loras_of_its_own_it_takes_the_main_prompts_words_without_their_tags():
    assert "<lora" not in SamplingConfig(loras=()).filled(BASE).prompt


@pytest.mark.parametrize(
    ("checkpoint", "inherited"), [(None, "v_prediction"), ("other", "automatic")]
)
def test_another_checkpoint_says_itself_what_its_denoiser_predicts(checkpoint, inherited):
    base = BASE | {"prediction_type": "v_prediction"}
    assert SamplingConfig(checkpoint=checkpoint).filled(base).prediction_type == inherited


def test_at_a_strength_of_nought_nothing_is_drawn():
    config = PipelineConfig(img2img={"denoising_strength": 0})
    assert not config.img2img.draws
    assert config.inpaint.draws


def test_prompts_that_grow_too_long_together_are_refused():
    assert with_base("[PROMPT] [PROMPT]", "a") == "a a"
    with pytest.raises(ConfigError, match="shorten it"):
        with_base("[PROMPT] [PROMPT]", "a" * (MOST_CHARACTERS - 100))
