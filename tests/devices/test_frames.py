"""A message is read as it was written; what is none is refused, however it is broken."""

import io
import json
import os
import struct

import pytest

from medialab.devices import frames
from medialab.devices.frames import BrokenFrameError, FrameWriter, read_frame, write_frame


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


@pytest.fixture
def writer():
    made = FrameWriter()
    yield made
    made.end()


def test_a_writer_waits_for_nobody_and_closes_a_pipe_after_what_was_sent_to_it(writer):
    reading, writing = os.pipe()
    pipe = os.fdopen(writing, "wb")
    said = [{"text": "a" * 2**20, "number": number} for number in range(3)]  # no pipe holds that
    for one in said:
        writer.send(pipe, one)
    writer.close(pipe)
    with os.fdopen(reading, "rb") as other:
        assert [read_frame(other) for _ in said] == said
        assert read_frame(other) is None


def test_what_is_sent_to_a_pipe_that_nobody_reads_is_dropped_and_another_gets_its_own(writer):
    reading, writing = os.pipe()
    dead = os.fdopen(writing, "wb")
    os.close(reading)
    reading, writing = os.pipe()
    pipe = os.fdopen(writing, "wb")
    for number in range(2):
        writer.send(dead, {"lost": number})
    writer.send(pipe, {"a": 1})
    writer.close(dead)
    writer.close(pipe)
    writer.send(dead, {"lost": "once it is closed"})
    with os.fdopen(reading, "rb") as other:
        assert read_frame(other) == {"a": 1}
        assert read_frame(other) is None
    assert dead.closed


def test_a_pipe_for_whose_message_there_is_no_memory_is_closed_and_another_gets_its_own(writer):
    class Full(io.BytesIO):
        def write(self, _content):
            raise MemoryError

    full = Full()
    reading, writing = os.pipe()
    pipe = os.fdopen(writing, "wb")
    writer.send(full, {"lost": 1})
    writer.send(pipe, {"a": 1})
    writer.close(pipe)
    with os.fdopen(reading, "rb") as other:
        assert read_frame(other) == {"a": 1}
    assert full.closed
