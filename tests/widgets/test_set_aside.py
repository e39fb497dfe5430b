"""The line of values set aside is seen while there are any, and its button uses them."""

import pytest

from widgets.set_aside import SetAsideLine


@pytest.fixture
def line():
    return SetAsideLine(lambda error, trace: pytest.fail(trace))


def is_seen(line):
    return line.layout.display != "none"


def test_without_values_the_line_is_not_seen_and_its_button_does_nothing(line):
    assert not is_seen(line)
    line.back.click()
    assert (is_seen(line), line.text.value) == (False, "")


def test_the_button_uses_the_values_once_and_takes_the_line_away(line):
    used = []
    line.offer("Set aside: <b>the mask</b>.", lambda: used.append("mask"))
    assert is_seen(line)
    assert "Set aside: <b>the mask</b>." in line.text.value
    assert 'role="status"' in line.text.value
    line.back.click()
    line.back.click()
    assert (used, is_seen(line), line.text.value) == (["mask"], False, "")


def test_a_later_offer_replaces_the_earlier(line):
    used = []
    line.offer("the mask", lambda: used.append("mask"))
    line.offer("the boxes", lambda: used.append("boxes"))
    assert "the mask" not in line.text.value
    line.back.click()
    assert used == ["boxes"]


def test_the_action_may_offer_the_next_values(line):
    line.offer("the mask", lambda: line.offer("the boxes", list))
    line.back.click()
    assert is_seen(line)
    assert "the boxes" in line.text.value


def test_an_error_of_the_action_is_shown():
    shown = []
    line = SetAsideLine(lambda error, _trace: shown.append(type(error)))
    line.offer("the mask", lambda: {}["mask"])
    line.back.click()
    assert shown == [KeyError]
