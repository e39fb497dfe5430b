"""A field's kind, limits, menu and help are those of the setting."""

import pytest

from medialab import PipelineConfig
from medialab.settings.fields import StageConfig
from widgets import arrangement
from widgets.descriptors import field_of, fields_of
from widgets.form_values import is_stage
from widgets.shapes import Shape, shapes_of

SHAPES = shapes_of(PipelineConfig)
PARTS = {name: shape for name, shape in SHAPES.items() if is_stage(shape)}
NAMES = {"checkpoint": ["paperdoll"], "lora": ["ink"], "style": ["gold"]}


def names(kind):
    return NAMES.get(kind, [])


@pytest.mark.parametrize("stage", PARTS)
def test_fields_are_named_by_stage_and_grouped(stage):
    shapes = shapes_of(PARTS[stage].kind)
    fields = fields_of(shapes, arrangement.STAGES[stage].groups, names, stage=stage)
    assert fields[0]["name"].startswith(f"{stage}.")
    assert len({one["name"] for one in fields}) == len(fields)
    groups = [group.name for group in arrangement.STAGES[stage].groups]
    assert [*dict.fromkeys(one["group"] for one in fields)] == groups


def test_a_fields_limits_unit_and_help_are_the_configs():
    field = field_of(shapes_of(PARTS["face"].kind)["grow"], names)
    assert (field["kind"], field["min"], field["max"], field["unit"]) == ("whole", -128, 128, "px")
    assert field["help"] == "Pixels to grow the mask by; below 0 shrinks it."
    assert field["default"] == 4
    assert "zero" not in field
    assert field_of(shapes_of(PARTS["face"].kind)["top_k"], names)["zero"] == "no limit"
    seed = field_of(SHAPES["seed"], names)
    assert (seed["kind"], seed["max"], seed["slider"]) == ("whole", 2**64 - 1, False)
    strength = field_of(shapes_of(PARTS["face"].kind)["denoising_strength"], names)
    assert (strength["label"], strength["optional"], strength["step"]) == ("Strength", True, 0.05)


def test_menus_offer_models_and_the_meaning_of_no_name():
    assert field_of(SHAPES["checkpoint"], names)["choices"] == [["paperdoll", "paperdoll"]]
    assert field_of(SHAPES["vae"], names)["choices"] == [["the checkpoint's own", ""]]
    assert field_of(SHAPES["styles"], names)["choices"] == [["gold", "gold"]]
    detector = field_of(shapes_of(PARTS["face"].kind)["detector"], names)
    assert detector["free"]
    assert ["Automatic", "automatic"] in detector["choices"]


def test_a_list_of_controlnets_has_fields_of_its_own():
    field = field_of(SHAPES["control"], names)
    assert (field["kind"], field["wide"]) == ("units", True)
    assert field["blank"]["weight"] == 1.0
    assert field["blank"]["model"] == ""  # there is none here
    own = {one["name"]: one["kind"] for one in field["fields"]}
    assert (own["image"], own["weight"], own["enabled"]) == ("picture", "number", "tick")


def test_choices_are_written_as_people_read_them():
    labels = dict(map(reversed, field_of(SHAPES["format"], names)["choices"]))
    assert labels == {"png": "PNG", "jpeg": "JPEG", "webp": "WebP"}
    assert ["Just resize", "just resize"] in field_of(SHAPES["resize_mode"], names)["choices"]


@pytest.mark.parametrize("many", [False, True])
def test_a_setting_of_an_unknown_type_is_named(many):
    with pytest.raises(TypeError, match="'colours'"):
        field_of(Shape("colours", complex, "", many=many), names)
    assert issubclass(PARTS["face"].kind, StageConfig)
