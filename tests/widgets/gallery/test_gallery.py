"""The gallery in Python: what it tells the browser, and what it does with what it hears."""

import pytest

from medialab import PipelineConfig
from medialab.errors import ArtifactError
from widgets.gallery import Entry, Filters, Gallery, Parcel
from widgets.gallery import gallery as module


@pytest.fixture
def sent(monkeypatch):
    """What went to the browser: messages, and their bytes."""
    messages = []
    monkeypatch.setattr(
        Gallery, "send", lambda self, content, buffers=(): messages.append((content, buffers))
    )
    return messages


def look_up(ids):
    return [Entry(one, f"picture {one}") for one in ids if one != "gone"]


def parcel(what, ids):
    return Parcel(what, "text/plain", iter(["".join(ids).encode()]))


def gallery(ids="abcde", thumbnail=str.encode):
    made = Gallery(thumbnail, look_up, parcel, lambda ids: {"holiday": len(ids)})
    made.show(list(ids))
    return made


@pytest.fixture
def made(sent):  # after `sent`, which its transfers send by
    return gallery()


def hear(gallery, **content):
    """As a message from the browser."""
    gallery._handle_custom_msg(content, [])


def select(gallery, *ranges, generation=None):
    now = gallery.generation if generation is None else generation
    hear(gallery, kind="select", generation=now, ranges=[list(one) for one in ranges])


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


def test_one_that_is_gone_meanwhile_keeps_its_place(made, sent):
    made.show(["a", "gone", "c"])
    hear(made, kind="rows", thumbnails=False, **{"from": 0, "to": 3})
    assert [row[1] for row in sent[0][0]["rows"]] == ["picture a", "no longer there", "picture c"]


def test_25_000_pictures_are_no_part_of_the_state(made):
    made.show([f"2026-11-22/{number:05}-a-long-name.png" for number in range(25_000)])
    select(made, [0, 25_000])
    state = {name: value for name, value in made.get_state().items() if name[0] != "_"}
    assert len(repr(state)) < 1200
    assert len(made.selected) == 25_000


def test_thumbnails_come_as_bytes_and_the_missing_with_the_reason(sent):
    def thumbnail(identity):
        if identity == "b":
            message = "b is gone"
            raise ArtifactError(message)
        return identity.encode()

    hear(gallery("abc", thumbnail), kind="thumbnails", ids=["a", "b", "c", "../etc/passwd"])
    ((message, buffers),) = sent
    assert (message["ids"], message["missing"]) == (["a", "c"], {"b": "b is gone"})
    assert buffers == [b"a", b"c"]


def test_an_answer_goes_out_before_it_holds_the_kernel_up(made, sent, monkeypatch):
    seconds = iter([0.0, 0.01, 0.02, 0.04, 0.05])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(seconds))
    hear(made, kind="thumbnails", ids=list("abcde"))
    assert sent[0][0]["ids"] == ["a", "b", "c"]  # the browser asks again for the others


def test_what_a_person_does_reaches_the_callbacks_once(made):
    opened, acted, filtered = [], [], []
    made.on_open(opened.append)
    made.on_act(lambda *what: acted.append(what))
    made.on_filter(filtered.append)
    hear(made, kind="open", id="b")
    hear(made, kind="open", id="nobody")
    hear(made, kind="act", action="stars:4")
    hear(made, kind="act", action="tag", details={"add": ["x"]})
    hear(made, kind="act", action="format the disk")
    hear(made, kind="filter", filters={"text": "red", "tags": ["a"], "other": 1})
    assert (opened, acted) == (["b"], [("stars:4", {}), ("tag", {"add": ["x"]})])
    assert filtered == [Filters(text="red", tags=("a",))]
    made.on_open(opened.append, remove=True)
    hear(made, kind="open", id="b")
    assert opened == ["b"]


@pytest.mark.parametrize(
    ("ids", "selected", "shown"),
    [
        ("xabcde", ["b", "d"], 3),
        ("abde", ["b", "d"], -1),
        ("ab", ["b"], -1),
        ("", [], -1),
    ],
)
def test_selection_and_frame_stay_with_their_pictures(made, ids, selected, shown):
    made.mark("c")
    select(made, [1, 2], [3, 4])
    made.show(list(ids))
    assert (list(made.selected), made.shown) == (selected, shown)
    assert made.marked == "c"


def test_a_selection_of_the_list_before_is_that_of_its_pictures(made):
    before = made.generation
    made.show(["x", *"abcde"])
    select(made, [1, 3], generation=before)
    assert list(made.selected) == ["b", "c"]
    select(made, [0, 6], generation=before - 1)  # too old: nothing is done
    assert list(made.selected) == ["b", "c"]


def test_a_selection_of_the_framed_picture_alone_moves_with_the_frame(made):
    made.mark("a")
    assert list(made.selected) == ["a"]
    made.mark("d")
    assert list(made.selected) == ["d"]
    select(made, [0, 2])
    made.mark("e")
    assert list(made.selected) == ["a", "b"]


def test_a_picture_that_is_shown_before_it_is_listed_is_selected_when_it_is(made):
    made.mark("a")
    made.mark("new")
    assert (list(made.selected), made.shown) == ([], -1)
    made.show(["new", *"abcde"])
    assert (list(made.selected), made.shown) == (["new"], 0)


def test_the_tags_of_the_selected_are_told(made, sent):
    select(made, [0, 2])
    hear(made, kind="tags")
    assert sent[-1][0] == {"kind": "tags", "tags": [("holiday", 2)], "of": 2}


def test_a_file_of_the_selected_is_sent_in_parts(made, sent):
    select(made, [0, 2])
    hear(made, kind="fetch", what="files", number=5)
    hear(made, kind="more", number=5)
    assert [buffers for _, buffers in sent] == [[b"ab"], [b""]]
    hear(made, kind="drop", number=5)


def test_the_same_sentence_is_told_twice(made):
    made.tell("moved", undo=True)
    first = made.notice
    made.tell("moved", undo=True)
    assert (first["text"], first["undo"]) == ("moved", True)
    assert made.notice != first


def test_an_entry_of_an_artifact_has_what_the_tile_tells(bench):
    run = bench.execute(PipelineConfig(prompt="a ball", steps=1, seed=3))
    (name,) = bench.artifacts.names()
    entry = Entry.of(run.artifact, name)
    assert (entry.id, entry.title, entry.stars) == (name, "a ball", 0)
    assert (entry.width, entry.height) == run.image.size
    assert bench.artifacts.thumbnail(entry.id)[8:12] == b"WEBP"
