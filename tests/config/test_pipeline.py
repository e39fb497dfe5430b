"""A config refuses what cannot be made, and says it in a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError
from medialab.prompts import MOST_CHARACTERS
from medialab.settings.fields import LARGEST_SEED
from medialab.stages.prompt import PromptConfig

RESOLVED = {"width": 128, "height": 128, "seed": 5, "checkpoint_sha256": "0" * 64}


def test_every_field_has_a_default_and_a_description():
    PipelineConfig()
    described = {name: f.description for name, f in PipelineConfig.model_fields.items()}
    assert [name for name, text in described.items() if not text] == ["schema_version"]


def test_a_config_cannot_be_changed():
    with pytest.raises(ConfigError, match=r"steps cannot be set.*config\.changed\(steps="):
        PipelineConfig().steps = 3


def test_a_setting_is_refused_in_words_however_a_request_is_made():
    """A notebook makes it by its settings; a body that holds one hears from pydantic where."""
    with pytest.raises(ConfigError, match=r"no setting 'stepz'.*Did you mean 'steps'\?$") as error:
        PipelineConfig(stepz=3)
    assert isinstance(error.value.__cause__, ValidationError)
    with pytest.raises(ConfigError, match=r"no setting 'face\.enabld'.*'enabled'"):
        PipelineConfig(face={"enabld": True})
    with pytest.raises(ValidationError) as told:
        TypeAdapter(list[PipelineConfig]).validate_python([{"steps": 3}, {"stepz": 3}])
    assert [one["loc"] for one in told.value.errors()] == [(1, "stepz")]


def test_a_request_shows_what_is_set_as_it_may_be_written_again():
    loras = [{"name": "ink", "weight": 0.5}]
    config = PipelineConfig(prompt="a hat", face={"enabled": True, "loras": loras}, steps=20)
    shown = "prompt='a hat', face={'loras': [{'name': 'ink', 'weight': 0.5}], 'enabled': True}"
    assert repr(config) == f"PipelineConfig({shown})"
    assert eval(repr(config)) == config  # noqa: S307 - of our own text
    assert repr(PipelineConfig()) == "PipelineConfig()"


def test_a_stages_settings_are_changed_in_part_and_keep_the_others():
    config = PipelineConfig(face={"enabled": True, "steps": 4})
    assert config.changed(face={"grow": 8}).face == config.face.model_copy(update={"grow": 8})
    whole = type(config.face)(grow=8)
    assert config.changed(face=whole).face == whole


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("a red car", "PipelineConfig(prompt='a red car')"),
        ({"prompt": "a red car"}, "PipelineConfig.parse(settings)"),
        (None, "PipelineConfig(prompt=…)"),
    ],
)
def test_what_is_no_request_is_refused_with_what_to_write(bench, given, hint):
    asked = [bench.execute, bench.submit, bench.check, bench.explain, bench.resolve, bench.sizes]
    asked += [bench.missing, bench.memory_plan, bench.without_effect]
    for method in asked:
        with pytest.raises(ConfigError, match="is no request for a picture") as error:
            method(given)
        assert error.value.hint == hint
    with pytest.raises(ConfigError, match="is no request"):
        bench.sweep(given, {"steps": [1, 2]}, name="none")
    with pytest.raises(ConfigError, match="comes without a setting's name") as error:
        PipelineConfig(given)
    assert error.value.hint == hint


def test_a_sampler_and_a_schedule_that_do_not_go_together_are_refused():
    with pytest.raises(ConfigError, match=r"^sampler 'DDIM' has no schedule 'karras'; choose one"):
        PipelineConfig.parse({"sampler": "DDIM", "schedule": "karras"})


def test_a_prompt_longer_than_a_model_reads_is_refused_and_not_told_back_whole():
    PipelineConfig(prompt="a" * MOST_CHARACTERS)
    for settings in (
        {"prompt": "a" * (MOST_CHARACTERS + 1)},
        {"face": {"negative_prompt": "a" * 10**6}},
        {"prompt": "a" * 15_000, "refiner": {"enabled": True, "prompt": "[PROMPT] [PROMPT]"}},
        {"prompt": "a" * 15_000, "face": {"enabled": True, "prompt": "[PROMPT]" * 2_000}},
    ):
        with pytest.raises(ConfigError, match=r"prompt.*20,?000 characters") as error:
            PipelineConfig.parse(settings)
        assert len(str(error.value)) < 400


@pytest.mark.parametrize(("tile", "overlap"), [(64, 64), (16, 16), (8, 1), (7, 0), (1, 0)])
def test_tiles_that_hardly_go_forward_are_refused(tile, overlap):
    with pytest.raises(ConfigError, match=f"at least {overlap + 8} pixels, or 0 for none"):
        PipelineConfig.parse({"upscaler": {"tile": tile, "overlap": overlap}})
    PipelineConfig(upscaler={"tile": overlap + 8, "overlap": overlap})
    PipelineConfig(upscaler={"tile": 0, "overlap": overlap})


def test_what_is_switched_off_names_no_lora_and_no_text():
    config = PipelineConfig.parse(
        {
            "prompt": "a tree <lora:used:1>",
            "negative_prompt": "rain <lora:below:1>",
            "loras": [{"name": "off", "enabled": False}, {"name": "on"}],
            "face": {"loras": [{"name": "of the face"}], "prompt": "a face <lora:gone:1>"},
            "img2img": {"prompt": "<lora:other mode:1>"},
        }
    )
    assert config.lora_names() == {"used", "on"}
    assert config.texts() == ["a tree <lora:used:1>", "rain <lora:below:1>"]
    # A pass with a prompt of its own takes over the base's list, and not the tags of its prompt.
    over_a_picture = config.changed(mode="img2img")
    assert over_a_picture.lora_names() == {"on", "other mode"}
    assert over_a_picture.texts() == ["rain <lora:below:1>", "<lora:other mode:1>"]


def test_a_stage_sees_its_own_settings_only():
    settings = PipelineConfig(prompt="a cat", steps=4).settings_for("prompt", PromptConfig)
    assert settings == PromptConfig(prompt="a cat")


def test_a_changed_config_is_checked_like_a_new_one():
    assert PipelineConfig(steps=4).changed(steps=5).steps == 5
    with pytest.raises(ConfigError, match="stepz"):
        PipelineConfig().changed(stepz=4)
    with pytest.raises(ConfigError, match="seed=-1"):
        ResolvedConfig(**RESOLVED).changed(seed=-1)


@given(
    prompt=st.text(),
    steps=st.integers(1, 150),
    guidance_scale=st.floats(1, 30),
    seed=st.integers(-1, LARGEST_SEED),
)
def test_json_gives_the_same_config_back(**settings):
    config = PipelineConfig(**settings)
    assert PipelineConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize("given", [None, 5, "a cat", ["steps"], [1, 2], b"x"])
def test_what_are_no_settings_is_refused_in_words(given):
    with pytest.raises(ConfigError, match="is no object: settings with their values; in code"):
        PipelineConfig.parse(given)
