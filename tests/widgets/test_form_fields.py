"""The form's fields follow its values: a start picture, a sampler."""

import pytest

from tests.widgets.form_parts import Catalogue, Defaults
from widgets.form_fields import USES, FormFields
from widgets.form_limits import FormLimits
from widgets.form_shapes import WHOLE
from widgets.form_values import FormValues

PICTURE = "1" * 64


@pytest.fixture
def values():
    return FormValues(Defaults().picture)


@pytest.fixture
def limits(values):
    return FormLimits(values, Defaults())


@pytest.fixture
def fields(values, limits):
    return FormFields(values, Catalogue(), limits)


def names(found):
    return [field["name"] for field in found]


def test_what_is_always_in_sight_is_in_its_groups(fields):
    found = {field["name"]: field.get("group", "") for field in fields.basics()}
    assert list(found) == [
        "prompt", "negative_prompt", "checkpoint", "size", "steps", "guidance_scale", "sampler",
        "seed", "loras",
    ]  # fmt: skip
    assert (found["prompt"], found["negative_prompt"], found["loras"]) == (
        "",
        "negative",
        "picture",
    )


def test_a_start_picture_is_used_in_one_way_and_brought_to_size(fields, values):
    assert names(fields.start()) == ["image"]
    values.set({"image": PICTURE})
    assert names(fields.start()) == ["image", "use"]  # to repair: its size is kept
    assert [label for label, _ in fields.start()[1]["choices"]] == [
        label for mode, label in USES.items() if mode != "instruct"
    ]
    values.set({"use": "img2img"})
    assert names(fields.start()) == ["image", "use", "fit"]
    values.set({"fit": "custom"})
    assert names(fields.start()) == ["image", "use", "fit", "start.size", "resize_mode"]
    assert "size" not in names(fields.basics())


def test_a_checkpoints_own_settings_are_optional(fields):
    (steps,) = (field for field in fields.basics() if field["name"] == "steps")
    assert steps["optional"]
    assert "default" not in steps


def test_the_samplers_that_run_the_checkpoint_are_offered_and_the_one_that_is_set(fields, values):
    def offered():
        (field,) = (one for one in fields.basics() if one["name"] == "sampler")
        return [value for _, value in field["choices"]]

    assert len(offered()) > 10
    values.set({"checkpoint": "flow", "sampler": None})
    assert offered() == ["DDIM"]
    values.set({"sampler": "Heun"})
    assert offered() == ["Heun", "DDIM"]


def test_a_sampler_has_the_schedules_that_it_has_with_the_checkpoint(fields, values, limits):
    values.set({"sampler": "DDIM"})
    assert "ddim" in limits.schedules()
    values.set({"checkpoint": "flow"})
    assert limits.schedules() == ("automatic", "simple")
    more, _titles = fields.of(WHOLE)
    (field,) = (one for one in more if one["name"] == "schedule")
    assert [value for _, value in field["choices"]] == ["automatic", "simple"]


def test_each_stage_has_a_main_setting_or_none(fields):
    assert fields.main("face")["name"] == "face.denoising_strength"
    assert fields.main("finish")["name"] == "sharpen"
    assert fields.main("control") is None


def test_a_use_that_no_checkpoint_here_has_is_offered_only_where_it_is_set(fields, values):
    def offered():
        (field,) = (one for one in fields.start() if one["name"] == "use")
        return [value for _, value in field["choices"]]

    values.set({"image": PICTURE})
    assert offered() == [mode for mode in USES if mode != "instruct"]
    values.set({"use": "instruct"})
    assert offered() == list(USES)
