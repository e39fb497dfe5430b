"""The details in Python: what they tell the browser, and what they do with what they hear."""

import pytest

from medialab.errors import ArtifactError
from widgets.details import Details, Group, Row


@pytest.fixture
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr(Details, "send", lambda _, content, buffers=(): messages.append(content))
    return messages


def hear(details, **content):
    details._handle_custom_msg(content, [])


def test_rows_are_sent_as_plain_values():
    details = Details(str)
    details.show([Group("Face", "2 s", (Row("Steps", "9", is_usual=True),))], ("a", "b"))
    assert details.compared == ["a", "b"]
    assert details.groups[0]["title"] == "Face"
    assert list(details.groups[0]["rows"]) == [
        {"label": "Steps", "value": "9", "other": "", "is_usual": True}
    ]
    details.clear("No picture is shown")
    assert (details.name, details.groups, details.empty) == ("", [], "No picture is shown")


def test_only_what_is_known_is_used_and_marked():
    used, marked = [], []
    details = Details(str)
    details.on_use(used.append)
    details.on_mark(marked.append)
    hear(details, kind="use", part="seed")
    hear(details, kind="use", part="everything")
    hear(details, kind="mark", stars=3, other=1)
    hear(details, kind="mark", add_tags=["x"])
    assert (used, marked) == (["seed"], [{"stars": 3}, {"add_tags": ["x"]}])


def test_a_text_is_told_or_why_there_is_none(sent):
    def text(what):
        if what == "path":
            message = "this picture is not saved"
            raise ArtifactError(message)
        return f"as {what}"

    details = Details(text)
    hear(details, kind="text", what="json", number=4)
    hear(details, kind="text", what="path", number=5)
    hear(details, kind="text", what="/etc/passwd", number=6)
    assert sent == [
        {"kind": "text", "number": 4, "text": "as json"},
        {"kind": "text", "number": 5, "why": "This picture is not saved."},
    ]
