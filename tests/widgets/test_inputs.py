"""Each setting has the input that fits its type, limits, default and choices."""

from types import SimpleNamespace

import ipywidgets as ipw
import pytest

from medialab import PipelineConfig
from medialab.stages.detailer.settings import DetailerConfig
from medialab.stages.upscaler import UpscalerConfig
from widgets.fields import input_for
from widgets.inputs import AutoInput, NameInput, NamesInput, make_input
from widgets.prompt_editor import PromptEditor
from widgets.shapes import Shape, shapes_of
from widgets.whole_number import WholeNumber

SHAPES = shapes_of(PipelineConfig)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("prompt", PromptEditor),
        ("steps", ipw.IntSlider),
        ("guidance_scale", ipw.FloatSlider),
        ("seed", WholeNumber),
        ("sampler", ipw.Dropdown),
        ("checkpoint", NameInput),
        ("styles", NamesInput),
        ("width", ipw.BoundedIntText),
    ],
)
def test_a_setting_has_the_input_of_its_type(context, name, kind):
    control = make_input(SHAPES[name], context)
    assert isinstance(control, kind)
    assert control.description == SHAPES[name].label
    own = "mls-group" if isinstance(control, ipw.Box) else "mls-field"
    assert {own, f"mls-{name.replace('_', '-')}"} <= set(control._dom_classes)


def test_a_slider_has_the_settings_limits_and_moves_by_steps_that_fit_its_length(context):
    scale = make_input(SHAPES["guidance_scale"], context)
    limits = SHAPES["guidance_scale"].limits
    assert (scale.min, scale.max) == (limits.smallest, limits.largest)
    assert (scale.step, scale.readout_format) == (0.5, ".1f")
    sharpen = make_input(SHAPES["sharpen"], context)
    assert sharpen.step < scale.step


def test_a_setting_without_limits_has_a_plain_field(context):
    fraction = make_input(Shape("share", float, "without limits", default=0.5), context)
    count = make_input(Shape("number", int, "without limits", default=3), context)
    assert (type(fraction).__name__, fraction.value) == ("FloatText", 0.5)
    assert (type(count).__name__, count.value) == ("IntText", 3)


def test_a_tick_and_a_text_have_the_default(context):
    tick = make_input(Shape("on", bool, "a switch", default=True), context)
    text = make_input(Shape("name", str, "a name", default="a"), context)
    assert (tick.value, text.value) == (True, "a")


@pytest.fixture
def auto(context):
    shape = shapes_of(DetailerConfig)["denoising_strength"]
    return AutoInput(shape, context)


def test_an_automatic_number_becomes_a_number_when_it_is_moved_and_back(auto):
    assert (auto.value, auto.auto.value, auto.number.readout) == (None, True, False)
    auto.number.value = 0.75
    assert (auto.value, auto.auto.value, auto.number.readout) == (0.75, False, True)
    auto.auto.value = True
    assert (auto.value, auto.number.readout) == (None, False)
    auto.auto.value = False
    assert auto.value == 0.75
    auto.value = 0.25
    assert (auto.number.value, auto.auto.value) == (0.25, False)


class Names:
    """A catalogue whose names are set, and told of."""

    def __init__(self, *names):
        self.names, self.listeners = names, []

    def of(self, _kind):
        return SimpleNamespace(names=self.names, refused={})

    def on_refresh(self, listener):
        self.listeners.append(listener)
        listener()

    def change_to(self, *names):
        self.names = names
        for listener in self.listeners:
            listener()


def test_a_checkpoint_that_is_gone_is_replaced_by_one_that_is_there():
    names = Names("dawn", "dusk")
    menu = NameInput(SHAPES["checkpoint"], "dusk", names)
    assert (menu.options, menu.value) == (("dawn", "dusk"), "dusk")
    names.change_to("dawn", "noon")
    assert (menu.options, menu.value) == (("dawn", "noon"), "dawn")
    names.change_to()
    assert (menu.options, menu.value) == ((), None)


def test_another_model_that_is_gone_stays_and_none_is_named_by_its_meaning():
    names = Names("mse")
    menu = NameInput(SHAPES["vae"], "", names)
    assert menu.options == (("the checkpoint's own", ""), ("mse", "mse"))
    menu.value = "mse"
    names.change_to("other")
    assert (menu.value, [value for _, value in menu.options]) == ("mse", ["", "other", "mse"])
    menu.choose("gone")
    assert menu.value == "gone"
    menu.choose(None)
    assert menu.value == ""


def test_a_setting_that_names_no_model_has_no_menu_of_models():
    with pytest.raises(TypeError, match="'steps' names no model"):
        NameInput(SHAPES["steps"], None, Names())


def test_names_are_tags_of_the_kind_and_those_that_are_gone_stay():
    names = Names("ink", "gold")
    control = NamesInput(("ink",), names, "style")
    assert control.tags.allowed_tags == ["ink", "gold"]
    control.tags.value = ["ink", "gold"]
    assert control.value == ("ink", "gold")
    names.change_to("ink")
    assert control.value == ("ink", "gold")
    assert control.tags.allowed_tags == ["ink", "gold"]
    control.description = "Styles <b>"
    assert control.children[0].value == "Styles &lt;b&gt;"


def test_names_of_no_kind_are_free():
    assert NamesInput(("a",), Names("ink")).tags.allowed_tags == []


def test_a_menu_with_few_choices_offers_them(context):
    control = make_input(SHAPES["sampler"], context)
    assert tuple(control.options) == tuple(SHAPES["sampler"].choices)
    upscaler = make_input(shapes_of(UpscalerConfig)["upscaler"], context)
    assert upscaler.value == UpscalerConfig().upscaler


def test_styles_of_the_file_are_offered_and_others_are_kept(context):
    styles = input_for(shapes_of(PipelineConfig)["styles"], context)
    assert styles.tags.allowed_tags == ["ink"]
    styles.value = ("gold",)
    assert styles.tags.value == ["gold"]


def test_several_detectors_may_be_named_and_those_there_are_are_offered(context):
    detector = input_for(shapes_of(DetailerConfig)["detector"], context)
    assert detector.options == ("automatic", "centre")
    detector.value = "one, two"
    assert DetailerConfig(detector=detector.value).chain == ("one", "two")


def test_a_setting_of_a_type_without_input_is_named(context):
    with pytest.raises(TypeError, match="'strange'"):
        input_for(Shape("strange", dict, "no input takes a dict"), context)
