"""The LoRA picker, without a browser."""

import pytest

from medialab import PipelineConfig
from medialab.settings import LoRAConfig
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


def test_the_panel_offers_those_on_the_disk_and_asks_for_those_chosen(studio):
    studio.form["loras"].value = (LoRAConfig(name="ink", weight=0.5),)
    assert PipelineConfig.parse(studio.form.read()).loras == (LoRAConfig(name="ink", weight=0.5),)
    studio.form["prompt"].value = "a ball"
    studio.form._insert("ink wash")
    studio.form._insert("ink wash")
    assert studio.form["prompt"].value == "a ball, ink wash"
