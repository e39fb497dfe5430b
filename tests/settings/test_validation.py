"""What is wrong with a request is named, with what would be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError
from medialab.settings.validation import _ELSEWHERE
from medialab.stages.detailer.edits import DetectionEdit

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


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"num_inference_steps": 3}, r"Did you mean 'steps'\?$"),
        ({"cfg_scale": 3}, r"Did you mean 'guidance_scale'\?$"),
        ({"hires_fix": {}}, r"Did you mean 'refiner'\?$"),
        ({"strength": 0.3}, "'denoising_strength' is a setting of img2img, inpaint, "),
        ({"face": {"strength": 0.3}}, r"Did you mean 'denoising_strength'\?$"),
        ({"face.enabled": True}, r"Write it within face: \{'enabled': …\}$"),
        ({"face.strength": 1}, r"Write it within face: \{'denoising_strength': …\}$"),
        ({"face": {"detections": [{"bbox": [1, 2, 3, 4]}]}}, r"Did you mean 'box'\?$"),
    ],
)
def test_another_programs_name_for_a_setting_leads_to_ours(settings, told):
    with pytest.raises(ConfigError, match=told):
        PipelineConfig.parse(settings)


@pytest.mark.parametrize("name", ["steps.a", "image.x", "face.", "face.loras.name", "loras.name"])
def test_what_is_within_no_stage_is_not_told_to_be(name):
    with pytest.raises(ConfigError) as error:
        PipelineConfig.parse({name: 1})
    assert "Write it within" not in str(error.value)


def test_every_name_of_another_program_leads_to_a_setting_and_is_none_itself():
    models = {PipelineConfig, *map(type, dict(PipelineConfig()).values()), DetectionEdit}
    ours = {name for one in models for name in getattr(one, "model_fields", {})}
    assert set(_ELSEWHERE.values()) <= ours
    assert not _ELSEWHERE.keys() & ours


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"loras": ["ink"]}, r"loras.0='ink': write \{\"name\": …\}$"),
        ({"loras": "ink"}, r"loras='ink': write a list, such as \[\{\"name\": …\}\]$"),
        ({"face": {"detections": [[1, 2, 3, 4]]}}, r"write \{\"box\": …\}$"),
        ({"styles": "ink"}, "styles='ink': write a list$"),
        ({"face": True}, 'face=True: write an object with its settings, of which "enabled"'),
        ({"steps": True}, "steps=True: true and false are not a number"),
    ],
)
def test_a_value_of_another_shape_is_told_the_shape(settings, told):
    with pytest.raises(ConfigError, match=told):
        PipelineConfig.parse(settings)


@pytest.mark.parametrize("picture", [Image.new("RGB", (8, 8)), "cat.png", 7])
def test_a_picture_in_place_of_its_name_is_told_how_to_get_one(picture):
    for settings in (
        {"image": picture},
        {"inpaint": {"mask": picture}},
        {"instruct": {"references": [picture]}},
        {"control": [{"model": "canny", "image": picture}]},
    ):
        with pytest.raises(ConfigError, match=r"as Workbench\.keep\(picture\) returns it"):
            PipelineConfig.parse(settings)


def test_a_setting_that_stands_under_a_stage_is_told():
    with pytest.raises(
        ConfigError, match=r"no setting 'crop_factor'.*a setting of body, face, hand$"
    ):
        PipelineConfig.parse({"crop_factor": 2})


@given(st.dictionaries(st.sampled_from([*PipelineConfig.model_fields, "x"]), JSON, max_size=4))
def test_any_values_are_a_request_or_an_error_of_ours(settings):
    builders = (PipelineConfig.parse, PipelineConfig.from_notebook, lambda of: PipelineConfig(**of))
    for build in builders:
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


def test_two_faults_are_named_together():
    with pytest.raises(ConfigError, match=r"width=0.*; steps=0"):
        PipelineConfig.parse({"steps": 0, "width": 0})
