"""The form tells how large pictures will be, and what to do where that is unwise."""

import pytest

from widgets.form_messages import NOTE
from widgets.form_notes import notes_of
from widgets.form_values import FormValues

PHOTO = (4000, 3000)


@pytest.fixture
def values():
    return FormValues(lambda _: {})


def notes(values, start=PHOTO, native=128):
    return notes_of(values, native, start, values.set)


@pytest.mark.parametrize(
    ("settings", "begun", "told"),
    [
        ({"negative_prompt": "blue", "guidance_scale": 1.0}, {}, True),
        ({"negative_prompt": "blue", "guidance_scale": 1.5}, {}, False),
        ({"negative_prompt": " ", "guidance_scale": 1.0}, {}, False),
        ({"negative_prompt": "blue"}, {"guidance_scale": 1.0}, True),
        ({"negative_prompt": "blue"}, {}, False),
    ],
)
def test_a_negative_prompt_that_nothing_reads_has_a_note(settings, begun, told):
    values = FormValues(lambda _: begun)
    values.set({"guidance_scale": None} | settings)
    assert ("negative_prompt" in notes(values)) == told


def test_a_controlnet_that_has_nothing_to_follow_asks_for_a_picture(values):
    lines, own = {"model": "lines"}, {"model": "lines", "image": "1" * 64}
    for units, text in [
        ([lines], "The ControlNet has no picture yet: choose one for it."),
        ([own, lines], "ControlNet 2 has no picture yet: choose one for it."),
        ([own, lines | {"enabled": False}], ""),
    ]:
        values.set({"control": units})
        told = notes(values).get("control")
        assert (told.text if told else "") == text
    values.set({"control": [lines], "image": "2" * 64, "use": "img2img"})
    assert "control" not in notes(values)


def test_a_size_that_suits_the_model_needs_no_word(values):
    assert notes(values) == {}
    values.set({"width": 1024, "height": 1024})
    message = notes(values)["size"]
    assert (message.level, message.label) == (NOTE, "Use 128 × 128")
    message.act()
    assert notes(values) == {}
    assert notes(values, native=None) == {}


@pytest.mark.parametrize(
    ("use", "fit", "text"),
    [
        ("img2img", "model", "4000 × 3000 → 144 × 112, enlarged again at the end."),
        ("inpaint", "model", "Drawn near 128 × 128; around the mask every pixel stays."),
        (
            "img2img",
            "keep",
            "4000 × 3000 is far from the model's 128 × 128; this takes long.",
        ),
    ],
)
def test_a_large_start_picture_says_what_becomes_of_it(values, use, fit, text):
    values.set({"image": "1" * 64, "use": use, "fit": fit})
    assert notes(values)["fit"].text == text
    assert notes(values)["fit"].level == NOTE


def test_a_picture_to_repair_keeps_its_size_and_one_of_the_models_size_is_kept_too(values):
    values.set({"image": "1" * 64})
    assert "fit" not in notes(values)
    values.set({"use": "img2img"})
    assert notes(values, (128, 128)) == {}
    assert notes(values, None) == {}


def test_a_custom_size_far_from_the_models_is_told_beside_it(values):
    values.set({"image": "1" * 64, "use": "img2img", "fit": "custom", "start.width": 4000})
    found = notes(values)["start.size"]
    assert found.label == "Use 144 × 112"
    found.act()
    assert (values.value("start.width"), values.value("start.height")) == (144, 112)
