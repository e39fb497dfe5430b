"""Every setting's shape is read from its config field, so that forms need no list of their own."""

import pytest
from pydantic import AfterValidator

from medialab import PipelineConfig
from medialab.settings import filenames
from medialab.settings.choices import EMPHASES
from medialab.settings.control_units import ControlUnit
from medialab.settings.fields import OneOf, StageConfig
from medialab.settings.loras import LoRAConfig
from medialab.settings.samplers import SAMPLERS
from medialab.settings.sampling import SamplingConfig
from medialab.settings.shapes import Limits
from medialab.stages.detailer.settings import DetailerConfig
from medialab.stages.inpaint import InpaintConfig
from widgets.shapes import _LABELS, shapes_of


def models():
    """Every settings model there is."""
    found, left = [], [StageConfig]
    while left:
        left += (subclasses := left.pop().__subclasses__())
        found += [one for one in subclasses if one.__module__.startswith("medialab.")]
    return sorted(set(found), key=lambda one: one.__name__)


def test_limits_are_those_of_the_field():
    shapes = shapes_of(DetailerConfig)
    assert shapes["confidence"].limits == Limits(0.0, 1.0)
    assert shapes["grow"].limits == Limits(-128, 128)
    assert shapes["guide_size"].limits == Limits(64, 4096, 8)
    assert shapes["steps"].limits == Limits(1, 150)


def test_what_may_be_left_open_is_optional_and_keeps_its_kind():
    shapes = shapes_of(SamplingConfig)
    assert all(shape.optional for shape in shapes.values())
    assert (shapes["steps"].kind, shapes["guidance_scale"].kind) == (int, float)
    assert shapes["loras"].many
    assert shapes["loras"].kind is LoRAConfig
    assert not shapes_of(PipelineConfig)["loras"].optional


def test_choices_and_models_are_named():
    shapes = shapes_of(PipelineConfig)
    assert shapes["sampler"].choices == tuple(SAMPLERS)
    assert shapes["emphasis"].choices == EMPHASES
    assert shapes["checkpoint"].named.kind == "checkpoint"
    assert shapes["styles"].named.kind == "style"
    assert shapes_of(ControlUnit)["model"].named.kind == "controlnet"
    assert "latent" in shapes_of(type(PipelineConfig().refiner))["upscaler"].named.also


def test_pictures_are_told_from_texts():
    assert shapes_of(InpaintConfig)["mask"].is_picture
    assert shapes_of(PipelineConfig)["image"].is_picture
    assert not shapes_of(PipelineConfig)["prompt"].is_picture


def test_a_file_formats_version_is_nothing_to_choose():
    assert shapes_of(PipelineConfig)["schema_version"].is_fixed


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_a_check_against_a_list_of_names_says_its_names_to_forms(model):
    # A lambda in its place would leave a person to guess: give the annotation a OneOf.
    for name, field in model.model_fields.items():
        for rule in field.metadata:
            # A pattern is no list of names.
            if isinstance(rule, AfterValidator) and rule.func is not filenames.checked:
                assert isinstance(rule.func, OneOf), name


def test_labels_are_of_settings_that_exist_and_hold_no_name_of_code():
    settings = {name: shape for model in models() for name, shape in shapes_of(model).items()}
    assert set(_LABELS) <= set(settings)
    assert settings["grow"].label == "Grow mask (px)"
    assert settings["steps"].label == "Steps"
    assert not [one.label for one in settings.values() if "_" in one.label]
