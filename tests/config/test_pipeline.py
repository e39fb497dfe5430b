"""A config refuses what cannot be made, and says it in a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

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
        ({"width": 0}, "width=0.*1"),
        ({"width": 63}, "width=63: width and height go from 64 to 4096 pixels"),
        ({"width": 128, "height": 4097}, "height=4097: width and height go from 64 to 4096"),
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


def test_a_setting_of_a_stage_that_is_unknown_is_named_with_those_of_that_stage():
    with pytest.raises(ConfigError) as error:
        PipelineConfig.parse({"face": {"denoise_strength": 0.5}})
    said = str(error.value)
    assert "there is no setting 'face.denoise_strength'; known in face: " in said
    assert "crop_factor" in said
    assert "batch_size" not in said
    assert said.endswith("Did you mean 'denoising_strength'?")


@pytest.mark.parametrize(
    ("settings", "owner", "meant"),
    [
        ({"stepz": 3}, "known: ", "steps"),
        ({"loras": [{"name": "ink", "wieght": 1}]}, "known in loras.0: ", "weight"),
        (
            {"face": {"control": [{"model": "c", "wegiht": 1}]}},
            "known in face.control.0: ",
            "weight",
        ),
        ({"upscaler": {"tiles": 3}}, "known in upscaler: ", "tile"),
    ],
)
def test_what_was_meant_is_told(settings, owner, meant):
    with pytest.raises(ConfigError, match=rf"{owner}.*Did you mean '{meant}'\?"):
        PipelineConfig.parse(settings)


def test_a_setting_that_stands_under_a_stage_is_told():
    with pytest.raises(
        ConfigError, match=r"no setting 'crop_factor'.*a setting of body, face, hand$"
    ):
        PipelineConfig.parse({"crop_factor": 2})


@pytest.mark.parametrize(
    "settings", [{"seed": 1.2e19}, {"seed": 2.0**60}, {"variation_seed": 1e17}]
)
def test_a_number_that_is_not_exact_is_no_seed(settings):
    with pytest.raises(ConfigError, match="write all its digits"):
        PipelineConfig.parse(settings)
    assert PipelineConfig.parse({"seed": 1000.0}).seed == 1000


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats()
    | st.text(st.characters(), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "enabled", "box", "prompt", "x"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*PipelineConfig.model_fields, "x"]), JSON, max_size=4))
def test_any_values_are_a_request_or_an_error_of_ours(settings):
    for build in (PipelineConfig.parse, PipelineConfig.from_notebook):
        try:
            assert isinstance(build(settings), PipelineConfig)
        except ConfigError as error:
            str(error).encode()


@given(st.sampled_from(list(PipelineConfig.model_fields)), st.text(st.characters(), max_size=30))
def test_any_text_for_a_setting_is_read_or_named(name, text):
    for value in (text, f"[{text}]", "{" + text + "}"):
        try:
            PipelineConfig.from_notebook({name: value})
        except ConfigError as error:
            assert name in str(error)  # noqa: PT017


def test_a_choice_that_was_meant_is_told():
    with pytest.raises(ConfigError, match=r"sampler='Eulr'.*Did you mean 'Euler'\?"):
        PipelineConfig.parse({"sampler": "Eulr"})


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


def test_two_faults_are_named_together():
    with pytest.raises(ConfigError, match=r"width=0.*; steps=0"):
        PipelineConfig.parse({"steps": 0, "width": 0})


def test_sampler_and_schedule_are_found_whatever_their_capitals():
    config = PipelineConfig(sampler="euler A", schedule="SIMPLE")
    assert (config.sampler, config.schedule) == ("Euler a", "simple")


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
