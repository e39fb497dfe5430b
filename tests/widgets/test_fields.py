"""Settings of a config model as inputs; what is left open is added and taken away."""

import pytest

from medialab import Workbench
from medialab.settings.control_units import ControlUnit
from medialab.settings.loras import LoRAConfig
from medialab.stages.detailer.edits import DetectionEdit
from medialab.stages.detailer.settings import DetailerConfig
from medialab.stages.inpaint import InpaintConfig
from medialab.stages.upscaler import UpscalerConfig
from widgets.catalogue import Catalogue
from widgets.fields import Fields, input_for
from widgets.input_context import InputContext
from widgets.shapes import Shape, shapes_of
from widgets.stage_card import StageCard

PICTURE = "0" * 64


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    (folder / "models").mkdir()
    (folder / "models" / "styles.csv").write_text("name,prompt,negative_prompt\nink,ink,\n")
    with Workbench(models=folder / "models", outputs=folder / "outputs") as bench:
        catalogue = Catalogue(bench)
        catalogue.refresh()
        base = {"prompt": "a cat", "steps": 33}
        yield InputContext(
            catalogue,
            lambda error, trace: pytest.fail(trace),
            lambda word: None,
            lambda: PICTURE,
            lambda: "1" * 64,
            base.get,
        )


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


def test_a_mask_and_a_picture_come_from_the_canvas(context):
    mask = input_for(shapes_of(InpaintConfig)["mask"], context)
    picture = input_for(shapes_of(ControlUnit)["image"], context)
    mask.take.click()
    picture.take.click()
    assert (mask.value, picture.value) == ("1" * 64, PICTURE)
    assert "mask in use" in mask.text.value
    mask.drop.click()
    assert mask.value is None


def test_a_menu_of_models_keeps_a_name_that_is_not_there(context):
    fields = Fields(shapes_of(UpscalerConfig).values(), context)
    fields.show(dict(UpscalerConfig(upscaler="nose")))
    assert fields.read()["upscaler"] == "nose"
    context.catalogue.refresh()
    assert fields.read()["upscaler"] == "nose"


def test_a_setting_of_a_type_without_input_is_named(context):
    with pytest.raises(TypeError, match="'strange'"):
        input_for(Shape("strange", dict, "no input takes a dict"), context)


def test_a_card_has_a_switch_that_opens_it_and_few_settings_at_first(context):
    card = StageCard("face", "Face", DetailerConfig, context)
    assert not card.opened
    card.switch.value = True
    assert card.opened
    assert card.read()["enabled"] is True
    first = card.fields.children[0].children
    assert card.fields["denoising_strength"] in first
    assert card.fields["x_offset"] not in first


def test_a_card_of_a_stage_without_switch_has_none(context):
    card = StageCard("inpaint", "Inpaint", InpaintConfig, context)
    assert card.switch is None
    assert InpaintConfig.model_validate(card.read()) == InpaintConfig()


def test_styles_of_the_file_are_offered_and_others_are_kept(context):
    from medialab import PipelineConfig

    styles = input_for(shapes_of(PipelineConfig)["styles"], context)
    assert styles.tags.allowed_tags == ["ink"]
    styles.value = ("gold",)
    assert styles.tags.value == ["gold"]


def test_a_much_used_slider_that_may_be_left_open_is_seen_and_open(context):
    card = StageCard("face", "Face", DetailerConfig, context)
    strength = card.fields["denoising_strength"]
    assert strength in card.fields.children[0].children
    assert card.read()["denoising_strength"] is None
    strength.number.value = 0.75
    assert card.read()["denoising_strength"] == 0.75
    assert strength.auto.value is False
    strength.auto.value = True
    assert card.read()["denoising_strength"] is None
    card.show(dict(DetailerConfig(denoising_strength=0.25)))
    assert (strength.number.value, strength.auto.value) == (0.25, False)
    card.show(dict(DetailerConfig()))
    assert strength.auto.value is True


def test_several_detectors_may_be_named_and_those_there_are_are_offered(context):
    detector = input_for(shapes_of(DetailerConfig)["detector"], context)
    assert detector.options == ("automatic", "centre")
    detector.value = "one, two"
    assert DetailerConfig(detector=detector.value).chain == ("one", "two")
