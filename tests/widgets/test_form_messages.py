"""Beside a field stands one sentence, until it is mended, and its button does that."""

import pytest

from medialab.errors import ConfigError, ModelNotFoundError, ModelRefusedError
from widgets.form_messages import (
    NOTE,
    FormMessages,
    Message,
    about,
    message_of,
    tag_at_fault,
    without_tag,
)

PLAIN = {"mode": "txt2img"}


@pytest.fixture
def settings():
    return dict(PLAIN)


@pytest.fixture
def messages(settings):
    return FormMessages(lambda: settings)


def texts(messages, *fields):
    return [one.text if (one := messages.of(field)) else None for field in fields]


@pytest.mark.parametrize(
    ("prompt", "tag", "rest"),
    [
        ("a ball <lora:nosuch:1>, red", "<lora:nosuch:1>", "a ball, red"),
        ("<lyco:nosuch:te=0.3> a <lora:ink:1> ball", "<lyco:nosuch:te=0.3>", "a <lora:ink:1> ball"),
        ("a ball <lora:ink:1>", "", None),
    ],
)
def test_the_tag_of_a_missing_lora_is_found_and_the_others_stay(prompt, tag, rest):
    error = ModelNotFoundError.among("nosuch", "lora", "models/loras", ["ink"])
    assert tag_at_fault(error, prompt) == tag
    assert rest is None or without_tag(prompt, tag) == rest
    assert tag_at_fault(ModelNotFoundError.among("nosuch", "vae", "models/vae", []), prompt) == ""


def test_the_tag_of_a_lora_that_was_perhaps_meant_stays():
    error = ModelNotFoundError.among("inkk", "lora", "models/loras", ["ink", "inkling"])
    assert "Did you mean 'ink'?" in error.message
    assert tag_at_fault(error, "<lora:ink:1> <lora:inkk:1> a ball") == "<lora:inkk:1>"


def test_what_is_said_stands_until_the_field_or_the_start_picture_changes(messages):
    messages.say("steps", Message("Too few."))
    messages.say("inpaint.mask", Message("Paint one."))
    messages.changed({"prompt"})
    assert texts(messages, "steps", "inpaint.mask") == ["Too few.", "Paint one."]
    messages.changed({"steps"})
    assert texts(messages, "steps", "inpaint.mask") == [None, "Paint one."]
    messages.changed({"use"})
    assert texts(messages, "inpaint.mask") == [None]


@pytest.mark.parametrize("named_in", ["prompt", "loras", "face.prompt", "hand.loras"])
def test_what_a_tag_names_may_be_mended_in_any_prompt_and_list_of_loras(messages, named_in):
    messages.say("loras", Message("No LoRA 'x'."))
    messages.changed({"steps", "face.steps"})
    assert texts(messages, "loras") == ["No LoRA 'x'."]
    messages.changed({named_in})
    assert texts(messages, "loras") == [None]


def test_what_is_wrong_is_found_beside_its_field(messages, settings):
    settings |= {"width": 100_000, "face": {"iou": 2}, "control": [{"model": "a", "weight": 9}]}
    messages.changed({"width"})
    assert messages.fields == {"size", "face.iou", "control"}
    assert texts(messages, "face.iou") == ["Must be less than or equal to 1."]
    settings |= {"mode": "img2img"}
    messages.changed({"image"})
    assert "start.size" in messages.fields
    settings.clear()
    settings |= PLAIN
    messages.changed({"width"})
    assert messages.fields == set()


def test_a_note_gives_way_to_what_is_wrong_and_is_no_fault(messages):
    messages.note({"size": Message("128 × 128", level=NOTE)})
    assert (texts(messages, "size"), messages.fields) == (["128 × 128"], set())
    messages.say("size", Message("Too large."))
    assert texts(messages, "size") == ["Too large."]


def test_a_button_does_its_work_once(messages):
    pressed = []
    messages.say("checkpoint", Message("No.", "Use b", lambda: pressed.append("b")))
    assert not messages.press("checkpoint", "other")
    assert messages.press("checkpoint", "next")
    assert not messages.press("checkpoint", "next")
    assert pressed == ["b"]


@pytest.mark.parametrize(
    ("error", "is_start", "field"),
    [
        (ConfigError("no").about("width"), False, "size"),
        (ConfigError("no").about("width"), True, "start.size"),
        (ModelNotFoundError.among("x", "lora", "models/loras", ["ink"]), False, "loras"),
        (ConfigError.among("x", "wildcard", "models/wildcards", []), False, "prompt"),
        (ConfigError("no").about("face.iou"), False, "face.iou"),
        (ConfigError("no"), False, ""),
        (OSError("disk"), False, ""),
    ],
)
def test_an_error_is_about_a_field_or_none(error, is_start, field):
    assert about(error, is_start=is_start) == field


def test_the_one_choice_there_is_has_a_button():
    used = []
    error = ModelRefusedError("checkpoint 'a' is made for pictures").about("checkpoint", ["b"])
    message = message_of(error, used.append)
    assert message.label == "Use b"
    message.act()
    assert used == ["b"]
    assert message_of(error.about("checkpoint", ["b", "c"]), used.append).act is None
    assert message_of(error.about("checkpoint", ["b"]), None).act is None
