"""The gallery in Python: what it tells the browser, and what it does with what it hears."""

import pytest

from medialab import PipelineConfig
from medialab.artifacts import ArtifactManager
from medialab.errors import ArtifactError
from widgets.gallery import Entry, Gallery
from widgets.gallery import gallery as module


@pytest.fixture
def sent(monkeypatch):
    """What went to the browser: messages, and their bytes."""
    messages = []
    monkeypatch.setattr(
        Gallery, "send", lambda self, content, buffers=(): messages.append((content, buffers))
    )
    return messages


@pytest.fixture
def made():
    gallery = Gallery(lambda identity: identity.encode())
    gallery.show([Entry(name, f"picture {name}") for name in "abcde"])
    return gallery


def hear(gallery, **content):
    """As a message from the browser."""
    gallery._handle_custom_msg(content, [])


def test_rows_are_told_when_they_are_asked_for(made, sent):
    hear(made, kind="rows", thumbnails=False, **{"from": 1, "to": 3})
    ((message, buffers),) = sent
    assert buffers == []
    assert message["rows"] == [("b", "picture b", 0, "", 0, 0), ("c", "picture c", 0, "", 0, 0)]
    assert (message["from"], message["generation"]) == (1, made.generation)


def test_rows_that_were_never_seen_bring_their_thumbnails(made, sent):
    hear(made, kind="rows", thumbnails=True, **{"from": 3, "to": 9})
    ((message, buffers),) = sent
    assert (message["ids"], buffers) == (["d", "e"], [b"d", b"e"])
    assert [row[0] for row in message["rows"]] == ["d", "e"]


def test_the_entries_are_no_part_of_the_saved_state(made):
    made.show([Entry(str(number), "a long prompt " * 20) for number in range(10_000)])
    state = {name: value for name, value in made.get_state().items() if name[0] != "_"}
    assert len(repr(state)) < 500


def test_thumbnails_come_as_bytes_and_the_missing_with_the_reason(sent):
    def thumbnail(identity):
        if identity == "b":
            message = "b is gone"
            raise ArtifactError(message)
        return identity.encode()

    gallery = Gallery(thumbnail)
    gallery.show([Entry(name, name) for name in "abc"])
    hear(gallery, kind="thumbnails", ids=["a", "b", "c", "../etc/passwd"])
    ((message, buffers),) = sent
    assert (message["ids"], message["missing"]) == (["a", "c"], {"b": "b is gone"})
    assert buffers == [b"a", b"c"]


def test_an_answer_goes_out_before_it_holds_the_kernel_up(made, sent, monkeypatch):
    seconds = iter([0.0, 0.01, 0.02, 0.04, 0.05])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(seconds))
    hear(made, kind="thumbnails", ids=list("abcde"))
    assert sent[0][0]["ids"] == ["a", "b", "c"]  # the browser asks again for the others


def test_what_a_person_does_reaches_the_callbacks_once(made):
    opened, acted = [], []
    made.on_open(opened.append)
    made.on_act(lambda *what: acted.append(what))
    hear(made, kind="open", id="b")
    hear(made, kind="act", id="c", action="stars:4")
    hear(made, kind="act", id="c", action="format the disk")
    hear(made, kind="open", id="nobody")
    assert (opened, acted) == (["b"], [("stars:4", "c")])


def test_a_callback_can_be_taken_off(made):
    opened = []
    made.on_open(opened.append)
    made.on_open(opened.append, remove=True)
    hear(made, kind="open", id="b")
    assert opened == []


@pytest.mark.parametrize(
    ("names", "selected"),
    [
        ("xabcde", "c"),
        ("abde", "d"),  # the one that took its place
        ("ab", "b"),
        ("", None),
    ],
)
def test_the_selection_stays_with_its_picture(made, names, selected):
    made.current = 2
    made.show([Entry(name, name) for name in names])
    assert made.selected == selected


def test_one_comes_first_and_one_goes(made):
    made.current = 2
    made.add(Entry("x", "new"))
    assert [entry.id for entry in made.entries] == list("xabcde")
    made.remove("b")
    made.remove("nobody")
    assert [entry.id for entry in made.entries] == list("xacde")
    assert (made.selected, made.count) == ("c", 5)


def test_an_update_is_told_by_a_new_generation(made):
    before = made.generation
    made.update(Entry("b", "picture b", stars=3))
    assert made.generation == before + 1
    assert made.entries[1].stars == 3
    made.update(Entry("nobody", ""))
    assert made.generation == before + 1


def test_an_entry_of_an_artifact_can_be_asked_for_its_thumbnail(bench):
    run = bench.execute(PipelineConfig(prompt="a ball", steps=1, seed=3))
    entry = Entry.of(run.artifact)
    assert (entry.title, entry.stars) == ("a ball", 0)
    assert (entry.width, entry.height) == run.image.size
    again = ArtifactManager(bench.artifacts.folder)
    assert again.thumbnail(entry.id)[8:12] == b"WEBP"
