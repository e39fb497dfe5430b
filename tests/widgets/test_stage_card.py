"""A stage is a card with its settings, and a switch if it has one."""

from medialab.stages.detailer.settings import DetailerConfig
from medialab.stages.inpaint import InpaintConfig
from widgets.stage_card import StageCard


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


def test_a_card_that_is_shown_is_read_back_and_opens_with_its_switch(context):
    card = StageCard("face", "Face", DetailerConfig, context)
    config = DetailerConfig(enabled=True, denoising_strength=0.55, steps=12)
    card.show(dict(config))
    assert DetailerConfig.model_validate(card.read()) == config
    assert card.opened
    card.show(dict(DetailerConfig()))
    assert not card.opened


def test_the_switch_and_the_settings_tell_of_changes(context):
    card = StageCard("face", "Face", DetailerConfig, context)
    told = []
    card.on_change(lambda: told.append(card.read()["enabled"]))
    card.switch.value = True
    card.fields["denoising_strength"].value = 0.5
    assert told == [True, True]


def test_the_title_is_said_once(context):
    switched = StageCard("face", "Face", DetailerConfig, context)
    assert (switched.head.description, switched.switch.description) == ("", "Face")
    plain = StageCard("inpaint", "Inpaint", InpaintConfig, context)
    assert plain.head.description == "Inpaint"
