"""A function behind a gate raises in the thread that shut it, and is itself again afterwards."""

import pickle
import threading
import types

import pytest

from medialab.process.gates import Gates


class Base:
    @staticmethod
    def inherited():
        return "inherited"


class Owner(Base):
    """Where the functions are."""


def called(word):
    return f"called {word}"


@pytest.fixture
def module():
    place = types.ModuleType("a_module")
    place.called = called
    return place


@pytest.fixture
def gates(module):
    return Gates(
        lambda: [(module, "called"), (Owner, "inherited")],
        lambda name: PermissionError(f"{name} must not be called"),
    )


def test_inside_it_raises_with_its_name_and_outside_it_is_the_same_function(gates, module):
    assert module.called("before") == "called before"
    with gates.shut():
        with pytest.raises(PermissionError, match=r"a_module\.called must not"):
            module.called("inside")
        with pytest.raises(PermissionError, match=r"Owner\.inherited must not"):
            Owner.inherited()
        assert Base.inherited() == "inherited"
    assert module.called is called
    assert "inherited" not in vars(Owner)
    assert Owner.inherited() == "inherited"


def test_a_gate_within_a_gate_stays_shut_until_the_outer_one_opens(gates, module):
    with gates.shut():
        with gates.shut():
            pass
        with pytest.raises(PermissionError):
            module.called("still inside")
    assert module.called is called


def test_an_error_inside_opens_it_too(gates, module):
    with pytest.raises(KeyError), gates.shut():
        raise KeyError
    assert module.called is called


def test_another_thread_calls_as_usual_and_so_does_one_that_began_inside(gates, module):
    heard = []
    with gates.shut():
        thread = threading.Thread(target=lambda: heard.append(module.called("elsewhere")))
        thread.start()
        thread.join()
    assert heard == ["called elsewhere"]


def test_the_last_of_two_threads_opens_it(gates, module):
    inside, leave, heard = threading.Event(), threading.Event(), []

    def other():
        with gates.shut():
            inside.set()
            leave.wait(10)
            with pytest.raises(PermissionError):
                module.called("in the other")
            heard.append("refused")

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait(10)
    with gates.shut():
        pass
    assert module.called is not called  # the other is inside yet
    assert module.called("here") == "called here"
    leave.set()
    thread.join()
    assert heard == ["refused"]
    assert module.called is called


def test_what_others_put_in_its_place_meanwhile_stays(gates, module):
    with gates.shut():
        module.called = str
    assert module.called is str


def test_a_gate_is_pickled_by_name_as_what_it_stands_for():
    gates = Gates(lambda: [(pickle, "loads")], PermissionError)
    real = pickle.loads
    with gates.shut():
        assert (pickle.loads.__module__, pickle.loads.__qualname__) == ("pickle", "loads")
        dumped = pickle.dumps(pickle.loads)
    assert real(dumped) is real
