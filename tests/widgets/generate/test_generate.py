"""The button as the browser hears it: what is asked for, and what a press and Cancel report."""

import pytest
import traitlets

from widgets.generate import MODES, Generate


@pytest.fixture
def button():
    return Generate(lambda: [{"name": "steps"}])


def hear(button, **content):
    button._handle_custom_msg(content, [])


def test_it_asks_for_one_picture_at_first_and_for_what_is_chosen(button):
    assert button.asked["mode"] == MODES[0]
    button.ask(mode="times", times=9)
    assert (button.asked["mode"], button.asked["times"], button.asked["seeds"]) == ("times", 9, 1)
    with pytest.raises(traitlets.TraitError, match="one, times, lines, sweep"):
        button.ask(mode="all")
    assert button.asked["mode"] == "times"


def test_a_press_and_a_known_cancel_are_reported(button):
    heard = []
    button.on_generate(lambda: heard.append("generate"))
    button.on_cancel(heard.append)
    hear(button, kind="generate")
    hear(button, kind="cancel", what="batch")
    hear(button, kind="cancel", what="the kernel")
    assert heard == ["generate", "batch"]


def test_the_settings_are_told_when_asked_for(button, monkeypatch):
    sent = []
    monkeypatch.setattr(button, "send", sent.append)
    hear(button, kind="settings")
    assert sent == [{"kind": "settings", "settings": [{"name": "steps"}]}]
