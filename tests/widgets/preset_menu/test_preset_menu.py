"""The menu of presets in Python: what it tells the browser, and what it does with what it hears."""

import pytest

from widgets.preset_menu import Changes, PresetMenu


@pytest.fixture
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr(PresetMenu, "send", lambda _, content, buffers=(): messages.append(content))
    return messages


def test_changes_are_told_where_they_are_asked_for(sent):
    menu = PresetMenu(lambda name: Changes([("Steps", "20", name)], ["It is slow."]))
    menu._handle_custom_msg({"kind": "changes", "name": "Draft"}, [])
    told = {"rows": [["Steps", "20", "Draft"]], "reasons": ["It is slow."], "is_vain": False}
    assert sent == [{"kind": "changes", "name": "Draft", **told}]


def test_only_what_is_known_is_done():
    menu, acts, imports = PresetMenu(lambda _: Changes([])), [], []
    menu.on_act(lambda kind, details: acts.append((kind, details)))
    menu.on_import(lambda *told: imports.append(told))
    menu._handle_custom_msg({"kind": "use", "name": "Draft", "other": 1}, [])
    menu._handle_custom_msg({"kind": "explode", "name": "Draft"}, [])
    menu._handle_custom_msg({"kind": "import", "name": "x.json"}, [])  # without its content
    menu._handle_custom_msg({"kind": "import", "name": "x.json"}, [memoryview(b"{}")])
    assert acts == [("use", {"name": "Draft"})]
    assert imports == [("x.json", b"{}", False)]


def test_the_same_sentence_may_be_told_twice():
    menu = PresetMenu(lambda _: Changes([]))
    menu.tell("Saved.")
    menu.tell("Saved.")
    assert (menu.notice["text"], menu.notice["number"]) == ("Saved.", 2)
