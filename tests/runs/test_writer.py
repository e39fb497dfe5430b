"""One thing is written at a time, in order, on a thread that ends with it."""

import threading

import pytest

from medialab.runs.writer import Writer

SOON = 10


def test_the_caller_goes_on_and_one_thing_at_most_waits():
    writer, gate, order = Writer(), threading.Event(), []
    first = writer.submit(lambda: (gate.wait(SOON), order.append(1)))
    assert order == []
    second = []
    other = threading.Thread(target=lambda: second.append(writer.submit(lambda: order.append(2))))
    other.start()
    other.join(0.2)
    assert other.is_alive()
    gate.set()
    other.join(SOON)
    writer.wait()
    assert (order, first.done(), second[0].done()) == ([1, 2], True, True)


def test_an_error_is_its_own_and_the_next_thing_is_done():
    writer = Writer()
    writer.wait()
    failed = writer.submit(lambda: 1 / 0)
    assert writer.submit(lambda: "written").result(SOON) == "written"
    with pytest.raises(ZeroDivisionError):
        failed.result(0)


def test_no_thread_is_left():
    writer = Writer()
    for number in range(3):
        assert writer.submit(lambda one=number: one).result(SOON) == number
    writer.wait()
