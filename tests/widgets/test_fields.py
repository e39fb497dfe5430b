"""Settings of a config model as inputs; what is left open is added and taken away."""

import pytest

from medialab.settings.control_units import ControlUnit
from medialab.settings.loras import LoRAConfig
from medialab.stages.detailer.edits import DetectionEdit
from medialab.stages.detailer.settings import DetailerConfig
from medialab.stages.upscaler import UpscalerConfig
from widgets.fields import Fields, input_for
from widgets.shapes import shapes_of

PICTURE = "0" * 64


@pytest.fixture
def fields(context):
    return Fields(shapes_of(DetailerConfig).values(), context)


def test_untouched_inputs_are_the_models_defaults(fields):
    assert DetailerConfig.model_validate(fields.read()) == DetailerConfig()


def test_what_is_left_open_has_no_input_until_it_is_added(fields):
    with pytest.raises(KeyError):
        fields["steps"]
    fields.add.value = "steps"
    assert fields["steps"].value == 33  # the base's, to start from
    assert fields.read()["steps"] == 33
    assert "steps" not in [name for _, name in fields.add.options]
    fields.rows.children[0].children[1].click()
    assert fields.read()["steps"] is None
    assert fields.add.value == ""
    assert len(fields.rows.children) == 0


def test_an_empty_list_of_loras_is_none_and_no_list_is_the_bases(fields):
    assert fields.read()["loras"] is None
    fields.add.value = "loras"
    assert fields.read()["loras"] == ()
    fields["loras"].value = (LoRAConfig(name="ink"),)
    assert fields.read()["loras"] == (LoRAConfig(name="ink"),)


def test_a_config_that_is_shown_is_read_back_and_told_of_once(fields):
    told = []
    fields.on_change(lambda: told.append(1))
    config = DetailerConfig(
        enabled=True,
        denoising_strength=0.55,
        order="large to small",
        prompt="x [PROMPT]",
        sampler="Euler",
        loras=(LoRAConfig(name="ink", weight=0.5),),
        control=(ControlUnit(model="canny", weight=0.5),),
        guide_size=512,
        mask=PICTURE,
        detections=(DetectionEdit(box=(1, 2, 3, 4)),),
    )
    fields.show(dict(config))
    assert DetailerConfig.model_validate(fields.read()) == config
    assert told == [1]
    fields.show(dict(DetailerConfig()))
    assert DetailerConfig.model_validate(fields.read()) == DetailerConfig()


def test_a_change_of_an_added_input_is_told(fields):
    fields.add.value = "steps"
    told = []
    fields.on_change(lambda: told.append(fields.read()["steps"]))
    fields["steps"].value = 12
    assert told == [12]


def test_units_are_added_changed_and_taken_out(context):
    control = input_for(shapes_of(DetailerConfig)["control"], context)
    control.value = ()
    control.add.click()
    unit = control.units[0]
    unit["weight"].value = 0.4
    unit.set("image", PICTURE)
    assert control.value[0]["weight"] == 0.4
    assert control.value[0]["image"] == PICTURE
    control.rows.children[0].children[0].children[1].click()
    assert control.value == ()


def test_a_menu_of_models_keeps_a_name_that_is_not_there(context):
    fields = Fields(shapes_of(UpscalerConfig).values(), context)
    fields.show(dict(UpscalerConfig(upscaler="nose")))
    assert fields.read()["upscaler"] == "nose"
    context.catalogue.refresh()
    assert fields.read()["upscaler"] == "nose"
