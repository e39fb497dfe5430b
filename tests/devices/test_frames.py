"""A message is read as it was written; what is none is refused, however it is broken."""

import io
import json
import struct

import pytest

from medialab.devices import frames
from medialab.devices.frames import BrokenFrameError, read_frame, write_frame


class Trickle(io.BytesIO):
    """A pipe that gives a byte at a time."""

    def read(self, size=-1):
        return super().read(min(size, 1))


def test_messages_come_back_one_by_one_and_then_nothing():
    pipe = io.BytesIO()
    said = [{"a": "ü\n" * 1000}, {}, {"b": [1, None, 2.5]}]
    for one in said:
        write_frame(pipe, one)
    read = Trickle(pipe.getvalue())
    assert [read_frame(read), read_frame(read), read_frame(read)] == said
    assert read_frame(read) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\0\0", "ended"),
        (struct.pack(">I", 5) + b"{}", "ended"),
        (struct.pack(">I", 2**32 - 1), "at most"),
        (struct.pack(">I", 3) + b"{a}", "not JSON"),
        (struct.pack(">I", 2) + b"[]", "not a JSON object"),
        (struct.pack(">I", 2) + b"\xff\xff", "not JSON"),
        (struct.pack(">I", 0), "not JSON"),
    ],
)
def test_what_is_no_message_is_refused(content, said):
    with pytest.raises(BrokenFrameError, match=said):
        read_frame(io.BytesIO(content))


def test_a_message_over_the_limit_is_not_read(monkeypatch):
    monkeypatch.setattr(frames, "MOST_BYTES", 10)
    content = json.dumps({"a": "x" * 20}).encode()
    with pytest.raises(BrokenFrameError, match="at most 10"):
        read_frame(io.BytesIO(struct.pack(">I", len(content)) + content))
