"""A strand computes only while it is resumed, and leaves no thread, however it ends."""

import contextvars
import threading

import pytest

from medialab.process.strands import Strand

NAME = "medialab strand of a test"


def left():
    return [one for one in threading.enumerate() if one.name == NAME]


def test_it_asks_is_answered_and_has_a_result():
    strand = Strand(lambda ask: ask("one") + ask("two"), NAME)
    assert strand.resume() == "one"
    assert strand.resume(1) == "two"
    assert not strand.has_ended
    assert strand.resume(2) is None
    assert strand.has_ended
    assert strand.result == 3
    strand.close()
    assert not left()


def test_strands_take_turns_and_only_one_computes():
    order, computing = [], threading.Lock()

    def work(name, ask):
        for step in range(3):
            assert computing.acquire(blocking=False)
            order.append((name, step, threading.current_thread() is not threading.main_thread()))
            computing.release()
            ask(step)

    strands = [Strand(lambda ask, name=name: work(name, ask), NAME) for name in "ab"]
    asked = [strand.resume() for strand in strands]
    while asked != [None, None]:
        asked = [strand.resume() for strand in strands]
    for strand in strands:
        strand.close()
    assert order == [(name, step, True) for step in range(3) for name in "ab"]


def test_nothing_is_computed_before_it_is_resumed():
    began = []
    strand = Strand(lambda ask: began.append(1), NAME)
    strand.close()
    assert not began
    assert not left()


def test_its_error_is_raised_where_it_is_resumed():
    def work(ask):
        ask("first")
        raise ValueError("a fault")

    strand = Strand(work, NAME)
    strand.resume()
    with pytest.raises(ValueError, match="a fault"):
        strand.resume()
    assert strand.has_ended
    strand.close()
    assert not left()


def test_closing_ends_it_where_it_asks_and_what_it_opened_is_closed():
    undone, swallowed = [], []

    def work(ask):
        try:
            try:
                ask("held")
            except Exception as error:  # noqa: BLE001 - as a library does
                swallowed.append(error)
            undone.append("never")
        finally:
            undone.append("finally")
            ask("again")  # it is stopped: this asks nobody

    strand = Strand(work, NAME)
    assert strand.resume() == "held"
    strand.close()
    assert undone == ["finally"]
    assert not swallowed
    assert not left()


def test_it_sees_the_context_of_the_thread_that_made_it():
    who = contextvars.ContextVar("who", default="nobody")
    who.set("the maker")
    strand = Strand(lambda ask: who.get(), NAME)
    strand.resume()
    strand.close()
    assert strand.result == "the maker"
