"""What is in force where a setting is left open is told: the picture's, a model's."""

import pytest

from medialab import PipelineConfig
from tests.widgets.form_parts import Defaults
from widgets.form_inherited import FormInherited
from widgets.form_values import FormValues


@pytest.fixture
def values():
    return FormValues(Defaults().picture)


@pytest.fixture
def inherited(values):
    return FormInherited(values, Defaults())


def test_the_checkpoints_own_settings_are_inherited(inherited):
    found = inherited.of(["steps", "sampler", "guidance_scale"])
    assert found["steps"] == 4
    assert found["guidance_scale"] == 5.0  # it has none of its own
    assert inherited.of(["size"])["size"] == {"width": 128, "height": 128}


def test_a_number_that_is_left_empty_says_that_it_is_chosen(inherited):
    assert inherited.of(["draw_together"]) == {"draw_together": "auto"}


def test_a_random_seed_is_shown_as_that_of_the_last_picture(inherited):
    assert "seed" not in inherited.of(["seed"])
    inherited.last_seed = 7
    assert inherited.of(["seed"])["seed"] == 7


def test_a_stage_inherits_the_pictures_settings_or_its_models(inherited, values):
    values.show(PipelineConfig(prompt="a cat", vae="", loras=[{"name": "ink"}]))
    names_of = ("prompt", "vae", "loras", "seed", "denoising_strength", "width")
    found = inherited.of([f"face.{name}" for name in names_of])
    assert found["face.prompt"] == {"value": "a cat", "note": "as the picture"}
    assert found["face.vae"] == "the checkpoint's own"
    assert [one["name"] for one in found["face.loras"]["value"]] == ["ink"]
    assert found["face.seed"]["value"] == "random"
    assert found["face.denoising_strength"]["value"] == 0.6
    assert found["face.width"] == "auto"
    values.set({"face.checkpoint": "another"})
    assert inherited.of(["face.denoising_strength"])["face.denoising_strength"]["value"] == 0.4
