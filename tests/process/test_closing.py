"""What a `with` block is given is closed at its end, and its errors go on."""

import pytest

from medialab.process.closing import Closing


class Door(Closing):
    """Counts how often it was closed."""

    def __init__(self):
        self.closed = 0

    def close(self):
        self.closed += 1


def test_a_block_closes_what_it_was_given():
    with Door() as door:
        assert door.closed == 0
    assert door.closed == 1


def test_an_error_closes_it_too_and_is_not_swallowed():
    door = Door()
    with pytest.raises(LookupError, match="lost"), door:
        raise LookupError("lost")
    assert door.closed == 1


def test_a_class_without_a_close_cannot_be_made():
    with pytest.raises(TypeError, match="close"):
        type("Window", (Closing,), {})()
