"""A file is sent a part at a time, and only as fast as it is asked for."""

import pytest

from medialab.errors import ArtifactError
from widgets.gallery.transfers import Parcel, Transfers


@pytest.fixture
def sent():
    return []


@pytest.fixture
def transfers(sent):
    return Transfers(lambda content, buffers: sent.append((content, buffers)))


def test_parts_follow_when_they_are_asked_for(transfers, sent):
    made = []

    def parts():
        for part in (b"one", b"", b"two"):
            made.append(part)
            yield part

    transfers.begin(7, lambda: Parcel("a.zip", "application/zip", parts(), 6))
    assert made == [b"one"]
    transfers.go_on(7)
    transfers.go_on(7)
    first, second, last = sent
    assert first == (
        {
            "kind": "part",
            "number": 7,
            "is_last": False,
            "name": "a.zip",
            "type": "application/zip",
            "size": 6,
        },
        [b"one"],
    )
    assert second == ({"kind": "part", "number": 7, "is_last": False}, [b"two"])
    assert last == ({"kind": "part", "number": 7, "is_last": True}, [b""])


def test_a_file_that_was_given_up_ends(transfers, sent):
    transfers.begin(1, lambda: Parcel("a", "", iter([b"x"] * 9)))
    transfers.drop(1)
    transfers.go_on(1)
    assert sent[-1][0] == {"kind": "part", "number": 1, "is_last": True}


def test_what_cannot_be_sent_is_told_with_its_reason(transfers, sent):
    def refuse():
        message = "no picture is selected"
        raise ArtifactError(message)

    def broken():
        yield b"x"
        raise OSError(5, "Input/output error")

    transfers.begin(1, refuse)
    assert sent[-1][0] == {"kind": "failed", "number": 1, "text": "No picture is selected."}
    transfers.begin(2, lambda: Parcel("a", "", broken()))
    transfers.go_on(2)
    assert sent[-1][0]["kind"] == "failed"
    assert "Input/output error" in sent[-1][0]["text"]


def test_the_oldest_is_given_up_for_a_fifth(transfers, sent):
    for number in range(5):
        transfers.begin(number, lambda: Parcel("a", "", iter([b"x"] * 9)))
    transfers.go_on(0)
    assert sent[-1][0]["is_last"]
    transfers.go_on(4)
    assert not sent[-1][0]["is_last"]
