"""An event's preview is drawn for those who look at it."""

from dataclasses import replace

from PIL import Image

from medialab.process.events import Event


def test_a_preview_is_drawn_once_and_only_when_asked_for():
    drawn = []

    def draw():
        drawn.append(1)
        return Image.new("RGB", (4, 4))

    event = Event("step", "1", step=1, steps=2, draws=draw)
    assert not drawn
    assert event.preview is event.preview
    assert drawn == [1]
    assert replace(event, job="2").preview.size == (4, 4)


def test_an_event_without_one_has_none():
    assert Event("step", "1").preview is None
