"""The form has an input for every setting, with the config's own limits, defaults and help."""

import shutil

import pytest

from medialab import PipelineConfig
from medialab.samplers import SAMPLERS
from medialab.settings import EMPHASES


def test_every_setting_of_the_shown_stages_has_an_input():
    shown = {*PromptConfig.model_fields, *Txt2ImgConfig.model_fields, *FinishConfig.model_fields}
    assert set(SETTINGS) == shown


def test_an_untouched_form_is_the_default_config(studio):
    assert PipelineConfig.parse(studio.form.read()) == PipelineConfig()


def test_a_config_that_is_shown_is_read_back(studio):
    config = PipelineConfig(
        prompt="a cat",
        negative_prompt="rain",
        width=112,
        height=144,
        steps=33,
        guidance_scale=7.5,
        sampler="Euler",
        schedule="karras",
        seed=2**32 - 1,
        batch_size=2,
        sharpen=0.5,
        styles=("ink", "gold"),
        emphasis="no norm",
        clip_skip=2,
    )
    studio.form.show(config)
    assert PipelineConfig.parse(studio.form.read()) == config


def test_limits_and_help_are_those_of_the_config(studio):
    steps = studio.form["steps"]
    assert (steps.min, steps.max, steps.value) == (1, 150, 20)
    assert steps.tooltip == PipelineConfig.model_fields["steps"].description


def test_what_brackets_do_is_chosen_and_styles_are_named(studio):
    assert tuple(studio.form["emphasis"].options) == EMPHASES
    assert studio.form["styles"].description == "Styles"
    studio.form["styles"].value = ["ink"]
    assert PipelineConfig.parse(studio.form.read()).styles == ("ink",)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_input_has_a_class_to_find_it_by(studio, parts_of, name):
    classes = [cls for part in parts_of(studio) for cls in part._dom_classes]
    assert f"mls-{name.replace('_', '-')}" in classes


def test_a_setting_of_a_type_without_input_is_named():
    with pytest.raises(TypeError, match="'schema_version'"):
        make_input("schema_version")


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_only_schedules_that_the_sampler_can_honour_are_offered(studio, sampler):
    studio.form["sampler"].value = sampler
    offered = set(studio.form["schedule"].options)
    assert offered == {"automatic", *SAMPLERS[sampler].schedules}


def test_a_schedule_that_the_new_sampler_lacks_becomes_automatic(studio):
    studio.form["schedule"].value = "karras"
    studio.form["sampler"].value = "Heun"
    assert studio.form["schedule"].value == "karras"
    studio.form["sampler"].value = "LCM"
    assert studio.form["schedule"].value == "automatic"


def test_a_refused_checkpoint_cannot_be_chosen_and_says_why(tiny_models, tmp_path, studio_over):
    shutil.copytree(tiny_models, tmp_path / "models")
    (tmp_path / "models" / "checkpoints" / "old.ckpt").write_bytes(b"a pickle")
    studio = studio_over(tmp_path / "models")
    assert studio.form["checkpoint"].options == ("paperdoll",)
    assert "old.ckpt" in studio.form.refused
    assert "pickle" in studio.form.refused


def test_refresh_finds_a_checkpoint_that_came_later(tiny_models, tmp_path, studio_over, press_in):
    studio = studio_over(tmp_path / "models")
    assert studio.form["checkpoint"].options == ()
    shutil.copytree(tiny_models, tmp_path / "models")
    press_in(studio, "refresh")
    assert studio.form["checkpoint"].options == ("paperdoll",)


def test_a_config_with_a_checkpoint_that_came_later_is_filled_in(
    tiny_models, tmp_path, studio_over
):
    studio = studio_over(tmp_path / "models")
    shutil.copytree(tiny_models, tmp_path / "models")
    studio.fill(PipelineConfig(checkpoint="paperdoll"))
    assert studio.form.read()["checkpoint"] == "paperdoll"


def test_without_any_checkpoint_generate_says_where_they_belong(tmp_path, studio_over, press_in):
    studio = studio_over(tmp_path / "models")
    press_in(studio, "generate")
    assert "models/checkpoints" in studio.canvas.error.value
