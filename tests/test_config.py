"""A config refuses what cannot be made, and says it in a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from medialab.config import LARGEST_SEED, PipelineConfig, PromptConfig, ResolvedConfig
from medialab.errors import ConfigError

RESOLVED = {"width": 128, "height": 128, "seed": 5, "checkpoint_sha256": "0" * 64}


def test_every_field_has_a_default_and_a_description():
    PipelineConfig()
    described = {name: f.description for name, f in PipelineConfig.model_fields.items()}
    assert [name for name, text in described.items() if not text] == ["schema_version"]


def test_a_config_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        PipelineConfig().steps = 3


def test_an_unknown_setting_is_refused_and_the_known_ones_are_listed():
    with pytest.raises(ConfigError, match=r"no setting 'stepz'; known: .*steps"):
        PipelineConfig.parse({"stepz": 3})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": "abc"}, "steps='abc'"),
        ({"steps": 0}, "steps=0.*greater than or equal to 1"),
        ({"width": 100}, "width=100.*multiple of 8"),
        ({"width": 8}, "width=8.*64"),
        ({"guidance_scale": 0.5}, "guidance_scale=0.5"),
        ({"seed": 2**64}, "seed=18446744073709551616"),
        ({"sampler": "Eulr"}, "sampler='Eulr'.*DPM\\+\\+ 2M, "),
        ({"schedule": "fast"}, "schedule='fast'.*karras"),
        ({"batch_size": 0}, "batch_size=0"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(settings, message):
    with pytest.raises(ConfigError, match=message):
        PipelineConfig.parse(settings)


def test_a_sampler_and_a_schedule_that_do_not_go_together_are_refused():
    with pytest.raises(ConfigError, match=r"^sampler 'DDIM' has no schedule 'karras'; choose one"):
        PipelineConfig.parse({"sampler": "DDIM", "schedule": "karras"})


def test_two_faults_are_named_together():
    with pytest.raises(ConfigError, match=r"width=9.*; steps=0"):
        PipelineConfig.parse({"steps": 0, "width": 9})


def test_sampler_and_schedule_are_found_whatever_their_capitals():
    config = PipelineConfig(sampler="euler A", schedule="SIMPLE")
    assert (config.sampler, config.schedule) == ("Euler a", "simple")


def test_a_notebooks_plain_values_are_settings_and_the_rest_is_passed_over():
    namespace = {"prompt": "a cat", "steps": 4, "In": [""], "Out": {}, "_i": "x", "pytest": pytest}
    config = PipelineConfig.from_notebook(namespace)
    assert (config.prompt, config.steps) == ("a cat", 4)


def test_a_misspelt_notebook_parameter_is_named():
    with pytest.raises(ConfigError, match="stepz"):
        PipelineConfig.from_notebook({"prompt": "a cat", "stepz": 4})


def test_a_stage_sees_its_own_settings_only():
    settings = PipelineConfig(prompt="a cat", steps=4).settings_for("prompt", PromptConfig)
    assert settings == PromptConfig(prompt="a cat")


def test_a_changed_config_is_checked_like_a_new_one():
    assert PipelineConfig(steps=4).changed(steps=5).steps == 5
    with pytest.raises(ConfigError, match="stepz"):
        PipelineConfig().changed(stepz=4)
    with pytest.raises(ConfigError, match="seed=-1"):
        ResolvedConfig(**RESOLVED).changed(seed=-1)


def test_a_resolved_config_can_be_asked_again_of_another_file():
    asked = ResolvedConfig(**RESOLVED, prompt="a cat").asked()
    assert type(asked) is PipelineConfig
    assert (asked.prompt, asked.seed, asked.width) == ("a cat", 5, 128)


def test_a_resolved_config_leaves_nothing_open():
    with pytest.raises(ValidationError):
        ResolvedConfig(**RESOLVED | {"seed": -1})
    with pytest.raises(ValidationError):
        ResolvedConfig(**RESOLVED | {"width": None})


def test_each_picture_of_a_batch_has_a_config_of_its_own():
    batch = ResolvedConfig(**RESOLVED, batch_size=3)
    assert [(one.seed, one.batch_size) for one in batch.singles()] == [(5, 1), (6, 1), (7, 1)]


def test_a_batch_of_variations_shares_the_seed(bench):
    asked = PipelineConfig(seed=5, batch_size=3, variation_strength=0.5)
    drawn = bench.resolve(asked)
    assert drawn.variation_seed >= 0
    first = drawn.variation_seed
    seeds = [(one.seed, one.variation_seed) for one in drawn.singles()]
    assert seeds == [(5, (first + k) % (LARGEST_SEED + 1)) for k in range(3)]
    assert bench.resolve(asked.changed(variation_strength=0)).variation_seed == -1


def test_seeds_go_round_at_their_largest():
    batch = ResolvedConfig(**RESOLVED | {"seed": LARGEST_SEED}, batch_size=2)
    assert [one.seed for one in batch.singles()] == [LARGEST_SEED, 0]


@given(
    prompt=st.text(),
    steps=st.integers(1, 150),
    guidance_scale=st.floats(1, 30),
    seed=st.integers(-1, LARGEST_SEED),
)
def test_json_gives_the_same_config_back(**settings):
    config = PipelineConfig(**settings)
    assert PipelineConfig.model_validate_json(config.model_dump_json()) == config
