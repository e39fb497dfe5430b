"""What is kept in memory stays within one bound, whoever keeps it."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab import room as room_module
from medialab.room import MARGIN, Memory, Room

GIB = 2**30


def thing(nbytes):
    return SimpleNamespace(nbytes=nbytes)


@pytest.fixture
def machine(monkeypatch):
    """A machine of 4 GiB, of which `free` bytes are free but for what `stores` keep."""
    told = SimpleNamespace(total=4 * GIB, free=4 * GIB, stores=[])
    taken = lambda: sum(store.nbytes for store in told.stores)  # noqa: E731 - one line says it
    monkeypatch.setattr(room_module, "total_bytes", lambda device: told.total)
    monkeypatch.setattr(room_module, "free_bytes", lambda device: told.free - taken())
    monkeypatch.setattr(room_module, "free_memory", lambda: None)
    return told


@given(
    st.integers(0, 20),
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 8), st.integers(1, 9), st.booleans()), max_size=60
    ),
)
def test_two_stores_stay_within_one_bound_and_count_what_they_have(bound, requests):
    room = Room(bound)
    stores, sizes = [Memory(room), Memory(room)], {}
    for which, key, nbytes, begins in requests:
        memory = stores[which]
        if begins:
            memory.begin()
        sizes.setdefault(key, nbytes)
        found = memory.get(key, lambda key=key: thing(sizes[key]))
        assert found.nbytes == sizes[key]
        assert room.nbytes <= bound
        assert memory.nbytes == sum(sizes[one] for one in memory._kept)


def test_a_set_larger_than_the_bound_finds_its_first_layers_again():
    memory, made = Memory(Room(3)), []

    def layer(number):
        return memory.get(number, lambda: made.append(number) or thing(1))

    for _ in range(2):
        memory.begin()
        for number in range(5):
            layer(number)
    assert made == [0, 1, 2, 3, 4, 3, 4]


def test_another_set_takes_the_place_of_the_last():
    memory = Memory(Room(4))
    first = [memory.get(number, lambda: thing(2)) for number in (1, 2)]
    memory.begin()
    memory.get(3, lambda: thing(2))
    assert memory.get(2, lambda: thing(2)) is first[1]
    assert memory.get(1, lambda: thing(2)) is not first[0]


def test_the_longest_unused_goes_first_whichever_store_has_it():
    room = Room(3)
    files, merged = Memory(room), Memory(room)
    files.get("old", lambda: thing(1))
    merged.get("newer", lambda: thing(1))
    files.get("newest", lambda: thing(1))
    for memory in (files, merged):
        memory.end()
    merged.get("one more", lambda: thing(1))
    assert (list(files._kept), list(merged._kept)) == (["newest"], ["newer", "one more"])


def test_what_finds_no_room_is_not_made():
    memory, made = Memory(Room(1)), []
    assert memory.get_if_room("large", 2, lambda: made.append(1)) is None
    assert made == []


def test_what_is_kept_leaves_a_quarter_of_the_machine_free(machine):
    room = Room()
    memory = Memory(room)
    machine.stores.append(memory)
    for number in range(100):  # a slider: each value is another set
        memory.begin()
        memory.get_if_room(number, 100 * 2**20, lambda: thing(100 * 2**20))
        memory.end()
        assert machine.free - memory.nbytes >= GIB
    assert memory.nbytes > 2 * GIB


def test_where_others_take_memory_what_is_kept_goes(machine):
    memory = Memory(Room())
    machine.stores.append(memory)
    memory.begin()
    for number in range(20):
        memory.get(number, lambda: thing(100 * 2**20))
    memory.end()
    machine.free = 2 * GIB
    memory.begin()
    memory.get("new", lambda: thing(1))
    assert memory.nbytes <= GIB


def test_what_a_run_needs_may_take_all_but_a_little_and_what_is_missing_is_told(machine):
    room = Room()
    memory = Memory(room)
    machine.stores.append(memory)
    memory.get("kept", lambda: thing(2 * GIB))
    memory.end()
    assert room.make(3 * GIB, "cpu") == 0
    assert memory.nbytes == 0
    assert room.make(5 * GIB, "cpu") == GIB + MARGIN
