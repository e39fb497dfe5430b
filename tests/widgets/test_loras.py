"""The LoRA picker, without a browser."""

import pytest

from medialab import PipelineConfig
from medialab.settings.loras import LoRAConfig
from widgets.loras import LoRAPicker


@pytest.fixture
def words():
    return []


@pytest.fixture
def picker(words):
    made = LoRAPicker(words.append, lambda error: pytest.fail(str(error)))
    made.offer(
        ["ink", "gold"],
        {"bad.pt": "a pickle, which can run any code"},
        {"ink": ["ink wash", "brush"]},
    )
    return made


def add(picker, name):
    picker.search.value = name


def test_two_are_added_by_search_with_weights_of_their_own(picker):
    add(picker, "ink")
    add(picker, "gold")
    picker.rows.children[1].weight.value = 0.45
    assert picker.value == (LoRAConfig(name="ink"), LoRAConfig(name="gold", weight=0.45))
    assert picker.search.value == ""


def test_a_weight_is_the_number_that_the_slider_shows(picker):
    add(picker, "ink")
    slider = picker.rows.children[0].weight
    slider.value = 0.7000000000000002
    assert picker.value == (LoRAConfig(name="ink", weight=0.7),)
    assert slider.value == 0.7000000000000002  # sent back, it would undo the next move


def test_the_same_is_added_once_and_a_stranger_never(picker):
    add(picker, "ink")
    add(picker, "ink")
    add(picker, "nobody")
    assert [one.name for one in picker.value] == ["ink"]


def test_one_is_switched_off_and_one_taken_out(picker):
    add(picker, "ink")
    add(picker, "gold")
    picker.rows.children[0].enabled.value = False
    picker.rows.children[1].remove.click()
    assert picker.value == (LoRAConfig(name="ink", enabled=False),)
    assert len(picker.rows.children) == 1


def test_trigger_words_are_shown_and_inserted(picker, words):
    add(picker, "ink")
    buttons = picker.rows.children[0].inserts
    assert [button.description for button in buttons] == ["ink wash", "brush"]
    buttons[1].click()
    assert words == ["brush"]


def test_a_file_that_cannot_be_used_is_listed_with_its_reason(picker):
    assert "bad.pt" in picker.children[-1].value
    assert "a pickle" in picker.children[-1].value


def test_a_config_is_shown_whatever_it_holds(picker):
    asked = (
        LoRAConfig(name="elsewhere", weight=-3.5, text_encoder=0.2, start=0.1),
        LoRAConfig(name="ink"),
    )
    picker.value = asked
    assert picker.value == asked
    assert [row.weight.value for row in picker.rows.children] == [-3.5, 1.0]


@pytest.fixture
def stage_picker(words):
    """Of a stage that may have the base's."""
    made = LoRAPicker(words.append, lambda error: pytest.fail(str(error)), may_inherit=True)
    made.offer(["ink", "gold"], {}, {})
    return made


def test_a_stages_picker_inherits_until_it_is_switched_on(stage_picker):
    assert stage_picker.value is None
    assert stage_picker.search.layout.display == "none"
    stage_picker.owns.value = True
    assert stage_picker.value == ()
    assert stage_picker.search.layout.display is None
    add(stage_picker, "gold")
    assert stage_picker.value == (LoRAConfig(name="gold"),)


def test_what_was_chosen_comes_back_with_the_switch(stage_picker):
    chosen = (LoRAConfig(name="ink", weight=0.3), LoRAConfig(name="gold"))
    stage_picker.value = chosen
    assert stage_picker.owns.value is True
    stage_picker.owns.value = False
    assert stage_picker.value is None
    assert stage_picker.rows.layout.display == "none"
    stage_picker.owns.value = True
    assert stage_picker.value == chosen


def test_the_pictures_own_picker_has_no_switch_and_is_never_none(picker):
    assert picker.owns.layout.display == "none"
    assert picker.value == ()


def test_none_is_shown_as_inheriting(stage_picker):
    stage_picker.value = ()
    assert stage_picker.owns.value is True
    stage_picker.value = None
    assert stage_picker.owns.value is False


def test_the_panel_offers_those_on_the_disk_and_asks_for_those_chosen(studio):
    studio.form["loras"].value = (LoRAConfig(name="ink", weight=0.5),)
    assert PipelineConfig.parse(studio.form.read()).loras == (LoRAConfig(name="ink", weight=0.5),)
    studio.form["prompt"].value = "a ball"
    studio.form._insert("ink wash")
    studio.form._insert("ink wash")
    assert studio.form["prompt"].value == "a ball, ink wash"
